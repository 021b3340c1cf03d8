//! Writing into a string in place: APPEND, SETRANGE.

use resp::Args;

use super::{STRING, input};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Expiry, Flags, Key, KeyFlags, KeySpec, Spec,
    StringInput, parse_i64,
};

pub(super) static APPEND: DataCommand = DataCommand {
    spec: Spec {
        name: "append",
        summary: "Appends to the string a key holds, or creates it.",
        since: "2.0.0",
        complexity: "O(1), amortised, for a small value.",
        arity: 3,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::INSERT))],
        syntax: "key value",
        ..STRING
    },
    run: append,
    subcommands: &[],
};

fn append(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let len = append_string(ctx, key, input(args, 2), args.get(2))?;
    ctx.reply.integer(len as i64);
    Ok(())
}

/// APPEND: puts `value` at the end of the key's string, or stores it as `input` when there is none; the new length.
pub fn append_string(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    input: StringInput<'_>,
    value: &[u8],
) -> Result<usize, CommandError> {
    let old_len = ctx.keys.edit_string(key)?.map(|value| value.len());
    let len = match old_len {
        None => {
            ctx.keys.set_string(key, input, Expiry::Clear);
            value.len()
        }
        Some(old_len) => {
            let len = checked_len(ctx, old_len, value.len())?;
            ctx.keys.string_buffer(key, len)?.bytes[old_len..].copy_from_slice(value);
            len
        }
    };
    ctx.keys.changed(EventClass::STRING, "append", key);
    Ok(len)
}

pub(super) static SETRANGE: DataCommand = DataCommand {
    spec: Spec {
        name: "setrange",
        summary: "Overwrites a part of the string a key holds, padding with zero bytes up to it.",
        since: "2.2.0",
        complexity: "O(M) with M the length of the value, and of the padding.",
        arity: 4,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::UPDATE))],
        syntax: "key offset value",
        ..STRING
    },
    run: setrange,
    subcommands: &[],
};

fn setrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let offset = parse_i64(args.get(2))?;
    let offset =
        usize::try_from(offset).map_err(|_| CommandError::text("ERR offset is out of range"))?;
    let key = ctx.keys.arg(args, 1);
    let value = args.get(3);
    let old_len = string_len(ctx, args)?.unwrap_or(0);
    if value.is_empty() {
        ctx.reply.integer(old_len as i64);
        return Ok(());
    }
    let end = checked_len(ctx, offset, value.len())?;
    let len = end.max(old_len);
    ctx.keys.string_buffer(key, len)?.bytes[offset..end].copy_from_slice(value);
    ctx.keys.changed(EventClass::STRING, "setrange", key);
    ctx.reply.integer(len as i64);
    Ok(())
}

/// Length of the string at argument 1; `None` when the key is absent.
fn string_len(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Option<usize>, CommandError> {
    let key = ctx.keys.arg(args, 1);
    Ok(ctx.keys.edit_string(key)?.map(|value| value.len()))
}

fn checked_len(ctx: &Ctx<'_>, before: usize, more: usize) -> Result<usize, CommandError> {
    before
        .checked_add(more)
        .filter(|&len| len as u64 <= ctx.config.bulk_len_max)
        .ok_or(CommandError::StringTooLong)
}
