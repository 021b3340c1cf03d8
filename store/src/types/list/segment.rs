//! A run of up to 128 neighbouring blocks with their element counts side by side, so that an index is found without following pointers.

use super::limit::BlockLimit;
use super::strip_end;
use crate::encoding::block::Block;
use crate::mem::{IsSparse, vec_size};
use crate::relocate::relocate_deque;
use crate::types::Side;
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
    /// Heap bytes held: the blocks' and the list's of them.
    mem_bytes: usize,
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
        self.mem_bytes
    }

    /// Lets `change` have the list of slots, then counts its memory again.
    fn with_slots<R>(&mut self, change: impl FnOnce(&mut VecDeque<Slot>) -> R) -> R {
        let before = vec_size::<Slot>(self.slots.capacity());
        let result = change(&mut self.slots);
        self.mem_bytes = self.mem_bytes - before + vec_size::<Slot>(self.slots.capacity());
        result
    }

    /// Number of the slot at `side`, none when there are no blocks.
    #[inline]
    pub(super) fn end(&self, side: Side) -> Option<usize> {
        let last = self.slots.len().checked_sub(1)?;
        Some(match side {
            Side::Left => 0,
            Side::Right => last,
        })
    }

    /// Adds an element to the block at `side`; false when that is full.
    #[inline]
    pub(super) fn push(&mut self, side: Side, element: &[u8], limit: BlockLimit) -> bool {
        let (end, slot) = (strip_end(side), self.end(side));
        let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) else {
            return false;
        };
        let before = slot.block.mem_bytes();
        let takes = limit.admits(slot.block.view(), element.len())
            && (before < limit.bytes_max || slot.block.has_room(end, element.len()));
        if takes {
            slot.block.push(end, element);
            slot.len += 1;
            self.len += 1;
            self.mem_bytes = self.mem_bytes - before + slot.block.mem_bytes();
        }
        takes
    }

    /// Removes the element at `side`, showing it to `f` first; an emptied block goes.
    #[inline]
    pub(super) fn pop<R>(&mut self, side: Side, f: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let number = self.end(side)?;
        let slot = &mut self.slots[number];
        let result = slot.block.pop(strip_end(side), f)?;
        slot.len -= 1;
        self.len -= 1;
        if slot.len == 0 {
            self.take(number);
        }
        Some(result)
    }

    /// Moves blocks that lie sparsely, and their list.
    pub(super) fn relocate(&mut self, is_sparse: IsSparse<'_>) {
        self.with_slots(|slots| relocate_deque(slots, is_sparse));
        for slot in &mut self.slots {
            if is_sparse(slot.block.address()) {
                self.mem_bytes -= slot.block.mem_bytes();
                slot.block = slot.block.clone();
                self.mem_bytes += slot.block.mem_bytes();
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
        self.mem_bytes = self.mem_bytes - bytes + slot.block.mem_bytes();
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
        self.mem_bytes += block.mem_bytes();
        let len = len as u32;
        self.with_slots(|slots| slots.insert(slot, Slot { block, len }));
    }

    /// Takes a block out.
    pub(super) fn take(&mut self, slot: usize) -> Option<Block> {
        let slot = self.slots.remove(slot)?;
        self.len -= slot.len as usize;
        self.mem_bytes -= slot.block.mem_bytes();
        Some(slot.block)
    }

    /// Moves the upper half of the blocks to a new segment.
    pub(super) fn split(&mut self) -> Segment {
        let slots = self.with_slots(|slots| slots.split_off(slots.len() / 2));
        let len = slots.iter().map(|slot| slot.len as usize).sum();
        let block_bytes: usize = slots.iter().map(|slot| slot.block.mem_bytes()).sum();
        self.len -= len;
        self.mem_bytes -= block_bytes;
        Segment {
            len,
            mem_bytes: block_bytes + vec_size::<Slot>(slots.capacity()),
            slots,
        }
    }
}

impl Clone for Segment {
    fn clone(&self) -> Self {
        let mut copy = Segment::default();
        copy.with_slots(|slots| slots.reserve_exact(self.slots.len()));
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
