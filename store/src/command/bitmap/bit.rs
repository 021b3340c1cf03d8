//! Single bits: SETBIT, GETBIT.

use resp::Args;

use super::{BITMAP, KEY_RO_ACCESS, parse_offset};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, KeyFlags, KeySpec, Spec, parse_i64,
};
use crate::keyspace::StringBuffer;
use crate::value::IntText;

pub(super) static SETBIT: DataCommand = DataCommand {
    spec: Spec {
        name: "setbit",
        summary: "Sets or clears one bit of a string, growing the string up to it, and returns what it was.",
        since: "2.2.0",
        arity: 4,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE),
        )],
        syntax: "key offset value",
        ..BITMAP
    },
    run: setbit,
    subcommands: &[],
};

fn setbit(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let offset = parse_offset(args.get(2), ctx.config.bulk_len_max)?;
    let on = parse_bit(args.get(3))?;
    let key = ctx.keys.arg(args, 1);
    let (at, mask) = locate(offset);
    let StringBuffer { bytes, has_grown } = ctx.keys.string_buffer(key, at + 1)?;
    let was_on = bytes[at] & mask != 0;
    if on != was_on {
        bytes[at] ^= mask;
    }
    if on != was_on || has_grown {
        ctx.keys.changed(EventClass::STRING, "setbit", key);
    }
    ctx.reply.integer(i64::from(was_on));
    Ok(())
}

fn parse_bit(text: &[u8]) -> Result<bool, CommandError> {
    match parse_i64(text) {
        Ok(0) => Ok(false),
        Ok(1) => Ok(true),
        Ok(_) | Err(_) => Err(CommandError::text(
            "ERR bit is not an integer or out of range",
        )),
    }
}

pub(super) static GETBIT: DataCommand = DataCommand {
    spec: Spec {
        name: "getbit",
        summary: "Returns one bit of a string; those beyond its end are 0.",
        since: "2.2.0",
        arity: 3,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO_ACCESS,
        syntax: "key offset",
        ..BITMAP
    },
    run: getbit,
    subcommands: &[],
};

fn getbit(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let offset = parse_offset(args.get(2), ctx.config.bulk_len_max)?;
    let key = ctx.keys.arg(args, 1);
    let mut text = IntText::new();
    let value = ctx.keys.read_string(key)?;
    let bytes = value.map_or(&b""[..], |value| value.as_bytes(&mut text));
    let (at, mask) = locate(offset);
    let on = bytes.get(at).is_some_and(|byte| byte & mask != 0);
    ctx.reply.integer(i64::from(on));
    Ok(())
}

/// The byte a bit is in, and its place there.
fn locate(offset: u64) -> (usize, u8) {
    ((offset / 8) as usize, 0x80 >> (offset % 8))
}
