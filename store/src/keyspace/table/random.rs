//! A uniformly random item.
//!
//! A slot is drawn such that all slots of the table are equally likely, and drawn again while it is empty. Tables are
//! kept at least a third full, so a few draws do; should luck (or a table of very unequal segments) fail, the n-th item
//! is counted out, which is uniform too.

use super::bucket::SLOTS;
use super::{Table, Thin};

/// Draws before counting; of ordinary tables about one in 10^9 walks gets here.
const DRAWS_MAX: usize = 64;

/// Buckets a sample may draw.
const BUCKETS_SAMPLED_MAX: usize = 40;

impl<T: Thin> Table<T> {
    /// An item drawn uniformly; `rng` gives 64 random bits a call. None when empty.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<&T> {
        if self.is_empty() {
            return None;
        }
        let segments = self.directory.segments();
        let widest = match segments.len() {
            1 => segments[0].bucket_count(),
            _ => self.directory.widest(),
        };
        for _ in 0..DRAWS_MAX {
            let segment = &segments[below(rng(), segments.len())];
            let index = below(rng(), widest * SLOTS);
            if index < segment.bucket_count() * SLOTS
                && let Some(item) = segment.item_at(index)
            {
                return Some(item);
            }
        }
        self.nth(below(rng(), self.len))
    }

    /// Visits the items of buckets drawn uniformly until `visit` has said true for so many; how many it did. Gives up
    /// after some dozens of buckets; a bucket that is begun is visited whole.
    pub fn sample(
        &self,
        rng: &mut impl FnMut() -> u64,
        wanted: usize,
        mut visit: impl FnMut(&T) -> bool,
    ) -> usize {
        if self.is_empty() {
            return 0;
        }
        let mut accepted = 0;
        let segments = self.directory.segments();
        let widest = self.directory.widest();
        for _ in 0..BUCKETS_SAMPLED_MAX {
            let segment = &segments[below(rng(), segments.len())];
            let bucket = below(rng(), widest);
            if bucket < segment.bucket_count() {
                segment.visit_bucket(bucket, |item| accepted += usize::from(visit(item)));
            }
            if accepted >= wanted {
                break;
            }
        }
        accepted
    }

    fn nth(&self, mut n: usize) -> Option<&T> {
        for segment in self.directory.segments().iter() {
            if n < segment.len() {
                return segment.items().nth(n);
            }
            n -= segment.len();
        }
        None
    }
}

/// Scales 64 random bits to `0..bound`; the bias is below 2^-30 for any table that fits in memory.
#[inline]
fn below(random: u64, bound: usize) -> usize {
    ((u128::from(random) * bound as u128) >> 64) as usize
}
