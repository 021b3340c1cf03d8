//! Who waits for which key of a slice: the queues behind the blocking commands.
//!
//! ```text
//! (db, key) ─▶ first come, first served: [waiter A, its 1st key] [waiter B, its 3rd key] …
//! ```
//!
//! A waiter stands in the queue of every key it waits for, on whatever slices those are, and is the same shared value in all of
//! them. What it waits for, and how it is claimed, is not known here. Keys stay with their database number: SWAPDB moves
//! contents, not waiters. Allocates nothing while nobody waits.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashTable;

use crate::mem::alloc_size;

/// One waiter in one queue.
#[derive(Debug)]
struct Place<W> {
    waiter: Arc<W>,
    /// Which of its keys this is.
    nth: u32,
}

#[derive(Debug)]
struct Queue<W> {
    hash: u64,
    db: usize,
    key: Box<[u8]>,
    places: VecDeque<Place<W>>,
}

impl<W> Queue<W> {
    fn is(&self, db: usize, key: &[u8]) -> bool {
        self.db == db && *self.key == *key
    }

    fn position(&self, waiter: &Arc<W>) -> Option<usize> {
        self.places
            .iter()
            .position(|place| Arc::ptr_eq(&place.waiter, waiter))
    }

    fn mem_bytes(&self) -> usize {
        alloc_size(self.key.len()) + alloc_size(self.places.capacity() * size_of::<Place<W>>())
    }
}

/// What leaves a queue may have to tell: where serving a waiter may put elements.
pub trait LeadsTo {
    /// The shards, as a mask.
    fn leads_to(&self) -> u64;
}

/// All queues of a slice.
#[derive(Debug)]
pub struct Waiting<W> {
    table: HashTable<Queue<W>>,
    /// What the queues own, without the table.
    entry_bytes: usize,
    /// Per shard that waiters lead to: how many places do.
    leads: Vec<(u8, u32)>,
}

impl<W> Default for Waiting<W> {
    fn default() -> Self {
        Waiting {
            table: HashTable::new(),
            entry_bytes: 0,
            leads: Vec::new(),
        }
    }
}

impl<W: LeadsTo> Waiting<W> {
    /// Whether nobody waits for anything.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Shards that serving those who wait here may need.
    #[inline]
    pub fn reach(&self) -> u64 {
        self.leads
            .iter()
            .fold(0, |mask, &(shard, _)| mask | 1 << shard)
    }

    /// All bytes of the table and what it owns; the waiters are their own.
    #[inline]
    pub fn mem_bytes(&self) -> usize {
        match self.table.capacity() {
            0 => 0,
            _ => {
                let leads = alloc_size(self.leads.capacity() * size_of::<(u8, u32)>());
                self.table.allocation_size() + self.entry_bytes + leads
            }
        }
    }

    /// Whether anybody waits for this key.
    pub fn has(&self, db: usize, hash: u64, key: &[u8]) -> bool {
        self.table.find(hash, |queue| queue.is(db, key)).is_some()
    }

    /// Puts a waiter at the end of a key's queue; false when it stands there already.
    pub fn add(&mut self, db: usize, hash: u64, key: &[u8], waiter: &Arc<W>, nth: u32) -> bool {
        let mut found = self
            .table
            .entry(hash, |queue| queue.is(db, key), |queue| queue.hash)
            .or_insert_with(|| Queue {
                hash,
                db,
                key: key.into(),
                places: VecDeque::new(),
            });
        let queue = found.get_mut();
        // It can only have come a moment ago.
        let last = queue.places.back();
        if last.is_some_and(|place| Arc::ptr_eq(&place.waiter, waiter)) {
            return false;
        }
        let before = match queue.places.is_empty() {
            true => 0,
            false => queue.mem_bytes(),
        };
        queue.places.push_back(Place {
            waiter: Arc::clone(waiter),
            nth,
        });
        self.entry_bytes = self.entry_bytes + queue.mem_bytes() - before;
        self.count_leads(waiter.leads_to(), |count| *count += 1);
        true
    }

    /// Takes a waiter out of the queue of whichever of its keys has this hash. Those whose turn comes first are found first.
    pub fn remove(&mut self, db: usize, hash: u64, waiter: &Arc<W>) {
        let found = self.table.find_entry(hash, |queue| {
            queue.db == db && queue.position(waiter).is_some()
        });
        let Ok(mut entry) = found else {
            return;
        };
        let queue = entry.get_mut();
        self.entry_bytes -= queue.mem_bytes();
        let at = queue.position(waiter);
        at.and_then(|at| queue.places.remove(at));
        if queue.places.is_empty() {
            entry.remove();
        } else {
            if queue.places.len() * SPARSE < queue.places.capacity() {
                queue.places.shrink_to_fit();
            }
            self.entry_bytes += queue.mem_bytes();
        }
        self.count_leads(waiter.leads_to(), |count| *count -= 1);
        self.fit();
    }

