//! A hash table of thin items that never stalls: extendible hashing over small segments of cache-line buckets.
//!
//! ```text
//! hash   | directory bits | rest of the position (together 47 bits) | 16 bits, folded to the tag |
//!
//! directory [id, id, id, ...] ──> segment { depth, hint, buckets: [ 7 tags + count | 7 items ] × 1..95 }
//! ```
//! - An item is 8 bytes, non-null, usually a pointer ([`Thin`]). The table costs 11 to 12.5 bytes an item at any size.
//! - A segment grows by about a quarter (by about a half where [`Thin::ROOMY`]) until it holds some 570 items, then splits in two. So one insertion rehashes at
//!   most that many items; only the directory (4 bytes a segment) and the list of segments are ever copied whole.
//! - Everything is kept in **hash order**: a [`scan`](Table::scan) cursor is a position in it, so cursors need no state
//!   and survive growth, splits and shrinking.
//! - The table stores no hashes, only 15 bits of each in spare bits of its item (see [`Order`]): operations that move
//!   items take `hash_of`, which must answer what the item was inserted with, for the items whose bits are used up.
//!
//! Hashes that collide by the thousand make the table slow, never wrong: a segment that cannot be split grows on.
//! The table knows nothing of keys, expiry or accounting beyond its own bytes.

mod bucket;
mod directory;
mod drain;
mod iter;
mod order;
mod prefetch;
mod random;
mod scan;
mod segment;
mod segments;
#[cfg(test)]
mod tests;
mod thin;

pub use drain::Drained;
pub use order::Order;
pub use prefetch::prefetch_line;
pub use scan::SegmentAt;
pub use thin::{Thin, ThinPtr};

use directory::Directory;
use segment::{BUCKETS_MAX, Place, Segment, bucket_count_for, grown, load_limit};

/// Top bits of a hash that order the items. A scan cursor is that wide: with 6 bits for a shard number beside it, it
/// still is an exact integer in the doubles some clients keep cursors in.
const POSITION_BITS: u32 = 47;

/// A hint that says nothing, see [`Table::hint`].
pub const HINT_NONE: u64 = u64::MAX;

/// Items that an insertion lets be moved to make room, and how many may be saved up. Segments fill at about the same time, so without this
/// one batch of insertions would have to split many of them.
const MOVES_AN_INSERTION: i32 = 24;
const MOVES_SAVED_MAX: i32 = 1200;

/// Where an item is, as long as the table is not changed.
#[derive(Clone, Copy)]
pub struct Spot {
    segment: usize,
    place: Place,
}

/// See the module's documentation.
pub struct Table<T> {
    directory: Directory<T>,
    len: usize,
    /// Bytes of all segments' buckets.
    bucket_bytes: usize,
    /// Bytes of the directory, counted when it may have changed.
    directory_bytes: usize,
    /// Items that may be moved before segments that could take some more have to wait for their turn.
    moves_left: i32,
}

impl<T: Thin> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Thin> Table<T> {
    /// An empty table, which allocates nothing.
    pub const fn new() -> Self {
        Table {
            directory: Directory::new(),
            len: 0,
            bucket_bytes: 0,
            directory_bytes: 0,
            moves_left: MOVES_SAVED_MAX,
        }
    }

    /// Number of items.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes the table has allocated, without `Self` and without what the items point to. Constant time.
    #[inline]
    pub fn mem_bytes(&self) -> usize {
        self.bucket_bytes + self.directory_bytes
    }

