//! Reading fields: one, some, all, or facts about them.

use resp::{Args, ReplyWriter};

use super::{HASH, KEY_RO, KEY_RO_ACCESS, READ_FAST};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::{Hash, Member};

pub(super) static HGET: DataCommand = DataCommand {
    spec: Spec {
        name: "hget",
        summary: "Returns the value of a field of a hash.",
        arity: 3,
        flags: READ_FAST,
        keys: KEY_RO_ACCESS,
        syntax: "key field",
        member: Some(2),
        ..HASH
    },
    run: hget,
    subcommands: &[],
};

fn hget(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let hash = ctx.keys.read_hash(key)?;
    let value = hash.and_then(|hash| hash.get(&ctx.seed, Member::arg(args, 2)));
    reply_value(&mut ctx.reply, value);
    Ok(())
}

pub(super) static HMGET: DataCommand = DataCommand {
    spec: Spec {
        name: "hmget",
        summary: "Returns the values of some fields of a hash, null for each that is not there.",
        complexity: "O(N) with N the number of fields asked for.",
        arity: -3,
        flags: READ_FAST,
        keys: KEY_RO_ACCESS,
        syntax: "key field [field ...]",
        member: Some(2),
        ..HASH
    },
    run: hmget,
    subcommands: &[],
};

fn hmget(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let hash = ctx.keys.read_hash(key)?;
    ctx.reply.array(args.len() - 2);
    for field in args.iter().skip(2) {
        let value = hash.and_then(|hash| hash.get(&ctx.seed, field));
        reply_value(&mut ctx.reply, value);
    }
    Ok(())
}

pub(super) fn reply_value(reply: &mut ReplyWriter<'_>, value: Option<&[u8]>) {
    match value {
        Some(value) => reply.bulk(value),
        None => reply.null(),
    }
}

/// A command that gives out all of a hash.
const WHOLE: Spec = Spec {
    complexity: "O(N) with N the number of fields.",
    arity: 2,
    flags: Flags::READONLY,
    keys: KEY_RO_ACCESS,
    syntax: "key",
    ..HASH
};

pub(super) static HGETALL: DataCommand = DataCommand {
    spec: Spec {
        name: "hgetall",
        summary: "Returns all fields of a hash with their values.",
        ..WHOLE
    },
    run: hgetall,
    subcommands: &[],
};

fn hgetall(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let pace = ctx.keys.pace();
    let hash = ctx.keys.read_hash(key)?;
    let mut breath = pace.over(hash.map_or(0, Hash::len))?;
    ctx.reply.map(hash.map_or(0, Hash::len_in_sight));
    if let Some(hash) = hash {
        hash.for_each(|field, value| {
            breath.element();
            ctx.reply.bulk(field);
            ctx.reply.bulk(value);
        });
    }
    Ok(())
}

pub(super) static HKEYS: DataCommand = DataCommand {
    spec: Spec {
        name: "hkeys",
        summary: "Returns all fields of a hash.",
        ..WHOLE
    },
    run: |ctx, args| reply_each(ctx, args, |(field, _)| field),
    subcommands: &[],
};

pub(super) static HVALS: DataCommand = DataCommand {
    spec: Spec {
        name: "hvals",
        summary: "Returns the values of all fields of a hash.",
        ..WHOLE
    },
    run: |ctx, args| reply_each(ctx, args, |(_, value)| value),
    subcommands: &[],
};

/// Picks what to reply from a field and its value.
type PartOfPair = for<'h> fn((&'h [u8], &'h [u8])) -> &'h [u8];

fn reply_each(ctx: &mut Ctx<'_>, args: Args<'_>, part: PartOfPair) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let pace = ctx.keys.pace();
    let hash = ctx.keys.read_hash(key)?;
    let mut breath = pace.over(hash.map_or(0, Hash::len))?;
    ctx.reply.array(hash.map_or(0, Hash::len_in_sight));
    for pair in hash.into_iter().flat_map(Hash::iter) {
        breath.element();
        ctx.reply.bulk(part(pair));
    }
    Ok(())
}

pub(super) static HLEN: DataCommand = DataCommand {
    spec: Spec {
        name: "hlen",
        summary: "Returns the number of fields of a hash.",
        arity: 2,
        flags: READ_FAST,
        keys: KEY_RO,
        syntax: "key",
        ..HASH
    },
    run: |ctx, args| reply_number(ctx, args, |hash, _| hash.len()),
    subcommands: &[],
};

pub(super) static HSTRLEN: DataCommand = DataCommand {
    spec: Spec {
        name: "hstrlen",
        summary: "Returns the length of the value of a field of a hash.",
        since: "3.2.0",
        arity: 3,
        flags: READ_FAST,
        keys: KEY_RO,
        syntax: "key field",
        member: Some(2),
        ..HASH
    },
    run: |ctx, args| {
        let seed = ctx.seed;
        reply_number(ctx, args, |hash, args| {
            hash.value_len(&seed, args.get(2)).unwrap_or(0)
        })
    },
    subcommands: &[],
};

pub(super) static HEXISTS: DataCommand = DataCommand {
    spec: Spec {
        name: "hexists",
        summary: "Tells whether a field of a hash is there.",
        arity: 3,
        flags: READ_FAST,
        keys: KEY_RO,
        syntax: "key field",
        member: Some(2),
        ..HASH
    },
    run: |ctx, args| {
        let seed = ctx.seed;
        reply_number(ctx, args, |hash, args| {
            usize::from(hash.contains(&seed, args.get(2)))
        })
    },
    subcommands: &[],
};

/// Answers a number about the hash; 0 when it is absent.
fn reply_number(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    number: impl FnOnce(&Hash, Args<'_>) -> usize,
) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let number = ctx
        .keys
        .read_hash(key)?
        .map_or(0, |hash| number(hash, args));
    ctx.reply.integer(number as i64);
    Ok(())
}
