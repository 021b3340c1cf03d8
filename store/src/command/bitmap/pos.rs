//! BITPOS: the first bit of a kind.

use resp::Args;

use super::range::{Unit, bit_range};
use super::{BITMAP, KEY_RO_ACCESS, bits};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec, parse_i64};
use crate::value::IntText;

pub(super) static BITPOS: DataCommand = DataCommand {
    spec: Spec {
        name: "bitpos",
        summary: "Finds the first set or clear bit of a string, or of a part of it.",
        since: "2.8.7",
        complexity: "O(N)",
        arity: -3,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key bit [start [end [BYTE | BIT]]]",
        ..BITMAP
    },
    run: bitpos,
    subcommands: &[],
};

fn bitpos(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let bit = match parse_i64(args.get(2))? {
        0 => false,
        1 => true,
        _ => return Err(CommandError::text("ERR The bit argument must be 1 or 0.")),
    };
    let key = ctx.keys.arg(args, 1);
    let mut text = IntText::new();
    // A missing key is zeros without end, whatever the range says.
    let Some(value) = ctx.keys.read_string(key)? else {
        ctx.reply.integer(if bit { -1 } else { 0 });
        return Ok(());
    };
    let bytes = value.as_bytes(&mut text);
    let (start, end, unit) = parse_range(args)?;
    let range = bit_range(start, end.unwrap_or(-1), unit, bytes.len());
    let found = bits::find(bytes, range.clone(), bit);
    // Without an end, a string goes on with zeros.
    let beyond = (!bit && end.is_none() && !range.is_empty()).then_some(range.end);
    ctx.reply
        .integer(found.or(beyond).map_or(-1, |found| found as i64));
    Ok(())
}

/// The start, the end where one is given, and what they count.
fn parse_range(args: Args<'_>) -> Result<(i64, Option<i64>, Unit), CommandError> {
    if args.len() > 6 {
        return Err(CommandError::Syntax);
    }
    let start = args.try_get(3).map_or(Ok(0), parse_i64)?;
    let unit = args.try_get(5).map_or(Ok(Unit::Byte), Unit::parse)?;
    let end = args.try_get(4).map(parse_i64).transpose()?;
    Ok((start, end, unit))
}
