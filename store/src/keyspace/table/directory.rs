//! The directory of a table: top hash bits → segment, and the split and merge that reshape it.
//!
//! A segment of depth d owns all hashes that share their top d bits and fills 2^(depth - d) neighbouring entries of the
//! directory. A split needs one bit more; the directory doubles when it has none left, but only while it stays in
//! proportion to the segments: hashes that agree in many bits must not blow it up.

use super::segment::{Segment, bucket_count_for, grown};
use super::segments::Segments;
use super::{HINT_NONE, Thin};
use crate::mem::{IsSparse, vec_size};
use crate::relocate::relocate_vec;

/// Deepest directory: 2^26 segments, far beyond any shard, leave 21 bits of position to order a segment.
const DEPTH_MAX: u8 = 26;

/// Directory entries there may be for each segment.
const ENTRIES_PER_SEGMENT_MAX: usize = 8;

/// Two buddies whose items together are at most this many become one; well below what would split them again.
const MERGED_ITEMS_MAX: usize = 200;

/// Entries of the longest directory that is moved to another place.
const ENTRIES_MOVED_MAX: usize = 8192;

/// See the file's header.
pub(super) struct Directory<T> {
    /// Segment numbers; 2^depth of them, or none before the first insertion.
    entries: Vec<u32>,
    /// In no order.
    segments: Segments<T>,
    /// No segment has, or for a while has had, more buckets.
    widest: u32,
    depth: u8,
}

impl<T: Thin> Directory<T> {
    pub(super) const fn new() -> Self {
        Directory {
            entries: Vec::new(),
            segments: Segments::new(),
            widest: 0,
            depth: 0,
        }
    }

    /// Allocated bytes without the segments' buckets.
    pub(super) fn mem_bytes(&self) -> usize {
        vec_size::<u32>(self.entries.capacity()) + self.segments.mem_bytes()
    }

    /// Moves what lies sparsely, the segments' buckets not; of a long directory only the list of its segments, as copying
    /// its entries would be a long step.
    pub(super) fn relocate(&mut self, is_sparse: IsSparse<'_>) {
        if self.entries.len() <= ENTRIES_MOVED_MAX {
            relocate_vec(&mut self.entries, is_sparse);
        }
        self.segments.relocate(is_sparse);
    }

    #[inline]
    fn entry_of(&self, hash: u64) -> usize {
        // In two steps, since a shift by 64 is none.
        ((hash >> 1) >> (63 - u32::from(self.depth))) as usize
    }

    /// Number of the segment of a hash; none before the first insertion.
    #[inline]
    pub(super) fn id(&self, hash: u64) -> Option<usize> {
        self.entries.get(self.entry_of(hash)).map(|&id| id as usize)
    }

    #[inline]
    pub(super) fn segment(&self, hash: u64) -> Option<&Segment<T>> {
        self.segments.get(self.id(hash)?)
    }

    #[inline]
    pub(super) fn segment_mut(&mut self, hash: u64) -> Option<&mut Segment<T>> {
        let id = self.id(hash)?;
        self.segments.get_mut(id)
    }

    #[inline]
    pub(super) fn segment_at_mut(&mut self, id: usize) -> &mut Segment<T> {
        &mut self.segments[id]
    }

    #[inline]
    pub(super) fn segments(&self) -> &Segments<T> {
        &self.segments
    }

    /// Gives a directory without segments its first.
    pub(super) fn ensure_first(&mut self) {
        if self.segments.is_empty() {
            self.entries = Vec::with_capacity(1);
            self.entries.push(0);
            self.segments.push(Segment::new(0, 0, HINT_NONE));
        }
    }

    /// Whether the segment of a hash may be split without the directory growing out of proportion.
    pub(super) fn may_split(&self, hash: u64) -> bool {
        let depth = self
            .segment(hash)
            .map_or(DEPTH_MAX, |segment| segment.depth);
        depth < self.depth
            || (depth < DEPTH_MAX
                && self.entries.len() < ENTRIES_PER_SEGMENT_MAX * self.segments.len())
    }

    /// Splits the segment of a hash by its next bit; returns the bucket bytes of both halves.
    pub(super) fn split(&mut self, hash: u64, hash_of: impl Fn(&T) -> u64) -> usize {
        let Some(id) = self.id(hash) else { return 0 };
        if self.segments[id].depth == self.depth {
            self.double();
        }
        let buckets_for = |items: usize| match T::ROOMY {
            true => grown(bucket_count_for(items), false),
            false => bucket_count_for(items),
        };
        let [low, high] = self.segments[id].split(buckets_for, hash_of);
        let bytes = low.mem_bytes() + high.mem_bytes();
        self.widest = self
            .widest
            .max(low.bucket_count().max(high.bucket_count()) as u32);
        self.segments[id] = low;

        let high_id = self.segments.len();
        self.point_entries_at(high.prefix, high.depth, high_id);
        self.segments.push(high);
        bytes
    }

