//! Insertion: one walk down, making room in full nodes before entering them.

use super::node::{Inner, LEAF_MAX, Leaf, Node, items, lower_bound};
use super::{Entry, Tree};
use std::cmp::Ordering;

/// A neighbour with at most this many entries takes some before a leaf is split.
const NEIGHBOUR_MAX: usize = LEAF_MAX * 3 / 4;

impl Tree {
    /// Adds an entry the tree does not hold.
    pub fn insert(&mut self, entry: Entry) {
        let Some(root) = &mut self.root else {
            let mut leaf = Box::<Leaf>::default();
            leaf.push(entry);
            *self = Self {
                root: Some(Node::Leaf(leaf)),
                len: 1,
                leaves: 1,
                inners: 0,
            };
            return;
        };
        if root.is_full() {
            let old = std::mem::replace(root, Node::Inner(Box::default()));
            let Node::Inner(top) = root else {
                unreachable!("just replaced")
            };
            top.push(first_of(&old), self.len, old);
            self.inners += 1;
        }
        self.len += 1;
        let (mut node, mut rightmost) = (root, true);
        loop {
            match node {
                Node::Leaf(leaf) => {
                    let at = lower_bound(leaf, entry.key());
                    debug_assert!(
                        leaf.get(at)
                            .is_none_or(|next| next.cmp_key(entry.key()) == Ordering::Greater)
                    );
                    return leaf.insert(at, entry);
                }
                Node::Inner(inner) => {
                    let mut child = inner.child_for(entry.key());
                    if inner.children[child].is_full() {
                        let last = rightmost && child + 1 == inner.children.len();
                        match inner.make_room(child, last, entry) {
                            Made::Space => {}
                            Made::Leaf => self.leaves += 1,
                            Made::Inner => self.inners += 1,
                        }
                        child = inner.child_for(entry.key());
                    }
                    rightmost &= child + 1 == inner.children.len();
                    inner.counts[child] += 1;
                    if inner.mins[child].cmp_key(entry.key()) == Ordering::Greater {
                        inner.mins[child] = entry;
                    }
                    node = &mut inner.children[child];
                    node.prefetch();
                }
            }
        }
    }
}

/// How room was made.
enum Made {
    /// In a neighbour.
    Space,
    /// By a new leaf.
    Leaf,
    /// By a new inner node.
    Inner,
}

impl Inner {
    /// Makes room for `entry` below the full child `child`; this node is not full. `last`: no entry of the tree is beyond this child.
    fn make_room(&mut self, child: usize, last: bool, entry: Entry) -> Made {
        let appends = last
            && matches!(&self.children[child], Node::Leaf(leaf) if leaf[LEAF_MAX - 1].cmp_key(entry.key()) == Ordering::Less);
        if matches!(self.children[child], Node::Leaf(_))
            && !appends
            && self.share_with_neighbour(child)
        {
            return Made::Space;
        }
        let (sibling, made, stay) = match &self.children[child] {
            Node::Leaf(_) if appends => (Node::Leaf(Box::default()), Made::Leaf, LEAF_MAX),
            Node::Leaf(leaf) => (Node::Leaf(Box::default()), Made::Leaf, leaf.len() / 2),
            // Along the right edge, entries most likely go on ascending: leave a full node behind.
            Node::Inner(inner) if last => (
                Node::Inner(Box::default()),
                Made::Inner,
                inner.children.len() - 1,
            ),
            Node::Inner(inner) => (
                Node::Inner(Box::default()),
                Made::Inner,
                inner.children.len() / 2,
            ),
        };
        let moved = items(&self.children[child]) - stay;
        // For a leaf that only appends nothing moves, and the new entry is the lowest of the new leaf.
        self.insert(child + 1, entry, 0, sibling);
        self.shift_right(child, moved);
        made
    }

    /// Moves entries of a full leaf to a neighbour that has room for some.
    fn share_with_neighbour(&mut self, child: usize) -> bool {
        let room = |neighbour: Option<&Node>| neighbour.map_or(0, |node| LEAF_MAX - items(node));
        let right = room(self.children.get(child + 1));
        let left = room(
            child
                .checked_sub(1)
                .and_then(|left| self.children.get(left)),
        );
        if right.max(left) < LEAF_MAX - NEIGHBOUR_MAX {
            return false;
        }
        if right >= left {
            self.shift_right(child, right / 2);
        } else {
            self.shift_left(child - 1, left / 2);
        }
        true
    }
}

fn first_of(node: &Node) -> Entry {
    match node {
        Node::Leaf(leaf) => leaf[0],
        Node::Inner(inner) => inner.mins[0],
    }
}
