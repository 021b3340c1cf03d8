//! ZINTER, ZINTERSTORE and ZINTERCARD.

use std::ops::ControlFlow;

use resp::Args;

use super::operands::{CombineArgs, CombineGrammar};
use super::store::store;
use super::{COUNTED_RO_ACCESS, STORE_COUNTED, ZSET, combine};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::Zset;

const COMPLEXITY: &str = "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.";

pub(super) static ZINTER: DataCommand = DataCommand {
    spec: Spec {
        name: "zinter",
        summary: "Gives the members that all sorted sets have in common, their scores combined.",
        since: "6.2.0",
        complexity: COMPLEXITY,
        arity: -3,
        flags: Flags::READONLY.union(Flags::MOVABLEKEYS),
        keys: COUNTED_RO_ACCESS,
        syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        ..ZSET
    },
    run: zinter,
    subcommands: &[],
};

pub(super) static ZINTERSTORE: DataCommand = DataCommand {
    spec: Spec {
        name: "zinterstore",
        summary: "Stores the members that all sorted sets have in common, their scores combined.",
        since: "2.0.0",
        complexity: COMPLEXITY,
        arity: -4,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::MOVABLEKEYS),
        keys: STORE_COUNTED,
        syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
        ..ZSET
    },
    run: zinterstore,
    subcommands: &[],
};

pub(super) static ZINTERCARD: DataCommand = DataCommand {
    spec: Spec {
        name: "zintercard",
        summary: "Counts the members that all sorted sets have in common, up to a limit.",
        since: "7.0.0",
        complexity: "O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.",
        arity: -3,
        flags: Flags::READONLY.union(Flags::MOVABLEKEYS),
        keys: COUNTED_RO_ACCESS,
        syntax: "numkeys key [key ...] [LIMIT limit]",
        ..ZSET
    },
    run: zintercard,
    subcommands: &[],
};

fn zinter(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let grammar = CombineGrammar {
        command: "zinter",
        count_index: 1,
        weights: true,
        scores: true,
        limit: false,
    };
    let parsed = CombineArgs::parse(ctx, args, grammar)?;
    let (operands, breath) = parsed.announced(&ctx.keys)?;
    let members = combine::inter(&ctx.keys.seed(), operands, parsed.aggregate, breath);
    parsed.scores.reply_sorted(&mut ctx.reply, members, breath);
    Ok(())
}

fn zinterstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let grammar = CombineGrammar {
        command: "zinterstore",
        count_index: 2,
        weights: true,
        scores: false,
        limit: false,
    };
    let destination = ctx.keys.arg(args, 1);
    let parsed = CombineArgs::parse(ctx, args, grammar)?;
    let seed = ctx.keys.seed();
    let (operands, breath) = parsed.announced(&ctx.keys)?;
    let members = combine::inter(&seed, operands, parsed.aggregate, breath);
    let result = Zset::from_unsorted(&seed, breath.over(members), &ctx.config.encoding);
    store(ctx, destination, result, "zinterstore");
    Ok(())
}

fn zintercard(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let grammar = CombineGrammar {
        command: "zintercard",
        count_index: 1,
        weights: false,
        scores: false,
        limit: true,
    };
    let parsed = CombineArgs::parse(ctx, args, grammar)?;
    let (operands, breath) = parsed.announced(&ctx.keys)?;
    let mut count = 0;
    combine::for_each_common(
        &ctx.keys.seed(),
        operands,
        parsed.aggregate,
        breath,
        |_, _| {
            count += 1;
            if count == parsed.limit {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    );
    ctx.reply.integer(count as i64);
    Ok(())
}
