//! A segment: an array of buckets in hash order, small enough to be rehashed in one go.
//!
//! The home bucket of an item is the beginning of its rest (see [`Order`]) scaled to the number of buckets, so buckets keep
//! hash order whatever their number. An item whose home is full moves on to the next bucket, wrapping at the end, and each
//! bucket it passes counts it (`overflow`): a search ends at the first bucket nobody passed.
//!
//! Bucket counts are chosen to fill an allocator size class each; a segment grows through them by about a quarter.

use super::bucket::{Bucket, SLOTS, tag_of};
use super::order::{HOME_BITS, ORDER_BITS, Order, home_of};
use super::{POSITION_BITS, Thin, prefetch_line};
use crate::mem::{IsSparse, alloc_size_line};

/// Largest bucket count of a segment that can still be split.
pub(super) const BUCKETS_MAX: usize = 95;

/// Bucket counts whose line-aligned allocation wastes nearly nothing.
const BUCKET_COUNTS: [usize; 20] = [
    1,
    2,
    4,
    5,
    6,
    8,
    9,
    11,
    13,
    16,
    19,
    23,
    27,
    32,
    39,
    47,
    55,
    64,
    79,
    BUCKETS_MAX,
];

/// The bucket count that a full segment of `count` buckets grows to.
pub(super) fn grown(count: usize, roomy: bool) -> usize {
    let next = bucket_count_after(count);
    match roomy && next < BUCKETS_MAX {
        true => bucket_count_after(next),
        false => next,
    }
}

/// The next larger bucket count.
fn bucket_count_after(count: usize) -> usize {
    match BUCKET_COUNTS.iter().find(|&&candidate| candidate > count) {
        Some(&candidate) => candidate,
        None => count + count / 4,
    }
}

/// The smallest bucket count that may hold `items`.
pub(super) fn bucket_count_for(items: usize) -> usize {
    match BUCKET_COUNTS
        .iter()
        .find(|&&count| load_limit(count) >= items)
    {
        Some(&count) => count,
        None => items.div_ceil(6),
    }
}

/// Items a segment of so many buckets may hold: full when it is one bucket, 6/7 when it is many.
#[inline]
pub(super) fn load_limit(buckets: usize) -> usize {
    if buckets == 0 { 0 } else { 6 * buckets + 1 }
}

/// How many buckets ahead items are prefetched when all are visited.
const BUCKETS_AHEAD: usize = 3;

/// Where an item was found: bucket and slot.
#[derive(Clone, Copy)]
pub(super) struct Place {
    bucket: usize,
    slot: usize,
}

/// See the file's header.
pub(super) struct Segment<T> {
    buckets: Box<[Bucket<T>]>,
    /// The owner's note, see [`super::Table::hint`].
    pub(super) hint: u64,
    /// The top `depth` hash bits all items here share.
    pub(super) prefix: u32,
    len: u32,
    pub(super) depth: u8,
    /// So many bits of an item's order are true, where it is known: [`HOME_BITS`] to [`ORDER_BITS`].
    order_bits: u8,
}

impl<T: Thin> Segment<T> {
    /// A segment for the hashes that start with the `depth` bits of `prefix`. Allocates nothing.
    pub(super) fn new(prefix: u32, depth: u8, hint: u64) -> Self {
        Segment {
            buckets: Box::default(),
            hint,
            prefix,
            len: 0,
            depth,
            order_bits: ORDER_BITS as u8,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    #[inline]
    pub(super) fn bucket_count(&self) -> usize {
        self.buckets.len()
    }

    /// Whether one more item needs a larger segment.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len() >= load_limit(self.buckets.len())
    }

    /// Whether it must be larger before it takes another item, however many others have just been moved.
    #[inline]
    pub(super) fn is_crammed(&self) -> bool {
        let buckets = self.buckets.len();
        self.len() >= load_limit(buckets) + buckets / 2
    }

    /// Allocated bytes behind the segment.
    #[inline]
    pub(super) fn mem_bytes(&self) -> usize {
        alloc_size_line(self.buckets.len() * size_of::<Bucket<T>>())
    }

    /// Home bucket of a hash. Only called with buckets present.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        home_of(hash << self.depth, self.buckets.len())
    }

