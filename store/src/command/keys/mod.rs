//! The keyspace as a handler sees it: one set of databases, whatever shards its
//! keys live on. Routing, lazy expiry, access clocks, hit counters and key events
//! happen here; accounting happens below, in the keyspace itself.

mod read;
mod set;
mod wait;
mod whole;
mod write;

pub use set::SliceSet;

use std::sync::Arc;

use super::{CommandError, Effects, EventClass, Pace};
use crate::hash::{Seed, hash_key};
use crate::keyspace::{Access, Db, Slice, Tracker, WatchFlag};
use crate::slot::{SHARDS_MAX, ShardMap};

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
    /// What an access at this moment leaves behind.
    pub access: Access,
    /// Whether due keys stay where they are, unseen: nothing may change, not even so. Only for commands that do not write.
    pub keeps_due: bool,
    /// Called between the pieces of a long command, which may not go on for a while then.
    pub breathe: fn(),
    /// Whether a command that will take long ends with [`CommandError::Long`] instead of going on.
    pub may_escalate: bool,
    /// Whether lookups are counted and missing keys told of.
    pub lookups: Lookups,
    /// Most bytes a command may make a string grow to.
    pub string_len_max: usize,
    /// Whether a script runs the command.
    pub scripted: bool,
}

impl KeysEnv {
    /// For a command in database 0 that nobody waits for and no tenant limits; `shards` are those whose slices are held.
    #[must_use]
    pub fn plain(
        (map, shards): (ShardMap, u64),
        seed: Seed,
        (now_ms, access): (u64, Access),
    ) -> Self {
        KeysEnv {
            map,
            mask: shards,
            seed,
            db: 0,
            now_ms,
            touch: true,
            access,
            keeps_due: false,
            breathe: || {},
            may_escalate: false,
            lookups: Lookups::Counted,
            string_len_max: usize::MAX,
            scripted: false,
        }
    }
}

/// Whether lookups have been counted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookups {
    /// They are new.
    Counted,
    /// The command is run again, because it takes long: those it makes before it goes on were counted the first time.
    CountedBefore,
}

impl Lookups {
    #[inline]
    fn weight(self) -> u64 {
        u64::from(self == Lookups::Counted)
    }
}

/// The keyspace of one tenant, as far as the slices held reach.
pub struct Keys<'a> {
    slices: SliceSet<'a>,
    env: KeysEnv,
    effects: &'a mut Effects,
}

impl<'a> Keys<'a> {
    /// A piece of a long command is done: others may get a turn. Nothing of this keyspace changes meanwhile.
    #[inline]
    pub fn breathe(&self) {
        (self.env.breathe)();
    }

    /// Lets the commands that follow know that a script runs them.
    pub fn set_scripted(&mut self) {
        self.env.scripted = true;
    }

    /// Whether a script runs the command: what it learns must not depend on accidents.
    pub fn is_scripted(&self) -> bool {
        self.env.scripted
    }

    /// Asked by a command that is going to go over so many elements, before it changes or answers anything.
    ///
    /// # Errors
    /// [`CommandError::Long`]: it is to be run again where it can breathe.
    #[inline]
    pub fn announce(&self, elements: usize) -> Result<(), CommandError> {
        self.pace().over(elements).map(drop)
    }

    /// How the command may go on.
    #[inline]
    pub fn pace(&self) -> Pace {
        Pace {
            breathe: self.env.breathe,
            may_escalate: self.env.may_escalate,
        }
    }

    /// What is looked up from here on is new, also when the command is run again.
    pub fn count_lookups(&mut self) {
        self.env.lookups = Lookups::Counted;
    }

    /// The view a command gets of the slices it holds.
    #[inline]
    pub fn new(slices: SliceSet<'a>, env: KeysEnv, effects: &'a mut Effects) -> Self {
        Keys {
            slices,
            env,
            effects,
        }
    }

