//! A slice: one tenant's part of one shard, the unit of locking.

use std::sync::Arc;

use super::compact::Walk;
use super::db::{Db, Expired};
use super::deadlines::SweepReport;
use super::evict::Pool;
use super::lease::{Charge, Lease};
use super::tracked::Tracked;
use super::waiting::Waiting;
use super::watch::{Presence, WatchFlag, Watchers};
use crate::command::Waiter;
use crate::hash::{Seed, hash_key};
use crate::mem::alloc_size;

/// The databases of one tenant on one shard, with what they use. A plain value: whoever holds it has locked it.
pub struct Slice {
    pub(super) dbs: Vec<Option<Box<Db>>>,
    seed: Seed,
    /// Database the next sweep and the next freeing step begin with.
    next_swept: usize,
    next_freed: usize,
    /// Running counts, for INFO.
    pub counters: Counters,
    /// Who waits for which key. What for is the commands' business.
    pub waiting: Waiting<Waiter>,
    /// Who may cache which key.
    pub tracked: Tracked,
    pub(super) watchers: Watchers,
    pub(super) pool: Pool,
    pub(super) walk: Walk,
    lease: Lease,
    /// No database from here on exists.
    dbs_end: usize,
}

// A slice moves between the cores that lock it.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Slice>();
};

/// What happened to a slice's keys since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Lookups that found a live key.
    pub hits: u64,
    /// Lookups that did not.
    pub misses: u64,
    /// Keys removed because their deadline had come.
    pub expired: u64,
    /// Fields of hashes removed because their deadline had come.
    pub expired_fields: u64,
    /// Keys removed because memory was short.
    pub evicted: u64,
    /// Keys and values freed some time after they were removed.
    pub freed_later: u64,
}

/// What a slice holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All bytes charged, see [`Db::used_bytes`].
    pub used_bytes: usize,
    /// Keys in all databases.
    pub entry_count: usize,
    /// Keys with a deadline in all databases.
    pub expires: usize,
}

impl Slice {
    /// An empty slice of so many databases, none of which exists until it is written to.
    pub fn new(db_count: usize, seed: Seed) -> Slice {
        let dbs = (0..db_count).map(|_| None).collect();
        Slice {
            dbs,
            seed,
            next_swept: 0,
            next_freed: 0,
            counters: Counters::default(),
            watchers: Watchers::default(),
            waiting: Waiting::default(),
            tracked: Tracked::default(),
            pool: Pool::default(),
            walk: Walk::default(),
            lease: Lease::default(),
            dbs_end: 0,
        }
    }

    /// Number of databases, existing or not.
    pub fn db_count(&self) -> usize {
        self.dbs.len()
    }

    /// Database `index`, when it was ever written to.
    #[inline]
    pub fn db(&self, index: usize) -> Option<&Db> {
        self.dbs.get(index)?.as_deref()
    }

    /// Database `index`, when it was ever written to.
    #[inline]
    pub fn db_mut(&mut self, index: usize) -> Option<&mut Db> {
        self.dbs.get_mut(index)?.as_deref_mut()
    }

    /// Database `index`, when it was ever written to, next to the slice's counters.
    #[inline]
    pub fn db_and_counters(&mut self, index: usize) -> (Option<&mut Db>, &mut Counters) {
        let db = self.dbs.get_mut(index).and_then(|db| db.as_deref_mut());
        (db, &mut self.counters)
    }

    /// Database `index` (below [`Self::db_count`]) to write to.
    #[inline(always)]
    pub fn db_or_create(&mut self, index: usize) -> &mut Db {
        let seed = self.seed;
        self.dbs_end = self.dbs_end.max(index + 1);
        self.dbs[index].get_or_insert_with(|| Box::new(Db::new(seed)))
    }

    /// First stage of prefetching a key of database `db`: its bucket.
    #[inline]
    pub fn prefetch_bucket(&self, db: usize, hash: u64) {
        if let Some(db) = self.db(db) {
            db.prefetch_bucket(hash);
        }
    }

