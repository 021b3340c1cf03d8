//! BITCOUNT: how many bits are set.

use resp::Args;

use super::range::{Unit, bit_range};
use super::{BITMAP, KEY_RO_ACCESS, bits};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec, parse_i64};
use crate::value::IntText;

pub(super) static BITCOUNT: DataCommand = DataCommand {
    spec: Spec {
        name: "bitcount",
        summary: "Counts the set bits of a string, or of a part of it.",
        since: "2.6.0",
        complexity: "O(N)",
        arity: -2,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key [start end [BYTE | BIT]]",
        ..BITMAP
    },
    run: bitcount,
    subcommands: &[],
};

fn bitcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let (pace, mut text) = (ctx.keys.pace(), IntText::new());
    // A missing key has no bits, whatever the range says.
    let Some(value) = ctx.keys.read_string(key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    let bytes = value.as_bytes(&mut text);
    let range = match args.len() {
        2 => 0..bytes.len() as u64 * 8,
        4 | 5 => {
            let (start, end) = (parse_i64(args.get(2))?, parse_i64(args.get(3))?);
            if start < 0 && end < 0 && start > end {
                0..0
            } else {
                let unit = args.try_get(4).map_or(Ok(Unit::Byte), Unit::parse)?;
                bit_range(start, end, unit, bytes.len())
            }
        }
        _ => return Err(CommandError::Syntax),
    };
    let breath = pace.over_bytes((range.end - range.start.min(range.end)) as usize / 8)?;
    ctx.reply.integer(bits::count(bytes, range, breath) as i64);
    Ok(())
}