    /// The same for a while, as far as the slice of one shard reaches, which is held.
    #[inline]
    pub fn only(&mut self, shard: usize) -> Keys<'_> {
        Keys {
            env: KeysEnv {
                mask: 1 << shard,
                ..self.env
            },
            slices: SliceSet::One(self.slices.get_mut(self.env.mask, shard)),
            effects: self.effects,
        }
    }

    /// Shards whose slices are held.
    #[inline]
    pub fn mask(&self) -> u64 {
        self.env.mask
    }

    /// A key whose hash is not known yet (SORT BY patterns and the like).
    #[inline]
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> {
        Key {
            bytes,
            hash: hash_key(&self.env.seed, bytes),
            shard: self.env.map.shard_of(bytes),
        }
    }

    /// The key at argument `index`, its hash taken from the plan where it is there.
    #[inline(always)]
    pub fn arg<'k>(&self, args: resp::Args<'k>, index: usize) -> Key<'k> {
        let bytes = args.get(index);
        let hash = match args.hash(index) {
            0 => hash_key(&self.env.seed, bytes),
            hash => hash,
        };
        debug_assert_eq!(hash, hash_key(&self.env.seed, bytes), "planned hash");
        let shard = self.env.map.shard_of(bytes);
        Key { bytes, hash, shard }
    }

    /// The selected database's number.
    pub fn db(&self) -> usize {
        self.env.db
    }

    /// Number of databases.
    pub fn db_count(&self) -> usize {
        self.slices
            .iter()
            .next()
            .map_or(0, |slice| slice.db_count())
    }

    /// The hashing seed collections need.
    pub fn seed(&self) -> Seed {
        self.env.seed
    }

    /// Selects another database for the calls that follow; the session's own stays.
    #[inline]
    pub fn select(&mut self, db: usize) {
        self.env.db = db;
    }

    /// The shard a SCAN cursor stands in: its low bits.
    pub fn cursor_shard(cursor: u64) -> usize {
        (cursor & (SHARDS_MAX as u64 - 1)) as usize
    }

    /// Records a keyspace event only.
    #[inline]
    pub fn event(&mut self, class: EventClass, name: &'static str, key: Key<'_>) {
        self.effects.event(self.env.db, class, name, key.bytes);
    }

    /// Signals a change to whoever watches the key; counts it as dirty.
    #[inline]
    pub fn modified(&mut self, key: Key<'_>) {
        self.effects.dirty += 1;
        self.touch_watchers(key);
    }

    /// Signals a change to whoever watches the key or may cache it, without counting it.
    #[inline]
    fn touch_watchers(&mut self, key: Key<'_>) {
        if self.effects.broadcasts || self.slice(key.shard).is_observed() {
            self.tell_observers(key);
        }
    }

    #[inline(never)]
    fn tell_observers(&mut self, key: Key<'_>) {
        let (db, broadcasts) = (self.env.db, self.effects.broadcasts);
        let slice = self.slice_mut(key.shard);
        slice.touch_watchers(db, key.hash, key.bytes);
        if !slice.waiting.is_empty() {
            self.note_ready(key);
        }
        if broadcasts || !self.slice(key.shard).tracked.is_empty() {
            self.invalidate(key);
        }
    }

    #[cold]
    fn invalidate(&mut self, key: Key<'_>) {
        let trackers = self.slice_mut(key.shard).tracked.take(key.hash, key.bytes);
        if self.effects.broadcasts || !trackers.is_empty() {
            self.effects.invalid.push((key.bytes.to_vec(), trackers));
        }
    }

    /// Notes that a client may cache the key; true when nobody else does.
    pub fn track(&mut self, key: Key<'_>, tracker: Tracker) -> bool {
        let slice = self.slice_mut(key.shard);
        slice.tracked.add(key.hash, key.bytes, tracker)
    }

    /// Lets `flag` be raised by the next change of the key; false when it will be already.
    pub fn watch(&mut self, key: Key<'_>, flag: &Arc<WatchFlag>) -> bool {
        let (db, now_ms) = (self.env.db, self.env.now_ms);
        self.slice_mut(key.shard)
            .watch(db, key.hash, key.bytes, flag, now_ms)
    }

    /// [`modified`](Self::modified) and [`event`](Self::event).
    #[inline]
    pub fn changed(&mut self, class: EventClass, name: &'static str, key: Key<'_>) {
        self.modified(key);
        self.event(class, name, key);
    }

    /// [`changed`](Self::changed) for a further key of a change that is counted already.
    pub fn changed_too(&mut self, class: EventClass, name: &'static str, key: Key<'_>) {
        let dirty = self.effects.dirty;
        self.changed(class, name, key);
        self.effects.dirty = dirty;
    }

    /// Counts more changes since the last save.
    pub fn add_dirty(&mut self, changes: u64) {
        self.effects.dirty += changes;
    }

    /// The next access of this moment.
    #[inline]
    fn access(&mut self) -> Access {
        self.env.access.step();
        self.env.access
    }

    #[inline]
    fn slice(&self, shard: usize) -> &Slice {
        self.slices.get(self.env.mask, shard)
    }

    #[inline]
    fn slice_mut(&mut self, shard: usize) -> &mut Slice {
        self.slices.get_mut(self.env.mask, shard)
    }

    /// The selected database on a shard, when it was ever written to.
    #[inline]
    pub fn selected_db(&self, shard: usize) -> Option<&Db> {
        self.slice(shard).db(self.env.db)
    }

    #[inline]
    fn db_of(&self, key: Key<'_>) -> Option<&Db> {
        self.selected_db(key.shard)
    }

    #[inline]
    fn db_of_mut(&mut self, key: Key<'_>) -> Option<&mut Db> {
        let db = self.env.db;
        self.slice_mut(key.shard).db_mut(db)
    }

    /// The key's database to write to.
    #[inline(always)]
    fn db_to_write(&mut self, key: Key<'_>) -> &mut Db {
        let db = self.env.db;
        self.slice_mut(key.shard).db_or_create(db)
    }
}
