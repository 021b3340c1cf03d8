//! Strings as numbers: INCR and its kin.

use resp::Args;

use super::{KEY_RW_UPDATE, STRING};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Expiry, Flags, Key, Spec, StringInput, parse_i64,
};
use crate::long_double::LongDouble;
use crate::value::IntText;

/// What the group's counters have in common.
const COUNTER: Spec = Spec {
    flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
    keys: KEY_RW_UPDATE,
    ..STRING
};

pub(super) static INCR: DataCommand = DataCommand {
    spec: Spec {
        name: "incr",
        summary: "Adds one to the integer a key holds; an absent key counts as 0.",
        arity: 2,
        syntax: "key",
        ..COUNTER
    },
    run: |ctx, args| add(ctx, args, 1),
    subcommands: &[],
};

pub(super) static DECR: DataCommand = DataCommand {
    spec: Spec {
        name: "decr",
        summary: "Takes one from the integer a key holds; an absent key counts as 0.",
        arity: 2,
        syntax: "key",
        ..COUNTER
    },
    run: |ctx, args| add(ctx, args, -1),
    subcommands: &[],
};

pub(super) static INCRBY: DataCommand = DataCommand {
    spec: Spec {
        name: "incrby",
        summary: "Adds to the integer a key holds; an absent key counts as 0.",
        arity: 3,
        syntax: "key increment",
        ..COUNTER
    },
    run: |ctx, args| add(ctx, args, parse_i64(args.get(2))?),
    subcommands: &[],
};

pub(super) static DECRBY: DataCommand = DataCommand {
    spec: Spec {
        name: "decrby",
        summary: "Subtracts from the integer a key holds; an absent key counts as 0.",
        arity: 3,
        syntax: "key decrement",
        ..COUNTER
    },
    run: decrby,
    subcommands: &[],
};

fn decrby(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let decrement = parse_i64(args.get(2))?;
    let increment = decrement
        .checked_neg()
        .ok_or(CommandError::text("ERR decrement would overflow"))?;
    add(ctx, args, increment)
}

fn add(ctx: &mut Ctx<'_>, args: Args<'_>, increment: i64) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let value = increase(ctx, key, increment)?;
    ctx.reply.integer(value);
    Ok(())
}

/// INCRBY: adds to the key's integer; the sum.
#[inline]
pub fn increase(ctx: &mut Ctx<'_>, key: Key<'_>, increment: i64) -> Result<i64, CommandError> {
    let sum = |value: i64| {
        value
            .checked_add(increment)
            .ok_or(CommandError::IncrementOverflow)
    };
    let value = ctx.keys.update_integer(key, sum)?;
    ctx.keys.changed(EventClass::STRING, "incrby", key);
    Ok(value)
}

pub(super) static INCRBYFLOAT: DataCommand = DataCommand {
    spec: Spec {
        name: "incrbyfloat",
        summary: "Adds to the floating point number a key holds; an absent key counts as 0.",
        since: "2.6.0",
        arity: 3,
        syntax: "key increment",
        ..COUNTER
    },
    run: incrbyfloat,
    subcommands: &[],
};

fn incrbyfloat(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let value = match ctx.keys.edit_string(key)? {
        Some(value) => LongDouble::parse(value.as_bytes(&mut IntText::new())),
        None => Some(LongDouble::ZERO),
    };
    let value = value.ok_or(CommandError::NotFloat)?;
    let increment = LongDouble::parse(args.get(2)).ok_or(CommandError::NotFloat)?;
    let sum = value
        .add(increment)
        .ok_or(CommandError::IncrementNotFinite)?
        .to_text();
    ctx.keys
        .set_string(key, StringInput::Text(sum.as_bytes()), Expiry::Keep);
    ctx.keys.changed(EventClass::STRING, "incrbyfloat", key);
    ctx.reply.bulk(sum.as_bytes());
    Ok(())
}
