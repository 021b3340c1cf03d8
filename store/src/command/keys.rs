//! The keyspace as a handler sees it: one set of databases, whatever shards its
//! keys live on. Routing, lazy expiry, access clocks, hit counters and accounting
//! happen here.

use bytes::Bytes;

use super::{CommandError, EventClass};
use crate::types::{Hash, List, Set, Zset};

/// A key with its hash and shard, computed once per command.
#[derive(Clone, Copy, Debug)]
pub struct Key<'k> {
    /// The key itself.
    pub bytes: &'k [u8],
    /// Keyed hash of `bytes`.
    pub hash: u64,
    /// Index of the shard its slot belongs to.
    pub shard: usize,
}

/// What a new string is made from.
#[derive(Debug)]
pub enum StringInput<'a> {
    /// Bytes; canonical integers are stored as such.
    Bytes(&'a [u8]),
    /// An integer.
    Int(i64),
    /// A big value, taken by reference.
    Shared(Bytes),
}

/// What happens to a key's expiry when its value is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It is removed.
    Clear,
    /// It stays.
    Keep,
    /// It becomes this time, ms since the epoch.
    At(u64),
}

impl<'a> Keys<'a> {
    // ---- identity ---------------------------------------------------------------
    /// A key whose hash is not known yet (SORT BY patterns and the like).
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k>;
    /// The key at argument `index`, its hash taken from the plan where it is there.
    pub fn arg<'k>(&self, args: resp::Args<'k>, index: usize) -> Key<'k>;
    /// The selected database's number.
    pub fn db(&self) -> usize;
    /// Number of databases.
    pub fn db_count(&self) -> usize;
    /// Runs `f` with another database selected.
    pub fn in_db<R>(&mut self, db: usize, f: impl FnOnce(&mut Keys<'_>) -> R) -> R;

    // ---- reads: expire lazily, touch the access clock, count hit or miss -----------
    pub fn read(&mut self, key: Key<'_>) -> Option<ValueRef<'_>>;
    pub fn read_string(&mut self, key: Key<'_>) -> Result<Option<StringRef<'_>>, CommandError>;
    pub fn read_list(&mut self, key: Key<'_>) -> Result<Option<&List>, CommandError>;
    pub fn read_set(&mut self, key: Key<'_>) -> Result<Option<&Set>, CommandError>;
    pub fn read_hash(&mut self, key: Key<'_>) -> Result<Option<&Hash>, CommandError>;
    pub fn read_zset(&mut self, key: Key<'_>) -> Result<Option<&Zset>, CommandError>;
    /// Looks without touching clock or counters, expiring lazily (TYPE, OBJECT, TTL, EXISTS ... as Redis's NOTOUCH lookups).
    pub fn peek(&mut self, key: Key<'_>) -> Option<ValueRef<'_>>;
    /// Looks without changing anything; a due key counts as absent. For several keys at once, after `expire_if_due` on each.
    pub fn view(&self, key: Key<'_>) -> Option<ValueRef<'_>>;
    /// Removes the key when it is due (event `expired`); whether it was.
    pub fn expire_if_due(&mut self, key: Key<'_>) -> bool;
    pub fn exists(&mut self, key: Key<'_>) -> bool;
    /// None: no such key; Some(None): no expiry.
    pub fn expire_at_ms(&mut self, key: Key<'_>) -> Option<Option<u64>>;

    // ---- writes: lazy expiry, no hit counting, accounting kept ----------------------
    /// Edit guards deref to the type; on drop the value's size is accounted again.
    pub fn edit_list(&mut self, key: Key<'_>) -> Result<Option<Edit<'_, List>>, CommandError>;
    pub fn list_or_create(&mut self, key: Key<'_>) -> Result<Edit<'_, List>, CommandError>;
    // the same pair for set, hash, zset: edit_set, set_or_create, edit_hash, hash_or_create, edit_zset, zset_or_create
    pub fn set_string(&mut self, key: Key<'_>, value: StringInput<'_>, expiry: Expiry);
    /// The key's string as `len` raw writable bytes (created empty when absent, zero-padded at the end, never truncated), its encoding raw. For APPEND, SETRANGE, SETBIT. The expiry stays.
    pub fn string_buffer(&mut self, key: Key<'_>, len: usize) -> Result<&mut [u8], CommandError>;
    /// Puts a whole value, replacing whatever was there (its old value freed in the background when big).
    pub fn put(&mut self, key: Key<'_>, value: Value, expire_at_ms: Option<u64>);
    pub fn take(&mut self, key: Key<'_>) -> Option<(Value, Option<u64>)>;
    /// Removes the key; big values are freed in the background. Emits nothing.
    pub fn delete(&mut self, key: Key<'_>) -> bool;
    /// Deletes the key when its collection is empty, with event `del`; whether it did.
    pub fn delete_if_empty(&mut self, key: Key<'_>) -> bool;
    pub fn set_expire(&mut self, key: Key<'_>, at_ms: u64) -> bool;
    pub fn persist(&mut self, key: Key<'_>) -> bool;

    // ---- whole database (routing All) -------------------------------------------------
    pub fn len(&self) -> usize;
    pub fn random_key(&mut self, rng: &mut Rng) -> Option<Vec<u8>>;
    pub fn for_each_live(&mut self, f: impl FnMut(&[u8], ValueRef<'_>));
    pub fn scan_step(&mut self, cursor: u64, f: impl FnMut(&[u8], ValueRef<'_>)) -> u64; // about one bucket; cursor 0 starts, returns 0 at the end
    pub fn flush_db(&mut self) -> u64; pub fn flush_all(&mut self) -> u64; pub fn swap_dbs(&mut self, a: usize, b: usize);

    // ---- effects -----------------------------------------------------------------------
    pub fn event(&mut self, class: EventClass, name: &'static str, key: Key<'_>);      // keyspace event only
    pub fn modified(&mut self, key: Key<'_>);                                          // WATCH, tracking; dirty += 1
    pub fn changed(&mut self, class: EventClass, name: &'static str, key: Key<'_>);    // both
    pub fn add_dirty(&mut self, n: u64);
}
