//! Nodes and the way down.

use super::OrderedKey;
use crate::mem::vec_size;
use std::borrow::Borrow;
use std::collections::VecDeque;

/// Items in order of key.
pub(super) type Items<K, V> = VecDeque<(K, V)>;

/// A node; only the root may be empty.
#[derive(Debug)]
pub(super) enum Node<K, V> {
    /// Items.
    Leaf(Items<K, V>),
    /// Nodes, each behind a bound: a key not above its lowest one.
    Inner(Items<K, Node<K, V>>),
}

impl<K, V> Default for Node<K, V> {
    fn default() -> Self {
        Node::Leaf(VecDeque::new())
    }
}

/// Heap bytes of a node's deque.
pub(super) fn deque_bytes<K, V>(items: &Items<K, V>) -> usize {
    vec_size::<(K, V)>(items.capacity())
}

/// Where `key` is, or where it belongs.
#[inline]
pub(super) fn position<K: Borrow<Q>, V, Q: Ord + ?Sized>(
    items: &Items<K, V>,
    key: &Q,
) -> Result<usize, usize> {
    items.binary_search_by(|(own, _)| own.borrow().cmp(key))
}

/// How many items have keys not above `key`.
#[inline]
pub(super) fn upper<K: Borrow<Q>, V, Q: Ord + ?Sized>(items: &Items<K, V>, key: &Q) -> usize {
    items.partition_point(|(own, _)| own.borrow() <= key)
}

/// The child whose part of the order `key` is in.
#[inline]
pub(super) fn child_of<K: Borrow<Q>, V, Q: Ord + ?Sized>(children: &Items<K, V>, key: &Q) -> usize {
    upper(children, key).saturating_sub(1)
}

const NOT_EMPTY: &str = "only the root may be empty";

impl<K: OrderedKey, V> Node<K, V> {
    /// The leaf `key` belongs to.
    pub(super) fn leaf_of<Q: Ord + ?Sized>(&self, key: &Q) -> &Items<K, V>
    where
        K: Borrow<Q>,
    {
        let mut node = self;
        loop {
            match node {
                Node::Leaf(items) => return items,
                Node::Inner(children) => node = &children[child_of(children, key)].1,
            }
        }
    }

    /// The leaf `key` belongs to.
    pub(super) fn leaf_of_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> &mut Items<K, V>
    where
        K: Borrow<Q>,
    {
        match self {
            Node::Leaf(items) => items,
            Node::Inner(children) => {
                let at = child_of(children, key);
                children[at].1.leaf_of_mut(key)
            }
        }
    }

    /// The leaf after the one `key` belongs to.
    pub(super) fn leaf_after(&self, key: &K) -> Option<&Items<K, V>> {
        let (mut node, mut next) = (self, None);
        while let Node::Inner(children) = node {
            let at = child_of(children, key);
            next = children.get(at + 1).map(|(_, child)| child).or(next);
            node = &children[at].1;
        }
        next.map(Node::first_leaf)
    }

    /// The leaf before the one `key` belongs to.
    pub(super) fn leaf_before(&self, key: &K) -> Option<&Items<K, V>> {
        let (mut node, mut previous) = (self, None);
        while let Node::Inner(children) = node {
            let at = child_of(children, key);
            previous = at.checked_sub(1).map(|at| &children[at].1).or(previous);
            node = &children[at].1;
        }
        previous.map(Node::last_leaf)
    }

    pub(super) fn first_leaf(&self) -> &Items<K, V> {
        match self {
            Node::Leaf(items) => items,
            Node::Inner(children) => children.front().expect(NOT_EMPTY).1.first_leaf(),
        }
    }

    pub(super) fn first_leaf_mut(&mut self) -> &mut Items<K, V> {
        match self {
            Node::Leaf(items) => items,
            Node::Inner(children) => children.front_mut().expect(NOT_EMPTY).1.first_leaf_mut(),
        }
    }

    pub(super) fn last_leaf(&self) -> &Items<K, V> {
        match self {
            Node::Leaf(items) => items,
            Node::Inner(children) => children.back().expect(NOT_EMPTY).1.last_leaf(),
        }
    }

    #[inline]
    pub(super) fn last_leaf_mut(&mut self) -> &mut Items<K, V> {
        match self {
            Node::Leaf(items) => items,
            Node::Inner(children) => children.back_mut().expect(NOT_EMPTY).1.last_leaf_mut(),
        }
    }

    /// The lowest key below.
    pub(super) fn first_key(&self) -> &K {
        &self.first_leaf().front().expect(NOT_EMPTY).0
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Node::Leaf(items) => items.is_empty(),
            Node::Inner(children) => children.is_empty(),
        }
    }
}

#[cfg(test)]
impl<K: OrderedKey, V> Node<K, V> {
    /// What the map should weigh from here down.
    pub(super) fn audit(&self) -> usize {
        match self {
            Node::Leaf(items) => {
                deque_bytes(items) + items.iter().map(|(key, _)| key.heap_bytes()).sum::<usize>()
            }
            Node::Inner(children) => {
                let mut bytes = deque_bytes(children);
                for (bound, child) in children {
                    assert!(!child.is_empty() && bound <= child.first_key());
                    bytes += bound.heap_bytes() + child.audit();
                }
                bytes
            }
        }
    }
}
