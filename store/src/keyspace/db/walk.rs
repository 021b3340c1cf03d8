//! Visiting keys: scan, random, all; and prefetching for what comes next.

use super::{Db, hash_entry};
use crate::keyspace::entry::Entry;
use crate::value::ValueRef;

impl Db {
    /// One step of a SCAN: visits the entries of about one bucket from `cursor` and returns where to go on. 0 starts,
    /// and is returned at the end. An entry present throughout a walk is visited exactly once.
    pub fn scan(&self, cursor: u64, visit: impl FnMut(&Entry)) -> u64 {
        self.table
            .scan(cursor, |entry| hash_entry(&self.seed, entry), visit)
    }

    /// A uniformly random entry.
    pub fn random(&self, rng: &mut impl FnMut() -> u64) -> Option<&Entry> {
        self.table.random(rng)
    }

    /// All entries, in no promised order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.table.iter()
    }

    /// Visits all entries, prefetching ahead.
    pub fn for_each(&self, visit: impl FnMut(&Entry)) {
        self.table.for_each(visit);
    }

    /// First stage of prefetching a key: its bucket.
    #[inline]
    pub fn prefetch_bucket(&self, hash: u64) {
        self.table.prefetch_bucket(hash);
    }

    /// Second stage, when the bucket has had time to come: the entry.
    #[inline]
    pub fn prefetch_entry(&self, hash: u64) {
        self.table.prefetch_item(hash);
    }

    /// Third stage, when the entry has had time to come: what a collection keeps elsewhere. Gives the value, for the stages
    /// that [`ValueRef`] has. The key is not compared, so very rarely it is another's value, in vain.
    #[inline]
    pub fn prefetch_value(&self, hash: u64) -> Option<ValueRef<'_>> {
        let value = self.table.candidate(hash)?.value();
        value.prefetch();
        Some(value)
    }
}
