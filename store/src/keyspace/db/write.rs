//! Storing values and deadlines.

use super::{Db, Weighed, hash_entry};
use crate::keyspace::access::Access;
use crate::keyspace::entry::{Entry, StringInput};
use crate::keyspace::table::HINT_NONE;
use crate::value::{StringRef, Value, ValueRef};

/// What happens to a key's deadline when its value is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It is removed.
    Clear,
    /// It stays.
    Keep,
    /// It becomes this time, ms since the epoch.
    At(u64),
}

impl Expiry {
    #[inline]
    fn resolve(self, old: Option<u64>) -> Option<u64> {
        match self {
            Expiry::Clear => None,
            Expiry::Keep => old,
            Expiry::At(at_ms) => Some(at_ms),
        }
    }
}

impl Db {
    /// Stores a string whatever was there before: one search, and no allocation when it fits in the old one's place.
    #[inline]
    pub fn set_string(
        &mut self,
        hash: u64,
        key: &[u8],
        input: StringInput<'_>,
        expiry: Expiry,
        access: Access,
    ) {
        let Some(entry) = self.table.find_mut(hash, |entry| entry.key() == key) else {
            return self.insert(
                hash,
                Entry::new_string(key, input, expiry.resolve(None), access.fresh()),
            );
        };
        let expire_at_ms = expiry.resolve(entry.expire_at_ms());
        let old = entry.set_string(input, expire_at_ms);
        entry.touch(access);
        // An entry that was written over weighs what it did.
        if let Some(old) = old {
            let after = Weighed::of(entry);
            self.was_replaced(old, after);
        }
        if let Some(at_ms) = expire_at_ms {
            self.note_deadline(hash, at_ms);
        }
    }

    /// Puts the integer that `change` makes of the key's value in its place, which counts as an access; none when the key is absent. The
    /// expiry stays.
    #[inline]
    pub fn update_integer<E>(
        &mut self,
        hash: u64,
        key: &[u8],
        access: Access,
        change: impl FnOnce(ValueRef<'_>) -> Result<i64, E>,
    ) -> Option<Result<i64, E>> {
        let entry = self.table.find_mut(hash, |entry| entry.key() == key)?;
        let new = match change(entry.value()) {
            Ok(new) => new,
            Err(error) => return Some(Err(error)),
        };
        let old = entry.set_string(StringInput::Int(new), entry.expire_at_ms());
        entry.touch(access);
        if let Some(old) = old {
            let after = Weighed::of(entry);
            self.was_replaced(old, after);
        }
        Some(Ok(new))
    }

    /// Another entry has taken the place of `old`.
    fn was_replaced(&mut self, old: Entry, after: Weighed) {
        self.recount(Weighed::of(&old), after);
        self.trash.discard(old);
    }

    /// Puts a value in place of whatever was there.
    pub fn put(
        &mut self,
        hash: u64,
        key: &[u8],
        value: Value,
        expire_at_ms: Option<u64>,
        access: Access,
    ) {
        let new = Entry::new(key, value, expire_at_ms, access.fresh());
        let Some(entry) = self.table.find_mut(hash, |entry| entry.key() == key) else {
            return self.insert(hash, new);
        };
        let (after, deadline_ms) = (Weighed::of(&new), new.deadline_ms());
        let old = std::mem::replace(entry, new);
        self.was_replaced(old, after);
        self.note_deadline(hash, deadline_ms);
    }

    /// Adds an entry whose key is absent.
    pub(super) fn insert(&mut self, hash: u64, entry: Entry) {
        let (seed, deadline_ms) = (self.seed, entry.deadline_ms());
        self.recount(Weighed::NOTHING, Weighed::of(&entry));
        self.table
            .insert_new(hash, entry, |entry| hash_entry(&seed, entry));
        if deadline_ms != HINT_NONE {
            self.note_deadline(hash, deadline_ms);
        }
    }

    /// The key's string; `Err` when it holds another type.
    pub fn get_string(
        &self,
        hash: u64,
        key: &[u8],
    ) -> Result<Option<StringRef<'_>>, super::WrongType> {
        self.get(hash, key)
            .map(|entry| entry.value().as_string().ok_or(super::WrongType))
            .transpose()
    }

    /// The key's deadline: none without the key, `Some(None)` when it has none.
    pub fn expire_at_ms(&self, hash: u64, key: &[u8]) -> Option<Option<u64>> {
        self.get(hash, key).map(Entry::expire_at_ms)
    }

    /// Sets the key's deadline; whether the key is there.
    pub fn set_expire(&mut self, hash: u64, key: &[u8], at_ms: u64) -> bool {
        let Some(entry) = self.table.find_mut(hash, |entry| entry.key() == key) else {
            return false;
        };
        let before = Weighed::of(entry);
        entry.set_expire(Some(at_ms));
        let after = Weighed::of(entry);
        self.recount(before, after);
        self.note_deadline(hash, at_ms);
        true
    }

    /// Removes the key's deadline; whether there was one.
    pub fn persist(&mut self, hash: u64, key: &[u8]) -> bool {
        let Some(entry) = self.table.find_mut(hash, |entry| entry.key() == key) else {
            return false;
        };
        let before = Weighed::of(entry);
        entry.set_expire(None);
        let (had, after) = (before.expires, Weighed::of(entry));
        self.recount(before, after);
        had
    }
}
