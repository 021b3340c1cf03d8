//! Lookups. Due keys are removed before anything else looks at them.

use super::{Key, Keys};
use crate::command::{CommandError, EventClass};
use crate::keyspace::{Collection, Edit, Entry, Expired};
use crate::types::{Hash, List, Set, Stream, Zset};
use crate::value::{StringRef, ValueRef};

/// The event of a lookup that finds nothing.
const KEY_MISS: &str = "keymiss";

impl Keys<'_> {
    /// Looks a key up for reading: expires lazily, touches its access clock, counts a hit or miss, tells of a miss.
    #[inline]
    pub fn read(&mut self, key: Key<'_>) -> Option<ValueRef<'_>> {
        let hidden = self.expire_if_due(key) && self.env.keeps_due;
        let (access, touch, db) = (self.access(), self.env.touch, self.env.db);
        let weight = self.env.lookups.weight();
        let slice = self.slices.get_mut(self.env.mask, key.shard);
        let (found, counters) = slice.db_and_counters(db);
        match found
            .filter(|_| !hidden)
            .and_then(|db| db.get_mut(key.hash, key.bytes))
        {
            Some(entry) => {
                counters.hits += weight;
                if touch {
                    entry.touch(access);
                }
                Some(entry.value())
            }
            None => {
                counters.misses += weight;
                if weight > 0 {
                    self.effects
                        .event(db, EventClass::MISS, KEY_MISS, key.bytes);
                }
                None
            }
        }
    }

    /// [`read`](Self::read) that leaves the access clock alone: for who asks about a key, not for what it holds.
    pub fn ask(&mut self, key: Key<'_>) -> Option<&Entry> {
        if !self.count_lookup(key) {
            self.event(EventClass::MISS, KEY_MISS, key);
        }
        self.live_entry(key)
    }

    /// Counts a lookup that neither touches the access clock nor tells of a miss; whether the key is there.
    pub fn count_lookup(&mut self, key: Key<'_>) -> bool {
        self.expire_if_due(key);
        let found = self.live_entry(key).is_some();
        let weight = self.env.lookups.weight();
        let counters = &mut self.slice_mut(key.shard).counters;
        match found {
            true => counters.hits += weight,
            false => counters.misses += weight,
        }
        found
    }

    /// [`read`](Self::read) for a string.
    #[inline]
    pub fn read_string(&mut self, key: Key<'_>) -> Result<Option<StringRef<'_>>, CommandError> {
        string_of(self.read(key))
    }

    /// [`read`](Self::read) for a list.
    pub fn read_list(&mut self, key: Key<'_>) -> Result<Option<&List>, CommandError> {
        self.read_collection(key)
    }

    /// [`read`](Self::read) for a set.
    pub fn read_set(&mut self, key: Key<'_>) -> Result<Option<&Set>, CommandError> {
        self.read_collection(key)
    }

    /// [`read`](Self::read) for a hash.
    pub fn read_hash(&mut self, key: Key<'_>) -> Result<Option<&Hash>, CommandError> {
        self.read_collection(key)
    }

    /// [`read`](Self::read) for a sorted set.
    pub fn read_zset(&mut self, key: Key<'_>) -> Result<Option<&Zset>, CommandError> {
        self.read_collection(key)
    }

    /// [`read`](Self::read) for a stream.
    pub fn read_stream(&mut self, key: Key<'_>) -> Result<Option<&Stream>, CommandError> {
        self.read_collection(key)
    }

    /// [`read_stream`](Self::read_stream) for who changes its groups: a lookup to the counters, an edit to the accounts.
    pub fn read_stream_to_edit(
        &mut self,
        key: Key<'_>,
    ) -> Result<Option<Edit<'_, Stream>>, CommandError> {
        match self.read_stream(key)? {
            Some(_) => self.edit_stream(key),
            None => Ok(None),
        }
    }

    #[inline]
    fn read_collection<T: Collection>(&mut self, key: Key<'_>) -> Result<Option<&T>, CommandError> {
        match self.read(key) {
            None => Ok(None),
            Some(value) => T::of(value).map(Some).ok_or(CommandError::WrongType),
        }
    }

    /// Looks without touching clock or counters, expiring lazily: what commands that write do.
    pub fn peek(&mut self, key: Key<'_>) -> Option<ValueRef<'_>> {
        self.expire_if_due(key);
        self.view(key)
    }

    /// Looks without changing anything; a due key counts as absent. For several keys at once, after `expire_if_due` on each.
    pub fn view(&self, key: Key<'_>) -> Option<ValueRef<'_>> {
        self.live_entry(key).map(Entry::value)
    }

    /// Looks for writing: expires lazily, counts nothing.
    pub fn edit_string(&mut self, key: Key<'_>) -> Result<Option<StringRef<'_>>, CommandError> {
        string_of(self.peek(key))
    }

    /// What is there, due or not, for a look inside that changes nothing.
    pub fn entry_even_due(&self, key: Key<'_>) -> Option<&Entry> {
        self.db_of(key)?.get(key.hash, key.bytes)
    }

    /// Seconds since an entry was used last.
    pub fn idle_of(&self, entry: &Entry) -> u64 {
        u64::from(self.env.access.idle_seconds(entry.clock()))
    }

    /// OBJECT ENCODING's answer for a live key, without touching it.
    pub fn encoding(&mut self, key: Key<'_>) -> Option<&'static str> {
        self.expire_if_due(key);
        self.live_entry(key).map(Entry::encoding)
    }

    /// Seconds since the last access, without touching it.
    pub fn idle_seconds(&mut self, key: Key<'_>) -> Option<u64> {
        self.expire_if_due(key);
        let now = self.env.access;
        self.live_entry(key)
            .map(|entry| u64::from(now.idle_seconds(entry.clock())))
    }

    /// The access counter, without counting an access; meaningful under an LFU policy.
    pub fn frequency(&mut self, key: Key<'_>) -> Option<u32> {
        self.expire_if_due(key);
        let now = self.env.access;
        self.live_entry(key)
            .map(|entry| now.counter_of(entry.clock()))
    }

    /// Charged bytes of the entry: key, value, overhead (MEMORY USAGE).
    pub fn memory_bytes(&mut self, key: Key<'_>) -> Option<usize> {
        self.expire_if_due(key);
        self.live_entry(key).map(Entry::mem_bytes)
    }

    /// Whether a live key is there; touches nothing.
    pub fn exists(&mut self, key: Key<'_>) -> bool {
        self.peek(key).is_some()
    }

    /// `None`: no such key; `Some(None)`: no expiry.
    pub fn expire_at_ms(&mut self, key: Key<'_>) -> Option<Option<u64>> {
        self.expire_if_due(key);
        self.live_entry(key).map(Entry::expire_at_ms)
    }

    /// Removes the key when it is due (event `expired`); whether it was.
    #[inline]
    pub fn expire_if_due(&mut self, key: Key<'_>) -> bool {
        let now_ms = self.env.now_ms;
        match self.db_of_mut(key) {
            // The bound may be early, never late: before it nothing can be due.
            Some(db) if db.next_deadline_ms() < now_ms => self.expire_slowly(key),
            _ => false,
        }
    }

    fn expire_slowly(&mut self, key: Key<'_>) -> bool {
        let now_ms = self.env.now_ms;
        let due = self
            .db_of(key)
            .and_then(|db| db.get(key.hash, key.bytes))
            .is_some_and(|entry| entry.is_expired(now_ms));
        if self.env.keeps_due {
            return due;
        }
        if due {
            if let Some(db) = self.db_of_mut(key) {
                db.remove(key.hash, key.bytes);
            }
            self.slice_mut(key.shard).counters.expired += 1;
            self.touch_watchers(key);
            self.event(EventClass::EXPIRED, "expired", key);
        }
        due || self.expire_fields(key)
    }

    /// Removes due fields, so many at once, from the key's hash (event `hexpired`), and the key with the last of them
    /// (event `del`); whether that was so. The due fields left are out of sight.
    fn expire_fields(&mut self, key: Key<'_>) -> bool {
        /// A lookup waits for no more than this.
        const FIELDS_MAX: usize = 256;
        let now_ms = self.env.now_ms;
        let expired = self
            .db_of_mut(key)
            .and_then(|db| db.expire_fields(key.hash, key.bytes, now_ms, FIELDS_MAX));
        let Some((what, fields)) = expired else {
            return false;
        };
        self.slice_mut(key.shard).counters.expired_fields += fields as u64;
        self.touch_watchers(key);
        self.event(EventClass::HASH, "hexpired", key);
        if what == Expired::LastFields {
            self.event(EventClass::GENERIC, "del", key);
        }
        what == Expired::LastFields
    }

    fn live_entry(&self, key: Key<'_>) -> Option<&Entry> {
        let entry = self.db_of(key)?.get(key.hash, key.bytes)?;
        (!entry.is_expired(self.env.now_ms)).then_some(entry)
    }
}

fn string_of(value: Option<ValueRef<'_>>) -> Result<Option<StringRef<'_>>, CommandError> {
    value
        .map(|value| value.as_string().ok_or(CommandError::WrongType))
        .transpose()
}
