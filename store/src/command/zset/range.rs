//! ZRANGE and the commands it replaced: members of a range, in order.

use resp::Args;

use super::range_query::{RangeBy, RangeGrammar, RangeQuery, mirror, rank_range};
use super::{KEY_RO_ACCESS, ZSET};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::zset::ZsetIter;
use crate::types::{Direction, Zset};

const COMPLEXITY: &str = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.";
const COMPLEXITY_LIMIT: &str = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).";

/// What the group's range readers have in common.
const READER: Spec = Spec {
    complexity: COMPLEXITY_LIMIT,
    arity: -4,
    flags: Flags::READONLY,
    keys: KEY_RO_ACCESS,
    ..ZSET
};

pub(super) static ZRANGE: DataCommand = DataCommand {
    spec: Spec {
        name: "zrange",
        summary: "Gives the members of a range of ranks, scores or members, in order.",
        since: "1.2.0",
        complexity: COMPLEXITY,
        syntax: "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
        ..READER
    },
    run: |ctx, args| reply_range(ctx, args, None, None),
    subcommands: &[],
};

pub(super) static ZREVRANGE: DataCommand = DataCommand {
    spec: Spec {
        name: "zrevrange",
        summary: "Gives the members of a range of ranks, highest score first.",
        since: "1.2.0",
        complexity: COMPLEXITY,
        syntax: "key start stop [WITHSCORES]",
        ..READER
    },
    run: |ctx, args| reply_range(ctx, args, Some(RangeBy::Rank), Some(Direction::Reverse)),
    subcommands: &[],
};

pub(super) static ZRANGEBYSCORE: DataCommand = DataCommand {
    spec: Spec {
        name: "zrangebyscore",
        summary: "Gives the members of a range of scores, lowest first.",
        since: "1.0.5",
        syntax: "key min max [WITHSCORES] [LIMIT offset count]",
        ..READER
    },
    run: |ctx, args| reply_range(ctx, args, Some(RangeBy::Score), Some(Direction::Forward)),
    subcommands: &[],
};

pub(super) static ZREVRANGEBYSCORE: DataCommand = DataCommand {
    spec: Spec {
        name: "zrevrangebyscore",
        summary: "Gives the members of a range of scores, highest first.",
        since: "2.2.0",
        syntax: "key max min [WITHSCORES] [LIMIT offset count]",
        ..READER
    },
    run: |ctx, args| reply_range(ctx, args, Some(RangeBy::Score), Some(Direction::Reverse)),
    subcommands: &[],
};

pub(super) static ZRANGEBYLEX: DataCommand = DataCommand {
    spec: Spec {
        name: "zrangebylex",
        summary: "Gives the members between two strings, where all scores are equal.",
        since: "2.8.9",
        syntax: "key min max [LIMIT offset count]",
        ..READER
    },
    run: |ctx, args| reply_range(ctx, args, Some(RangeBy::Lex), Some(Direction::Forward)),
    subcommands: &[],
};

pub(super) static ZREVRANGEBYLEX: DataCommand = DataCommand {
    spec: Spec {
        name: "zrevrangebylex",
        summary: "Gives the members between two strings, last first, where all scores are equal.",
        since: "2.8.9",
        syntax: "key max min [LIMIT offset count]",
        ..READER
    },
    run: |ctx, args| reply_range(ctx, args, Some(RangeBy::Lex), Some(Direction::Reverse)),
    subcommands: &[],
};

/// ZRANGE by rank: the members of a range of ranks, counted from where `direction` starts, with their scores.
pub fn ranked(zset: &Zset, start: i64, stop: i64, direction: Direction) -> ZsetIter<'_> {
    let ranks = rank_range(start, stop, zset.len());
    let ranks = match direction {
        Direction::Forward => ranks,
        Direction::Reverse => mirror(ranks, zset.len()),
    };
    zset.iter_range(ranks, direction)
}

fn reply_range(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    by: Option<RangeBy>,
    direction: Option<Direction>,
) -> Result<(), CommandError> {
    let grammar = RangeGrammar {
        by,
        direction,
        key_index: 1,
        allows_scores: true,
    };
    let query = RangeQuery::parse(args, grammar)?;
    let key = ctx.keys.arg(args, 1);
    let pace = ctx.keys.pace();
    let Some(zset) = ctx.keys.read_zset(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let ranks = query.ranks(zset);
    let mut breath = pace.over(ranks.len())?;
    query.scores.begin(&mut ctx.reply, ranks.len());
    for (member, score) in zset.iter_range(ranks, query.direction) {
        breath.element();
        query.scores.member(&mut ctx.reply, member, score);
    }
    Ok(())
}
