//! A counted B+tree of scores: order statistics for sorted sets.
//!
//! ```text
//! inner   mins    [lowest entry below each child]        up to 44 children
//!         counts  [entries below each child]
//! leaf    [score, cell] side by side                     up to 63 entries in 1 KiB
//! ```
//! Every operation walks once from the root, without parent pointers: an insertion splits full nodes on its way down, a removal
//! fills sparse ones. Comparing looks at scores in the node and follows the pointer to a member only where scores are equal. Leaves fill
//! from their neighbours before they split, and ascending insertions leave full leaves behind.
//!
//! The tree owns no member: it refers to cells that outlive its entries.

mod entry;
mod insert;
mod node;
mod relocate;
mod remove;
#[cfg(test)]
pub(in crate::encoding) mod tests;
mod walk;

pub use entry::{Entry, Key};
pub use walk::Entries;

use crate::mem::alloc_size;
use node::{Inner, Leaf, Node, lower_bound};
use std::cmp::Ordering;

/// See the module.
#[derive(Default)]
pub struct Tree {
    root: Option<Node>,
    len: usize,
    leaves: usize,
    inners: usize,
}

impl Tree {
    /// No entries; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            root: None,
            len: 0,
            leaves: 0,
            inners: 0,
        }
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Heap bytes of all nodes.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        self.leaves * alloc_size(size_of::<Leaf>()) + self.inners * alloc_size(size_of::<Inner>())
    }

    /// How many entries are below `key`.
    #[must_use]
    pub fn rank(&self, key: Key<'_>) -> usize {
        self.partition_rank(|entry| entry.cmp_key(key) == Ordering::Less)
    }

    /// How many entries satisfy `before`, which holds for the lowest up to some place and for none after it.
    #[must_use]
    pub fn partition_rank(&self, before: impl Fn(&Entry) -> bool) -> usize {
        let mut rank = 0;
        let mut node = self.root.as_ref();
        while let Some(Node::Inner(inner)) = node {
            let child = inner.mins.partition_point(&before).saturating_sub(1);
            rank += inner.counts[..child].iter().sum::<usize>();
            node = inner.children.get(child).inspect(|child| child.prefetch());
        }
        match node {
            Some(Node::Leaf(leaf)) => rank + leaf.partition_point(before),
            _ => rank,
        }
    }

    /// The entry of rank `rank`.
    #[must_use]
    pub fn get(&self, rank: usize) -> Option<&Entry> {
        let (leaf, start) = self.leaf_at(rank)?;
        leaf.get(rank - start)
    }

    /// The entries of two ranks, which are mostly in one leaf.
    #[must_use]
    pub fn get_both(&self, first: usize, second: usize) -> [Option<&Entry>; 2] {
        let Some((leaf, start)) = self.leaf_at(first) else {
            return [None, self.get(second)];
        };
        let in_leaf = second.checked_sub(start).and_then(|at| leaf.get(at));
        [
            leaf.get(first - start),
            in_leaf.or_else(|| self.get(second)),
        ]
    }

    /// The leaf that holds the entry of rank `rank`, and the rank of its first entry.
    fn leaf_at(&self, rank: usize) -> Option<(&[Entry], usize)> {
        if rank >= self.len {
            return None;
        }
        let (mut node, mut start) = (self.root.as_ref()?, 0);
        loop {
            match node {
                Node::Leaf(leaf) => return Some((leaf, start)),
                Node::Inner(inner) => {
                    let (child, before) = inner.child_at(rank - start);
                    start += before;
                    node = &inner.children[child];
                }
            }
        }
    }

    /// Gives the entry at `key` the score `score` if that leaves it between its neighbours in the same leaf; false if it has to move.
    pub fn rescore_in_place(&mut self, key: Key<'_>, score: f64) -> bool {
        let mut node = self.root.as_mut();
        while let Some(Node::Inner(inner)) = node {
            let child = inner.child_for(key);
            node = inner
                .children
                .get_mut(child)
                .inspect(|child| child.prefetch());
        }
        let Some(Node::Leaf(leaf)) = node else {
            return false;
        };
        let at = lower_bound(leaf, key);
        let new = Key { score, ..key };
        let below = at > 0 && leaf[at - 1].cmp_key(new) == Ordering::Less;
        let above = at + 1 < leaf.len() && leaf[at + 1].cmp_key(new) == Ordering::Greater;
        if below && above {
            debug_assert_eq!(leaf[at].cmp_key(key), Ordering::Equal);
            leaf[at] = leaf[at].with_score(score);
        }
        below && above
    }
}
