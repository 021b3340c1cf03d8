//! Removal: one walk down, filling sparse nodes from their neighbours before entering them; and freeing leaf by leaf.

use super::node::{INNER_MAX, Inner, LEAF_MAX, Node, items, lower_bound};
use super::{Entry, Key, Tree};
use std::cmp::Ordering;

/// What names the entry to take out, seen from the node at hand.
trait Target: Copy {
    /// The child it is below, and what names it there.
    fn child(self, inner: &Inner) -> (usize, Self);

    /// Whether it is the lowest below a child, whose lowest is `min`.
    fn is_lowest(self, min: &Entry) -> bool;

    /// Its index in a leaf.
    fn index(self, leaf: &[Entry]) -> usize;
}

impl Target for Key<'_> {
    #[inline]
    fn child(self, inner: &Inner) -> (usize, Self) {
        (inner.child_for(self), self)
    }

    #[inline]
    fn is_lowest(self, min: &Entry) -> bool {
        min.cmp_key(self) == Ordering::Equal
    }

    #[inline]
    fn index(self, leaf: &[Entry]) -> usize {
        lower_bound(leaf, self)
    }
}

/// Entries before it. Compares nothing.
#[derive(Clone, Copy)]
struct Rank(usize);

impl Target for Rank {
    #[inline]
    fn child(self, inner: &Inner) -> (usize, Self) {
        let (child, before) = inner.child_at(self.0);
        (child, Rank(self.0 - before))
    }

    #[inline]
    fn is_lowest(self, _: &Entry) -> bool {
        self.0 == 0
    }

    #[inline]
    fn index(self, _: &[Entry]) -> usize {
        self.0
    }
}

impl Tree {
    /// Takes out the entry at `key`.
    ///
    /// # Panics
    /// When there is none: whoever owns the members knows which the tree holds.
    pub fn remove(&mut self, key: Key<'_>) -> Entry {
        let entry = self.take(key).expect("the removed entry is in the tree");
        assert_eq!(
            entry.cmp_key(key),
            Ordering::Equal,
            "the removed entry is in the tree"
        );
        entry
    }

    /// Takes out the entry of rank `rank`; none beyond the last.
    pub fn remove_rank(&mut self, rank: usize) -> Option<Entry> {
        (rank < self.len).then(|| self.take(Rank(rank)))?
    }

    /// None only when the tree is empty.
    fn take(&mut self, mut target: impl Target) -> Option<Entry> {
        let mut node = self.root.as_mut()?;
        let entry = loop {
            match node {
                Node::Leaf(leaf) => break leaf.remove(target.index(leaf)),
                Node::Inner(inner) => {
                    let (mut child, mut within) = target.child(inner);
                    if inner.children[child].is_sparse() {
                        match inner.fill(child) {
                            Filled::Even => {}
                            Filled::MergedLeaves => self.leaves -= 1,
                            Filled::MergedInners => self.inners -= 1,
                        }
                        (child, within) = target.child(inner);
                    }
                    inner.counts[child] -= 1;
                    if within.is_lowest(&inner.mins[child]) {
                        // Filled above, the child has two entries at least.
                        inner.mins[child] = inner.children[child].second();
                    }
                    target = within;
                    node = &mut inner.children[child];
                    node.prefetch();
                }
            }
        };
        self.len -= 1;
        self.lower_root();
        Some(entry)
    }

    /// Drops root nodes that are not needed any more.
    fn lower_root(&mut self) {
        if self.len == 0 {
            *self = Self::new();
        }
        while let Some(Node::Inner(inner)) = &mut self.root
            && inner.children.len() == 1
        {
            let child = inner.remove(0);
            self.root = Some(child);
            self.inners -= 1;
        }
    }

    /// Frees leaves of about `entries` entries, from the right; true when nothing is left. After that the tree is good for nothing else.
    pub fn free_step(&mut self, entries: usize) -> bool {
        let keep = self.len.saturating_sub(entries);
        while self.len > keep {
            self.drop_last_leaf();
        }
        if self.len == 0 {
            *self = Self::new();
        }
        self.len == 0
    }

    fn drop_last_leaf(&mut self) {
        let Some(mut node) = self.root.as_mut() else {
            return;
        };
        while let Node::Inner(inner) = node {
            match inner.children.last() {
                Some(Node::Leaf(leaf)) => {
                    self.len -= leaf.len();
                    self.leaves -= 1;
                    inner.remove(inner.children.len() - 1);
                    return;
                }
                Some(Node::Inner(last)) if last.children.is_empty() => {
                    self.inners -= 1;
                    inner.remove(inner.children.len() - 1);
                    return;
                }
                Some(Node::Inner(_)) => {}
                None => return,
            }
            let Some(last) = inner.children.last_mut() else {
                return;
            };
            node = last;
        }
        self.len = 0;
    }
}

/// What became of a sparse child.
enum Filled {
    /// It shares with its neighbour.
    Even,
    /// It and its neighbour became one leaf.
    MergedLeaves,
    /// It and its neighbour became one inner node.
    MergedInners,
}

impl Inner {
    /// Fills a sparse child from a neighbour or merges the two; both then hold at least two items. An only child stays as it is.
    fn fill(&mut self, child: usize) -> Filled {
        if self.children.len() == 1 {
            return Filled::Even;
        }
        let left = if child + 1 < self.children.len() {
            child
        } else {
            child - 1
        };
        let (left_items, right_items) =
            (items(&self.children[left]), items(&self.children[left + 1]));
        let (capacity, merged) = match self.children[left] {
            Node::Leaf(_) => (LEAF_MAX, Filled::MergedLeaves),
            Node::Inner(_) => (INNER_MAX, Filled::MergedInners),
        };
        let both = left_items + right_items;
        if both <= capacity * 3 / 4 {
            self.shift_left(left, right_items);
            self.remove(left + 1);
            return merged;
        }
        if left_items < right_items {
            self.shift_left(left, both / 2 - left_items);
        } else {
            self.shift_right(left, both / 2 - right_items);
        }
        Filled::Even
    }
}
