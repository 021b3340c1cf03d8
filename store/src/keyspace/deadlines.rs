//! Finding what is due in a table, without an index of deadlines: keys of a database, fields of a hash.
//!
//! Each segment of the table has a lower bound of its items' deadlines. A sweep walks the segments in hash order and
//! looks only into those whose bound has come; it leaves the exact bound behind. Setting a deadline lowers the bound;
//! removing one, or the item, leaves it too low, which costs one look. No clock here: `now_ms` is a parameter.

use super::table::{HINT_NONE, Table, Thin};

/// Where the sweep of a table stands, and what it knows of the deadlines in it.
pub struct Deadlines {
    /// Scan cursor of the next segment to look at; 0 between rounds.
    cursor: u64,
    /// No deadline is earlier.
    earliest_ms: u64,
    /// What `earliest_ms` becomes when the round is over: the earliest deadline met or set since it began.
    round_earliest_ms: u64,
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines {
            cursor: 0,
            earliest_ms: HINT_NONE,
            round_earliest_ms: HINT_NONE,
        }
    }
}

/// What is to become of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is removed.
    Due,
    /// It stays, and has nothing due before this time; [`HINT_NONE`] when it never has.
    Until(u64),
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Items removed because they were due.
    pub expired: usize,
    /// Fields of hashes removed because they were due.
    pub expired_fields: usize,
    /// Items looked at.
    pub visited: usize,
    /// Whether the round was finished: nothing due at `now_ms` is left, unless its deadline was set meanwhile.
    pub finished: bool,
}

/// Skipping this many segments costs about as much as looking at one item.
const SEGMENTS_PER_ITEM: usize = 8;

impl Deadlines {
    /// Nothing is due before this time; [`HINT_NONE`] when nothing ever is. It may be too early, never too late.
    #[inline]
    pub fn earliest_ms(&self) -> u64 {
        self.earliest_ms
    }

    /// Keeps the bounds below a deadline that was set.
    #[inline]
    pub fn note<T: Thin>(&mut self, table: &mut Table<T>, hash: u64, at_ms: u64) {
        table.lower_hint(hash, at_ms);
        self.earliest_ms = self.earliest_ms.min(at_ms);
        self.round_earliest_ms = self.round_earliest_ms.min(at_ms);
    }

    /// Shows items to `judge` and hands those that are due to `removed`, until about `items_max` items were looked at (a
    /// segment, some 570 at most, is finished). Goes on where the last call stopped.
    pub fn sweep<T: Thin>(
        &mut self,
        table: &mut Table<T>,
        now_ms: u64,
        items_max: usize,
        hash_of: impl Fn(&T) -> u64,
        mut judge: impl FnMut(&mut T) -> Verdict,
        mut removed: impl FnMut(T),
    ) -> SweepReport {
        let mut report = SweepReport::default();
        if now_ms <= self.earliest_ms && self.cursor == 0 {
            report.finished = true;
            return report;
        }
        if self.cursor == 0 {
            self.round_earliest_ms = HINT_NONE;
        }
        let mut skipped = 0;
        while report.visited + skipped / SEGMENTS_PER_ITEM < items_max {
            let Some(at) = table.segment_at(self.cursor) else {
                *self = Deadlines::default();
                report.finished = true;
                return report;
            };
            if at.hint < now_ms {
                report.visited += at.len;
                let mut earliest_ms = HINT_NONE;
                let due = |item: &mut T| match judge(item) {
                    Verdict::Due => true,
                    Verdict::Until(at_ms) => {
                        earliest_ms = earliest_ms.min(at_ms);
                        false
                    }
                };
                report.expired += table.extract_from_segment(at.id, due, &hash_of, &mut removed);
                table.set_hint(at.id, earliest_ms);
                self.round_earliest_ms = self.round_earliest_ms.min(earliest_ms);
                table.fit_segment(at.id, &hash_of);
            } else {
                skipped += 1;
                self.round_earliest_ms = self.round_earliest_ms.min(at.hint);
            }
            self.cursor = at.next_cursor;
            if at.next_cursor == 0 {
                self.earliest_ms = self.round_earliest_ms;
                report.finished = true;
                return report;
            }
        }
        report
    }
}