    /// Merges the segment of a hash with its buddy when both have the same depth and few items; returns the bucket
    /// bytes before and after.
    pub(super) fn merge(
        &mut self,
        hash: u64,
        hash_of: impl Fn(&T) -> u64,
    ) -> Option<(usize, usize)> {
        let id = self.id(hash)?;
        let segment = &self.segments[id];
        let (depth, prefix) = (segment.depth, segment.prefix);
        let buddy_entry = ((prefix ^ 1) as usize) << self.depth.checked_sub(depth)?;
        let buddy_id = *self.entries.get(buddy_entry).filter(|_| depth > 0)? as usize;
        let buddy = &self.segments[buddy_id];
        if buddy.depth != depth || buddy.len() + segment.len() > MERGED_ITEMS_MAX {
            return None;
        }
        let before = segment.mem_bytes() + buddy.mem_bytes();
        let items = segment.len() + buddy.len();
        let buckets = bucket_count_for(items + items / 4).max(1);
        let emptied = || Segment::new(prefix, depth, HINT_NONE);
        let [mut low, mut high] =
            [id, buddy_id].map(|half| std::mem::replace(&mut self.segments[half], emptied()));
        if prefix & 1 == 1 {
            std::mem::swap(&mut low, &mut high);
        }
        let merged = Segment::merge(low, high, buckets, hash_of);
        let after = merged.mem_bytes();
        self.widest = self.widest.max(merged.bucket_count() as u32);
        self.point_entries_at(merged.prefix, merged.depth, id);
        self.segments[id] = merged;
        self.forget(buddy_id);
        Some((before, after))
    }

    /// Removes a segment no entry points at; the last one takes its number.
    fn forget(&mut self, id: usize) {
        self.segments.swap_remove(id);
        if let Some(moved) = self.segments.get(id) {
            let (prefix, depth) = (moved.prefix, moved.depth);
            self.point_entries_at(prefix, depth, id);
        }
        if self.entries.len() > ENTRIES_PER_SEGMENT_MAX * self.segments.len()
            || self.segments.len() == 1
        {
            self.halve_while_possible();
        }
    }

    fn point_entries_at(&mut self, prefix: u32, depth: u8, id: usize) {
        let spare = self.depth - depth;
        let first = (prefix as usize) << spare;
        self.entries[first..first + (1 << spare)].fill(id as u32);
    }

    fn double(&mut self) {
        let mut doubled = Vec::with_capacity(self.entries.len() * 2);
        doubled.extend(self.entries.iter().flat_map(|&id| [id, id]));
        self.entries = doubled;
        self.depth += 1;
    }

    fn halve_while_possible(&mut self) {
        let deepest = self
            .segments
            .iter()
            .map(|segment| segment.depth)
            .max()
            .unwrap_or(0);
        if deepest < self.depth {
            let step = 1 << (self.depth - deepest);
            let halved = self
                .entries
                .iter()
                .step_by(step)
                .copied()
                .collect::<Vec<_>>();
            self.entries = halved;
            self.depth = deepest;
        }
    }

    /// Gives the segment of a hash so many buckets; returns its bucket bytes before and after.
    pub(super) fn resize(
        &mut self,
        hash: u64,
        buckets: usize,
        hash_of: impl Fn(&T) -> u64,
    ) -> (usize, usize) {
        self.widest = self.widest.max(buckets as u32);
        let segment = self
            .segment_mut(hash)
            .expect("a directory with a segment has one for every hash");
        let before = segment.mem_bytes();
        segment.resize(buckets, hash_of);
        (before, segment.mem_bytes())
    }

    /// An upper bound of the segments' bucket counts.
    pub(super) fn widest(&self) -> usize {
        self.widest as usize
    }

    /// Moves the items of segment `id` that satisfy `due` to `out`; returns how many.
    pub(super) fn extract(
        &mut self,
        id: usize,
        due: impl FnMut(&mut T) -> bool,
        hash_of: impl Fn(&T) -> u64,
        out: impl FnMut(T),
    ) -> usize {
        self.segments[id].extract(due, hash_of, out)
    }

    pub(super) fn set_hint(&mut self, id: usize, hint: u64) {
        self.segments[id].hint = hint;
    }

    /// Gives up finding for good: from here on the segments are only taken apart.
    pub(super) fn dismantle(&mut self) -> &mut Segments<T> {
        self.entries = Vec::new();
        self.depth = 0;
        &mut self.segments
    }
}
