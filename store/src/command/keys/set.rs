//! The slices a command holds, by shard.

use crate::keyspace::Slice;

/// Slices held, in ascending shard order.
pub enum SliceSet<'a> {
    /// Just one: the hot path.
    One(&'a mut Slice),
    /// Any number.
    Many(Vec<&'a mut Slice>),
}

impl<'a> SliceSet<'a> {
    /// A view of slices, given in ascending shard order.
    #[inline]
    pub fn new<'s: 'a>(slices: &'a mut [&'s mut Slice]) -> Self {
        match slices {
            [one] => SliceSet::One(one),
            many => SliceSet::Many(many.iter_mut().map(|slice| &mut **slice).collect()),
        }
    }

    /// The same slices for a while.
    pub(super) fn reborrow(&mut self) -> SliceSet<'_> {
        match self {
            SliceSet::One(one) => SliceSet::One(one),
            SliceSet::Many(many) => SliceSet::new(many),
        }
    }

    /// No slice at all.
    pub fn empty() -> Self {
        SliceSet::Many(Vec::new())
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Slice> {
        let slices: &[&mut Slice] = match self {
            SliceSet::One(one) => std::slice::from_ref(one),
            SliceSet::Many(many) => many,
        };
        slices.iter().map(|slice| &**slice)
    }

    /// All of them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slice> {
        let slices: &mut [&'a mut Slice] = match self {
            SliceSet::One(one) => std::slice::from_mut(one),
            SliceSet::Many(many) => many,
        };
        slices.iter_mut().map(|slice| &mut **slice)
    }

    /// The slice of a shard that is in `mask`, the shards held.
    #[inline]
    pub(super) fn get(&self, mask: u64, shard: usize) -> &Slice {
        match self {
            SliceSet::One(one) => {
                debug_assert_eq!(mask, 1 << shard, "the key's slice is not held");
                one
            }
            SliceSet::Many(many) => many[position(mask, shard)],
        }
    }

    /// The slice of a shard that is in `mask`, the shards held.
    #[inline]
    pub(super) fn get_mut(&mut self, mask: u64, shard: usize) -> &mut Slice {
        match self {
            SliceSet::One(one) => {
                debug_assert_eq!(mask, 1 << shard, "the key's slice is not held");
                one
            }
            SliceSet::Many(many) => many[position(mask, shard)],
        }
    }
}

fn position(mask: u64, shard: usize) -> usize {
    let bit = 1u64 << shard;
    assert!(
        mask & bit != 0,
        "a command touched a key of shard {shard}, which it did not declare"
    );
    (mask & (bit - 1)).count_ones() as usize
}
