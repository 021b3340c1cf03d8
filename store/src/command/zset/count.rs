//! ZCOUNT and ZLEXCOUNT: how many members lie in a range.

use resp::Args;

use super::range_query::{parse_lex_range, parse_score_range};
use super::{KEY_RO_ACCESS, ZSET};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};

/// What the two have in common.
const COUNTER: Spec = Spec {
    complexity: "O(log(N)) with N being the number of elements in the sorted set.",
    arity: 4,
    flags: Flags::READONLY.union(Flags::FAST),
    keys: KEY_RO_ACCESS,
    syntax: "key min max",
    ..ZSET
};

pub(super) static ZCOUNT: DataCommand = DataCommand {
    spec: Spec {
        name: "zcount",
        summary: "Counts the members of a range of scores.",
        since: "2.0.0",
        ..COUNTER
    },
    run: zcount,
    subcommands: &[],
};

pub(super) static ZLEXCOUNT: DataCommand = DataCommand {
    spec: Spec {
        name: "zlexcount",
        summary: "Counts the members between two strings, where all scores are equal.",
        since: "2.8.9",
        ..COUNTER
    },
    run: zlexcount,
    subcommands: &[],
};

fn zcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let range = parse_score_range(args.get(2), args.get(3))?;
    let key = ctx.keys.arg(args, 1);
    let count = ctx
        .keys
        .read_zset(key)?
        .map_or(0, |zset| zset.rank_range_by_score(&range).len());
    ctx.reply.integer(count as i64);
    Ok(())
}

fn zlexcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let range = parse_lex_range(args.get(2), args.get(3))?;
    let key = ctx.keys.arg(args, 1);
    let count = ctx
        .keys
        .read_zset(key)?
        .map_or(0, |zset| zset.rank_range_by_lex(&range).len());
    ctx.reply.integer(count as i64);
    Ok(())
}
