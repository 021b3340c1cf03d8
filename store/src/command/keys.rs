//! The keyspace as a handler sees it: one set of databases, whatever shards its
//! keys live on. Routing, lazy expiry, access clocks, hit counters and accounting
//! happen here.

use bytes::Bytes;

use super::{CommandError, Effects, EventClass};
use crate::hash::Seed;
use crate::random::Rng;
use crate::slot::{SHARDS_MAX, ShardMap};
use crate::types::{Hash, List, Set, Zset};
use crate::value::{StringRef, Value, ValueRef};

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

/// Stands in for the slice until the keyspace lands.
#[derive(Debug, Default)]
pub struct Slice {}

#[expect(clippy::unimplemented, reason = "replaced when the keyspace lands")]
impl Slice {
    /// Asks the memory for the bucket of a hash.
    pub fn prefetch_bucket(&self, _db: usize, _hash: u64) {
        unimplemented!()
    }
    /// Asks the memory for the entry of a hash, its bucket being there.
    pub fn prefetch_entry(&self, _db: usize, _hash: u64) {
        unimplemented!()
    }
}

/// The slices a command holds.
pub enum SliceSet<'a> {
    /// Just one.
    One(&'a mut Slice),
    /// Any number, in ascending shard order.
    Many(Vec<&'a mut Slice>),
}

impl<'a> SliceSet<'a> {
    /// The slices held, in ascending shard order.
    pub fn new<'s: 'a>(slices: &'a mut [&'s mut Slice]) -> Self {
        match slices {
            [one] => SliceSet::One(one),
            many => SliceSet::Many(many.iter_mut().map(|slice| &mut **slice).collect()),
        }
    }

    /// No slice at all.
    pub fn empty() -> Self {
        SliceSet::Many(Vec::new())
    }
}

/// What stays the same while one command runs.
#[derive(Clone, Copy, Debug)]
pub struct KeysEnv {
    /// Slots to shards.
    pub map: ShardMap,
    /// Shards whose slices are held.
    pub mask: u64,
    /// The hashing secret.
    pub seed: Seed,
    /// The selected database.
    pub db: usize,
    /// The frozen time, ms since the epoch.
    pub now_ms: u64,
    /// Whether reads touch the access clock.
    pub touch: bool,
}

/// The keyspace of one tenant, as far as the slices held reach.
#[allow(dead_code)] // until the keyspace lands
pub struct Keys<'a> {
    slices: SliceSet<'a>,
    env: KeysEnv,
    effects: &'a mut Effects,
}

impl<'a> Keys<'a> {
    /// The view a command gets of the slices it holds.
    pub fn new(slices: SliceSet<'a>, env: KeysEnv, effects: &'a mut Effects) -> Self {
        Keys {
            slices,
            env,
            effects,
        }
    }

    /// The shard a SCAN cursor stands in: its low bits.
    pub fn cursor_shard(cursor: u64) -> usize {
        (cursor & (SHARDS_MAX as u64 - 1)) as usize
    }
}

/// Write access to one collection; its size is accounted again on drop.
pub struct Edit<'a, T> {
    value: &'a mut T,
}

impl<T> std::ops::Deref for Edit<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> std::ops::DerefMut for Edit<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value
    }
}

