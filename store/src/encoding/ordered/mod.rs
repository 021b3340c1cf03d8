//! A map in the order of its keys, in nodes of bounded size: a B+tree that knows exactly what it weighs.
//!
//! ```text
//! Inner [ (bound, child), (bound, child), … ]         a bound is at most the lowest key below it
//!            │               │
//!         Leaf [ (key, value), … ]                     at most NODE_MAX items
//! ```
//! Made for what grows at its end and shrinks at its front: a full last leaf is followed by a new one instead of being
//! split, and both ends of a node are cheap, since nodes are deques. A node that has become empty goes; nodes that have
//! become small are not joined, but give their memory back.
//!
//! It weighs its nodes and its keys. What the values own is for the owner to know.

mod edit;
mod node;
mod relocate;
#[cfg(test)]
mod tests;
mod walk;

pub use walk::{Ascending, Descending};

use crate::mem::alloc_size;
use node::Node;
use std::borrow::Borrow;

/// Most items of a node.
pub(super) const NODE_MAX: usize = 128;

/// A key: what it owns on the heap is charged to the map, for itself and for its copies in bounds.
pub trait OrderedKey: Ord + Clone {
    /// Heap bytes of one copy.
    fn heap_bytes(&self) -> usize;
}

impl OrderedKey for Box<[u8]> {
    fn heap_bytes(&self) -> usize {
        alloc_size(self.len())
    }
}

impl OrderedKey for u64 {
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// See the module.
#[derive(Debug)]
pub struct Ordered<K, V> {
    root: Node<K, V>,
    len: usize,
    mem_bytes: usize,
}

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self {
            root: Node::default(),
            len: 0,
            mem_bytes: 0,
        }
    }
}

impl<K: OrderedKey, V> Ordered<K, V> {
    /// Number of items.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Heap bytes of nodes and keys.
    #[must_use]
    #[inline]
    pub fn mem_bytes(&self) -> usize {
        self.mem_bytes
    }

    /// The value of `key`.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let leaf = self.root.leaf_of(key);
        let at = node::position(leaf, key).ok()?;
        Some(&leaf[at].1)
    }

    /// The value of `key`, to change.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let leaf = self.root.leaf_of_mut(key);
        let at = node::position(leaf, key).ok()?;
        Some(&mut leaf[at].1)
    }

    /// The item with the highest key that is not above `key`, to change.
    pub fn floor_mut(&mut self, key: &K) -> Option<(&K, &mut V)> {
        let floor = self.iter_down_from(key).next()?.0.clone();
        let leaf = self.root.leaf_of_mut(&floor);
        let at = node::position(leaf, &floor).ok()?;
        let (key, value) = &mut leaf[at];
        Some((key, value))
    }

    /// The lowest item.
    #[must_use]
    pub fn first(&self) -> Option<(&K, &V)> {
        self.root
            .first_leaf()
            .front()
            .map(|(key, value)| (key, value))
    }

    /// The lowest item, to change.
    pub fn first_mut(&mut self) -> Option<(&K, &mut V)> {
        let (key, value) = self.root.first_leaf_mut().front_mut()?;
        Some((key, value))
    }

    /// The highest item.
    #[must_use]
    pub fn last(&self) -> Option<(&K, &V)> {
        self.root
            .last_leaf()
            .back()
            .map(|(key, value)| (key, value))
    }

    /// The highest item, to change.
    #[inline]
    pub fn last_mut(&mut self) -> Option<(&K, &mut V)> {
        let (key, value) = self.root.last_leaf_mut().back_mut()?;
        Some((key, value))
    }
}

impl<K: OrderedKey, V: Clone> Clone for Ordered<K, V> {
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        for (key, value) in self.iter() {
            copy.insert(key.clone(), value.clone());
        }
        copy
    }
}
