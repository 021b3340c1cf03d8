//! A large list: segments of blocks of elements, each level counted.
//!
//! The ends cost what a block's end costs; an index is found by adding up segments, then the counts of one segment, then one block. With
//! 64-byte elements five million make some 320 segments. Nothing ever copies more than a block, a segment's slots or the list of segments.

use super::limit::BlockLimit;
use super::segment::{BLOCKS_MAX, Segment};
use super::strip_end;
use crate::encoding::block::{Block, BlockRef};
use crate::encoding::strip::StripEnd;
use crate::mem::{IsSparse, alloc_size, vec_size};
use crate::relocate::relocate_deque;
use crate::types::Side;
use std::collections::VecDeque;

/// Neighbours that together fill at most this many bytes become one block.
const MERGED_BYTES_MAX: usize = 2048;
/// And hold at most this many elements.
const MERGED_ELEMENTS_MAX: usize = 128;

/// See the module. Segments are never empty.
#[derive(Default)]
pub(super) struct Quick {
    segments: VecDeque<Segment>,
    len: usize,
    /// Heap bytes of the segments and of the list of them.
    segment_bytes: usize,
}

/// Where an element is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) segment: usize,
    pub(super) slot: usize,
    /// Index within the block.
    pub(super) index: usize,
}

impl Quick {
    /// A list of the elements of `block`.
    pub(super) fn of(block: Block) -> Self {
        let mut quick = Self::default();
        if !block.view().is_empty() {
            quick.add_block(Side::Right, block);
        }
        quick
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Heap bytes held, those of this struct in a box included.
    #[inline]
    pub(super) fn mem_bytes(&self) -> usize {
        alloc_size(size_of::<Self>()) + self.segment_bytes
    }

    /// Lets `change` have the list of segments, then counts its memory again.
    fn with_segments<R>(&mut self, change: impl FnOnce(&mut VecDeque<Segment>) -> R) -> R {
        let before = vec_size::<Segment>(self.segments.capacity());
        let result = change(&mut self.segments);
        let after = vec_size::<Segment>(self.segments.capacity());
        self.segment_bytes = self.segment_bytes - before + after;
        result
    }

    /// Moves those of the blocks that lie sparsely, in segment number `within`. Gives the next number, 0 at the end.
    pub(super) fn relocate(&mut self, within: u64, is_sparse: IsSparse<'_>) -> u64 {
        let number = within as usize;
        if number == 0 {
            self.with_segments(|segments| relocate_deque(segments, is_sparse));
        }
        let Some(segment) = self.segments.get_mut(number) else {
            return 0;
        };
        let before = segment.mem_bytes();
        segment.relocate(is_sparse);
        self.segment_bytes = self.segment_bytes - before + segment.mem_bytes();
        match number + 1 < self.segments.len() {
            true => within + 1,
            false => 0,
        }
    }

    /// The elements of a block.
    pub(super) fn block(&self, segment: usize, slot: usize) -> Option<BlockRef<'_>> {
        Some(self.segments.get(segment)?.block(slot)?.view())
    }

    /// Number of blocks in a segment; 0 where there is none.
    pub(super) fn blocks_of(&self, segment: usize) -> usize {
        self.segments.get(segment).map_or(0, Segment::blocks)
    }

    /// The place of element `index`; none beyond the length.
    pub(super) fn locate(&self, index: usize) -> Option<Place> {
        if index >= self.len {
            return None;
        }
        let (segment, rest) = if index <= self.len / 2 {
            self.segment_from_left(index)
        } else {
            self.segment_from_right(index)
        };
        let (slot, index) = self.segments[segment].locate(rest);
        Some(Place {
            segment,
            slot,
            index,
        })
    }

    fn segment_from_left(&self, mut index: usize) -> (usize, usize) {
        let mut segment = 0;
        while index >= self.segments[segment].len() {
            index -= self.segments[segment].len();
            segment += 1;
        }
        (segment, index)
    }

