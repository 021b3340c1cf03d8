//! A database: a slice's part of one of the tenant's numbered databases.
//!
//! Every operation takes the key with its hash (computed once per command by the caller, under the database's seed).
//! Expiry is not looked at here except where a name says so: callers remove due keys first, see [`super::entry::Entry::is_expired`].
//! All that changes what an entry weighs goes through this module, which keeps the charge exact.

mod compact;
mod edit;
mod expire;
mod sample;
mod walk;
mod write;

pub use edit::{Collection, Edit, StringBuffer, StringEdit, WrongType};
pub use expire::Expired;
pub(super) use sample::Segments;
pub use write::Expiry;

use super::deadlines::Deadlines;
use super::entry::Entry;
use super::table::{HINT_NONE, Table};
use super::trash::Trash;
use crate::hash::{Seed, hash_key};
use crate::value::Value;

/// See the module's documentation.
pub struct Db {
    table: Table<Entry>,
    trash: Trash,
    seed: Seed,
    /// What all entries are charged, without the table.
    entry_bytes: usize,
    /// Entries with a deadline.
    expires: usize,
    deadlines: Deadlines,
}

/// What moving an entry from one weight and deadline to another does to the counters.
struct Weighed {
    bytes: usize,
    expires: bool,
}

impl Weighed {
    #[inline]
    fn of(entry: &Entry) -> Weighed {
        Weighed {
            bytes: entry.mem_bytes(),
            expires: entry.expire_at_ms().is_some(),
        }
    }

    const NOTHING: Weighed = Weighed {
        bytes: 0,
        expires: false,
    };
}

impl Db {
    /// An empty database. Allocates nothing.
    pub fn new(seed: Seed) -> Db {
        let (table, trash) = (Table::new(), Trash::default());
        Db {
            table,
            trash,
            seed,
            entry_bytes: 0,
            expires: 0,
            deadlines: Deadlines::default(),
        }
    }

    /// Number of keys, due ones included.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no key.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Number of keys with a deadline.
    #[inline]
    pub fn expires(&self) -> usize {
        self.expires
    }

    /// All bytes charged: entries, what they own, the table, and what waits to be freed.
    #[inline]
    pub fn used_bytes(&self) -> usize {
        self.entry_bytes + self.table.mem_bytes() + self.trash.mem_bytes()
    }

    /// The part of [`Db::used_bytes`] that is the table.
    pub fn table_bytes(&self) -> usize {
        self.table.mem_bytes()
    }

    /// The seed that hashes of keys in this database are made with.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Looks a key up.
    #[inline]
    pub fn get(&self, hash: u64, key: &[u8]) -> Option<&Entry> {
        self.table.find(hash, |entry| entry.key() == key)
    }

    /// Looks a key up, to change its access clock.
    #[inline]
    pub fn get_mut(&mut self, hash: u64, key: &[u8]) -> Option<&mut Entry> {
        self.table.find_mut(hash, |entry| entry.key() == key)
    }

    /// Removes a key; whether it was there. A big value goes to the trash.
    #[inline]
    pub fn remove(&mut self, hash: u64, key: &[u8]) -> bool {
        match self.remove_entry(hash, key) {
            Some(entry) => {
                self.trash.discard(entry);
                true
            }
            None => false,
        }
    }

    /// Removes a key and hands its value and deadline over.
    pub fn take(&mut self, hash: u64, key: &[u8]) -> Option<(Value, Option<u64>)> {
        self.remove_entry(hash, key).map(Entry::into_value)
    }

    fn remove_entry(&mut self, hash: u64, key: &[u8]) -> Option<Entry> {
        let seed = self.seed;
        let entry = self.table.remove(
            hash,
            |entry| entry.key() == key,
            |entry| hash_entry(&seed, entry),
        )?;
        self.recount(Weighed::of(&entry), Weighed::NOTHING);
        Some(entry)
    }

    /// Frees a value that is no key's any more: at once when it is small, else by [`Self::free_step`].
    pub fn discard(&mut self, value: Value) {
        self.trash.discard(Entry::new(b"", value, None, 0));
    }

    /// Forgets all keys and returns how many there were. The memory is given back by [`Self::free_step`].
    pub fn flush(&mut self) -> usize {
        let keys = self.len();
        let table = std::mem::take(&mut self.table);
        self.trash.discard_table(table, self.entry_bytes);
        (self.entry_bytes, self.expires, self.deadlines) = (0, 0, Deadlines::default());
        keys
    }

    /// Frees about `items` items of what was removed; true when nothing is left.
    pub fn free_step(&mut self, items: usize) -> bool {
        self.trash.is_empty() || self.trash.free_step(items)
    }

    /// How much of [`Self::used_bytes`] waits to be freed.
    #[inline]
    pub fn trash_bytes(&self) -> usize {
        self.trash.mem_bytes()
    }

    /// How many entries wait to be freed.
    pub fn trash_len(&self) -> usize {
        self.trash.len()
    }

    /// Whether something waits to be freed.
    pub fn has_trash(&self) -> bool {
        !self.trash.is_empty()
    }

    #[inline]
    fn recount(&mut self, before: Weighed, after: Weighed) {
        self.entry_bytes = self.entry_bytes + after.bytes - before.bytes;
        self.expires = self.expires + usize::from(after.expires) - usize::from(before.expires);
    }

    /// Recomputes all counters from the entries and compares; panics when one is wrong. For tests and debugging.
    pub fn audit(&self) {
        let bytes: usize = self.table.iter().map(Entry::mem_bytes).sum();
        assert_eq!(self.entry_bytes, bytes, "bytes of the entries");
        let expires = self.table.iter().filter_map(Entry::expire_at_ms).count();
        assert_eq!(self.expires, expires, "keys with a deadline");
        let earliest_ms = self.table.iter().map(Entry::deadline_ms).min();
        assert!(
            self.next_deadline_ms() <= earliest_ms.unwrap_or(HINT_NONE),
            "earliest deadline"
        );
        for id in 0..self.table.segments() {
            self.table.visit_segment(id, |entry| {
                assert!(entry.deadline_ms() >= self.table.hint(id), "deadline hint");
            });
        }
        self.trash.audit();
    }
}

/// The hash an entry was inserted with.
#[inline]
fn hash_entry(seed: &Seed, entry: &Entry) -> u64 {
    hash_key(seed, entry.key())
}
