//! ZDIFF and ZDIFFSTORE.

use resp::Args;

use super::operands::{CombineArgs, CombineGrammar};
use super::store::store;
use super::{COUNTED_RO_ACCESS, STORE_COUNTED, ZSET, combine};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::Zset;

const COMPLEXITY: &str = "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.";

pub(super) static ZDIFF: DataCommand = DataCommand {
    spec: Spec {
        name: "zdiff",
        summary: "Gives the members of the first sorted set that no other has.",
        since: "6.2.0",
        complexity: COMPLEXITY,
        arity: -3,
        flags: Flags::READONLY.union(Flags::MOVABLEKEYS),
        keys: COUNTED_RO_ACCESS,
        syntax: "numkeys key [key ...] [WITHSCORES]",
        ..ZSET
    },
    run: zdiff,
    subcommands: &[],
};

pub(super) static ZDIFFSTORE: DataCommand = DataCommand {
    spec: Spec {
        name: "zdiffstore",
        summary: "Stores the members of the first sorted set that no other has.",
        since: "6.2.0",
        complexity: COMPLEXITY,
        arity: -4,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::MOVABLEKEYS),
        keys: STORE_COUNTED,
        syntax: "destination numkeys key [key ...]",
        ..ZSET
    },
    run: zdiffstore,
    subcommands: &[],
};

fn zdiff(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let grammar = CombineGrammar {
        command: "zdiff",
        count_index: 1,
        weights: false,
        scores: true,
        limit: false,
    };
    let parsed = CombineArgs::parse(ctx, args, grammar)?;
    let (operands, breath) = parsed.announced(&ctx.keys)?;
    let members = combine::diff(&ctx.keys.seed(), &ctx.config.encoding, &operands, breath);
    parsed.scores.reply_sorted(&mut ctx.reply, members, breath);
    Ok(())
}

fn zdiffstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let grammar = CombineGrammar {
        command: "zdiffstore",
        count_index: 2,
        weights: false,
        scores: false,
        limit: false,
    };
    let destination = ctx.keys.arg(args, 1);
    let parsed = CombineArgs::parse(ctx, args, grammar)?;
    let (seed, limits) = (ctx.keys.seed(), &ctx.config.encoding);
    let (operands, breath) = parsed.announced(&ctx.keys)?;
    let members = combine::diff(&seed, limits, &operands, breath);
    let result = Zset::from_unsorted(&seed, breath.over(members), limits);
    store(ctx, destination, result, "zdiffstore");
    Ok(())
}
