//! Changes to single keys. None of them emits an event but where it says so.

use super::{Key, Keys};
use crate::command::{CommandError, EventClass, parse_i64};
use crate::keyspace::{Collection, Edit, Expiry, StringBuffer, StringEdit, StringInput};
use crate::types::{Hash, List, Set, Stream, Zset};
use crate::value::{IntText, StringRef, Value, ValueRef};

/// The pair of accessors each collection type has.
macro_rules! editors {
    ($($type:ident $edit:ident $create:ident $what:literal;)+) => {$(
        #[doc = concat!("Looks ", $what, " up for writing.")]
        #[inline]
        pub fn $edit(&mut self, key: Key<'_>) -> Result<Option<Edit<'_, $type>>, CommandError> {
            self.edit(key)
        }

        #[doc = concat!("Looks ", $what, " up for writing, creating it empty when absent; do not leave it empty.")]
        #[inline]
        pub fn $create(&mut self, key: Key<'_>) -> Result<Edit<'_, $type>, CommandError> {
            self.edit_or_create(key)
        }
    )+};
}

impl Keys<'_> {
    editors! {
        List edit_list list_or_create "a list";
        Set edit_set set_or_create "a set";
        Hash edit_hash hash_or_create "a hash";
        Zset edit_zset zset_or_create "a sorted set";
        Stream edit_stream stream_or_create "a stream";
    }

    #[inline]
    fn edit<T: Collection>(&mut self, key: Key<'_>) -> Result<Option<Edit<'_, T>>, CommandError> {
        self.expire_if_due(key);
        let access = self.access();
        match self.db_of_mut(key) {
            Some(db) => db
                .edit(key.hash, key.bytes, access)
                .map_err(|_| CommandError::WrongType),
            None => Ok(None),
        }
    }

    #[inline]
    fn edit_or_create<T: Collection>(&mut self, key: Key<'_>) -> Result<Edit<'_, T>, CommandError> {
        self.expire_if_due(key);
        self.announce_if_new(key);
        let access = self.access();
        self.db_to_write(key)
            .edit_or_create(key.hash, key.bytes, access)
            .map_err(|_| CommandError::WrongType)
    }

    /// Stores a string, whatever was there before.
    #[inline]
    pub fn set_string(&mut self, key: Key<'_>, value: StringInput<'_>, expiry: Expiry) {
        self.expire_if_due(key);
        self.announce_if_new(key);
        let access = self.access();
        self.db_to_write(key)
            .set_string(key.hash, key.bytes, value, expiry, access);
    }

    /// Replaces the key's integer (0 when absent) by what `f` makes of it; the expiry stays.
    #[inline]
    pub fn update_integer(
        &mut self,
        key: Key<'_>,
        f: impl Fn(i64) -> Result<i64, CommandError>,
    ) -> Result<i64, CommandError> {
        let change = |old: ValueRef<'_>| match old {
            ValueRef::String(StringRef::Int(value)) => f(value),
            ValueRef::String(text) => f(parse_i64(text.as_bytes(&mut IntText::new()))?),
            _ => Err(CommandError::WrongType),
        };
        self.expire_if_due(key);
        let access = self.access();
        let updated = self
            .db_of_mut(key)
            .and_then(|db| db.update_integer(key.hash, key.bytes, access, change));
        match updated {
            Some(result) => result,
            None => {
                let new = f(0)?;
                self.set_string(key, StringInput::Int(new), Expiry::Keep);
                Ok(new)
            }
        }
    }

    /// Opens the key's string to be written to in place.
    #[inline]
    pub fn open_string(&mut self, key: Key<'_>) -> Result<Option<StringEdit<'_>>, CommandError> {
        self.expire_if_due(key);
        let access = self.access();
        match self.db_of_mut(key) {
            Some(db) => db
                .open_string(key.hash, key.bytes, access)
                .map_err(|_| CommandError::WrongType),
            None => Ok(None),
        }
    }

    /// The key's string as at least `len` raw writable bytes: created when absent, zero-padded at its end, never cut.
    /// The expiry stays.
    ///
    /// # Errors
    /// Another type; a string that would have to grow beyond what is allowed.
    #[inline]
    pub fn string_buffer(
        &mut self,
        key: Key<'_>,
        len: usize,
    ) -> Result<StringBuffer<'_>, CommandError> {
        self.expire_if_due(key);
        if len > self.env.string_len_max {
            self.check_growth(key, len)?;
        }
        self.announce_if_new(key);
        let access = self.access();
        self.db_to_write(key)
            .open_or_create_string(key.hash, key.bytes, access)
            .map(|string| string.into_buffer(len))
            .map_err(|_| CommandError::WrongType)
    }

    /// Refuses to make a string longer than is allowed; one that is so long already may be written to.
    #[cold]
    fn check_growth(&mut self, key: Key<'_>, len: usize) -> Result<(), CommandError> {
        let old_len = self.edit_string(key)?.map_or(0, |value| value.len());
        match len > old_len {
            true => Err(CommandError::ValueTooLong(len, self.env.string_len_max)),
            false => Ok(()),
        }
    }

    /// Puts a whole value in place of whatever was there.
    pub fn put(&mut self, key: Key<'_>, value: Value, expire_at_ms: Option<u64>) {
        self.expire_if_due(key);
        self.announce_if_new(key);
        let access = self.access();
        self.db_to_write(key)
            .put(key.hash, key.bytes, value, expire_at_ms, access);
    }

    /// Takes a live key's value and expiry out.
    pub fn take(&mut self, key: Key<'_>) -> Option<(Value, Option<u64>)> {
        self.expire_if_due(key);
        self.db_of_mut(key)?.take(key.hash, key.bytes)
    }

    /// Removes the key, big values being freed in the background. False when absent or due.
    pub fn delete(&mut self, key: Key<'_>) -> bool {
        self.expire_if_due(key);
        self.db_of_mut(key)
            .is_some_and(|db| db.remove(key.hash, key.bytes))
    }

    /// Removes what a command that stores its result has nothing to put over. Unlike [`delete`](Self::delete) it does
    /// not mind whether the key is due.
    pub fn delete_destination(&mut self, key: Key<'_>) -> bool {
        self.db_of_mut(key)
            .is_some_and(|db| db.remove(key.hash, key.bytes))
    }

    /// Frees a big part of the key's value that has been cut off, in the background.
    pub fn discard(&mut self, key: Key<'_>, value: Value) {
        self.db_to_write(key).discard(value);
    }

    /// Deletes the key when its collection is empty, with event `del`; whether it did.
    pub fn delete_if_empty(&mut self, key: Key<'_>) -> bool {
        let empty = match self.view(key) {
            // A stream may be empty: it remembers its last ID.
            None | Some(ValueRef::String(_) | ValueRef::Stream(_)) => false,
            Some(ValueRef::List(list)) => list.is_empty(),
            Some(ValueRef::Set(set)) => set.is_empty(),
            Some(ValueRef::Hash(hash)) => hash.is_empty(),
            Some(ValueRef::Zset(zset)) => zset.is_empty(),
        };
        if empty {
            self.delete(key);
            self.event(EventClass::GENERIC, "del", key);
        }
        empty
    }

    /// To be called when fields of the key's hash were given deadlines.
    pub fn note_field_deadlines(&mut self, key: Key<'_>) {
        if let Some(db) = self.db_of_mut(key) {
            db.note_field_deadlines(key.hash, key.bytes);
        }
    }

    /// Makes it look as if the key had last been accessed so many seconds ago, if that is what is kept.
    pub fn set_idle_seconds(&mut self, key: Key<'_>, seconds: u64) {
        self.set_clock(key, self.env.access.seconds_ago(seconds));
    }

    /// Sets a key's access counter, under an LFU policy.
    pub fn set_frequency(&mut self, key: Key<'_>, counter: u8) {
        self.set_clock(key, self.env.access.with_counter(counter));
    }

    fn set_clock(&mut self, key: Key<'_>, clock: Option<u32>) {
        let Some(clock) = clock else {
            return;
        };
        let db = self.db_of_mut(key);
        if let Some(entry) = db.and_then(|db| db.get_mut(key.hash, key.bytes)) {
            entry.set_clock(clock);
        }
    }

    /// Sets the expiry of a live key; whether there was one.
    pub fn set_expire(&mut self, key: Key<'_>, at_ms: u64) -> bool {
        self.expire_if_due(key);
        self.db_of_mut(key)
            .is_some_and(|db| db.set_expire(key.hash, key.bytes, at_ms))
    }

    /// Removes the expiry; whether there was one.
    pub fn persist(&mut self, key: Key<'_>) -> bool {
        self.expire_if_due(key);
        self.db_of_mut(key)
            .is_some_and(|db| db.persist(key.hash, key.bytes))
    }

    /// Event `new`, where somebody listens to that class, for a key about to be created.
    #[inline]
    fn announce_if_new(&mut self, key: Key<'_>) {
        if self.effects.enabled.contains(EventClass::NEW) && self.view(key).is_none() {
            self.event(EventClass::NEW, "new", key);
        }
    }
}
