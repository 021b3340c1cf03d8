//! Commands on sorted sets.

mod block;
mod combine;
mod count;
mod diff;
mod inter;
mod lookup;
mod operands;
mod pop;
mod random;
mod range;
mod range_query;
mod range_store;
mod rank;
mod remove;
mod remove_range;
mod scan;
mod scored_reply;
mod store;
#[cfg(test)]
mod tests;
mod union;
mod zadd;
mod zmpop;

pub use pop::{PopShape, pop};
pub use zmpop::ZmpopArgs;

use super::{DataCommand, Group, KeyFlags, KeySpec, Spec};

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &zadd::ZADD,
    &zadd::ZINCRBY,
    &remove::ZREM,
    &lookup::ZCARD,
    &lookup::ZSCORE,
    &lookup::ZMSCORE,
    &rank::ZRANK,
    &rank::ZREVRANK,
    &range::ZRANGE,
    &range::ZREVRANGE,
    &range::ZRANGEBYSCORE,
    &range::ZREVRANGEBYSCORE,
    &range::ZRANGEBYLEX,
    &range::ZREVRANGEBYLEX,
    &range_store::ZRANGESTORE,
    &count::ZCOUNT,
    &count::ZLEXCOUNT,
    &remove_range::ZREMRANGEBYRANK,
    &remove_range::ZREMRANGEBYSCORE,
    &remove_range::ZREMRANGEBYLEX,
    &pop::ZPOPMIN,
    &pop::ZPOPMAX,
    &zmpop::ZMPOP,
    &block::BZPOPMIN,
    &block::BZPOPMAX,
    &block::BZMPOP,
    &union::ZUNION,
    &union::ZUNIONSTORE,
    &inter::ZINTER,
    &inter::ZINTERSTORE,
    &inter::ZINTERCARD,
    &diff::ZDIFF,
    &diff::ZDIFFSTORE,
    &random::ZRANDMEMBER,
    &scan::ZSCAN,
];

pub use range::ranked;
pub use remove::remove_scored;
pub use remove_range::remove_ranks;
pub use zadd::{add_scored, increase_score};

/// What the group's declarations have in common.
const ZSET: Spec = Spec {
    group: Group::SortedSet,
    ..Spec::DEFAULT
};

/// The flags of a key whose members are given out.
const RO_ACCESS: KeyFlags = KeyFlags::RO.union(KeyFlags::ACCESS);
/// One key at argument 1 whose members are given out.
const KEY_RO_ACCESS: &[KeySpec] = &[KeySpec::at(1, RO_ACCESS)];
/// A key at argument 1 that loses members.
const KEY_RW_DELETE: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::DELETE))];
/// A key count at argument 1, then keys whose members are given out.
const COUNTED_RO_ACCESS: &[KeySpec] = &[KeySpec::counted(1, RO_ACCESS)];
/// A destination to overwrite, then a key count and keys to read.
const STORE_COUNTED: &[KeySpec] = &[
    KeySpec::at(1, KeyFlags::OW.union(KeyFlags::UPDATE)),
    KeySpec::counted(2, RO_ACCESS),
];
