//! Moving nodes to other blocks, and entries to other cells of their members, for compaction: a leaf at a time.

use super::node::Node;
use super::{Entry, Tree};
use crate::mem::IsSparse;
use crate::relocate::relocate_box;

impl Tree {
    /// Moves the leaf that holds the entry of rank `rank`, and those of the nodes above that begin with it, where they lie
    /// sparsely. Shows the leaf's entries to `moved`, which may answer with one of the same score and member in another
    /// cell. Gives the rank after the leaf's last; none beyond the end.
    pub fn relocate_leaf(
        &mut self,
        rank: usize,
        is_sparse: IsSparse<'_>,
        moved: &mut dyn FnMut(&Entry) -> Option<Entry>,
    ) -> Option<usize> {
        if rank >= self.len {
            return None;
        }
        Some(relocate(self.root.as_mut()?, rank, is_sparse, moved))
    }
}

/// [`Tree::relocate_leaf`] below `node`, with ranks counted from its lowest entry. As deep as the tree.
fn relocate(
    node: &mut Node,
    rank: usize,
    is_sparse: IsSparse<'_>,
    moved: &mut dyn FnMut(&Entry) -> Option<Entry>,
) -> usize {
    match node {
        Node::Leaf(leaf) => {
            relocate_box(leaf, is_sparse);
            for entry in leaf.iter_mut() {
                if let Some(other) = moved(entry) {
                    *entry = other;
                }
            }
            leaf.len()
        }
        Node::Inner(inner) => {
            let (child, before) = inner.child_at(rank);
            if child == 0 {
                relocate_box(inner, is_sparse);
            }
            let end = relocate(&mut inner.children[child], rank - before, is_sparse, moved);
            inner.refresh_min(child);
            before + end
        }
    }
}
