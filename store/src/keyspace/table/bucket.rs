//! One cache line of a table: seven tagged slots.
//!
//! ```text
//! byte  0..7   tags, 0 = empty slot, else 8 bits of the item's hash folded to 1..=255
//! byte  7      overflow: items that wanted this bucket or an earlier one and live in a later one; sticks at 255
//! byte  8..64  seven items of 8 bytes
//! ```
//! A tag match is one 64-bit word's arithmetic. A slot is an `Option`, whose niche costs nothing, so a false match of
//! that arithmetic on an empty slot is harmless and nothing here is unsafe.

use super::Thin;
use super::order::Order;

/// Slots in a bucket.
pub(super) const SLOTS: usize = 7;

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
/// The high bit of each of the seven tags.
const TAG_HIGH_BITS: u64 = 0x0080_8080_8080_8080;
const OVERFLOW: usize = 7;

/// See the file's header.
#[repr(C, align(64))]
pub(super) struct Bucket<T> {
    control: [u8; 8],
    slots: [Option<T>; SLOTS],
}

/// The tag of a hash: its low 16 bits (which do not take part in its position) folded to 1..=255.
#[inline]
pub(super) fn tag_of(hash: u64) -> u8 {
    ((((hash & 0xffff) * 255) >> 16) + 1) as u8
}

/// Slot numbers whose tag matched, lowest first.
#[derive(Clone, Copy)]
pub(super) struct Matches(u64);

impl Iterator for Matches {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let slot = self.0.trailing_zeros() as usize / 8;
        self.0 &= self.0 - 1;
        Some(slot)
    }
}

impl<T: Thin> Bucket<T> {
    const LAYOUT_HOLDS: () = assert!(size_of::<Option<T>>() == 8 && size_of::<Self>() == 64);

    /// A bucket without items.
    pub(super) fn empty() -> Self {
        #[allow(
            clippy::let_unit_value,
            reason = "evaluates the layout check for this T"
        )]
        let () = Self::LAYOUT_HOLDS;
        Bucket {
            control: [0; 8],
            slots: [const { None }; SLOTS],
        }
    }

    /// Slots that may hold an item of this tag: all that do, rarely one more.
    #[inline]
    pub(super) fn matches(&self, tag: u8) -> Matches {
        let differing = u64::from_le_bytes(self.control) ^ (LOW_BITS * u64::from(tag));
        Matches(differing.wrapping_sub(LOW_BITS) & !differing & TAG_HIGH_BITS)
    }

    /// The lowest empty slot.
    #[inline]
    pub(super) fn vacancy(&self) -> Option<usize> {
        // Only positions above a true match can be false, so the first one is right.
        self.matches(0).next()
    }

    /// The item of a slot.
    #[inline]
    pub(super) fn get(&self, slot: usize) -> Option<&T> {
        self.slots[slot].as_ref()
    }

    /// The item of a slot.
    #[inline]
    pub(super) fn get_mut(&mut self, slot: usize) -> Option<&mut T> {
        self.slots[slot].as_mut()
    }

    /// Fills an empty slot.
    #[inline]
    pub(super) fn put(&mut self, slot: usize, tag: u8, item: T) -> &mut T {
        debug_assert!(self.slots[slot].is_none() && tag != 0);
        self.control[slot] = tag;
        self.slots[slot].insert(item)
    }

    /// Empties a slot. The item forgets its order, which means nothing anywhere else.
    #[inline]
    pub(super) fn take(&mut self, slot: usize) -> Option<T> {
        self.control[slot] = 0;
        let mut item = self.slots[slot].take()?;
        item.set_order(Order::UNKNOWN);
        Some(item)
    }

    /// Empties the bucket of its items, each with its tag.
    #[inline]
    pub(super) fn into_items(self) -> impl Iterator<Item = (u8, T)> {
        std::iter::zip(self.control, self.slots)
            .filter_map(|(tag, item)| item.map(|item| (tag, item)))
    }

    /// The items of this bucket, whatever their home.
    pub(super) fn items(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }

    /// The items of this bucket, to be replaced by others of equal hash.
    pub(super) fn items_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().flatten()
    }

    /// Whether a search that did not end here must go on in the next bucket.
    #[inline]
    pub(super) fn overflowed(&self) -> bool {
        self.control[OVERFLOW] != 0
    }

    /// Notes that an item passed by.
    #[inline]
    pub(super) fn overflow_add(&mut self) {
        self.control[OVERFLOW] = self.control[OVERFLOW].saturating_add(1);
    }

    /// Forgets an item that had passed by. A saturated count has lost track and stays until the next rehash.
    #[inline]
    pub(super) fn overflow_remove(&mut self) {
        if self.control[OVERFLOW] != u8::MAX {
            debug_assert!(self.control[OVERFLOW] > 0);
            self.control[OVERFLOW] -= 1;
        }
    }
}
