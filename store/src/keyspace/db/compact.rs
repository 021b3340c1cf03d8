//! The parts of a compaction that touch entries: one segment of keys, one part of a large collection.

use super::{Db, Weighed, hash_entry};
use crate::keyspace::entry::Entry;
use crate::mem::IsSparse;
use crate::relocate::Within;

/// Values are moved along with their keys until a step has looked at so many items; the others come one by one.
const ITEMS_AT_ONCE_MAX: usize = 256;
/// Bytes that take about as long to move as an item does.
const BYTES_PER_ITEM: usize = 1024;
/// What a look at a segment costs that has no items, and what each of its items adds.
const SEGMENT_COST: usize = 8;

impl Db {
    /// Moves what is sparse of the segment at a scan cursor, and puts the hashes of collections that are too large for
    /// one step into `large`. How many items were looked at, and the next cursor; 0 at the end.
    pub(in crate::keyspace) fn compact_segment(
        &mut self,
        cursor: u64,
        large: &mut Vec<u64>,
        is_sparse: IsSparse<'_>,
    ) -> (usize, u64) {
        let Some(at) = self.table.segment_at(cursor) else {
            return (SEGMENT_COST, 0);
        };
        let (seed, mut visited) = (self.seed, SEGMENT_COST);
        let (mut before, mut after) = (0, 0);
        self.table.relocate_segment(at.id, is_sparse, |entry| {
            let cost = cost_of(entry);
            before += entry.mem_bytes();
            entry.relocate_block(is_sparse);
            if cost > 1 && visited + cost > ITEMS_AT_ONCE_MAX {
                large.push(hash_entry(&seed, entry));
                visited += 1;
            } else {
                relocate_whole(entry, is_sparse);
                visited += cost;
            }
            after += entry.mem_bytes();
        });
        self.entry_bytes = self.entry_bytes + after - before;
        (visited, at.next_cursor)
    }

    /// Moves what is sparse of a part of the value of this hash, from `within` on (0 at first). How many items were looked
    /// at, and where the next part begins; 0 at the end.
    pub(in crate::keyspace) fn compact_value(
        &mut self,
        hash: u64,
        within: Within,
        is_sparse: IsSparse<'_>,
    ) -> (usize, Within) {
        let seed = self.seed;
        let found = self
            .table
            .find_mut(hash, |entry| hash_entry(&seed, entry) == hash);
        let Some(entry) = found else {
            return (SEGMENT_COST, 0);
        };
        let cost = cost_of(entry).min(ITEMS_AT_ONCE_MAX);
        let before = Weighed::of(entry);
        let next = entry.relocate_value(within, is_sparse);
        let after = Weighed::of(entry);
        self.recount(before, after);
        (SEGMENT_COST + cost, next)
    }
}

/// How long looking at all of a value takes, in items.
fn cost_of(entry: &Entry) -> usize {
    entry.free_cost() + entry.mem_bytes() / BYTES_PER_ITEM
}

fn relocate_whole(entry: &mut Entry, is_sparse: IsSparse<'_>) {
    let mut within = entry.relocate_value(0, is_sparse);
    while within != 0 {
        within = entry.relocate_value(within, is_sparse);
    }
}
