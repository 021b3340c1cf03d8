//! ZPOPMIN and ZPOPMAX, and the pop that ZMPOP and the blocking pops share with them.

use resp::{Args, Protocol};

use super::ZSET;
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec, parse_at_least,
};
use crate::types::End;

/// What the two have in common.
const POPPER: Spec = Spec {
    since: "5.0.0",
    complexity: "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.",
    arity: -2,
    flags: Flags::WRITE.union(Flags::FAST),
    keys: &[KeySpec::at(
        1,
        KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
    )],
    syntax: "key [count]",
    ..ZSET
};

pub(super) static ZPOPMIN: DataCommand = DataCommand {
    spec: Spec {
        name: "zpopmin",
        summary: "Removes the members with the lowest scores and gives them; the key goes with the last one.",
        ..POPPER
    },
    run: |ctx, args| pop_end(ctx, args, End::Min),
    subcommands: &[],
};

pub(super) static ZPOPMAX: DataCommand = DataCommand {
    spec: Spec {
        name: "zpopmax",
        summary: "Removes the members with the highest scores and gives them; the key goes with the last one.",
        ..POPPER
    },
    run: |ctx, args| pop_end(ctx, args, End::Max),
    subcommands: &[],
};

/// How popped members are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PopShape {
    /// One array: member, score, member, score.
    Flat,
    /// An array of member and score pairs.
    Pairs,
    /// The key, then an array of pairs, as ZMPOP and BZMPOP answer.
    KeyAndPairs,
    /// One array: the key, member, score, as BZPOPMIN and BZPOPMAX answer.
    KeyFlat,
}

fn pop_end(ctx: &mut Ctx<'_>, args: Args<'_>, end: End) -> Result<(), CommandError> {
    let count = match args.len() {
        2 => None,
        3 => Some(parse_at_least(args.get(2), 0, CommandError::NotPositive)?),
        _ => return Err(CommandError::Syntax),
    };
    let shape = match (ctx.reply.protocol(), count) {
        (Protocol::Resp3, Some(_)) => PopShape::Pairs,
        (Protocol::Resp3, None) | (Protocol::Resp2, _) => PopShape::Flat,
    };
    let key = ctx.keys.arg(args, 1);
    if !pop(ctx, key, end, count.unwrap_or(1), shape)? {
        ctx.reply.array(0);
    }
    Ok(())
}

/// Pops up to `count` members at `end` and replies with them. False, with nothing
/// done, when there is no such key or nothing is asked for.
pub fn pop(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    end: End,
    count: usize,
    shape: PopShape,
) -> Result<bool, CommandError> {
    let seed = ctx.keys.seed();
    let Some(mut zset) = ctx.keys.edit_zset(key)?.filter(|_| count > 0) else {
        return Ok(false);
    };
    let reply = &mut ctx.reply;
    let count = count.min(zset.len());
    match shape {
        PopShape::Flat => reply.array(count * 2),
        PopShape::Pairs => reply.array(count),
        PopShape::KeyAndPairs => {
            reply.array(2);
            reply.bulk(key.bytes);
            reply.array(count);
        }
        PopShape::KeyFlat => {
            reply.array(count * 2 + 1);
            reply.bulk(key.bytes);
        }
    }
    let nested = matches!(shape, PopShape::Pairs | PopShape::KeyAndPairs);
    for _ in 0..count {
        zset.pop(&seed, end, |member, score| {
            if nested {
                reply.array(2);
            }
            reply.bulk(member);
            reply.double(score);
        });
    }
    let emptied = zset.is_empty();
    drop(zset);
    let event = match end {
        End::Min => "zpopmin",
        End::Max => "zpopmax",
    };
    ctx.keys.changed(EventClass::ZSET, event, key);
    ctx.keys.add_dirty(count as u64 - 1);
    if emptied {
        ctx.keys.delete_if_empty(key);
    }
    Ok(true)
}
