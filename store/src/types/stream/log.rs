//! The entries of a stream: blocks in the order of their first IDs, and what the stream remembers of those that went.

use super::block::{Backward, Block, Forward};
use super::entry::Entry;
use super::id::Id;
use crate::encoding::ordered::{Ascending, Descending, Ordered};
use crate::mem::IsSparse;
use crate::types::EncodingLimits;

/// No block and no entry grows beyond this, whatever the settings say.
pub const BLOCK_BYTES_MAX: usize = 1 << 30;

/// Room a block gets at first when nothing is known of its size, bytes.
const FIRST_BLOCK_BYTES: usize = 64;
/// Most room a block gets at first.
const NEXT_BLOCK_BYTES_MAX: usize = 4096;
/// Bytes of blocks looked at in one step of moving them; a step ends with the block that exceeds it.
const RELOCATED_BYTES_PER_STEP: usize = 64 * 1024;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Log {
    blocks: Ordered<Id, Block>,
    /// Heap bytes of the blocks.
    block_bytes: usize,
    len: u64,
    last_id: Id,
    max_removed_id: Id,
    entries_added: u64,
}

/// What a trim keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// So many of the newest entries.
    Newest(u64),
    /// The entries from this ID on.
    From(Id),
}

/// How a trim goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Exactly.
    Exact,
    /// Whole blocks only, and at most so many entries; 0 for any number.
    Blocks {
        /** see above */
        entries_max: u64,
    },
}

impl Log {
    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The highest ID ever given, or set.
    #[must_use]
    pub fn last_id(&self) -> Id {
        self.last_id
    }

    /// The highest ID among those removed one by one; 0-0 without.
    #[must_use]
    pub fn max_removed_id(&self) -> Id {
        self.max_removed_id
    }

    /// How many entries were ever added.
    #[must_use]
    pub fn entries_added(&self) -> u64 {
        self.entries_added
    }

    /// The first entry's ID; 0-0 without.
    #[must_use]
    pub fn first_id(&self) -> Id {
        self.range(Id::MIN, Id::MAX)
            .next()
            .map_or(Id::MIN, |entry| entry.id)
    }

    /// The last entry's ID.
    #[must_use]
    pub fn last_entry_id(&self) -> Option<Id> {
        Some(self.range_down(Id::MAX, Id::MIN).next()?.id)
    }

    /// Number of blocks.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The first IDs of the blocks, in order.
    pub fn block_ids(&self) -> impl Iterator<Item = Id> {
        self.blocks.iter().map(|(id, _)| *id)
    }

    /// Heap bytes held.
    #[must_use]
    #[inline]
    pub fn mem_bytes(&self) -> usize {
        self.blocks.mem_bytes() + self.block_bytes
    }

    /// Overwrites what is remembered; `id` is not below the last entry's.
    pub fn set_last_id(&mut self, id: Id) {
        self.last_id = id;
    }

    /// Sets how many entries were ever added.
    pub fn set_entries_added(&mut self, entries_added: u64) {
        self.entries_added = entries_added;
    }

    /// Sets the highest removed ID.
    pub fn set_max_removed_id(&mut self, id: Id) {
        self.max_removed_id = id;
    }

