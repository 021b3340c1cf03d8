//! Moving nodes to other blocks, and values to others of their weight, for compaction: a few items of a leaf at a time.

use super::node::{Items, Node, child_of};
use super::{Ordered, OrderedKey};
use crate::mem::IsSparse;
use crate::relocate::relocate_deque;

impl<K: OrderedKey, V> Ordered<K, V> {
    /// Moves the leaf that `from` belongs to, and those of the nodes above that begin with it, where they lie sparsely.
    /// Shows the leaf's values from `from` on to `moved` until it says that this is enough. Gives the key to go on from;
    /// none at the end.
    pub fn relocate(
        &mut self,
        from: &K,
        is_sparse: IsSparse<'_>,
        mut moved: impl FnMut(&mut V) -> bool,
    ) -> Option<K> {
        let items = relocate_nodes(&mut self.root, from, is_sparse);
        let start = items.partition_point(|(key, _)| key < from);
        let enough = items.range_mut(start..).position(|(_, value)| moved(value));
        let next = enough.and_then(|shown| items.get(start + shown + 1));
        match next {
            Some((key, _)) => Some(key.clone()),
            None => Some(self.root.leaf_after(from)?.front()?.0.clone()),
        }
    }
}

/// Moves the nodes on the way to `key`; the leaf's items.
fn relocate_nodes<'a, K: OrderedKey, V>(
    node: &'a mut Node<K, V>,
    key: &K,
    is_sparse: IsSparse<'_>,
) -> &'a mut Items<K, V> {
    match node {
        Node::Leaf(items) => {
            relocate_deque(items, is_sparse);
            items
        }
        Node::Inner(children) => {
            let at = child_of(children, key);
            if at == 0 {
                relocate_deque(children, is_sparse);
            }
            relocate_nodes(&mut children[at].1, key, is_sparse)
        }
    }
}
