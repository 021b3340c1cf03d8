//! The sweep for due keys, without an index of them.
//!
//! Each segment of the table has a lower bound of its entries' deadlines. A sweep walks the segments in hash order and
//! looks only into those whose bound has come; it leaves the exact bound behind. Setting a deadline lowers the bound;
//! removing one, or the key, leaves it too low, which costs one look. No clock here: `now_ms` is a parameter.

use super::{Db, Weighed, hash_entry};
use crate::keyspace::table::HINT_NONE;

/// Where a database's sweep stands.
pub(super) struct Sweep {
    /// Scan cursor of the next segment to look at; 0 between rounds.
    cursor: u64,
    /// No deadline is earlier.
    earliest_ms: u64,
    /// What `earliest_ms` becomes when the round is over: the earliest deadline met or set since it began.
    round_earliest_ms: u64,
}

impl Default for Sweep {
    fn default() -> Self {
        Sweep {
            cursor: 0,
            earliest_ms: HINT_NONE,
            round_earliest_ms: HINT_NONE,
        }
    }
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Keys removed.
    pub expired: usize,
    /// Entries looked at.
    pub visited: usize,
    /// Whether the round was finished: no key due at `now_ms` is left, unless its deadline was set meanwhile.
    pub finished: bool,
}

/// Skipping this many segments costs about as much as looking at one entry.
const SEGMENTS_PER_ITEM: usize = 8;

impl Db {
    /// Removes due keys until about `items_max` entries were looked at (a segment, some 570 at most, is finished), and
    /// tells `on_expired` each. Goes on where the last call stopped.
    pub fn sweep_expired(
        &mut self,
        now_ms: u64,
        items_max: usize,
        mut on_expired: impl FnMut(&[u8]),
    ) -> SweepReport {
        let mut report = SweepReport::default();
        if now_ms < self.sweep.earliest_ms && self.sweep.cursor == 0 {
            report.finished = true;
            return report;
        }
        if self.sweep.cursor == 0 {
            self.sweep.round_earliest_ms = HINT_NONE;
        }
        let mut skipped = 0;
        while report.visited + skipped / SEGMENTS_PER_ITEM < items_max {
            let Some(at) = self.table.segment_at(self.sweep.cursor) else {
                self.sweep = Sweep::default();
                report.finished = true;
                return report;
            };
            if at.hint <= now_ms {
                report.visited += at.len;
                report.expired += self.sweep_segment(at.id, now_ms, &mut on_expired);
            } else {
                skipped += 1;
                self.sweep.round_earliest_ms = self.sweep.round_earliest_ms.min(at.hint);
            }
            self.sweep.cursor = at.next_cursor;
            if at.next_cursor == 0 {
                self.sweep.earliest_ms = self.sweep.round_earliest_ms;
                report.finished = true;
                return report;
            }
        }
        report
    }

    /// Removes the due keys of a segment and sets its bound right.
    fn sweep_segment(
        &mut self,
        id: usize,
        now_ms: u64,
        on_expired: &mut impl FnMut(&[u8]),
    ) -> usize {
        let seed = self.seed;
        let mut earliest_ms = HINT_NONE;
        let Db {
            table,
            trash,
            entry_bytes,
            expires,
            ..
        } = self;
        let expired = table.extract_from_segment(
            id,
            |entry| {
                let Some(at_ms) = entry.expire_at_ms() else {
                    return false;
                };
                if at_ms > now_ms {
                    earliest_ms = earliest_ms.min(at_ms);
                }
                at_ms <= now_ms
            },
            |entry| hash_entry(&seed, entry),
            |entry| {
                on_expired(entry.key());
                *entry_bytes -= Weighed::of(&entry).bytes;
                *expires -= 1;
                trash.discard(entry);
            },
        );
        self.table.set_hint(id, earliest_ms);
        self.sweep.round_earliest_ms = self.sweep.round_earliest_ms.min(earliest_ms);
        self.table.fit_segment(id, |entry| hash_entry(&seed, entry));
        expired
    }

    /// No key is due before this time; `u64::MAX` when none ever is. It may be too early, never too late.
    #[inline]
    pub fn next_deadline_ms(&self) -> u64 {
        self.sweep.earliest_ms
    }

    /// Keeps the bounds below a deadline that was set.
    #[inline]
    pub(super) fn note_deadline(&mut self, hash: u64, at_ms: u64) {
        self.table.lower_hint(hash, at_ms);
        self.sweep.earliest_ms = self.sweep.earliest_ms.min(at_ms);
        self.sweep.round_earliest_ms = self.sweep.round_earliest_ms.min(at_ms);
    }
}
