//! ZUNION and ZUNIONSTORE.

use resp::Args;

use super::operands::{CombineArgs, CombineGrammar};
use super::store::store;
use super::{COUNTED_RO_ACCESS, STORE_COUNTED, ZSET, combine};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::Zset;

const COMPLEXITY: &str = "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.";
const COMPLEXITY_STORE: &str = "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.";

pub(super) static ZUNION: DataCommand = DataCommand {
    spec: Spec {
        name: "zunion",
        summary: "Gives the members of any of the sorted sets, their scores combined.",
        since: "6.2.0",
        complexity: COMPLEXITY,
        arity: -3,
        flags: Flags::READONLY.union(Flags::MOVABLEKEYS),
        keys: COUNTED_RO_ACCESS,
        syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        ..ZSET
    },
    run: zunion,
    subcommands: &[],
};

pub(super) static ZUNIONSTORE: DataCommand = DataCommand {
    spec: Spec {
        name: "zunionstore",
        summary: "Stores the members of any of the sorted sets, their scores combined.",
        since: "2.0.0",
        complexity: COMPLEXITY_STORE,
        arity: -4,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::MOVABLEKEYS),
        keys: STORE_COUNTED,
        syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
        ..ZSET
    },
    run: zunionstore,
    subcommands: &[],
};

fn zunion(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let grammar = CombineGrammar {
        command: "zunion",
        count_index: 1,
        weights: true,
        scores: true,
        limit: false,
    };
    let parsed = CombineArgs::parse(ctx, args, grammar)?;
    let (operands, breath) = parsed.announced(&ctx.keys)?;
    let members = combine::union(&ctx.keys.seed(), operands, parsed.aggregate, breath);
    parsed.scores.reply_sorted(&mut ctx.reply, members, breath);
    Ok(())
}

fn zunionstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let grammar = CombineGrammar {
        command: "zunionstore",
        count_index: 2,
        weights: true,
        scores: false,
        limit: false,
    };
    let destination = ctx.keys.arg(args, 1);
    let parsed = CombineArgs::parse(ctx, args, grammar)?;
    let (operands, breath) = parsed.announced(&ctx.keys)?;
    let members = combine::union(&ctx.keys.seed(), operands, parsed.aggregate, breath);
    let result = Zset::from_unsorted(&ctx.keys.seed(), breath.over(members), &ctx.config.encoding);
    store(ctx, destination, result, "zunionstore");
    Ok(())
}
