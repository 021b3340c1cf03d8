//! COPY: another key, perhaps in another database, with the same value and expiry.

use resp::Args;

use super::{GENERIC, SAME_OBJECT};
use crate::command::db_index::parse_db_index;
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Keys,
    Spec,
};
use crate::value::{StringRef, StringValue, Value, ValueRef};

pub(super) static COPY: DataCommand = DataCommand {
    spec: Spec {
        name: "copy",
        summary: "Copies a key's value and expiry to another key, also of another database.",
        since: "6.2.0",
        complexity: "O(N) worst case for collections, where N is the number of nested items. O(1) for string values.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[
            KeySpec::at(1, KeyFlags::RO.union(KeyFlags::ACCESS)),
            KeySpec::at(2, KeyFlags::OW.union(KeyFlags::UPDATE)),
        ],
        syntax: "source destination [DB destination-db] [REPLACE]",
        ..GENERIC
    },
    run: copy,
    subcommands: &[],
};

/// What becomes of a key that is already there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    /// It stays, and nothing is copied.
    Keep,
    /// It goes.
    Replace,
}

struct CopyOptions {
    to: usize,
    existing: Existing,
}

impl CopyOptions {
    fn parse(mut args: ArgCursor<'_>, keys: &Keys<'_>) -> Result<Self, CommandError> {
        let mut options = CopyOptions {
            to: keys.db(),
            existing: Existing::Keep,
        };
        while !args.is_done() {
            if args.keyword("REPLACE") {
                options.existing = Existing::Replace;
            } else if args.remaining() >= 2 && args.keyword("DB") {
                options.to = parse_db_index(args.expect()?, keys.db_count())?;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(options)
    }
}

fn copy(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let CopyOptions { to, existing } = CopyOptions::parse(ArgCursor::new(args, 3), &ctx.keys)?;
    let (source, destination) = (ctx.keys.arg(args, 1), ctx.keys.arg(args, 2));
    let from = ctx.keys.db();
    if from == to && source.bytes == destination.bytes {
        return Err(SAME_OBJECT);
    }
    let found = ctx.keys.read(source).is_some();
    let copied = found && {
        ctx.keys.select(to);
        let free = existing == Existing::Replace || !ctx.keys.exists(destination);
        ctx.keys.select(from);
        free
    };
    if copied {
        copy_between(&mut ctx.keys, source, destination, from, to);
    }
    ctx.reply.integer(i64::from(copied));
    Ok(())
}

/// Copies a key that is there from database `from`, which is selected before and after, to database `to`.
fn copy_between(
    keys: &mut Keys<'_>,
    source: Key<'_>,
    destination: Key<'_>,
    from: usize,
    to: usize,
) {
    let expire_at_ms = keys.expire_at_ms(source).flatten();
    let value = duplicate(keys, source);
    keys.select(to);
    // Deleted, not overwritten: to listeners the destination is a new key.
    keys.delete(destination);
    keys.put(destination, value, expire_at_ms);
    keys.changed(EventClass::GENERIC, "copy_to", destination);
    keys.select(from);
}

/// A value of its own like that of a key that is there.
fn duplicate(keys: &mut Keys<'_>, key: Key<'_>) -> Value {
    let encoding = keys.encoding(key);
    match keys.view(key).expect("the key exists") {
        ValueRef::String(StringRef::Int(value)) => Value::String(StringValue::Int(value)),
        // A short string is raw only where it was written to in place, and so is its copy.
        ValueRef::String(StringRef::Bytes(bytes)) if encoding == Some("raw") => {
            Value::String(StringValue::Raw(bytes.to_vec()))
        }
        ValueRef::String(StringRef::Bytes(bytes)) => {
            Value::String(StringValue::Bytes(bytes.to_vec()))
        }
        ValueRef::String(StringRef::Shared(bytes)) => {
            Value::String(StringValue::Shared(bytes.clone()))
        }
        ValueRef::List(list) => Value::List(list.clone()),
        ValueRef::Set(set) => Value::Set(set.clone()),
        ValueRef::Hash(hash) => Value::Hash(hash.clone()),
        ValueRef::Zset(zset) => Value::Zset(zset.clone()),
        ValueRef::Stream(stream) => Value::Stream(stream.clone()),
    }
}