    /// Adds an entry.
    ///
    /// # Panics
    /// When `id` is not above [`Self::last_id`].
    pub fn append<'a>(
        &mut self,
        id: Id,
        fields: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])> + Clone,
        limits: &EncodingLimits,
    ) {
        assert!(id > self.last_id, "IDs only grow");
        let payload: usize = fields
            .clone()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if !self.tail_takes(payload, limits) {
            self.open_block(id, fields.clone(), limits);
        }
        let (first, block) = self.blocks.last_mut().expect("one was opened at need");
        let before = block.mem_bytes();
        block.append(*first, id, fields);
        self.block_bytes = self.block_bytes + block.mem_bytes() - before;
        self.len += 1;
        self.entries_added += 1;
        self.last_id = id;
    }

    /// Whether the last block takes an entry of so many bytes.
    #[inline]
    fn tail_takes(&self, payload: usize, limits: &EncodingLimits) -> bool {
        let Some((_, block)) = self.blocks.last() else {
            return false;
        };
        let entries_max = limits.stream_node_max_entries;
        block.len_bytes() + payload < block_bytes_max(limits)
            && (entries_max == 0 || block.written() < entries_max)
    }

    /// Seals the last block and opens another one. What one needed, the next will need.
    #[cold]
    fn open_block<'a>(
        &mut self,
        id: Id,
        fields: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>,
        limits: &EncodingLimits,
    ) {
        let mut capacity = FIRST_BLOCK_BYTES;
        if let Some((_, block)) = self.blocks.last_mut() {
            let before = block.mem_bytes();
            block.seal();
            self.block_bytes = self.block_bytes + block.mem_bytes() - before;
            capacity = block.len_bytes();
        }
        let most = block_bytes_max(limits).min(NEXT_BLOCK_BYTES_MAX);
        let block = Block::new(fields, capacity.min(most));
        self.block_bytes += block.mem_bytes();
        self.blocks.insert(id, block);
    }

    /// Removes an entry; whether it was there.
    pub fn remove(&mut self, id: Id) -> bool {
        let Some((first, block)) = self.blocks.floor_mut(&id) else {
            return false;
        };
        let first = *first;
        if !block.remove(first, id) {
            return false;
        }
        if block.living() == 0 {
            self.drop_block(first);
        }
        self.len -= 1;
        self.max_removed_id = self.max_removed_id.max(id);
        true
    }

    fn drop_block(&mut self, first: Id) {
        let block = self.blocks.remove(&first).expect("it was found just now");
        self.block_bytes -= block.mem_bytes();
    }

    /// Removes entries from the front; how many.
    pub fn trim(&mut self, keep: Keep, precision: Precision) -> u64 {
        let before = self.len;
        while let Some((first, block)) = self.blocks.first_mut() {
            let (first, living) = (*first, block.living() as u64);
            let goes = match keep {
                Keep::Newest(count) if self.len <= count => break,
                Keep::Newest(count) => self.len - living >= count,
                Keep::From(id) => block.last_id(first) < id,
            };
            let beyond = |entries_max| entries_max > 0 && before - self.len + living > entries_max;
            match precision {
                Precision::Blocks { entries_max } if beyond(entries_max) || !goes => break,
                Precision::Blocks { .. } | Precision::Exact if goes => {
                    self.drop_block(first);
                    self.len -= living;
                    continue;
                }
                Precision::Blocks { .. } | Precision::Exact => {}
            }
            let surplus = match keep {
                Keep::Newest(count) => self.len - count,
                Keep::From(_) => u64::MAX,
            };
            let gone = block.trim(first, |gone, id| match keep {
                Keep::Newest(_) => (gone as u64) < surplus,
                Keep::From(from) => id < from,
            });
            self.len -= gone as u64;
            if gone as u64 == living {
                self.drop_block(first);
            }
            break;
        }
        before - self.len
    }

    /// The entry with this ID.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<Entry<'_>> {
        self.range(id, id).next()
    }

    /// Entries from `start` to `end`, both included, in ascending order.
    #[must_use]
    pub fn range(&self, start: Id, end: Id) -> Range<'_> {
        let mut blocks = self.blocks.iter_from_floor(&start);
        let block = blocks
            .next()
            .map(|(first, block)| block.entries_from(*first, start));
        Range { blocks, block, end }
    }

    /// Entries from `end` down to `start`, both included.
    #[must_use]
    pub fn range_down(&self, end: Id, start: Id) -> RangeDown<'_> {
        let mut blocks = self.blocks.iter_down_from(&end);
        let block = blocks
            .next()
            .map(|(first, block)| block.entries_down_from(*first, end));
        RangeDown {
            blocks,
            block,
            start,
        }
    }

    /// The last ID known to be missing between entries; none when no entry was removed out of the middle.
    #[must_use]
    pub fn last_gap(&self) -> Option<Id> {
        let gap = self.max_removed_id;
        (!self.is_empty() && gap != Id::MIN && self.first_id() <= gap).then_some(gap)
    }

    /// How many entries were ever added up to `id`, where that can be told.
    #[must_use]
    pub fn entries_up_to(&self, id: Id) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if id == self.last_id || self.is_empty() && id < self.last_id {
            return Some(self.entries_added);
        }
        if id > self.last_id {
            return None;
        }
        let first = self.first_id();
        if self.max_removed_id != Id::MIN && self.max_removed_id >= first {
            return None;
        }
        // Wraps when XSETID has said something untrue.
        let before_first = self.entries_added.wrapping_sub(self.len);
        match id.cmp(&first) {
            std::cmp::Ordering::Less => Some(before_first),
            std::cmp::Ordering::Equal => Some(before_first.wrapping_add(1)),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// Moves blocks that lie sparsely, and their nodes, from the block of ID `from` on, [`Id::MIN`] at first. Gives the ID to go
    /// on from; none at the end.
    pub(super) fn relocate(&mut self, from: Id, is_sparse: IsSparse<'_>) -> Option<Id> {
        let mut bytes = 0;
        self.blocks.relocate(&from, is_sparse, |block| {
            block.relocate(is_sparse);
            bytes += block.mem_bytes();
            bytes >= RELOCATED_BYTES_PER_STEP
        })
    }

    /// Drops up to `blocks` blocks; true when none is left. Good for nothing else afterwards.
    pub(super) fn free_step(&mut self, blocks: usize) -> bool {
        for _ in 0..blocks {
            match self.blocks.pop_first() {
                Some((_, block)) => self.block_bytes -= block.mem_bytes(),
                None => break,
            }
        }
        self.blocks.is_empty()
    }

    /// Recomputes what it weighs; panics when that is wrong.
    #[cfg(test)]
    pub(super) fn audit_bytes(&self) {
        let bytes: usize = self.blocks.iter().map(|(_, block)| block.mem_bytes()).sum();
        assert_eq!(self.block_bytes, bytes, "bytes of the blocks");
    }

    /// Recomputes the number of entries; panics when it is wrong.
    #[cfg(test)]
    pub(super) fn audit(&self) {
        let living: usize = self.blocks.iter().map(|(_, block)| block.living()).sum();
        assert_eq!(self.len, living as u64, "entries of the blocks");
    }
}

fn block_bytes_max(limits: &EncodingLimits) -> usize {
    match limits.stream_node_max_bytes {
        0 => BLOCK_BYTES_MAX,
        bytes => bytes.min(BLOCK_BYTES_MAX),
    }
}

/// Entries in ascending order; see [`Log::range`].
pub struct Range<'a> {
    blocks: Ascending<'a, Id, Block>,
    block: Option<Forward<'a>>,
    end: Id,
}

impl<'a> Iterator for Range<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            if let Some(entry) = self.block.as_mut()?.next() {
                return (entry.id <= self.end).then_some(entry);
            }
            self.block = self
                .blocks
                .next()
                .map(|(first, block)| block.entries_from(*first, Id::MIN));
        }
    }
}

/// Entries in descending order; see [`Log::range_down`].
pub struct RangeDown<'a> {
    blocks: Descending<'a, Id, Block>,
    block: Option<Backward<'a>>,
    start: Id,
}

impl<'a> Iterator for RangeDown<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            if let Some(entry) = self.block.as_mut()?.next() {
                return (entry.id >= self.start).then_some(entry);
            }
            self.block = self
                .blocks
                .next()
                .map(|(first, block)| block.entries_down_from(*first, Id::MAX));
        }
    }
}