    fn segment_from_right(&self, index: usize) -> (usize, usize) {
        let mut segment = self.segments.len() - 1;
        let mut start = self.len - self.segments[segment].len();
        while index < start {
            segment -= 1;
            start -= self.segments[segment].len();
        }
        (segment, index - start)
    }

    /// Number of the segment at `side`; none when empty.
    #[inline]
    fn end_segment(&self, side: Side) -> Option<usize> {
        let last = self.segments.len().checked_sub(1)?;
        Some(match side {
            Side::Left => 0,
            Side::Right => last,
        })
    }

    /// Segment and slot of the block at `side`; none when empty.
    #[inline]
    fn end(&self, side: Side) -> Option<(usize, usize)> {
        let number = self.end_segment(side)?;
        Some((number, self.segments[number].end(side)?))
    }

    pub(super) fn peek(&self, side: Side) -> Option<&[u8]> {
        let (segment, slot) = self.end(side)?;
        self.block(segment, slot)?.peek(strip_end(side))
    }

    /// Lets `change` have a segment, then counts it again; an emptied segment goes.
    #[inline]
    fn with_segment<R>(&mut self, number: usize, change: impl FnOnce(&mut Segment) -> R) -> R {
        let segment = &mut self.segments[number];
        let (len, bytes) = (segment.len(), segment.mem_bytes());
        let result = change(segment);
        let (new_len, new_bytes) = (segment.len(), segment.mem_bytes());
        self.len = self.len - len + new_len;
        self.segment_bytes = self.segment_bytes - bytes + new_bytes;
        if new_len == 0 {
            self.take_segment(number);
        }
        result
    }

    fn insert_segment(&mut self, number: usize, segment: Segment) {
        self.len += segment.len();
        self.segment_bytes += segment.mem_bytes();
        self.with_segments(|segments| segments.insert(number, segment));
    }

    fn take_segment(&mut self, number: usize) -> Option<Segment> {
        let segment = self.segments.remove(number)?;
        self.len -= segment.len();
        self.segment_bytes -= segment.mem_bytes();
        Some(segment)
    }

    fn add_block(&mut self, side: Side, block: Block) {
        let full = self
            .end(side)
            .is_none_or(|(segment, _)| self.blocks_of(segment) >= BLOCKS_MAX);
        if full {
            let mut segment = Segment::default();
            segment.insert(0, block);
            let number = if side == Side::Left {
                0
            } else {
                self.segments.len()
            };
            self.insert_segment(number, segment);
            return;
        }
        let number = if side == Side::Left {
            0
        } else {
            self.segments.len() - 1
        };
        self.with_segment(number, |segment| {
            let slot = if side == Side::Left {
                0
            } else {
                segment.blocks()
            };
            segment.insert(slot, block);
        });
    }

    pub(super) fn push(&mut self, side: Side, element: &[u8], limit: BlockLimit) {
        let pushed = self.end_segment(side).is_some_and(|number| {
            self.with_segment(number, |segment| segment.push(side, element, limit))
        });
        if pushed {
            return;
        }
        let end = strip_end(side);
        let mut block = match limit.reserve_bytes(element.len()) {
            0 => Block::new(),
            bytes => Block::with_mem_bytes(bytes, end),
        };
        block.push(end, element);
        self.add_block(side, block);
    }

    pub(super) fn pop<R>(&mut self, side: Side, f: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let number = self.end_segment(side)?;
        self.with_segment(number, |segment| segment.pop(side, f))
    }

    /// Replaces the element at `place`, in its block when it fits.
    pub(super) fn set(&mut self, at: usize, element: &[u8], limit: BlockLimit) -> bool {
        let Some(place) = self.locate(at) else {
            return false;
        };
        let fits = self.block(place.segment, place.slot).is_some_and(|block| {
            let old = block.get(place.index).unwrap_or_default();
            block.len() == 1 || limit.admits_instead(block, old, element)
        });
        if fits {
            self.with_segment(place.segment, |segment| {
                segment.with_block(place.slot, |block| block.replace(place.index, element))
            });
        } else {
            self.remove(at);
            self.insert(at, element, limit);
        }
        true
    }

