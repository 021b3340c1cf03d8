//! Commands on lists.

mod block;
mod insert;
mod lmove;
mod lmpop;
mod lpos;
mod pop;
mod push;
mod read;
mod trim;

use super::{DataCommand, Group, KeyFlags, KeySpec, Spec};
use crate::types::Side;

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &push::LPUSH,
    &push::RPUSH,
    &push::LPUSHX,
    &push::RPUSHX,
    &pop::LPOP,
    &pop::RPOP,
    &read::LLEN,
    &read::LINDEX,
    &read::LRANGE,
    &insert::LSET,
    &insert::LINSERT,
    &trim::LTRIM,
    &trim::LREM,
    &lpos::LPOS,
    &lmove::LMOVE,
    &lmove::RPOPLPUSH,
    &lmpop::LMPOP,
    &block::BLPOP,
    &block::BRPOP,
    &block::BLMOVE,
    &block::BRPOPLPUSH,
    &block::BLMPOP,
];

pub use pop::take_one;
pub use push::push_elements;

/// What the group's declarations have in common.
const LIST: Spec = Spec {
    group: Group::List,
    ..Spec::DEFAULT
};

/// One list whose elements are given out.
const KEY_RO_ACCESS: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.union(KeyFlags::ACCESS))];
/// One list that only grows.
const KEY_RW_INSERT: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::INSERT))];
/// One list that only shrinks.
const KEY_RW_DELETE: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::DELETE))];

/// The event of an element pushed at a side.
const fn push_event(side: Side) -> &'static str {
    match side {
        Side::Left => "lpush",
        Side::Right => "rpush",
    }
}

/// The event of an element popped from a side.
const fn pop_event(side: Side) -> &'static str {
    match side {
        Side::Left => "lpop",
        Side::Right => "rpop",
    }
}

/// `LEFT` or `RIGHT`.
fn parse_side(text: &[u8]) -> Option<Side> {
    if text.eq_ignore_ascii_case(b"left") {
        Some(Side::Left)
    } else if text.eq_ignore_ascii_case(b"right") {
        Some(Side::Right)
    } else {
        None
    }
}

/// The positions from `start` to `stop`, both included, negative ones counted
/// from the end, in a list of `len` elements.
fn range_of(start: i64, stop: i64, len: usize) -> std::ops::Range<usize> {
    let len = len as i64;
    let absolute = |index: i64| {
        if index < 0 {
            len.saturating_add(index)
        } else {
            index
        }
    };
    let (start, stop) = (absolute(start).max(0), absolute(stop).min(len - 1));
    if start > stop {
        0..0
    } else {
        start as usize..stop as usize + 1
    }
}

#[cfg(test)]
mod tests {
    use super::range_of;

    #[test]
    fn ranges_are_clamped() {
        for (start, stop, expected) in [
            (0, -1, 0..5),
            (1, 2, 1..3),
            (-2, -1, 3..5),
            (-100, 1, 0..2),
            (3, 100, 3..5),
            (3, 1, 0..0),
            (5, 9, 0..0),
            (0, -100, 0..0),
            (i64::MIN, i64::MAX, 0..5),
        ] {
            assert_eq!(range_of(start, stop, 5), expected, "{start} {stop}");
        }
    }
}
