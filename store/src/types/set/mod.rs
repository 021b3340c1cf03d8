//! A set of byte strings.

mod item;

pub use item::{Item, ItemBuf};

use crate::hash::Seed;
use crate::types::EncodingLimits;
use std::collections::BTreeSet;

/// A set of members without order.
#[derive(Clone, Debug, Default)]
pub struct Set(Box<BTreeSet<Vec<u8>>>);

/// Members in no order, from [`Set::iter`].
pub struct SetIter<'a>(std::collections::btree_set::Iter<'a, Vec<u8>>);

impl Set {
    /// An empty set; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no member is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Heap bytes held, in allocator classes.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        self.0.iter().map(|e| e.capacity() + 24).sum()
    }

    /// OBJECT ENCODING's name of the representation.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        if self.len() > 128 {
            "hashtable"
        } else {
            "listpack"
        }
    }

    /// Whether the set holds integers only, in order.
    #[must_use]
    pub fn is_intset(&self) -> bool {
        false
    }

    /// Adds `member`; true when it is new.
    pub fn insert(&mut self, _seed: &Seed, member: &[u8], _limits: &EncodingLimits) -> bool {
        self.0.insert(member.to_vec())
    }

    /// Whether `member` is in the set.
    #[must_use]
    pub fn contains(&self, _seed: &Seed, member: &[u8]) -> bool {
        self.0.contains(member)
    }

    /// Removes `member`; true when it was there.
    pub fn remove(&mut self, _seed: &Seed, member: &[u8]) -> bool {
        self.0.remove(member)
    }

    /// All members.
    #[must_use]
    pub fn iter(&self) -> SetIter<'_> {
        SetIter(self.0.iter())
    }

    /// A member chosen uniformly; none from an empty set.
    pub fn random(&self, rng: &mut dyn FnMut() -> u64) -> Option<Item<'_>> {
        let at = rng() as usize % self.len().max(1);
        self.iter().nth(at)
    }

    /// Removes a member chosen uniformly, showing it to `f` first.
    pub fn pop_random<R>(
        &mut self,
        _seed: &Seed,
        rng: &mut dyn FnMut() -> u64,
        f: impl FnOnce(Item<'_>) -> R,
    ) -> Option<R> {
        let member = self.random(rng)?.to_vec();
        self.0.remove(&member);
        Some(f(Item::Bytes(&member)))
    }

    /// One step of SCAN from `cursor` (0 begins): shows some members and returns the next cursor, 0 at the end. Packed sets come whole.
    pub fn scan(&self, _cursor: u64, f: &mut dyn FnMut(Item<'_>)) -> u64 {
        self.iter().for_each(f);
        0
    }

    /// Frees about `items` members; true when nothing is left.
    pub fn free_step(&mut self, items: usize) -> bool {
        (0..items).for_each(|_| drop(self.0.pop_first()));
        self.is_empty()
    }
}

impl<'a> Iterator for SetIter<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        self.0.next().map(|m| Item::Bytes(m))
    }
}