    /// Inserts so that the new element gets index `at`, which is not beyond the length.
    pub(super) fn insert(&mut self, at: usize, element: &[u8], limit: BlockLimit) {
        let Some(place) = self.locate(at).filter(|_| at > 0) else {
            let side = if at == 0 { Side::Left } else { Side::Right };
            return self.push(side, element, limit);
        };
        self.with_segment(place.segment, |segment| {
            insert_in_segment(segment, place, element, limit)
        });
        if self.blocks_of(place.segment) > BLOCKS_MAX {
            let upper = self.with_segment(place.segment, Segment::split);
            self.insert_segment(place.segment + 1, upper);
        }
    }

    pub(super) fn remove(&mut self, at: usize) -> bool {
        let Some(place) = self.locate(at) else {
            return false;
        };
        self.with_segment(place.segment, |segment| {
            let blocks = segment.blocks();
            segment.with_block(place.slot, |block| {
                block.remove(place.index..place.index + 1)
            });
            if segment.blocks() == blocks {
                merge_with_next(segment, place.slot);
            }
        });
        true
    }

    /// Removes up to `limit` elements equal to `value`, looking from `side`.
    pub(super) fn remove_equal(&mut self, side: Side, limit: usize, value: &[u8]) -> usize {
        let mut removed = 0;
        // Counted from `side`, what lies behind stays where it is when a block or a segment goes.
        let mut segments_done = 0;
        while segments_done < self.segments.len() && removed < limit {
            let segments = self.segments.len();
            let number = nth_from(side, segments_done, segments);
            removed += self.with_segment(number, |segment| {
                remove_equal_in_segment(segment, side, limit - removed, value)
            });
            segments_done += 1 - (segments - self.segments.len());
        }
        removed
    }

    /// Cuts `count` elements off at `side`; whole blocks go to `trash`.
    pub(super) fn cut(&mut self, side: Side, mut count: usize, trash: &mut Quick) {
        while let Some((number, _)) = self.end(side).filter(|_| count > 0) {
            if self.segments[number].len() <= count
                && let Some(segment) = self.take_segment(number)
            {
                count -= segment.len();
                trash.insert_segment(trash.segments.len(), segment);
                continue;
            }
            self.with_segment(number, |segment| cut_segment(segment, side, count, trash));
            return;
        }
    }

    /// Frees blocks of about `items` elements; true when nothing is left.
    pub(super) fn free_step(&mut self, items: usize) -> bool {
        let keep = self.len.saturating_sub(items);
        while self.len > keep {
            let Some((number, slot)) = self.end(Side::Right) else {
                break;
            };
            self.with_segment(number, |segment| drop(segment.take(slot)));
        }
        self.len == 0
    }
}

fn nth_from(side: Side, n: usize, len: usize) -> usize {
    match side {
        Side::Left => n,
        Side::Right => len - 1 - n,
    }
}

fn insert_in_segment(segment: &mut Segment, place: Place, element: &[u8], limit: BlockLimit) {
    let Place { slot, index, .. } = place;
    let admits = |segment: &Segment, slot: usize| {
        segment
            .block(slot)
            .is_some_and(|block| limit.admits(block.view(), element.len()))
    };
    if admits(segment, slot) {
        return segment.with_block(slot, |block| block.insert(index, element));
    }
    if index > 0 {
        let tail = segment.with_block(slot, |block| block.split_off(index));
        segment.insert(slot + 1, tail);
    }
    // The element now goes between two blocks: into the end of the one before, or into one of its own.
    let before = if index > 0 {
        Some(slot)
    } else {
        slot.checked_sub(1)
    };
    match before.filter(|before| admits(segment, *before)) {
        Some(before) => segment.with_block(before, |block| block.push(StripEnd::Back, element)),
        None => {
            let mut block = Block::new();
            block.push(StripEnd::Back, element);
            segment.insert(before.map_or(slot, |before| before + 1), block);
        }
    }
}