    /// The item of this hash that satisfies `eq`.
    #[inline]
    pub fn find(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<&T> {
        let segment = self.directory.segment(hash)?;
        segment.get(segment.find(hash, eq)?)
    }

    /// Like [`Self::find`], to change the item in place: it may be replaced by one of equal hash.
    #[inline]
    pub fn find_mut(&mut self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<&mut T> {
        let segment = self.directory.segment_mut(hash)?;
        let place = segment.find(hash, eq)?;
        segment.get_mut(place)
    }

    /// Where the item of this hash that satisfies `eq` is, for [`Self::at_mut`].
    #[inline]
    pub fn locate(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<Spot> {
        let segment = self.directory.id(hash)?;
        let place = self.directory.segments()[segment].find(hash, eq)?;
        Some(Spot { segment, place })
    }

    /// The item at a spot. The table has not been changed since it was located, and so there is one.
    #[inline]
    pub fn at_mut(&mut self, spot: Spot) -> &mut T {
        self.directory
            .segment_at_mut(spot.segment)
            .get_mut(spot.place)
            .expect("the table has not been changed since")
    }

    /// Adds an item the caller knows to be absent.
    pub fn insert_new(&mut self, hash: u64, item: T, hash_of: impl Fn(&T) -> u64) -> &mut T {
        self.moves_left = (self.moves_left + MOVES_AN_INSERTION).min(MOVES_SAVED_MAX);
        let may_move = self.moves_left > 0;
        let lacks_room =
            |segment: &Segment<T>| segment.is_full() && (may_move || segment.is_crammed());
        self.len += 1;
        match self.directory.id(hash) {
            Some(id) if !lacks_room(&self.directory.segments()[id]) => {
                self.directory.segment_at_mut(id).insert(hash, item)
            }
            _ => self.make_room(hash, hash_of).insert(hash, item),
        }
    }

    /// Takes out the item of this hash that satisfies `eq`.
    pub fn remove(
        &mut self,
        hash: u64,
        eq: impl FnMut(&T) -> bool,
        hash_of: impl Fn(&T) -> u64,
    ) -> Option<T> {
        let segment = self.directory.segment_mut(hash)?;
        let place = segment.find(hash, eq)?;
        let item = segment.remove(hash, place)?;
        let sparse = is_sparse(segment);
        self.len -= 1;
        if sparse {
            self.shrink(hash, hash_of);
        }
        Some(item)
    }

    /// Prefetches the bucket a search for this hash starts at.
    #[inline]
    pub fn prefetch_bucket(&self, hash: u64) {
        if let Some(segment) = self.directory.segment(hash) {
            segment.prefetch_bucket(hash);
        }
    }

    /// Prefetches the item that a search for this hash is likely to find; reads the buckets on the way.
    #[inline]
    pub fn prefetch_item(&self, hash: u64) {
        if let Some(item) = self.candidate(hash) {
            item.prefetch();
        }
    }

    /// The item that is very likely the one of this hash, if there is one.
    #[inline]
    pub fn candidate(&self, hash: u64) -> Option<&T> {
        self.directory.segment(hash)?.candidate(hash)
    }

    /// Drops all items at once. [`Self::drain_step`] does it in slices.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Grows or splits the segment of `hash` until it takes one more item, and gives it.
    #[cold]
    fn make_room(&mut self, hash: u64, hash_of: impl Fn(&T) -> u64) -> &mut Segment<T> {
        self.directory.ensure_first();
        while let Some(segment) = self
            .directory
            .segment(hash)
            .filter(|segment| segment.is_full())
        {
            self.moves_left -= segment.len() as i32;
            let larger = grown(segment.bucket_count(), T::ROOMY);
            let (before, after) = if larger > BUCKETS_MAX && self.directory.may_split(hash) {
                (segment.mem_bytes(), self.directory.split(hash, &hash_of))
            } else {
                self.directory.resize(hash, larger, &hash_of)
            };
            self.bucket_bytes = self.bucket_bytes - before + after;
        }
        self.directory_bytes = self.directory.mem_bytes();
        self.directory
            .segment_mut(hash)
            .expect("the first segment was ensured, and every hash has one from then on")
    }

    /// Fits the segment of `hash` to its items if it is sparse, or merges it with its buddy when both are small.
    #[cold]
    fn shrink(&mut self, hash: u64, hash_of: impl Fn(&T) -> u64) {
        let Some(segment) = self.directory.segment(hash) else {
            return;
        };
        let (buckets, fitting) = (
            segment.bucket_count(),
            bucket_count_for(segment.len() + segment.len() / 4).max(1),
        );
        let changed = match self.directory.merge(hash, &hash_of) {
            Some(changed) => changed,
            None if fitting < buckets => self.directory.resize(hash, fitting, hash_of),
            None => return,
        };
        self.bucket_bytes = self.bucket_bytes - changed.0 + changed.1;
        self.directory_bytes = self.directory.mem_bytes();
    }
}

/// Whether so few items do not deserve so many buckets.
#[inline]
fn is_sparse<T: Thin>(segment: &Segment<T>) -> bool {
    segment.len() < load_limit(segment.bucket_count()) / 2
}