    /// The waiter at a position of a key's queue, and which of its keys that is.
    pub fn at(&self, db: usize, hash: u64, key: &[u8], position: usize) -> Option<(&Arc<W>, u32)> {
        let queue = self.table.find(hash, |queue| queue.is(db, key))?;
        let place = queue.places.get(position)?;
        Some((&place.waiter, place.nth))
    }

    /// Every key of a database that somebody waits for, with its hash.
    pub fn keys_of(&self, db: usize) -> impl Iterator<Item = (u64, &[u8])> {
        let here = self.table.iter().filter(move |queue| queue.db == db);
        here.map(|queue| (queue.hash, &*queue.key))
    }

    fn count_leads(&mut self, mask: u64, change: impl Fn(&mut u32)) {
        let mut rest = mask;
        while rest != 0 {
            let shard = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            if !self.leads.iter().any(|&(known, _)| known == shard) {
                self.leads.push((shard, 0));
            }
            let count = self.leads.iter_mut().find(|(known, _)| *known == shard);
            count.into_iter().for_each(|(_, count)| change(count));
        }
        self.leads.retain(|&(_, count)| count > 0);
    }

    /// Gives memory back when most of the table is empty.
    fn fit(&mut self) {
        if self.table.is_empty() {
            *self = Waiting::default();
        } else if self.table.len() * SPARSE < self.table.capacity() {
            self.table.shrink_to_fit(|queue| queue.hash);
        }
    }

    /// Recomputes what is counted and compares; panics when it is wrong.
    pub fn audit(&self) {
        let bytes: usize = self.table.iter().map(Queue::mem_bytes).sum();
        assert_eq!(self.entry_bytes, bytes, "bytes of waiters' queues");
        let queues = || self.table.iter();
        assert!(queues().all(|queue| !queue.places.is_empty()));
        let places = queues().flat_map(|queue| &queue.places);
        let reach = places.fold(0, |mask, place| mask | place.waiter.leads_to());
        assert_eq!(self.reach(), reach, "shards that waiters lead to");
    }
}

/// A table or queue with fewer than one in so many of its seats taken gives memory back.
const SPARSE: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Mover(u64);

    impl LeadsTo for Mover {
        fn leads_to(&self) -> u64 {
            self.0
        }
    }

    fn order(waiting: &Waiting<Mover>, key: &[u8]) -> Vec<u64> {
        (0..)
            .map_while(|position| waiting.at(0, 7, key, position))
            .map(|(waiter, _)| waiter.0)
            .collect()
    }

    #[test]
    fn queues_keep_their_order_whoever_leaves() {
        let mut waiting = Waiting::default();
        let movers: Vec<_> = (0..5).map(|shard| Arc::new(Mover(1 << shard))).collect();
        for mover in &movers {
            assert!(waiting.add(0, 7, b"k", mover, 0));
            waiting.audit();
        }
        assert!(!waiting.add(0, 7, b"k", &movers[4], 1), "it is there");
        assert!(waiting.add(0, 7, b"other", &movers[0], 1));
        assert_eq!(waiting.reach(), 0b11111);
        waiting.remove(0, 7, &movers[2]);
        waiting.remove(0, 7, &movers[2]);
        waiting.audit();
        assert_eq!(order(&waiting, b"k"), [1, 2, 8, 16]);
        assert_eq!(waiting.reach(), 0b11011);
        waiting.remove(0, 7, &movers[0]);
        waiting.audit();
        assert_eq!(waiting.reach(), 0b11011, "it stands in one more queue");
        waiting.remove(0, 7, &movers[0]);
        waiting.audit();
        assert!(waiting.has(0, 7, b"k") && !waiting.has(0, 7, b"other"));
        assert!(!waiting.has(1, 7, b"k"));
        for mover in &movers {
            waiting.remove(0, 7, mover);
        }
        assert!(waiting.is_empty() && waiting.mem_bytes() == 0 && waiting.reach() == 0);
    }

    #[test]
    fn keys_are_listed_by_database() {
        let mut waiting = Waiting::default();
        let mover = Arc::new(Mover(0));
        waiting.add(0, 7, b"a", &mover, 0);
        waiting.add(3, 8, b"b", &mover, 1);
        let keys: Vec<_> = waiting.keys_of(3).collect();
        assert_eq!(keys, [(8, &b"b"[..])]);
    }
}
