//! ZRANGESTORE: a range of one sorted set becomes another.

use resp::Args;

use super::range_query::{Bounds, RangeGrammar, RangeQuery};
use super::store::store;
use super::{RO_ACCESS, ZSET};
use crate::command::{CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec};
use crate::types::{Direction, Zset};

pub(super) static ZRANGESTORE: DataCommand = DataCommand {
    spec: Spec {
        name: "zrangestore",
        summary: "Stores the members of a range as another sorted set.",
        since: "6.2.0",
        complexity: "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into the destination key.",
        arity: -5,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[
            KeySpec::at(1, KeyFlags::OW.union(KeyFlags::UPDATE)),
            KeySpec::at(2, RO_ACCESS),
        ],
        syntax: "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
        ..ZSET
    },
    run: zrangestore,
    subcommands: &[],
};

const GRAMMAR: RangeGrammar = RangeGrammar {
    by: None,
    direction: None,
    key_index: 2,
    allows_scores: false,
};

fn zrangestore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let query = RangeQuery::parse(args, GRAMMAR)?;
    let destination = ctx.keys.arg(args, 1);
    let source = ctx.keys.arg(args, 2);
    let seed = ctx.keys.seed();
    let limits = &ctx.config.encoding;
    let result = ctx.keys.read_zset(source)?.map_or_else(Zset::new, |zset| {
        let ranks = query.ranks(zset);
        // Only a range of ranks is counted before its first member is stored.
        let surely_big = matches!(query.bounds, Bounds::Rank(..))
            && ranks.len() > limits.zset_max_listpack_entries;
        let members = zset.iter_range(ranks, Direction::Forward);
        if surely_big {
            Zset::from_unsorted(&seed, members, limits)
        } else {
            Zset::from_each(&seed, members, limits)
        }
    });
    store(ctx, destination, result, "zrangestore");
    Ok(())
}
