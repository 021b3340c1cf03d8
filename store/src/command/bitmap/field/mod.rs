//! BITFIELD and BITFIELD_RO: integers of any width at any bit.

mod integer;
mod operation;

use resp::Args;

use self::operation::{Action, Operation};
use super::{BITMAP, KEY_RO_ACCESS};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, KeyFlags, KeySpec, Spec};
use crate::keyspace::StringBuffer;
use crate::value::IntText;

pub(super) static BITFIELD: DataCommand = DataCommand {
    spec: Spec {
        name: "bitfield",
        summary: "Reads, sets and adds to integers of any width within a string.",
        since: "3.2.0",
        complexity: "O(1) for each subcommand specified",
        arity: -2,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW
                .union(KeyFlags::ACCESS)
                .union(KeyFlags::UPDATE)
                .union(KeyFlags::VARIABLE_FLAGS),
        )
        .noted("This command allows both access and modification of the key")],
        key_flags_of: Some(key_flags),
        syntax: "key [GET encoding offset | [OVERFLOW WRAP | SAT | FAIL] SET encoding offset value | INCRBY encoding offset increment [...]]",
        ..BITMAP
    },
    run: bitfield,
    subcommands: &[],
};

/// BITFIELD writes unless all it has is well-formed GETs.
fn key_flags(args: Args<'_>) -> KeyFlags {
    let mut at = 2;
    while let Some(word) = args.try_get(at) {
        let left = args.len() - at - 1;
        if word.eq_ignore_ascii_case(b"get") && left >= 2 {
            at += 3;
        } else if word.eq_ignore_ascii_case(b"overflow") && left >= 1 {
            at += 2;
        } else {
            return KeyFlags::RW | KeyFlags::ACCESS | KeyFlags::UPDATE;
        }
    }
    KeyFlags::RO | KeyFlags::ACCESS
}

fn bitfield(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let operations = Operation::parse_all(args.tail(2), ctx.config.bulk_len_max)?;
    match written_len(&operations) {
        0 => read(ctx, args, &operations),
        len => write(ctx, args, &operations, len),
    }
}

pub(super) static BITFIELD_RO: DataCommand = DataCommand {
    spec: Spec {
        name: "bitfield_ro",
        summary: "Reads integers of any width within a string.",
        since: "6.0.0",
        complexity: "O(1) for each subcommand specified",
        arity: -2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO_ACCESS,
        syntax: "key [GET encoding offset [...]]",
        ..BITMAP
    },
    run: bitfield_ro,
    subcommands: &[],
};

fn bitfield_ro(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let operations = Operation::parse_all(args.tail(2), ctx.config.bulk_len_max)?;
    if written_len(&operations) > 0 {
        return Err(CommandError::text(
            "ERR BITFIELD_RO only supports the GET subcommand",
        ));
    }
    read(ctx, args, &operations)
}

/// How many bytes the string needs for all fields that are written to; 0 when none is.
fn written_len(operations: &[Operation]) -> usize {
    let writes = operations
        .iter()
        .filter(|operation| operation.action != Action::Get);
    writes
        .map(|operation| operation.field.end_byte())
        .max()
        .unwrap_or(0)
}

fn read(ctx: &mut Ctx<'_>, args: Args<'_>, operations: &[Operation]) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let mut text = IntText::new();
    let value = ctx.keys.read_string(key)?;
    let bytes = value.map_or(&b""[..], |value| value.as_bytes(&mut text));
    ctx.reply.array(operations.len());
    for operation in operations {
        ctx.reply.integer(operation.field.get(bytes) as i64);
    }
    Ok(())
}

fn write(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    operations: &[Operation],
    len: usize,
) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let StringBuffer { bytes, has_grown } = ctx.keys.string_buffer(key, len)?;
    ctx.reply.array(operations.len());
    let mut changes = 0;
    for operation in operations {
        let old = operation.field.get(bytes);
        let Some(new) = operation.result(old) else {
            ctx.reply.null();
            continue;
        };
        let answer = match operation.action {
            Action::Get | Action::Set(_) => old,
            Action::IncrBy(_) => new,
        };
        ctx.reply.integer(answer as i64);
        if operation.action != Action::Get {
            operation.field.set(bytes, new);
            changes += u64::from(has_grown || old != new);
        }
    }
    if changes > 0 {
        ctx.keys.changed(EventClass::STRING, "setbit", key);
        ctx.keys.add_dirty(changes - 1);
    }
    Ok(())
}