    /// Second stage, when the bucket has had time to come: the entry.
    #[inline]
    pub fn prefetch_entry(&self, db: usize, hash: u64) {
        if let Some(db) = self.db(db) {
            db.prefetch_entry(hash);
        }
    }

    /// Swaps the contents of two databases. Those who watch keys stay where they are, and are told.
    pub fn swap_db(&mut self, a: usize, b: usize, now_ms: u64) {
        if !self.watchers.is_empty() {
            let mut watchers = std::mem::take(&mut self.watchers);
            for (one, other) in [(a, b), (b, a)] {
                watchers.touch_db(one, |hash, key| {
                    let presence = |db| self.presence(db, hash, key, now_ms);
                    (presence(one), presence(other))
                });
            }
            self.watchers = watchers;
        }
        self.dbs_end = self.dbs_end.max(a.max(b) + 1);
        self.dbs.swap(a, b);
    }

    /// Empties a database and returns how many keys it had. Its memory is given back by [`Self::free_step`].
    pub fn flush_db(&mut self, index: usize) -> usize {
        if !self.watchers.is_empty() {
            let mut watchers = std::mem::take(&mut self.watchers);
            watchers.touch_db(index, |hash, key| {
                // Any key counts, due or not.
                (self.presence(index, hash, key, 0), Presence::Absent)
            });
            self.watchers = watchers;
        }
        self.db_mut(index).map_or(0, Db::flush)
    }

    /// Empties all databases and returns how many keys they had.
    pub fn flush_all(&mut self) -> usize {
        (0..self.dbs.len()).map(|index| self.flush_db(index)).sum()
    }

    /// Lets `flag` be raised by the next change of a key; false when it will be already.
    pub fn watch(
        &mut self,
        db: usize,
        hash: u64,
        key: &[u8],
        flag: &Arc<WatchFlag>,
        now_ms: u64,
    ) -> bool {
        let presence = self.presence(db, hash, key, now_ms);
        self.watchers.add(db, hash, key, flag, presence)
    }

    /// Takes back [`Self::watch`]. Does nothing when the flag was raised here.
    pub fn unwatch(&mut self, db: usize, hash: u64, key: &[u8], flag: &Arc<WatchFlag>) {
        self.watchers.remove(db, hash, key, flag);
    }

    /// Whether a key that was live when it was watched is due now and has not been removed.
    pub fn watched_is_due(
        &self,
        db: usize,
        hash: u64,
        key: &[u8],
        flag: &Arc<WatchFlag>,
        now_ms: u64,
    ) -> bool {
        self.presence(db, hash, key, now_ms) == Presence::Due
            && self.watchers.saw_live(db, hash, key, flag)
    }

    /// Whether a change of a key may be somebody's business: who watches one, waits for one or may cache one.
    #[inline]
    pub fn is_observed(&self) -> bool {
        !(self.watchers.is_empty() && self.waiting.is_empty() && self.tracked.is_empty())
    }

    /// Tells those who watch a key that it has changed.
    #[inline]
    pub fn touch_watchers(&mut self, db: usize, hash: u64, key: &[u8]) {
        if !self.watchers.is_empty() {
            self.touch_watchers_slowly(db, hash, key);
        }
    }

    #[cold]
    fn touch_watchers_slowly(&mut self, db: usize, hash: u64, key: &[u8]) {
        let mut watchers = std::mem::take(&mut self.watchers);
        watchers.touch(db, hash, key, || self.presence(db, hash, key, 0));
        self.watchers = watchers;
    }

    fn presence(&self, db: usize, hash: u64, key: &[u8], now_ms: u64) -> Presence {
        match self.db(db).and_then(|db| db.get(hash, key)) {
            None => Presence::Absent,
            Some(entry) if entry.is_expired(now_ms) => Presence::Due,
            Some(_) => Presence::Live,
        }
    }

    /// Bytes charged to the tenant for this slice.
    #[inline]
    pub fn used_bytes(&self) -> usize {
        self.existing()
            .map(|db| db.used_bytes() + alloc_size(size_of::<Db>()))
            .sum::<usize>()
            + self.watchers.mem_bytes()
            + self.waiting.mem_bytes()
            + self.tracked.mem_bytes()
    }

