//! Walking entries by rank, either way.

use super::{Entry, Tree};
use std::ops::Range;

impl Tree {
    /// The entries of `ranks` in ascending order, from either end.
    #[must_use]
    pub fn entries(&self, ranks: Range<usize>) -> Entries<'_> {
        let end = ranks.end.min(self.len);
        Entries {
            tree: self,
            ranks: ranks.start.min(end)..end,
            leaf: &[],
            leaf_start: 0,
        }
    }
}

/// Entries of a range of ranks; a leaf is looked up once for all its entries.
#[derive(Clone)]
pub struct Entries<'a> {
    tree: &'a Tree,
    ranks: Range<usize>,
    /// The leaf read last, and the rank of its first entry.
    leaf: &'a [Entry],
    leaf_start: usize,
}

impl<'a> Entries<'a> {
    #[inline]
    fn at(&mut self, rank: usize) -> Option<&'a Entry> {
        if rank < self.leaf_start || rank - self.leaf_start >= self.leaf.len() {
            (self.leaf, self.leaf_start) = self.tree.leaf_at(rank)?;
        }
        self.leaf.get(rank - self.leaf_start)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = &'a Entry;

    #[inline]
    fn next(&mut self) -> Option<&'a Entry> {
        let rank = self.ranks.next()?;
        self.at(rank)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }
}

impl DoubleEndedIterator for Entries<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let rank = self.ranks.next_back()?;
        self.at(rank)
    }
}