#[allow(unused_variables, clippy::unimplemented)] // replaced when the keyspace lands
impl<'a> Keys<'a> {
    /// A key whose hash is not known yet (SORT BY patterns and the like).
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> {
        unimplemented!()
    }
    /// The key at argument `index`, its hash taken from the plan where it is there.
    pub fn arg<'k>(&self, args: resp::Args<'k>, index: usize) -> Key<'k> {
        unimplemented!()
    }
    /// The selected database's number.
    pub fn db(&self) -> usize {
        unimplemented!()
    }
    /// Number of databases.
    pub fn db_count(&self) -> usize {
        unimplemented!()
    }
    /// The hashing seed collections need.
    pub fn seed(&self) -> Seed {
        unimplemented!()
    }
    /// Selects another database for the calls that follow (the session's own stays).
    pub fn select(&mut self, db: usize) {
        unimplemented!()
    }

    /// Looks a key up for reading: expires lazily, touches its access clock, counts a hit or miss.
    pub fn read(&mut self, key: Key<'_>) -> Option<ValueRef<'_>> {
        unimplemented!()
    }
    /// [`read`](Self::read) for a string.
    pub fn read_string(&mut self, key: Key<'_>) -> Result<Option<StringRef<'_>>, CommandError> {
        unimplemented!()
    }
    /// [`read`](Self::read) for a list.
    pub fn read_list(&mut self, key: Key<'_>) -> Result<Option<&List>, CommandError> {
        unimplemented!()
    }
    /// [`read`](Self::read) for a set.
    pub fn read_set(&mut self, key: Key<'_>) -> Result<Option<&Set>, CommandError> {
        unimplemented!()
    }
    /// [`read`](Self::read) for a hash.
    pub fn read_hash(&mut self, key: Key<'_>) -> Result<Option<&Hash>, CommandError> {
        unimplemented!()
    }
    /// [`read`](Self::read) for a sorted set.
    pub fn read_zset(&mut self, key: Key<'_>) -> Result<Option<&Zset>, CommandError> {
        unimplemented!()
    }
    /// Looks without touching clock or counters, expiring lazily.
    pub fn peek(&mut self, key: Key<'_>) -> Option<ValueRef<'_>> {
        unimplemented!()
    }
    /// Looks without changing anything; a due key counts as absent. For several keys at once, after `expire_if_due` on each.
    pub fn view(&self, key: Key<'_>) -> Option<ValueRef<'_>> {
        unimplemented!()
    }
    /// OBJECT ENCODING's answer for a live key, without touching it.
    pub fn encoding(&mut self, key: Key<'_>) -> Option<&'static str> {
        unimplemented!()
    }
    /// Seconds since the last access, without touching it.
    pub fn idle_seconds(&mut self, key: Key<'_>) -> Option<u64> {
        unimplemented!()
    }
    /// Charged bytes of the entry: key, value, overhead (MEMORY USAGE).
    pub fn memory_bytes(&mut self, key: Key<'_>) -> Option<usize> {
        unimplemented!()
    }
    /// Removes the key when it is due (event `expired`); whether it was.
    pub fn expire_if_due(&mut self, key: Key<'_>) -> bool {
        unimplemented!()
    }
    /// Whether a live key is there; touches nothing.
    pub fn exists(&mut self, key: Key<'_>) -> bool {
        unimplemented!()
    }
    /// `None`: no such key; `Some(None)`: no expiry.
    pub fn expire_at_ms(&mut self, key: Key<'_>) -> Option<Option<u64>> {
        unimplemented!()
    }

    /// Looks a list up for writing.
    pub fn edit_list(&mut self, key: Key<'_>) -> Result<Option<Edit<'_, List>>, CommandError> {
        unimplemented!()
    }
    /// The list to write to, created empty when absent.
    pub fn list_or_create(&mut self, key: Key<'_>) -> Result<Edit<'_, List>, CommandError> {
        unimplemented!()
    }
    /// Looks a set up for writing.
    pub fn edit_set(&mut self, key: Key<'_>) -> Result<Option<Edit<'_, Set>>, CommandError> {
        unimplemented!()
    }
    /// The set to write to, created empty when absent.
    pub fn set_or_create(&mut self, key: Key<'_>) -> Result<Edit<'_, Set>, CommandError> {
        unimplemented!()
    }
    /// Looks a hash up for writing.
    pub fn edit_hash(&mut self, key: Key<'_>) -> Result<Option<Edit<'_, Hash>>, CommandError> {
        unimplemented!()
    }
    /// The hash to write to, created empty when absent.
    pub fn hash_or_create(&mut self, key: Key<'_>) -> Result<Edit<'_, Hash>, CommandError> {
        unimplemented!()
    }
    /// Looks a sorted set up for writing.
    pub fn edit_zset(&mut self, key: Key<'_>) -> Result<Option<Edit<'_, Zset>>, CommandError> {
        unimplemented!()
    }
    /// The sorted set to write to, created empty when absent.
    pub fn zset_or_create(&mut self, key: Key<'_>) -> Result<Edit<'_, Zset>, CommandError> {
        unimplemented!()
    }
    /// Stores a string, whatever was there before.
    pub fn set_string(&mut self, key: Key<'_>, value: StringInput<'_>, expiry: Expiry) {
        unimplemented!()
    }
    /// The key's string as `len` raw writable bytes: created when absent, zero-padded at its end, never cut. The expiry stays.
    pub fn string_buffer(&mut self, key: Key<'_>, len: usize) -> Result<&mut [u8], CommandError> {
        unimplemented!()
    }
    /// Puts a whole value in place of whatever was there.
    pub fn put(&mut self, key: Key<'_>, value: Value, expire_at_ms: Option<u64>) {
        unimplemented!()
    }
    /// Takes a live key's value and expiry out.
    pub fn take(&mut self, key: Key<'_>) -> Option<(Value, Option<u64>)> {
        unimplemented!()
    }
    /// Removes the key, big values being freed in the background; emits nothing. False when absent or due.
    pub fn delete(&mut self, key: Key<'_>) -> bool {
        unimplemented!()
    }
    /// Deletes the key when its collection is empty, with event `del`; whether it did.
    pub fn delete_if_empty(&mut self, key: Key<'_>) -> bool {
        unimplemented!()
    }
    /// Sets the expiry of a live key; whether there was one.
    pub fn set_expire(&mut self, key: Key<'_>, at_ms: u64) -> bool {
        unimplemented!()
    }
    /// Removes the expiry; whether there was one.
    pub fn persist(&mut self, key: Key<'_>) -> bool {
        unimplemented!()
    }

    /// Number of keys of the selected database in the slices held.
    pub fn len(&self) -> usize {
        unimplemented!()
    }
    /// A random live key of the selected database.
    pub fn random_key(&mut self, rng: &mut Rng) -> Option<Vec<u8>> {
        unimplemented!()
    }
    /// Visits every live key of the selected database.
    pub fn for_each_live(&mut self, f: impl FnMut(&[u8], ValueRef<'_>)) {
        unimplemented!()
    }
    /// One step of a SCAN (about one bucket) from `cursor`; 0 starts, 0 comes back at the end. Due keys are left out.
    pub fn scan_step(&mut self, cursor: u64, f: impl FnMut(&[u8], ValueRef<'_>)) -> u64 {
        unimplemented!()
    }
    /// Empties the selected database; how many keys it had.
    pub fn flush_db(&mut self) -> u64 {
        unimplemented!()
    }
    /// Empties every database; how many keys they had.
    pub fn flush_all(&mut self) -> u64 {
        unimplemented!()
    }
    /// Swaps two databases.
    pub fn swap_dbs(&mut self, a: usize, b: usize) {
        unimplemented!()
    }

    /// Records a keyspace event only.
    pub fn event(&mut self, class: EventClass, name: &'static str, key: Key<'_>) {
        unimplemented!()
    }
    /// Signals a change to WATCH and tracking; counts it as dirty.
    pub fn modified(&mut self, key: Key<'_>) {
        unimplemented!()
    }
    /// [`modified`](Self::modified) and [`event`](Self::event).
    pub fn changed(&mut self, class: EventClass, name: &'static str, key: Key<'_>) {
        unimplemented!()
    }
    /// Counts more changes since the last save.
    pub fn add_dirty(&mut self, changes: u64) {
        unimplemented!()
    }
}
