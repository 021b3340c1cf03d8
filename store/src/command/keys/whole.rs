//! Whole databases: what DBSIZE, KEYS, SCAN, RANDOMKEY, FLUSHDB and SWAPDB need.

use super::Keys;
use crate::keyspace::{Counters, Slice};
use crate::random::Rng;
use crate::slot::SHARDS_MAX;
use crate::value::ValueRef;

/// Bits of a SCAN cursor that name the shard; the position in its table is above them.
const CURSOR_SHARD_BITS: u32 = SHARDS_MAX.trailing_zeros();
/// Random picks that may hit due keys before one is looked for in order.
const RANDOM_TRIES: usize = 100;

/// Keys gone over between two breaths.
const KEYS_PER_PIECE: usize = 64;

impl Keys<'_> {
    /// Bytes charged for the slices held.
    pub fn held_bytes(&self) -> usize {
        self.slices.iter().map(Slice::used_bytes).sum()
    }

    /// Whether that is more than `most`; without one it never is.
    #[inline]
    pub fn held_bytes_exceed(&self, most: Option<usize>) -> bool {
        most.is_some_and(|most| self.held_bytes() > most)
    }

    /// Number of keys of the selected database in the slices held, due ones included.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        let db = self.env.db;
        self.slices
            .iter()
            .filter_map(|slice| slice.db(db))
            .map(|db| db.len())
            .sum()
    }

    /// A random live key of the selected database: a slice by its number of keys, then a key of it.
    pub fn random_key(&mut self, rng: &mut Rng) -> Option<Vec<u8>> {
        let (db, now_ms) = (self.env.db, self.env.now_ms);
        for _ in 0..RANDOM_TRIES {
            let mut at = rng.below(u64::try_from(self.len()).ok().filter(|&len| len > 0)?);
            let picked = self
                .slices
                .iter()
                .filter_map(|slice| slice.db(db))
                .find(|db| {
                    let here = at < db.len() as u64;
                    at = at.saturating_sub(db.len() as u64);
                    here
                })?;
            let entry = picked.random(&mut || rng.next_u64())?;
            if !entry.is_expired(now_ms) {
                return Some(entry.key().to_vec());
            }
        }
        let mut live = self
            .slices
            .iter()
            .filter_map(|slice| slice.db(db))
            .flat_map(|db| db.iter());
        live.find(|entry| !entry.is_expired(now_ms))
            .map(|entry| entry.key().to_vec())
    }

    /// Visits every live key of the selected database, breathing.
    pub fn for_each_live(&self, mut f: impl FnMut(&[u8], ValueRef<'_>)) {
        let (db, now_ms) = (self.env.db, self.env.now_ms);
        let mut visited = 0usize;
        for db in self.slices.iter().filter_map(|slice| slice.db(db)) {
            db.for_each(|entry| {
                if !entry.is_expired(now_ms) {
                    f(entry.key(), entry.value());
                }
                visited += 1;
                if visited.is_multiple_of(KEYS_PER_PIECE) {
                    self.breathe();
                }
            });
        }
    }

    /// One step of a SCAN (about one bucket) from `cursor`; 0 starts, and comes back
    /// at the end. Due keys are left out. A cursor of a slice that is not held comes
    /// back as it is: see [`holds_cursor`](Self::holds_cursor).
    pub fn scan_step(&self, cursor: u64, mut f: impl FnMut(&[u8], ValueRef<'_>)) -> u64 {
        if !self.holds_cursor(cursor) {
            return if Self::cursor_shard(cursor) < self.env.map.shards() {
                cursor
            } else {
                0
            };
        }
        let (shard, position) = (Self::cursor_shard(cursor), cursor >> CURSOR_SHARD_BITS);
        let now_ms = self.env.now_ms;
        let next = self.slice(shard).db(self.env.db).map_or(0, |db| {
            db.scan(position, |entry| {
                if !entry.is_expired(now_ms) {
                    f(entry.key(), entry.value());
                }
            })
        });
        match next {
            0 if shard + 1 == self.env.map.shards() => 0,
            0 => shard as u64 + 1,
            next => (next << CURSOR_SHARD_BITS) | shard as u64,
        }
    }

    /// Whether the slice that a SCAN cursor stands in is held, so that the walk can go on from it.
    pub fn holds_cursor(&self, cursor: u64) -> bool {
        self.env.mask & (1 << Self::cursor_shard(cursor)) != 0
    }

    /// Empties the selected database; how many keys it had.
    pub fn flush_db(&mut self) -> usize {
        let db = self.env.db;
        self.untrack_all();
        let count = self.slices.iter_mut().map(|slice| slice.flush_db(db)).sum();
        self.note_ready_db(db);
        count
    }

    /// Empties every database; how many keys they had.
    pub fn flush_all(&mut self) -> usize {
        self.untrack_all();
        let count = self.slices.iter_mut().map(Slice::flush_all).sum();
        (0..self.db_count()).for_each(|db| self.note_ready_db(db));
        count
    }

    /// Whoever caches keys is told to forget them all, those of other databases too.
    fn untrack_all(&mut self) {
        self.effects.flushed = true;
        let slices = self.slices.iter_mut();
        self.effects.untracked += slices.map(|slice| slice.tracked.clear()).sum::<usize>();
    }

    /// Swaps two databases.
    pub fn swap_dbs(&mut self, a: usize, b: usize) {
        let now_ms = self.env.now_ms;
        self.slices
            .iter_mut()
            .for_each(|slice| slice.swap_db(a, b, now_ms));
        self.note_ready_db(a);
        self.note_ready_db(b);
    }

    /// Sets the counters of the slices held back to zero, for CONFIG RESETSTAT.
    pub fn reset_counters(&mut self) {
        self.slices
            .iter_mut()
            .for_each(|slice| slice.counters = Counters::default());
    }

    /// The slices held, for INFO's sums.
    pub fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.slices.iter()
    }
}
