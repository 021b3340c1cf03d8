//! ZREMRANGEBYRANK, ZREMRANGEBYSCORE and ZREMRANGEBYLEX.

use std::ops::Range;

use resp::Args;

use super::range_query::{parse_lex_range, parse_score_range, rank_range};
use super::{KEY_RW_DELETE, ZSET};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, Key, Spec, parse_i64};
use crate::types::Zset;

/// What the three have in common.
const REMOVER: Spec = Spec {
    complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
    arity: 4,
    flags: Flags::WRITE,
    keys: KEY_RW_DELETE,
    ..ZSET
};

pub(super) static ZREMRANGEBYRANK: DataCommand = DataCommand {
    spec: Spec {
        name: "zremrangebyrank",
        summary: "Removes the members of a range of ranks; the key goes with the last one.",
        since: "2.0.0",
        syntax: "key start stop",
        ..REMOVER
    },
    run: zremrangebyrank,
    subcommands: &[],
};

pub(super) static ZREMRANGEBYSCORE: DataCommand = DataCommand {
    spec: Spec {
        name: "zremrangebyscore",
        summary: "Removes the members of a range of scores; the key goes with the last one.",
        since: "1.2.0",
        syntax: "key min max",
        ..REMOVER
    },
    run: zremrangebyscore,
    subcommands: &[],
};

pub(super) static ZREMRANGEBYLEX: DataCommand = DataCommand {
    spec: Spec {
        name: "zremrangebylex",
        summary: "Removes the members between two strings, where all scores are equal; the key goes with the last one.",
        since: "2.8.9",
        syntax: "key min max",
        ..REMOVER
    },
    run: zremrangebylex,
    subcommands: &[],
};

fn zremrangebyrank(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (start, stop) = (parse_i64(args.get(2))?, parse_i64(args.get(3))?);
    let key = ctx.keys.arg(args, 1);
    let removed = remove_ranks(ctx, key, start, stop)?;
    ctx.reply.integer(removed as i64);
    Ok(())
}

fn zremrangebyscore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let range = parse_score_range(args.get(2), args.get(3))?;
    remove(ctx, args, "zremrangebyscore", |zset| {
        zset.rank_range_by_score(&range)
    })
}

fn zremrangebylex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let range = parse_lex_range(args.get(2), args.get(3))?;
    remove(ctx, args, "zremrangebylex", |zset| {
        zset.rank_range_by_lex(&range)
    })
}

fn remove(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    event: &'static str,
    ranks: impl FnOnce(&Zset) -> Range<usize>,
) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let removed = remove_in(ctx, key, event, ranks)?;
    ctx.reply.integer(removed as i64);
    Ok(())
}

/// ZREMRANGEBYRANK: removes the members of a range of ranks; how many there were.
pub fn remove_ranks(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    start: i64,
    stop: i64,
) -> Result<usize, CommandError> {
    remove_in(ctx, key, "zremrangebyrank", |zset| {
        rank_range(start, stop, zset.len())
    })
}

fn remove_in(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    event: &'static str,
    ranks: impl FnOnce(&Zset) -> Range<usize>,
) -> Result<usize, CommandError> {
    let seed = ctx.keys.seed();
    let removed = ctx.keys.edit_zset(key)?.map_or(0, |mut zset| {
        let ranks = ranks(&zset);
        zset.remove_rank_range(&seed, ranks, &mut |_, _| {})
    });
    if removed > 0 {
        ctx.keys.changed(EventClass::ZSET, event, key);
        ctx.keys.add_dirty(removed as u64 - 1);
        ctx.keys.delete_if_empty(key);
    }
    Ok(removed)
}
