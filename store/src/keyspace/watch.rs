//! Who watches which key of a slice: WATCH's side of optimistic locking.
//!
//! ```text
//! (db, key) ─▶ watchers: [flag of connection A, flag of connection B, …]
//! ```
//!
//! Each connection that watches has one [`WatchFlag`], known under every key it watches. A change of a key raises the flags
//! of those who watch it, under the slice's lock; EXEC looks at its connection's flag while it holds the locks of
//! all watched keys' slices, so the flag needs no ordering of its own. A watcher whose flag is up is forgotten at
//! once: more changes have nothing to tell it. Keys stay with their database number: SWAPDB moves contents, not watchers.
//!
//! A key that was due already when it was watched counts as absent. That it is removed for good later is no change, but a
//! live key that becomes due is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use hashbrown::HashTable;

use crate::mem::alloc_size;

/// Whether something that a connection watches has changed. The slices' locks order its uses.
#[derive(Debug, Default)]
pub struct WatchFlag(AtomicBool);

impl WatchFlag {
    /// Whether it is up.
    #[inline]
    pub fn is_dirty(&self) -> bool {
        self.0.load(Relaxed)
    }

    /// Takes it down, once no key is watched any more.
    pub fn clear(&self) {
        self.0.store(false, Relaxed);
    }

    fn raise(&self) {
        self.0.store(true, Relaxed);
    }
}

/// What is behind a key name in one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// No key.
    Absent,
    /// A key.
    Live,
    /// A key whose deadline has come, and which is not removed yet.
    Due,
}

/// One connection at one key.
#[derive(Debug)]
struct Watcher {
    flag: Arc<WatchFlag>,
    /// The key was due when it was watched, and still is.
    was_due: bool,
}

/// One key and everybody who watches it.
#[derive(Debug)]
struct Watched {
    hash: u64,
    db: usize,
    key: Box<[u8]>,
    watchers: Vec<Watcher>,
}

impl Watched {
    fn mem_bytes(&self) -> usize {
        alloc_size(self.key.len()) + alloc_size(self.watchers.capacity() * size_of::<Watcher>())
    }
}

/// All watched keys of a slice. Allocates nothing while there is none.
#[derive(Debug, Default)]
pub struct Watchers {
    table: HashTable<Watched>,
    /// What the entries own, without the table.
    entry_bytes: usize,
}

impl Watchers {
    /// Whether nobody watches anything.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Number of watched keys.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// All bytes of the table and what it owns.
    #[inline]
    pub fn mem_bytes(&self) -> usize {
        match self.table.capacity() {
            0 => 0,
            _ => self.table.allocation_size() + self.entry_bytes,
        }
    }

    /// Adds a watcher of a key; false when it is one already.
    pub fn add(
        &mut self,
        db: usize,
        hash: u64,
        key: &[u8],
        flag: &Arc<WatchFlag>,
        presence: Presence,
    ) -> bool {
        let mut found = self
            .table
            .entry(hash, |watched| watched.is(db, key), |watched| watched.hash)
            .or_insert_with(|| Watched {
                hash,
                db,
                key: key.into(),
                watchers: Vec::new(),
            });
        let watched = found.get_mut();
        if watched.position(flag).is_some() {
            return false;
        }
        let before = match watched.watchers.is_empty() {
            true => 0,
            false => watched.mem_bytes(),
        };
        watched.watchers.push(Watcher {
            flag: Arc::clone(flag),
            was_due: presence == Presence::Due,
        });
        self.entry_bytes = self.entry_bytes + watched.mem_bytes() - before;
        true
    }

    /// Removes a watcher of a key, if it is one.
    pub fn remove(&mut self, db: usize, hash: u64, key: &[u8], flag: &Arc<WatchFlag>) {
        self.edit(db, hash, key, |watchers| {
            watchers.retain(|watcher| !Arc::ptr_eq(&watcher.flag, flag));
        });
    }

    /// Whether this watcher saw the key before it was due; one that was forgotten has seen a change, and its flag says so.
    pub fn saw_live(&self, db: usize, hash: u64, key: &[u8], flag: &Arc<WatchFlag>) -> bool {
        let watched = self.table.find(hash, |watched| watched.is(db, key));
        watched
            .and_then(|watched| {
                watched
                    .position(flag)
                    .map(|at| !watched.watchers[at].was_due)
            })
            .unwrap_or(false)
    }

    /// Tells a key's watchers that it has changed. `presence` is what it is now, and is asked for only if it matters.
    #[cold]
    pub fn touch(&mut self, db: usize, hash: u64, key: &[u8], presence: impl FnOnce() -> Presence) {
        let mut presence = Some(presence);
        let mut is_absent = None;
        self.edit(db, hash, key, |watchers| {
            watchers.retain_mut(|watcher| {
                if !watcher.was_due {
                    watcher.flag.raise();
                    return false;
                }
                let is_absent = *is_absent.get_or_insert_with(|| {
                    presence.take().is_some_and(|f| f() == Presence::Absent)
                });
                watcher.was_due = !is_absent;
                true
            });
        });
    }

    /// Tells the watchers of all keys of a database that its content is to be replaced: by another database's, or by
    /// nothing. `presences` says what is behind a name before and after.
    pub fn touch_db(
        &mut self,
        db: usize,
        mut presences: impl FnMut(u64, &[u8]) -> (Presence, Presence),
    ) {
        let mut entry_bytes = 0;
        self.table.retain(|watched| {
            if watched.db == db {
                let (before, after) = presences(watched.hash, &watched.key);
                watched
                    .watchers
                    .retain_mut(|watcher| watcher.outlives(before, after));
            }
            let kept = !watched.watchers.is_empty();
            entry_bytes += if kept { watched.mem_bytes() } else { 0 };
            kept
        });
        self.entry_bytes = entry_bytes;
        self.fit();
    }

