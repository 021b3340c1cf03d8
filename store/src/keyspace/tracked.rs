//! Which client may hold which key of a slice in a cache of its own: client-side caching's invalidation table.
//!
//! ```text
//! key ─▶ [(client, core), …]       read by a tracking client: one more       key changed: all of them are told, and forgotten
//! ```
//!
//! A key is known by its name alone, in whatever database it was read, as in Redis. Who has left is noticed when it would be told.

use hashbrown::HashTable;

use crate::mem::alloc_size;

/// A client that is told when a key changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracker {
    /// The connection's id.
    pub client: u64,
    /// The core that serves it.
    pub core: u16,
}

#[derive(Debug)]
struct TrackedKey {
    hash: u64,
    key: Box<[u8]>,
    trackers: Vec<Tracker>,
}

impl TrackedKey {
    fn mem_bytes(&self) -> usize {
        alloc_size(self.key.len()) + alloc_size(self.trackers.capacity() * size_of::<Tracker>())
    }
}

/// All tracked keys of a slice. Allocates nothing while there is none.
#[derive(Debug, Default)]
pub struct Tracked {
    table: HashTable<TrackedKey>,
    items: usize,
    /// What the entries own, without the table.
    entry_bytes: usize,
}

impl Tracked {
    /// Whether nobody tracks anything.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Tracked keys.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Pairs of a key and a client.
    pub fn items(&self) -> usize {
        self.items
    }

    /// All bytes of the table and what it owns.
    #[inline]
    pub fn mem_bytes(&self) -> usize {
        match self.table.capacity() {
            0 => 0,
            _ => self.table.allocation_size() + self.entry_bytes,
        }
    }

    /// Notes that a client has read a key; true when nobody else had.
    pub fn add(&mut self, hash: u64, key: &[u8], tracker: Tracker) -> bool {
        let mut is_new = false;
        let mut found = self
            .table
            .entry(hash, |known| *known.key == *key, |known| known.hash)
            .or_insert_with(|| {
                is_new = true;
                TrackedKey {
                    hash,
                    key: key.into(),
                    trackers: Vec::new(),
                }
            });
        let known = found.get_mut();
        if !known.trackers.contains(&tracker) {
            let before = if is_new { 0 } else { known.mem_bytes() };
            known.trackers.push(tracker);
            self.items += 1;
            self.entry_bytes = self.entry_bytes + known.mem_bytes() - before;
        }
        is_new
    }

    /// Forgets a key, and says who tracked it.
    pub fn take(&mut self, hash: u64, key: &[u8]) -> Vec<Tracker> {
        match self.table.find_entry(hash, |known| *known.key == *key) {
            Err(_) => Vec::new(),
            Ok(found) => {
                let known = found.remove().0;
                self.forget(&known);
                known.trackers
            }
        }
    }

    /// Forgets some key, by `random`, to make room.
    pub fn take_any(&mut self, random: u64) -> Option<(Box<[u8]>, Vec<Tracker>)> {
        let buckets = self.table.num_buckets();
        let start = (random % buckets.max(1) as u64) as usize;
        let at = (start..buckets)
            .chain(0..start)
            .find(|&at| self.table.get_bucket(at).is_some())?;
        let found = self.table.get_bucket_entry(at).ok()?;
        let known = found.remove().0;
        self.forget(&known);
        Some((known.key, known.trackers))
    }

    fn forget(&mut self, known: &TrackedKey) {
        self.items -= known.trackers.len();
        self.entry_bytes -= known.mem_bytes();
    }

    /// Forgets all keys; how many there were.
    pub fn clear(&mut self) -> usize {
        std::mem::take(self).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Tracker = Tracker { client: 1, core: 0 };
    const B: Tracker = Tracker { client: 2, core: 1 };

    #[test]
    fn a_key_is_forgotten_when_its_trackers_are_told() {
        let mut tracked = Tracked::default();
        assert!(tracked.add(7, b"k", A));
        assert!(!tracked.add(7, b"k", B) && !tracked.add(7, b"k", A));
        assert!(tracked.add(7, b"same hash", A));
        assert_eq!((tracked.len(), tracked.items()), (2, 3));
        assert_eq!(tracked.take(7, b"k"), [A, B]);
        assert!(tracked.take(7, b"k").is_empty());
        assert_eq!((tracked.clear(), tracked.mem_bytes()), (1, 0));
    }

    #[test]
    fn room_is_made_key_by_key() {
        let mut tracked = Tracked::default();
        for n in 0..100u64 {
            tracked.add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15), &n.to_be_bytes(), A);
        }
        for left in (0..100).rev() {
            assert!(tracked.take_any(left as u64 * 31).is_some());
            assert_eq!((tracked.len(), tracked.items()), (left, left));
        }
        assert!(tracked.take_any(3).is_none() && tracked.entry_bytes == 0);
    }
}
