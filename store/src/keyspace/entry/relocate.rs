//! Moving an entry, or what it owns, to other blocks of the same size.

use bytes::Bytes;

use super::block::{Entry, owner};
use super::layout::Kind;
use crate::mem::IsSparse;
use crate::relocate::Within;
use crate::types::{Hash, List, Set, Stream, Zset};

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
        within: Within,
        is_sparse: IsSparse<'_>,
    ) -> Within {
        let (shape, place) = (self.shape(), within as u64);
        let next = match shape.kind {
            Kind::Int | Kind::Inline => 0,
            Kind::Heap => {
                let bytes = owner!(self, shape, &mut Vec<u8>);
                if is_sparse(bytes.as_ptr()) {
                    let mut moved = Vec::with_capacity(bytes.capacity());
                    moved.extend_from_slice(bytes);
                    *bytes = moved;
                }
                0
            }
            Kind::Shared => {
                let bytes = owner!(self, shape, &mut Bytes);
                if is_sparse(bytes.as_ptr()) {
                    *bytes = Bytes::copy_from_slice(bytes);
                }
                0
            }
            Kind::List => owner!(self, shape, &mut List).relocate(place, is_sparse),
            Kind::Set => owner!(self, shape, &mut Set).relocate(place, is_sparse),
            Kind::Hash => owner!(self, shape, &mut Hash).relocate(place, is_sparse),
            Kind::Zset => owner!(self, shape, &mut Zset).relocate(place, is_sparse),
            Kind::Stream => return owner!(self, shape, &mut Stream).relocate(within, is_sparse),
        };
        next.into()
    }
}