    /// Changes one key's watchers, and drops the key when none is left.
    fn edit(&mut self, db: usize, hash: u64, key: &[u8], edit: impl FnOnce(&mut Vec<Watcher>)) {
        let Ok(mut entry) = self.table.find_entry(hash, |watched| watched.is(db, key)) else {
            return;
        };
        let watched = entry.get_mut();
        self.entry_bytes -= watched.mem_bytes();
        edit(&mut watched.watchers);
        if watched.watchers.is_empty() {
            entry.remove();
            self.fit();
        } else {
            self.entry_bytes += watched.mem_bytes();
        }
    }

    /// Gives memory back when most of the table is empty.
    fn fit(&mut self) {
        const SPARSE: usize = 8;
        if self.table.is_empty() {
            self.table = HashTable::new();
        } else if self.table.len() * SPARSE < self.table.capacity() {
            self.table.shrink_to_fit(|watched| watched.hash);
        }
    }

    /// Recomputes what the entries own and compares; panics when it is wrong.
    pub fn audit(&self) {
        let bytes: usize = self.table.iter().map(Watched::mem_bytes).sum();
        assert_eq!(self.entry_bytes, bytes, "bytes of watched keys");
        assert!(
            self.table
                .iter()
                .all(|watched| !watched.watchers.is_empty()),
            "a watched key has watchers"
        );
    }
}

impl Watched {
    fn is(&self, db: usize, key: &[u8]) -> bool {
        self.db == db && *self.key == *key
    }

    fn position(&self, flag: &Arc<WatchFlag>) -> Option<usize> {
        self.watchers
            .iter()
            .position(|watcher| Arc::ptr_eq(&watcher.flag, flag))
    }
}

impl Watcher {
    /// What a change of the whole database does to one watcher: false when its flag was raised.
    fn outlives(&mut self, before: Presence, after: Presence) -> bool {
        use Presence::{Absent, Due};
        match (self.was_due, before, after) {
            (_, Absent, Absent) => true,
            // What counted as absent is gone for good.
            (true, _, Absent) => {
                self.was_due = false;
                true
            }
            (true, _, Due) => true,
            // What was absent counts as absent still.
            (false, Absent, Due) => {
                self.was_due = true;
                true
            }
            _ => {
                self.flag.raise();
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(presence: Presence) -> (Watchers, Arc<WatchFlag>) {
        let (mut watchers, flag) = (Watchers::default(), Arc::default());
        assert!(watchers.add(0, 7, b"key", &flag, presence));
        (watchers, flag)
    }

    #[test]
    fn a_change_raises_the_flag_once_and_forgets_the_watcher() {
        let (mut watchers, flag) = watched(Presence::Live);
        watchers.audit();
        watchers.touch(1, 7, b"key", || Presence::Live);
        watchers.touch(0, 7, b"kez", || Presence::Live);
        assert!(!flag.is_dirty());
        watchers.touch(0, 7, b"key", || Presence::Live);
        assert!(flag.is_dirty() && watchers.is_empty());
        assert_eq!(watchers.mem_bytes(), 0);
        watchers.audit();
    }

    #[test]
    fn a_key_has_many_watchers_and_each_leaves_by_itself() {
        let (mut watchers, first) = watched(Presence::Absent);
        let second = Arc::default();
        assert!(!watchers.add(0, 7, b"key", &first, Presence::Absent));
        assert!(watchers.add(0, 7, b"key", &second, Presence::Absent));
        assert!(watchers.add(3, 7, b"key", &second, Presence::Absent));
        assert_eq!(watchers.len(), 2);
        watchers.audit();
        watchers.remove(0, 7, b"key", &first);
        watchers.remove(0, 7, b"key", &first);
        watchers.touch(0, 7, b"key", || Presence::Live);
        assert!(!first.is_dirty() && second.is_dirty());
        assert_eq!(watchers.len(), 1);
        watchers.audit();
    }

    #[test]
    fn removing_what_was_due_is_no_change_but_what_comes_then_is() {
        let (mut watchers, flag) = watched(Presence::Due);
        assert!(!watchers.saw_live(0, 7, b"key", &flag));
        watchers.touch(0, 7, b"key", || Presence::Absent);
        assert!(!flag.is_dirty());
        watchers.touch(0, 7, b"key", || Presence::Live);
        assert!(flag.is_dirty());
    }

    #[test]
    fn emptying_and_swapping_follow_the_key() {
        use Presence::{Absent, Due, Live};
        for (at_watch, before, after, dirty) in [
            (Live, Live, Absent, true),
            (Absent, Absent, Absent, false),
            (Absent, Absent, Live, true),
            (Absent, Absent, Due, false),
            (Due, Due, Absent, false),
            (Due, Due, Due, false),
            (Due, Due, Live, true),
            (Live, Due, Absent, true),
            (Live, Live, Live, true),
        ] {
            let (mut watchers, flag) = watched(at_watch);
            watchers.touch_db(1, |_, _| (Live, Live));
            assert!(!flag.is_dirty());
            watchers.touch_db(0, |_, _| (before, after));
            assert_eq!(flag.is_dirty(), dirty, "{at_watch:?} {before:?} {after:?}");
            assert_eq!(watchers.is_empty(), dirty);
            watchers.audit();
        }
    }
}
