//! What the tree orders: a score and the cell of its member.

use crate::encoding::cell::{Cell, key_of};
use std::cmp::Ordering;
use std::ptr::NonNull;

/// A score next to its member's cell, which somebody else owns.
#[derive(Clone, Copy)]
pub struct Entry {
    score: f64,
    cell: NonNull<u8>,
}

/// A place in the order.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Never NaN; -0.0 and 0.0 are equal.
    pub score: f64,
    /// Decides among equal scores, by bytes.
    pub member: &'a [u8],
}

// SAFETY: an entry is a copy of a pointer to a cell, read only; its owner sends cell and entries together.
unsafe impl Send for Entry {}
// SAFETY: as above.
unsafe impl Sync for Entry {}

impl Entry {
    /// An entry for the member `cell` holds.
    ///
    /// # Safety
    /// The cell's allocation lives, with the same key, for as long as this entry or a copy of it is used.
    pub(in crate::encoding) unsafe fn new(score: f64, cell: &Cell) -> Self {
        debug_assert!(!score.is_nan(), "NaN has no place in an order");
        Self {
            score,
            cell: cell.as_ptr(),
        }
    }

    /// The score.
    #[must_use]
    #[inline]
    pub fn score(&self) -> f64 {
        self.score
    }

    /// The member.
    #[must_use]
    #[inline]
    pub fn member(&self) -> &[u8] {
        // SAFETY: the cell lives for as long as the entry is used, by the contract of `new`.
        unsafe { key_of(self.cell) }
    }

    /// The member's cell, for telling cells apart.
    pub(in crate::encoding) fn address(&self) -> NonNull<u8> {
        self.cell
    }

    /// The entry's place.
    #[must_use]
    #[inline]
    pub fn key(&self) -> Key<'_> {
        Key {
            score: self.score,
            member: self.member(),
        }
    }

    /// The same member with another score.
    pub(super) fn with_score(self, score: f64) -> Self {
        Self { score, ..self }
    }

    /// This place against `key`'s: the member is looked at only where the scores are equal.
    #[must_use]
    #[inline]
    pub fn cmp_key(&self, key: Key<'_>) -> Ordering {
        let by_score = self
            .score
            .partial_cmp(&key.score)
            .expect("scores are never NaN");
        by_score.then_with(|| self.member().cmp(key.member))
    }
}
