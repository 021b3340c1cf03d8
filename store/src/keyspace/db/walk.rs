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

    /// Third stage, when the entry has had time to come: what a collection keeps elsewhere.
    /// Nothing is compared, so now and then it is another key's value, in vain.
    #[inline]
    pub fn prefetch_value(&self, hash: u64) {
        match self.table.candidate(hash).map(Entry::value) {
            None | Some(ValueRef::String(_)) => {}
            Some(ValueRef::List(list)) => list.prefetch(),
            Some(ValueRef::Set(set)) => set.prefetch(),
            Some(ValueRef::Hash(map)) => map.prefetch(),
            Some(ValueRef::Zset(zset)) => zset.prefetch(),
            Some(ValueRef::Stream(stream)) => stream.prefetch(),
        }
    }

    /// Fourth stage: where a big collection looks for `member`; the member's hash there, for
    /// the last stage.
    #[inline]
    pub fn prefetch_member(&self, hash: u64, member: &[u8]) -> Option<u64> {
        match self.table.candidate(hash)?.value() {
            ValueRef::String(_) | ValueRef::List(_) | ValueRef::Stream(_) => None,
            ValueRef::Set(set) => set.prefetch_member(member),
            ValueRef::Hash(map) => map.prefetch_member(member),
            ValueRef::Zset(zset) => zset.prefetch_member(member),
        }
    }

    /// Last stage: the member itself.
    #[inline]
    pub fn prefetch_cell(&self, hash: u64, member_hash: u64) {
        match self.table.candidate(hash).map(Entry::value) {
            None | Some(ValueRef::String(_) | ValueRef::List(_) | ValueRef::Stream(_)) => {}
            Some(ValueRef::Set(set)) => set.prefetch_cell(member_hash),
            Some(ValueRef::Hash(map)) => map.prefetch_cell(member_hash),
            Some(ValueRef::Zset(zset)) => zset.prefetch_cell(member_hash),
        }
    }
}
