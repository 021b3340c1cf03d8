//! Setting fields: HSET, HMSET, HSETNX.

use resp::Args;

use super::{HASH, KEY_RW_UPDATE, WRITE_FAST};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Key, KeyFlags, KeySpec, Spec};
use crate::types::Member;

pub(super) static HSET: DataCommand = DataCommand {
    spec: Spec {
        name: "hset",
        summary: "Sets fields of a hash and tells how many of them are new.",
        complexity: "O(N) with N the number of fields set.",
        arity: -4,
        flags: WRITE_FAST,
        keys: KEY_RW_UPDATE,
        syntax: "key field value [field value ...]",
        member: Some(2),
        ..HASH
    },
    run: hset,
    subcommands: &[],
};

fn hset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let created = set_fields(ctx, args, "hset")?;
    ctx.reply.integer(created as i64);
    Ok(())
}

pub(super) static HMSET: DataCommand = DataCommand {
    spec: Spec {
        name: "hmset",
        summary: "Sets fields of a hash; the old form of HSET.",
        complexity: "O(N) with N the number of fields set.",
        arity: -4,
        flags: WRITE_FAST,
        keys: KEY_RW_UPDATE,
        syntax: "key field value [field value ...]",
        member: Some(2),
        ..HASH
    },
    run: hmset,
    subcommands: &[],
};

fn hmset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    set_fields(ctx, args, "hmset")?;
    ctx.reply.ok();
    Ok(())
}

/// Sets the pairs from argument 2 on; how many fields are new.
fn set_fields(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    name: &'static str,
) -> Result<usize, CommandError> {
    if !args.len().is_multiple_of(2) {
        return Err(CommandError::Arity(name.into()));
    }
    let key = ctx.keys.arg(args, 1);
    set_pairs(ctx, key, args.tail(2))
}

/// HSET: sets fields, each followed by its value; how many of them are new.
#[inline]
pub fn set_pairs(ctx: &mut Ctx<'_>, key: Key<'_>, pairs: Args<'_>) -> Result<usize, CommandError> {
    let mut hash = ctx.keys.hash_or_create(key)?;
    let mut created = 0;
    for at in (0..pairs.len()).step_by(2) {
        let is_new = hash.insert(
            &ctx.seed,
            Member::arg(pairs, at),
            pairs.get(at + 1),
            &ctx.config.encoding,
        );
        created += usize::from(is_new);
    }
    drop(hash);
    ctx.keys.changed(EventClass::HASH, "hset", key);
    ctx.keys.add_dirty(pairs.len() as u64 / 2 - 1);
    Ok(created)
}

pub(super) static HSETNX: DataCommand = DataCommand {
    spec: Spec {
        name: "hsetnx",
        summary: "Sets a field of a hash if the field is not there.",
        arity: 4,
        flags: WRITE_FAST,
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::INSERT))],
        syntax: "key field value",
        member: Some(2),
        ..HASH
    },
    run: hsetnx,
    subcommands: &[],
};

fn hsetnx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let mut hash = ctx.keys.hash_or_create(key)?;
    let absent = !hash.contains(&ctx.seed, args.get(2));
    if absent {
        hash.insert(&ctx.seed, args.get(2), args.get(3), &ctx.config.encoding);
    }
    drop(hash);
    if absent {
        ctx.keys.changed(EventClass::HASH, "hset", key);
    }
    ctx.reply.integer(i64::from(absent));
    Ok(())
}