    #[inline]
    fn after(&self, bucket: usize) -> usize {
        if bucket + 1 == self.buckets.len() {
            0
        } else {
            bucket + 1
        }
    }

    /// Finds the item that satisfies `eq` among those with this hash's tag.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut eq: impl FnMut(&T) -> bool) -> Option<Place> {
        if self.buckets.is_empty() {
            return None;
        }
        let tag = tag_of(hash);
        let mut at = self.home(hash);
        for _ in 0..self.buckets.len() {
            let bucket = &self.buckets[at];
            for slot in bucket.matches(tag) {
                if bucket.get(slot).is_some_and(&mut eq) {
                    return Some(Place { bucket: at, slot });
                }
            }
            if !bucket.overflowed() {
                return None;
            }
            at = self.after(at);
        }
        None
    }

    #[inline]
    pub(super) fn get(&self, place: Place) -> Option<&T> {
        self.buckets[place.bucket].get(place.slot)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        self.buckets[place.bucket].get_mut(place.slot)
    }

    /// Adds an item known to be absent to a segment that is not full.
    #[inline]
    pub(super) fn insert(&mut self, hash: u64, item: T) -> &mut T {
        self.put(hash << self.depth, tag_of(hash), item)
    }

    /// Adds an item of this tag, and of this rest as far as `order_bits` says.
    #[inline]
    fn put(&mut self, rest: u64, tag: u8, mut item: T) -> &mut T {
        let mut at = home_of(rest, self.buckets.len());
        let slot = loop {
            match self.buckets[at].vacancy() {
                Some(slot) => break slot,
                None => self.buckets[at].overflow_add(),
            }
            at = self.after(at);
        };
        self.len += 1;
        item.set_order(Order::of(rest));
        self.buckets[at].put(slot, tag, item)
    }

    /// Takes the item of a place away; `hash` is the item's.
    pub(super) fn remove(&mut self, hash: u64, place: Place) -> Option<T> {
        let item = self.buckets[place.bucket].take(place.slot)?;
        let mut at = self.home(hash);
        while at != place.bucket {
            self.buckets[at].overflow_remove();
            at = self.after(at);
        }
        self.len -= 1;
        Some(item)
    }

    /// Takes up to `max` items out, in no order, and says how many came. Leaves overflow counts behind: only for a
    /// segment that is being dismantled.
    pub(super) fn take_some(&mut self, max: usize, mut taken: impl FnMut(T)) -> usize {
        let wanted = max.min(self.len());
        let mut left = wanted;
        for at in 0..self.buckets.len() {
            if left == 0 {
                break;
            }
            if let Some(ahead) = self.buckets.get(at + 2) {
                ahead.items().for_each(Thin::prefetch);
            }
            let bucket = &mut self.buckets[at];
            let items = (0..SLOTS).filter_map(|slot| bucket.take(slot));
            left -= items.take(left).map(&mut taken).count();
        }
        self.len -= wanted as u32;
        wanted
    }

    /// Empties the segment, handing over each item with its rest, as far as `order_bits` says, and its tag. Items of
    /// unknown order are read for their hash, prefetched some buckets ahead.
    fn drain(&mut self, hash_of: impl Fn(&T) -> u64, mut taken: impl FnMut(u64, u8, T)) {
        let depth = self.depth;
        let mut buckets = std::mem::take(&mut self.buckets).into_vec().into_iter();
        self.len = 0;
        let prefetch = |bucket: &Bucket<T>| {
            let unknown = bucket.items().filter(|item| !item.order().is_known());
            unknown.for_each(Thin::prefetch);
        };
        buckets
            .as_slice()
            .iter()
            .take(BUCKETS_AHEAD)
            .for_each(prefetch);
        while let Some(bucket) = buckets.next() {
            if let Some(ahead) = buckets.as_slice().get(BUCKETS_AHEAD - 1) {
                prefetch(ahead);
            }
            for (tag, item) in bucket.into_items() {
                let order = item.order();
                debug_assert!(
                    order.agrees(Order::of(hash_of(&item) << depth), self.order_bits),
                    "the order is what the hash says"
                );
                let rest = order.rest().unwrap_or_else(|| hash_of(&item) << depth);
                taken(rest, tag, item);
            }
        }
    }

    /// Has all items read for their hashes when they are moved next.
    fn forget_orders(&mut self) {
        self.items_mut()
            .for_each(|item| item.set_order(Order::UNKNOWN));
        self.order_bits = ORDER_BITS as u8;
    }

    /// Gives a segment without buckets so many.
    fn allocate(&mut self, buckets: usize) {
        debug_assert!(self.len == 0 && self.buckets.is_empty());
        self.buckets = (0..buckets).map(|_| Bucket::empty()).collect();
    }

    /// Moves all items to a new array of so many buckets.
    pub(super) fn resize(&mut self, buckets: usize, hash_of: impl Fn(&T) -> u64) {
        let mut resized = Segment::new(self.prefix, self.depth, self.hint);
        resized.order_bits = self.order_bits;
        resized.allocate(buckets);
        self.drain(hash_of, |rest, tag, item| {
            resized.put(rest, tag, item);
        });
        *self = resized;
    }

    /// Splits the items by the next bit of their hashes. `buckets_for` says what so many items get.
    pub(super) fn split(
        &mut self,
        buckets_for: impl Fn(usize) -> usize,
        hash_of: impl Fn(&T) -> u64,
    ) -> [Segment<T>; 2] {
        if u32::from(self.order_bits) == HOME_BITS {
            self.forget_orders();
        }
        let (prefix, depth) = (self.prefix << 1, self.depth + 1);
        let mut halves = [0, 1].map(|bit| {
            let mut half = Segment::new(prefix | bit, depth, self.hint);
            half.order_bits = self.order_bits - 1;
            half
        });
        let mut moving = [const { Vec::new() }; 2];
        moving
            .iter_mut()
            .for_each(|half| half.reserve_exact(self.len()));
        self.drain(hash_of, |rest, tag, item| {
            moving[(rest >> 63) as usize].push((rest << 1, tag, item));
        });
        for (half, items) in halves.iter_mut().zip(moving) {
            half.allocate(buckets_for(items.len()));
            for (rest, tag, item) in items {
                half.put(rest, tag, item);
            }
        }
        halves
    }

    /// Puts the items of two segments that split from one together again. `buckets` have room for them.
    pub(super) fn merge(
        mut low: Segment<T>,
        mut high: Segment<T>,
        buckets: usize,
        hash_of: impl Fn(&T) -> u64,
    ) -> Segment<T> {
        let hint = low.hint.min(high.hint);
        let mut merged = Segment::new(low.prefix >> 1, low.depth - 1, hint);
        merged.order_bits = (low.order_bits.min(high.order_bits) + 1).min(ORDER_BITS as u8);
        merged.allocate(buckets);
        for (bit, half) in [(0, &mut low), (1, &mut high)] {
            half.drain(&hash_of, |rest, tag, item| {
                merged.put(bit << 63 | rest >> 1, tag, item);
            });
        }
        merged
    }

    /// All items, in no promised order.
    pub(super) fn items(&self) -> impl Iterator<Item = &T> {
        self.buckets.iter().flat_map(Bucket::items)
    }

    /// All items, to be replaced by others of equal hash.
    pub(super) fn items_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.buckets.iter_mut().flat_map(Bucket::items_mut)
    }

    /// Moves the buckets to another allocation if they lie sparsely.
    pub(super) fn relocate(&mut self, is_sparse: IsSparse<'_>) {
        if is_sparse(self.buckets.as_ptr().cast()) {
            let mut moved = Vec::with_capacity(self.buckets.len());
            moved.extend(std::mem::take(&mut self.buckets));
            self.buckets = moved.into_boxed_slice();
        }
    }

    /// All items, each prefetched some buckets ahead of its visit.
    pub(super) fn visit_prefetched(&self, mut visit: impl FnMut(&T)) {
        for (at, bucket) in self.buckets.iter().enumerate() {
            if let Some(ahead) = self.buckets.get(at + 2) {
                ahead.items().for_each(Thin::prefetch);
            }
            bucket.items().for_each(&mut visit);
        }
    }

    /// Moves the items that satisfy `due` to `out`; returns how many.
    pub(super) fn extract(
        &mut self,
        mut due: impl FnMut(&mut T) -> bool,
        hash_of: impl Fn(&T) -> u64,
        mut out: impl FnMut(T),
    ) -> usize {
        let before = self.len();
        for bucket in 0..self.buckets.len() {
            if let Some(ahead) = self.buckets.get(bucket + 2) {
                ahead.items().for_each(Thin::prefetch);
            }
            for slot in 0..SLOTS {
                let place = Place { bucket, slot };
                if self.get_mut(place).is_some_and(&mut due)
                    && let Some(hash) = self.get(place).map(&hash_of)
                    && let Some(item) = self.remove(hash, place)
                {
                    out(item);
                }
            }
        }
        before - self.len()
    }

    /// Visits a bucket's items, all prefetched before the first.
    pub(super) fn visit_bucket(&self, bucket: usize, visit: impl FnMut(&T)) {
        self.buckets[bucket].items().for_each(Thin::prefetch);
        self.buckets[bucket].items().for_each(visit);
    }

    /// The item of slot `index % 7` of bucket `index / 7`.
    pub(super) fn item_at(&self, index: usize) -> Option<&T> {
        self.buckets[index / SLOTS].get(index % SLOTS)
    }

    /// First and one-past-last position of the segment.
    pub(super) fn position_range(&self) -> (u64, u64) {
        let width = 1u64 << (POSITION_BITS - u32::from(self.depth));
        let start = u64::from(self.prefix) * width;
        (start, start + width)
    }

    /// The bucket a position belongs to, with that bucket's range of positions.
    pub(super) fn bucket_at(&self, position: u64) -> (usize, u64, u64) {
        let (start, count) = (self.position_range().0, self.buckets.len());
        let at = home_of(position << (64 - POSITION_BITS) << self.depth, count);
        let unit_bits = POSITION_BITS - u32::from(self.depth) - HOME_BITS;
        let boundary =
            |bucket: usize| start + (((bucket << HOME_BITS).div_ceil(count) as u64) << unit_bits);
        (at, boundary(at), boundary(at + 1))
    }

    /// Visits every item whose home is bucket `at`, along with strangers, each once: `visit(item, is_certain)`, where
    /// certain means that no item of another home can be among them.
    pub(super) fn visit_home(&self, at: usize, mut visit: impl FnMut(&T, HomeCertainty)) {
        let before = if at == 0 {
            self.buckets.len() - 1
        } else {
            at - 1
        };
        let mut certainty = match self.buckets[before].overflowed() {
            true => HomeCertainty::Unknown,
            false => HomeCertainty::Certain,
        };
        let mut bucket = at;
        for _ in 0..self.buckets.len() {
            self.buckets[bucket]
                .items()
                .for_each(|item| visit(item, certainty));
            if !self.buckets[bucket].overflowed() {
                return;
            }
            certainty = HomeCertainty::Unknown;
            bucket = self.after(bucket);
        }
    }

    /// Prefetches the home bucket of a hash.
    #[inline]
    pub(super) fn prefetch_bucket(&self, hash: u64) {
        if !self.buckets.is_empty() {
            prefetch_line((&raw const self.buckets[self.home(hash)]).cast());
        }
    }

    /// The item that is the one of this hash for all that can be told without reading it.
    #[inline]
    pub(super) fn candidate(&self, hash: u64) -> Option<&T> {
        let order = Order::of(hash << self.depth);
        let place = self.find(hash, |item| item.order().agrees(order, self.order_bits))?;
        self.get(place)
    }
}

/// What [`Segment::visit_home`] knows about an item's home bucket.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HomeCertainty {
    /// It is the visited bucket.
    Certain,
    /// Only the hash can tell.
    Unknown,
}
