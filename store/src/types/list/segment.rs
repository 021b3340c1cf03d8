//! A run of up to 128 neighbouring blocks with their element counts side by side, so that an index is found without following pointers.

use crate::encoding::block::Block;
use crate::mem::{IsSparse, vec_size};
use crate::relocate::relocate_deque;
use std::collections::VecDeque;

/// Most blocks in a segment.
pub(super) const BLOCKS_MAX: usize = 128;

/// A block and its count.
pub(super) struct Slot {
    pub(super) block: Block,
    pub(super) len: u32,
}

/// See the module. Blocks are never empty.
#[derive(Default)]
pub(super) struct Segment {
    slots: VecDeque<Slot>,
    len: usize,
    block_bytes: usize,
}

impl Segment {
    /// Number of elements.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.slots.len()
    }

    /// Heap bytes held.
    pub(super) fn mem_bytes(&self) -> usize {
        vec_size::<Slot>(self.slots.capacity()) + self.block_bytes
    }

    /// Moves blocks that lie sparsely, and their list.
    pub(super) fn relocate(&mut self, is_sparse: IsSparse<'_>) {
        relocate_deque(&mut self.slots, is_sparse);
        for slot in &mut self.slots {
            if is_sparse(slot.block.address()) {
                self.block_bytes -= slot.block.mem_bytes();
                slot.block = slot.block.clone();
                self.block_bytes += slot.block.mem_bytes();
            }
        }
    }

    pub(super) fn block(&self, slot: usize) -> Option<&Block> {
        self.slots.get(slot).map(|slot| &slot.block)
    }

    /// The slot of element `index`, and the element's index within.
    pub(super) fn locate(&self, mut index: usize) -> (usize, usize) {
        for (number, slot) in self.slots.iter().enumerate() {
            if index < slot.len as usize {
                return (number, index);
            }
            index -= slot.len as usize;
        }
        (self.slots.len(), index)
    }

    /// Lets `change` have a block, then counts it again; an emptied block goes.
    ///
    /// # Panics
    /// When there is no such slot.
    #[inline]
    pub(super) fn with_block<R>(
        &mut self,
        slot_number: usize,
        change: impl FnOnce(&mut Block) -> R,
    ) -> R {
        let slot = &mut self.slots[slot_number];
        let (len, bytes) = (slot.len as usize, slot.block.mem_bytes());
        let result = change(&mut slot.block);
        slot.len = slot.block.view().len() as u32;
        let new_len = slot.len as usize;
        self.len = self.len - len + new_len;
        self.block_bytes = self.block_bytes - bytes + slot.block.mem_bytes();
        if new_len == 0 {
            self.take(slot_number);
        }
        result
    }

    /// Inserts a block before slot `slot`.
    pub(super) fn insert(&mut self, slot: usize, block: Block) {
        let len = block.view().len();
        debug_assert!(len > 0, "blocks are never empty");
        self.len += len;
        self.block_bytes += block.mem_bytes();
        self.slots.insert(
            slot,
            Slot {
                block,
                len: len as u32,
            },
        );
    }

    /// Takes a block out.
    pub(super) fn take(&mut self, slot: usize) -> Option<Block> {
        let slot = self.slots.remove(slot)?;
        self.len -= slot.len as usize;
        self.block_bytes -= slot.block.mem_bytes();
        Some(slot.block)
    }

    /// Moves the upper half of the blocks to a new segment.
    pub(super) fn split(&mut self) -> Segment {
        let slots = self.slots.split_off(self.slots.len() / 2);
        let len = slots.iter().map(|slot| slot.len as usize).sum();
        let block_bytes = slots.iter().map(|slot| slot.block.mem_bytes()).sum();
        self.len -= len;
        self.block_bytes -= block_bytes;
        Segment {
            slots,
            len,
            block_bytes,
        }
    }
}

impl Clone for Segment {
    fn clone(&self) -> Self {
        let mut copy = Segment::default();
        copy.slots.reserve_exact(self.slots.len());
        for (number, slot) in self.slots.iter().enumerate() {
            copy.insert(number, slot.block.clone());
        }
        copy
    }
}

#[cfg(test)]
impl Segment {
    /// [`Self::mem_bytes`], counted afresh.
    pub(super) fn mem_bytes_audited(&self) -> usize {
        let blocks = self.slots.iter().map(|slot| slot.block.mem_bytes());
        vec_size::<Slot>(self.slots.capacity()) + blocks.sum::<usize>()
    }
}