fn merge_with_next(segment: &mut Segment, slot: usize) {
    let (Some(this), Some(next)) = (segment.block(slot), segment.block(slot + 1)) else {
        return;
    };
    let (this, next) = (this.view(), next.view());
    let small = this.used_bytes() + next.used_bytes() <= MERGED_BYTES_MAX
        && this.len() + next.len() <= MERGED_ELEMENTS_MAX;
    if small && let Some(next) = segment.take(slot + 1) {
        segment.with_block(slot, |block| block.append(next.view()));
    }
}

fn remove_equal_in_segment(segment: &mut Segment, side: Side, limit: usize, value: &[u8]) -> usize {
    let (mut removed, mut blocks_done) = (0, 0);
    while blocks_done < segment.blocks() && removed < limit {
        let blocks = segment.blocks();
        let slot = nth_from(side, blocks_done, blocks);
        removed += segment.with_block(slot, |block| {
            remove_equal_in_block(block, side, limit - removed, value)
        });
        blocks_done += 1 - (blocks - segment.blocks());
    }
    removed
}

/// Removes up to `limit` elements equal to `value` from a block, looking from `side`.
pub(super) fn remove_equal_in_block(
    block: &mut Block,
    side: Side,
    limit: usize,
    value: &[u8],
) -> usize {
    let view = block.view();
    let matches = view.iter().filter(|element| *element == value).count();
    if matches == 0 {
        return 0;
    }
    let removed = matches.min(limit);
    // From the right, the first matches from the left are the ones that stay.
    let spared = if side == Side::Left {
        0
    } else {
        matches - removed
    };
    let mut kept = Block::new();
    let mut seen = 0;
    for element in view.iter() {
        if element == value {
            seen += 1;
            if seen > spared && seen <= spared + removed {
                continue;
            }
        }
        kept.push(StripEnd::Back, element);
    }
    *block = kept;
    removed
}

/// Cuts `count` elements, fewer than there are, off at `side`.
fn cut_segment(segment: &mut Segment, side: Side, mut count: usize, trash: &mut Quick) {
    while count > 0 {
        let slot = nth_from(side, 0, segment.blocks());
        let len = segment.block(slot).map_or(0, |block| block.view().len());
        if len > count {
            let range = if side == Side::Left {
                0..count
            } else {
                len - count..len
            };
            return segment.with_block(slot, |block| block.remove(range));
        }
        count -= len;
        if let Some(block) = segment.take(slot) {
            trash.add_block(Side::Right, block);
        }
    }
}

impl Clone for Quick {
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        copy.with_segments(|segments| segments.reserve_exact(self.segments.len()));
        for segment in &self.segments {
            copy.insert_segment(copy.segments.len(), segment.clone());
        }
        copy
    }
}

#[cfg(test)]
impl Quick {
    /// [`Self::mem_bytes`], counted afresh; checks the counts on the way.
    pub(super) fn mem_bytes_audited(&self) -> usize {
        let (mut len, mut bytes) = (0, 0);
        for segment in &self.segments {
            let blocks = || (0..segment.blocks()).filter_map(|slot| segment.block(slot));
            let segment_len: usize = blocks().map(|block| block.view().iter().count()).sum();
            assert!(
                segment_len > 0 && segment.blocks() <= BLOCKS_MAX && segment_len == segment.len()
            );
            assert!(blocks().all(|block| !block.view().is_empty()));
            len += segment_len;
            bytes += segment.mem_bytes_audited();
        }
        assert_eq!(len, self.len);
        alloc_size(size_of::<Self>()) + vec_size::<Segment>(self.segments.capacity()) + bytes
    }
}