    /// From now on a tenant is charged for what the slice uses, as the slice of this shard.
    pub fn begin_lease(&mut self, charge: &Arc<Charge>, shard: usize) {
        self.lease.begin(charge, shard);
        self.settle();
    }

    /// Nobody is charged any more.
    pub fn end_lease(&mut self) {
        self.lease.end();
    }

    /// Brings the charge up to date with what is used. To be called before the slice is unlocked.
    #[inline]
    pub fn settle(&mut self) {
        if self.lease.is_on() {
            self.lease.settle(self.used_bytes(), self.trash_bytes());
        }
    }

    /// How much of what is used was removed and waits to be freed.
    #[inline]
    pub fn trash_bytes(&self) -> usize {
        self.existing().map(Db::trash_bytes).sum()
    }

    /// Whether something that was removed waits to be freed.
    pub fn has_trash(&self) -> bool {
        self.existing().any(Db::has_trash)
    }

    /// The sums over all databases.
    pub fn usage(&self) -> Usage {
        let mut usage = Usage {
            used_bytes: self.used_bytes(),
            ..Usage::default()
        };
        for db in self.existing() {
            usage.entry_count += db.len();
            usage.expires += db.expires();
        }
        usage
    }

    /// Frees about `items` items of what was removed; true when nothing is left. Each item may be a
    /// cache miss: the caller sizes `items` to its time slice.
    pub fn free_step(&mut self, items: usize) -> bool {
        let count = self.dbs.len();
        for offset in 0..count {
            let index = (self.next_freed + offset) % count;
            if let Some(db) = self.dbs[index].as_deref_mut().filter(|db| db.has_trash()) {
                let before = db.trash_len();
                db.free_step(items);
                self.counters.freed_later += (before - db.trash_len()) as u64;
                self.next_freed = index;
                break;
            }
        }
        !self.existing().any(Db::has_trash)
    }

    /// How many keys and values wait to be freed.
    pub fn trash_len(&self) -> usize {
        self.existing().map(Db::trash_len).sum()
    }

    /// Removes due keys and fields from all databases, looking at about `items_max` of each, and tells `on_expired`
    /// the databases and keys. Goes on where the last call stopped.
    pub fn sweep_expired(
        &mut self,
        now_ms: u64,
        items_max: usize,
        mut on_expired: impl FnMut(usize, &[u8], Expired),
    ) -> SweepReport {
        let mut total = SweepReport {
            finished: true,
            ..SweepReport::default()
        };
        let (count, seed) = (self.dbs.len(), self.seed);
        for offset in 0..count {
            let index = (self.next_swept + offset) % count;
            let Some(db) = self.dbs[index].as_deref_mut() else {
                continue;
            };
            let watchers = &mut self.watchers;
            let report = db.sweep_expired(now_ms, items_max - total.visited, |key, what| {
                if !watchers.is_empty() {
                    let hash = hash_key(&seed, key);
                    watchers.touch(index, hash, key, || match what {
                        Expired::Fields => Presence::Live,
                        Expired::Key | Expired::LastFields => Presence::Absent,
                    });
                }
                on_expired(index, key, what)
            });
            total.visited += report.visited;
            total.expired += report.expired;
            total.expired_fields += report.expired_fields;
            if !report.finished || total.visited >= items_max {
                self.next_swept = if report.finished {
                    (index + 1) % count
                } else {
                    index
                };
                total.finished = false;
                break;
            }
        }
        self.counters.expired += total.expired as u64;
        self.counters.expired_fields += total.expired_fields as u64;
        total
    }

    /// No key of the slice is due before this time; `u64::MAX` when none ever is.
    pub fn next_deadline_ms(&self) -> u64 {
        self.existing()
            .map(Db::next_deadline_ms)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Recomputes every counter from scratch and compares; panics when one is wrong. For tests and debugging.
    pub fn audit(&self) {
        self.existing().for_each(Db::audit);
        self.watchers.audit();
        self.waiting.audit();
    }

    fn existing(&self) -> impl Iterator<Item = &Db> {
        self.dbs[..self.dbs_end]
            .iter()
            .filter_map(|db| db.as_deref())
    }
}
