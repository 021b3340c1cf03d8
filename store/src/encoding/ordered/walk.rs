//! Walks in both directions. A walk finds the next leaf by its own last key, so it needs no stack.

use super::node::{Items, Node, upper};
use super::{Ordered, OrderedKey};
use std::borrow::Borrow;

/// Items in ascending order; see [`Ordered::iter_from`].
#[derive(Debug)]
pub struct Ascending<'a, K, V> {
    root: &'a Node<K, V>,
    leaf: &'a Items<K, V>,
    at: usize,
}

/// Items in descending order; see [`Ordered::iter_down_from`].
#[derive(Debug)]
pub struct Descending<'a, K, V> {
    root: &'a Node<K, V>,
    leaf: &'a Items<K, V>,
    /// How many items of the leaf are still to come.
    left: usize,
}

impl<K: OrderedKey, V> Ordered<K, V> {
    /// All items in ascending order.
    #[must_use]
    pub fn iter(&self) -> Ascending<'_, K, V> {
        Ascending {
            root: &self.root,
            leaf: self.root.first_leaf(),
            at: 0,
        }
    }

    /// Items from the first one not below `key` on, in ascending order.
    #[must_use]
    pub fn iter_from<Q: Ord + ?Sized>(&self, key: &Q) -> Ascending<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let leaf = self.root.leaf_of(key);
        let at = leaf.partition_point(|(own, _)| own.borrow() < key);
        Ascending {
            root: &self.root,
            leaf,
            at,
        }
    }

    /// Items from the last one not above `key` on, in ascending order; all when none is.
    #[must_use]
    pub fn iter_from_floor<Q: Ord + ?Sized>(&self, key: &Q) -> Ascending<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let mut leaf = self.root.leaf_of(key);
        let mut left = upper(leaf, key);
        if left == 0
            && let Some((lowest, _)) = leaf.front()
            && let Some(before) = self.root.leaf_before(lowest)
        {
            (leaf, left) = (before, before.len());
        }
        Ascending {
            root: &self.root,
            leaf,
            at: left.saturating_sub(1),
        }
    }

    /// Items from the last one not above `key` on, in descending order.
    #[must_use]
    pub fn iter_down_from<Q: Ord + ?Sized>(&self, key: &Q) -> Descending<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let leaf = self.root.leaf_of(key);
        Descending {
            root: &self.root,
            leaf,
            left: upper(leaf, key),
        }
    }
}

impl<'a, K: OrderedKey, V> Iterator for Ascending<'a, K, V> {
    type Item = (&'a K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.leaf.len() {
            self.leaf = self.root.leaf_after(&self.leaf.back()?.0)?;
            self.at = 0;
        }
        let (key, value) = self.leaf.get(self.at)?;
        self.at += 1;
        Some((key, value))
    }
}

impl<'a, K: OrderedKey, V> Iterator for Descending<'a, K, V> {
    type Item = (&'a K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            self.leaf = self.root.leaf_before(&self.leaf.front()?.0)?;
            self.left = self.leaf.len();
        }
        self.left = self.left.checked_sub(1)?;
        let (key, value) = self.leaf.get(self.left)?;
        Some((key, value))
    }
}
