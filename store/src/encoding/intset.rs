//! A sorted array of integers in the narrowest width that holds them all: 2, 4 or 8 bytes each.
//!
//! The blob's word is the width. One wider integer widens them all; widths never shrink.

use super::blob::{Blob, BlobRef, mem_bytes_for};
use super::tagged::{Guard, ThinOwner};
use std::ptr::NonNull;

/// A set of integers in one allocation; see the module.
#[derive(Clone, Default)]
pub struct IntSet(Blob);

/// The integers of an [`IntSet`], for reading.
#[derive(Clone, Copy)]
pub struct IntSetRef<'a> {
    bytes: &'a [u8],
    width: usize,
}

impl IntSet {
    /// No integers; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(Blob::new())
    }

    /// The integers, for reading.
    #[must_use]
    pub fn view(&self) -> IntSetRef<'_> {
        IntSetRef::from(self.0.view())
    }

    /// Adds `value`; true when it is new.
    pub fn insert(&mut self, value: i64) -> bool {
        let needed = width_of(value);
        if needed > self.view().width {
            self.widen(needed);
        }
        let view = self.view();
        let Err(index) = view.search(value) else {
            return false;
        };
        // An empty set has no width yet.
        let width = view.width.max(needed);
        self.0
            .replace(index * width, 0, &[&value.to_le_bytes()[..width]]);
        self.0.set_meta(width as u16);
        true
    }

    /// Removes `value`; true when it was there.
    pub fn remove(&mut self, value: i64) -> bool {
        let view = self.view();
        let Ok(index) = view.search(value) else {
            return false;
        };
        let width = view.width;
        self.0.replace(index * width, width, &[]);
        true
    }

    /// Removes the largest `count` integers.
    pub fn remove_last(&mut self, count: usize) {
        let view = self.view();
        let cut = count.min(view.len()) * view.width;
        let at = view.bytes.len() - cut;
        self.0.replace(at, cut, &[]);
    }

    /// Heap bytes held.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        self.0.mem_bytes()
    }

    fn widen(&mut self, width: usize) {
        let view = self.view();
        if view.is_empty() {
            // An empty blob has no word: the first insertion sets it.
            return;
        }
        let mut wide = Vec::with_capacity(view.len() * width);
        view.iter()
            .for_each(|value| wide.extend_from_slice(&value.to_le_bytes()[..width]));
        self.0.replace(0, view.bytes.len(), &[&wide]);
        self.0.set_meta(width as u16);
    }
}

impl<'a> From<BlobRef<'a>> for IntSetRef<'a> {
    fn from(blob: BlobRef<'a>) -> Self {
        Self {
            bytes: blob.bytes,
            width: usize::from(blob.meta),
        }
    }
}

impl<'a> IntSetRef<'a> {
    /// Number of integers.
    #[must_use]
    pub fn len(self) -> usize {
        self.bytes.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The integer at `index` in ascending order.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[inline]
    pub fn at(self, index: usize) -> i64 {
        let at = index * self.width;
        match self.bytes[at..at + self.width] {
            [a, b] => i64::from(i16::from_le_bytes([a, b])),
            [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
            [a, b, c, d, e, f, g, h] => i64::from_le_bytes([a, b, c, d, e, f, g, h]),
            _ => unreachable!("widths are 2, 4 and 8"),
        }
    }

    /// Whether `value` is in the set.
    #[must_use]
    pub fn contains(self, value: i64) -> bool {
        width_of(value) <= self.width && self.search(value).is_ok()
    }

    /// All integers in ascending order.
    pub fn iter(self) -> impl Iterator<Item = i64> + 'a {
        (0..self.len()).map(move |index| self.at(index))
    }

    /// A copy of its own.
    #[must_use]
    pub fn to_intset(self) -> IntSet {
        let mut copy = IntSet::new();
        if !self.is_empty() {
            copy.0.replace(0, 0, &[self.bytes]);
            copy.0.set_meta(self.width as u16);
        }
        copy
    }

    /// Heap bytes held.
    #[must_use]
    pub fn mem_bytes(self) -> usize {
        mem_bytes_for(self.bytes.len())
    }

    /// Index of `value`, or where it would go.
    fn search(self, value: i64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        if high > 0 && value > self.at(high - 1) {
            return Err(high);
        }
        while low < high {
            let middle = low.midpoint(high);
            match self.at(middle).cmp(&value) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }
}

fn width_of(value: i64) -> usize {
    if i16::try_from(value).is_ok() {
        2
    } else if i32::try_from(value).is_ok() {
        4
    } else {
        8
    }
}

// SAFETY: a transparent wrapper that passes everything on to the blob.
unsafe impl ThinOwner for IntSet {
    type Ref<'a> = IntSetRef<'a>;
    type Mut<'a> = Guard<'a, IntSet>;

    fn into_raw(self) -> NonNull<u8> {
        self.0.into_raw()
    }

    unsafe fn from_raw(raw: NonNull<u8>) -> Self {
        // SAFETY: by this function's contract.
        Self(unsafe { Blob::from_raw(raw) })
    }

    unsafe fn as_ref<'a>(raw: NonNull<u8>) -> IntSetRef<'a> {
        // SAFETY: by this function's contract.
        IntSetRef::from(unsafe { Blob::as_ref(raw) })
    }

    unsafe fn as_mut<'a>(slot: &'a mut NonNull<u8>, tag: usize) -> Guard<'a, IntSet> {
        // SAFETY: by this function's contract.
        unsafe { Guard::new(slot, tag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
    use std::collections::BTreeSet;

    fn integer() -> impl Strategy<Value = i64> {
        prop_oneof![
            -20i64..20,
            -40_000i64..40_000,
            any::<i32>().prop_map(i64::from),
            any::<i64>()
        ]
    }

    proptest! {
        #[test]
        fn behaves_as_a_sorted_set(edits in prop::collection::vec((any::<bool>(), integer()), 1..200)) {
            let (mut set, mut model) = (IntSet::new(), BTreeSet::new());
            for (insert, value) in edits {
                if insert {
                    prop_assert_eq!(set.insert(value), model.insert(value));
                } else {
                    prop_assert_eq!(set.remove(value), model.remove(&value));
                }
                prop_assert_eq!(set.view().contains(value), model.contains(&value));
                prop_assert_eq!(set.view().len(), model.len());
            }
            prop_assert_eq!(set.view().iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
        }
    }
}
