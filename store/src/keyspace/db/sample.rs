//! Drawing some keys at random, and removing one by its hash: what eviction needs.

use super::{Db, Weighed, hash_entry};
use crate::keyspace::entry::Entry;
use crate::keyspace::table::HINT_NONE;
use crate::random::Rng;

/// Whether only segments that may hold a deadline are worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::keyspace) enum Segments {
    /// All of them.
    Any,
    /// Those with a deadline, as far as is known.
    WithDeadline,
}

impl Db {
    /// Visits the entries of random buckets until `visit` has said true for so many; how many it did.
    pub(in crate::keyspace) fn sample_buckets(
        &self,
        rng: &mut Rng,
        wanted: usize,
        visit: impl FnMut(&Entry) -> bool,
    ) -> usize {
        self.table.sample(&mut || rng.next_u64(), wanted, visit)
    }

    /// Visits whole segments from a random one on, until `visit` has said true for an entry or all were visited.
    pub(in crate::keyspace) fn sample_segments(
        &self,
        rng: &mut Rng,
        which: Segments,
        mut visit: impl FnMut(&Entry) -> bool,
    ) {
        let mut cursor = rng.next_u64();
        for _ in 0..=self.table.segments() {
            let Some(at) = self.table.segment_at(cursor) else {
                return;
            };
            cursor = at.next_cursor;
            if which == Segments::WithDeadline && at.hint == HINT_NONE {
                continue;
            }
            let mut accepted = 0;
            self.table
                .visit_segment(at.id, |entry| accepted += usize::from(visit(entry)));
            if accepted > 0 {
                return;
            }
        }
    }

    /// Removes the entry of this hash if it is `still` to go, and tells its key; whether it went.
    pub(in crate::keyspace) fn remove_if(
        &mut self,
        hash: u64,
        still: impl FnOnce(&Entry) -> bool,
        tell: impl FnOnce(&[u8]),
    ) -> bool {
        let seed = self.seed;
        let hash_of = |entry: &Entry| hash_entry(&seed, entry);
        let found = self.table.find(hash, |entry| hash_of(entry) == hash);
        if !found.is_some_and(still) {
            return false;
        }
        let Some(entry) = self
            .table
            .remove(hash, |entry| hash_of(entry) == hash, hash_of)
        else {
            return false;
        };
        self.recount(Weighed::of(&entry), Weighed::NOTHING);
        tell(entry.key());
        self.trash.discard(entry);
        true
    }
}
