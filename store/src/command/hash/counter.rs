//! Fields as numbers: HINCRBY, HINCRBYFLOAT.

use resp::Args;

use super::{HASH, WRITE_FAST};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Key, KeyFlags, KeySpec, Spec, parse_i64,
};
use crate::long_double::LongDouble;
use crate::types::hash::FieldExpiry;

/// What both have in common.
const COUNTER: Spec = Spec {
    arity: 4,
    flags: WRITE_FAST,
    keys: &[KeySpec::at(
        1,
        KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE),
    )],
    syntax: "key field increment",
    member: Some(2),
    ..HASH
};

pub(super) static HINCRBY: DataCommand = DataCommand {
    spec: Spec {
        name: "hincrby",
        summary: "Adds to the integer in a field of a hash; an absent field counts as 0.",
        ..COUNTER
    },
    run: hincrby,
    subcommands: &[],
};

fn hincrby(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let increment = parse_i64(args.get(3))?;
    let key = ctx.keys.arg(args, 1);
    let sum = increase_field(ctx, key, args.get(2), increment)?;
    ctx.reply.integer(sum);
    Ok(())
}

/// HINCRBY: adds to a field's integer; the sum.
pub fn increase_field(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    field: &[u8],
    increment: i64,
) -> Result<i64, CommandError> {
    let mut hash = ctx.keys.hash_or_create(key)?;
    let old = match hash.get(&ctx.seed, field) {
        Some(text) => {
            parse_i64(text).map_err(|_| CommandError::text("ERR hash value is not an integer"))?
        }
        None => 0,
    };
    let sum = old
        .checked_add(increment)
        .ok_or(CommandError::IncrementOverflow)?;
    let mut text = itoa::Buffer::new();
    let text = text.format(sum);
    let limits = &ctx.config.encoding;
    hash.insert_with(&ctx.seed, field, text.as_bytes(), FieldExpiry::Keep, limits);
    drop(hash);
    ctx.keys.changed(EventClass::HASH, "hincrby", key);
    Ok(sum)
}

pub(super) static HINCRBYFLOAT: DataCommand = DataCommand {
    spec: Spec {
        name: "hincrbyfloat",
        summary: "Adds to the floating point number in a field of a hash; an absent field counts as 0.",
        since: "2.6.0",
        ..COUNTER
    },
    run: hincrbyfloat,
    subcommands: &[],
};

fn hincrbyfloat(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let increment = LongDouble::parse(args.get(3)).ok_or(CommandError::NotFloat)?;
    let increment = LongDouble::ZERO
        .add(increment)
        .ok_or(CommandError::text("ERR value is NaN or Infinity"))?;
    let key = ctx.keys.arg(args, 1);
    let field = args.get(2);
    let mut hash = ctx.keys.hash_or_create(key)?;
    let old = match hash.get(&ctx.seed, field) {
        Some(text) => {
            LongDouble::parse(text).ok_or(CommandError::text("ERR hash value is not a float"))?
        }
        None => LongDouble::ZERO,
    };
    let sum = old
        .add(increment)
        .ok_or(CommandError::IncrementNotFinite)?
        .to_text();
    let limits = &ctx.config.encoding;
    hash.insert_with(&ctx.seed, field, sum.as_bytes(), FieldExpiry::Keep, limits);
    drop(hash);
    ctx.keys.changed(EventClass::HASH, "hincrbyfloat", key);
    ctx.reply.bulk(sum.as_bytes());
    Ok(())
}
