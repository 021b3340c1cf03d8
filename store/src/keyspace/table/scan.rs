//! Walking a table in hash order, across calls between which it may change at will.
//!
//! A cursor is a position: the top 47 bits of a hash, so it fits a double as well as a decimal string. A call covers
//! the positions from the cursor to the end of the bucket they fall into, as the table stands at that moment, and visits
//! exactly the items whose own position lies there. The calls of one walk therefore cover every position exactly once,
//! whatever grows, splits or shrinks in between: what is present throughout is visited exactly once.

use super::segment::HomeCertainty;
use super::{HINT_NONE, POSITION_BITS, Table, Thin};

/// What a step of a sweep over the segments found, see [`Table::segment_at`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentAt {
    /// The segment's number, valid until the table changes.
    pub id: usize,
    /// Its hint.
    pub hint: u64,
    /// Number of its items.
    pub len: usize,
    /// The cursor of the next segment in hash order; 0 when this is the last.
    pub next_cursor: u64,
}

impl<T: Thin> Table<T> {
    /// Visits the items from `cursor` (0 to start) to the end of its bucket and returns where to go on, 0 at the end.
    /// A cursor that was never given out is as good as any.
    pub fn scan(&self, cursor: u64, hash_of: impl Fn(&T) -> u64, mut visit: impl FnMut(&T)) -> u64 {
        let cursor = cursor & ((1 << POSITION_BITS) - 1);
        let Some(segment) = self.directory.segment(cursor << (64 - POSITION_BITS)) else {
            return 0;
        };
        let end = if segment.len() == 0 {
            segment.position_range().1
        } else {
            let (bucket, start, end) = segment.bucket_at(cursor);
            segment.visit_home(bucket, |item, certainty| {
                let certain = certainty == HomeCertainty::Certain && cursor == start;
                if certain || (cursor..end).contains(&position(hash_of(item))) {
                    visit(item);
                }
            });
            end
        };
        if end >> POSITION_BITS != 0 { 0 } else { end }
    }

    /// The segment a scan cursor falls into; none in a table that never held an item.
    pub fn segment_at(&self, cursor: u64) -> Option<SegmentAt> {
        let id = self.directory.id(cursor << (64 - POSITION_BITS))?;
        let segment = &self.directory.segments()[id];
        let end = segment.position_range().1;
        let next_cursor = if end >> POSITION_BITS != 0 { 0 } else { end };
        Some(SegmentAt {
            id,
            hint: segment.hint,
            len: segment.len(),
            next_cursor,
        })
    }

    /// Number of segments.
    pub fn segments(&self) -> usize {
        self.directory.segments().len()
    }

    /// The owner's note on segment `id`: [`HINT_NONE`] at first, a split gives it to both halves, a merge keeps the
    /// smaller one. Meant for a lower bound of something about the items, such as the earliest deadline.
    pub fn hint(&self, id: usize) -> u64 {
        self.directory.segments()[id].hint
    }

    /// Replaces the hint of segment `id`.
    pub fn set_hint(&mut self, id: usize, hint: u64) {
        self.directory.set_hint(id, hint);
    }

    /// Lowers the hint of the segment of a hash to `bound`.
    #[inline]
    pub fn lower_hint(&mut self, hash: u64, bound: u64) {
        if let Some(segment) = self.directory.segment_mut(hash) {
            segment.hint = segment.hint.min(bound);
        }
    }

    /// The smallest hint of all segments.
    pub fn hint_min(&self) -> u64 {
        self.directory
            .segments()
            .iter()
            .map(|segment| segment.hint)
            .min()
            .unwrap_or(HINT_NONE)
    }

    /// Visits all items of segment `id`, prefetching ahead.
    pub fn visit_segment(&self, id: usize, visit: impl FnMut(&T)) {
        self.directory.segments()[id].visit_prefetched(visit);
    }
}

#[inline]
fn position(hash: u64) -> u64 {
    hash >> (64 - POSITION_BITS)
}
