//! Moving an entry, or what it owns, to other blocks of the same size.

use bytes::Bytes;

use super::block::{Entry, owner};
use super::layout::Kind;
use crate::mem::IsSparse;
use crate::types::{Hash, List, Set, Zset};

impl Entry {
    /// Moves the entry's own block if it lies sparsely.
    pub(in crate::keyspace) fn relocate_block(&mut self, is_sparse: IsSparse<'_>) {
        if is_sparse(self.at(0).as_ptr()) {
            self.reshape(self.expire_at_ms());
        }
    }

    /// Moves what the entry owns and lies sparsely: all of a small value, of a large one the part that `within` stands
    /// for, 0 at first. Gives where the next part begins, 0 at the end.
    pub(in crate::keyspace) fn relocate_value(
        &mut self,
        within: u64,
        is_sparse: IsSparse<'_>,
    ) -> u64 {
        let shape = self.shape();
        match shape.kind {
            Kind::Int | Kind::Inline => {}
            Kind::Heap => {
                let bytes = owner!(self, shape, &mut Vec<u8>);
                if is_sparse(bytes.as_ptr()) {
                    let mut moved = Vec::with_capacity(bytes.capacity());
                    moved.extend_from_slice(bytes);
                    *bytes = moved;
                }
            }
            Kind::Shared => {
                let bytes = owner!(self, shape, &mut Bytes);
                if is_sparse(bytes.as_ptr()) {
                    *bytes = Bytes::copy_from_slice(bytes);
                }
            }
            Kind::List => return owner!(self, shape, &mut List).relocate(within, is_sparse),
            Kind::Set => return owner!(self, shape, &mut Set).relocate(within, is_sparse),
            Kind::Hash => return owner!(self, shape, &mut Hash).relocate(within, is_sparse),
            Kind::Zset => owner!(self, shape, &mut Zset).relocate(is_sparse),
            Kind::Stream => {}
        }
        0
    }
}
