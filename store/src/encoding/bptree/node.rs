//! Nodes: leaves of entries, and inner nodes that keep for each child its size and its lowest entry.

use super::entry::{Entry, Key};
use crate::encoding::fixed::Fixed;
use crate::keyspace::table::prefetch_line;
use std::cmp::Ordering;

const CACHE_LINE_BYTES: usize = 64;

/// Entries in a full leaf: 1 KiB with the length.
pub(super) const LEAF_MAX: usize = 63;
/// Children of a full inner node.
pub(super) const INNER_MAX: usize = 44;

/// A leaf's entries, ascending.
pub(super) type Leaf = Fixed<Entry, LEAF_MAX>;

/// See the module. The three vectors are parallel.
#[derive(Default)]
pub(super) struct Inner {
    /// The lowest entry below each child.
    pub(super) mins: Fixed<Entry, INNER_MAX>,
    /// Number of entries below each child.
    pub(super) counts: Fixed<usize, INNER_MAX>,
    pub(super) children: Fixed<Node, INNER_MAX>,
}

/// A node of either kind. Never empty, but for moments within an operation.
pub(super) enum Node {
    Leaf(Box<Leaf>),
    Inner(Box<Inner>),
}

impl Node {
    pub(super) fn is_full(&self) -> bool {
        match self {
            Node::Leaf(leaf) => leaf.is_full(),
            Node::Inner(inner) => inner.children.is_full(),
        }
    }

    /// Whether a removal below should first fill this node from a neighbour.
    pub(super) fn is_sparse(&self) -> bool {
        match self {
            Node::Leaf(leaf) => leaf.len() < LEAF_MAX / 4,
            Node::Inner(inner) => inner.children.len() < INNER_MAX / 4,
        }
    }

    /// Asks for all of a leaf at once: a search jumps about in it, and would miss the cache at each jump.
    #[inline]
    pub(super) fn prefetch(&self) {
        if let Node::Leaf(leaf) = self {
            let start: *const u8 = (&raw const **leaf).cast();
            (0..size_of::<Leaf>())
                .step_by(CACHE_LINE_BYTES)
                .for_each(|at| prefetch_line(start.wrapping_add(at)));
        }
    }

    /// The second entry below, of two at least.
    pub(super) fn second(&self) -> Entry {
        let mut node = self;
        loop {
            match node {
                Node::Leaf(leaf) => return leaf[1],
                Node::Inner(inner) if inner.counts[0] < 2 => return inner.mins[1],
                Node::Inner(inner) => node = &inner.children[0],
            }
        }
    }
}

/// Index of the first entry of `entries` not below `key`.
#[inline]
pub(super) fn lower_bound(entries: &[Entry], key: Key<'_>) -> usize {
    entries.partition_point(|entry| entry.cmp_key(key) == Ordering::Less)
}

impl Inner {
    /// The child below which `key` is or belongs.
    #[inline]
    pub(super) fn child_for(&self, key: Key<'_>) -> usize {
        self.mins[1..].partition_point(|min| min.cmp_key(key) != Ordering::Greater)
    }

    /// The child that holds the entry of rank `rank`, and how many entries are below those before it.
    #[inline]
    pub(super) fn child_at(&self, rank: usize) -> (usize, usize) {
        let (mut child, mut before) = (0, 0);
        while rank - before >= self.counts[child] {
            before += self.counts[child];
            child += 1;
        }
        (child, before)
    }

    pub(super) fn insert(&mut self, at: usize, min: Entry, count: usize, child: Node) {
        self.mins.insert(at, min);
        self.counts.insert(at, count);
        self.children.insert(at, child);
    }

    pub(super) fn push(&mut self, min: Entry, count: usize, child: Node) {
        self.insert(self.children.len(), min, count, child);
    }

    /// Takes a child out.
    pub(super) fn remove(&mut self, at: usize) -> Node {
        self.mins.remove(at);
        self.counts.remove(at);
        self.children.remove(at)
    }

    fn shift_to_left(&mut self, left: &mut Inner, count: usize) {
        self.mins.shift_to_left(&mut left.mins, count);
        self.counts.shift_to_left(&mut left.counts, count);
        self.children.shift_to_left(&mut left.children, count);
    }

    fn shift_to_right(&mut self, right: &mut Inner, count: usize) {
        self.mins.shift_to_right(&mut right.mins, count);
        self.counts.shift_to_right(&mut right.counts, count);
        self.children.shift_to_right(&mut right.children, count);
    }

    /// Moves `count` items from child `left + 1` to child `left`.
    pub(super) fn shift_left(&mut self, left: usize, count: usize) {
        let moved = match pair_mut(&mut self.children, left) {
            (Node::Leaf(to), Node::Leaf(from)) => {
                from.shift_to_left(to, count);
                count
            }
            (Node::Inner(to), Node::Inner(from)) => {
                let moved = from.counts[..count].iter().sum();
                from.shift_to_left(to, count);
                moved
            }
            _ => unreachable!("neighbours are of one level"),
        };
        self.counts[left] += moved;
        self.counts[left + 1] -= moved;
        self.refresh_min(left + 1);
    }

    /// Moves `count` items from child `left` to child `left + 1`.
    pub(super) fn shift_right(&mut self, left: usize, count: usize) {
        let moved = match pair_mut(&mut self.children, left) {
            (Node::Leaf(from), Node::Leaf(to)) => {
                from.shift_to_right(to, count);
                count
            }
            (Node::Inner(from), Node::Inner(to)) => {
                let stay = from.counts.len() - count;
                let moved = from.counts[stay..].iter().sum();
                from.shift_to_right(to, count);
                moved
            }
            _ => unreachable!("neighbours are of one level"),
        };
        self.counts[left] -= moved;
        self.counts[left + 1] += moved;
        self.refresh_min(left + 1);
    }

    /// Reads the lowest entry of a child again; an emptied child keeps what it had.
    pub(super) fn refresh_min(&mut self, child: usize) {
        let min = match &self.children[child] {
            Node::Leaf(leaf) => leaf.first(),
            Node::Inner(inner) => inner.mins.first(),
        };
        if let Some(min) = min.copied() {
            self.mins[child] = min;
        }
    }
}

fn pair_mut(children: &mut [Node], left: usize) -> (&mut Node, &mut Node) {
    let [left, right] = &mut children[left..left + 2] else {
        unreachable!("the range has two")
    };
    (left, right)
}

/// Children or entries of a node.
pub(super) fn items(node: &Node) -> usize {
    match node {
        Node::Leaf(leaf) => leaf.len(),
        Node::Inner(inner) => inner.children.len(),
    }
}
