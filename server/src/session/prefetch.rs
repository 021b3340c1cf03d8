//! Asks the memory for what a run of requests will touch, while none of it has run yet.
//!
//! ```text
//! bucket of the key ─▶ entry ─▶ the collection's own block ─▶ bucket of the member ─▶ member
//! ```
//! Each stage is done for all keys before the next begins, so that their cache misses
//! overlap instead of adding up. It all happens under the slices' locks: a table may not be
//! read otherwise.

use arrayvec::ArrayVec;
use store::command::Keys;
use store::value::ValueRef;

/// Keys looked ahead for at a time.
pub const KEYS_MAX: usize = 32;

/// One key that a request is about to look up.
#[derive(Clone, Copy, Debug, Default)]
pub struct AheadKey<'a> {
    /// The shard it is on.
    pub shard: u8,
    /// Its hash.
    pub hash: u64,
    /// Whether its value is a collection, for all the command tells.
    pub collection: bool,
    /// What is looked for inside the collection.
    pub member: Option<&'a [u8]>,
}

/// The keys of the next requests.
#[derive(Debug, Default)]
pub struct Ahead<'a> {
    keys: ArrayVec<AheadKey<'a>, KEYS_MAX>,
}

impl<'a> Ahead<'a> {
    /// Whether no more keys fit.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.keys.is_full()
    }

    /// Adds a key, if it fits.
    #[inline]
    pub fn push(&mut self, key: AheadKey<'a>) {
        // What does not fit is looked up without having been asked for.
        let _ = self.keys.try_push(key);
    }

    /// Runs all stages on the selected database. Gives the hashes of the members, key by key, 0 where none was computed.
    pub fn run(&self, space: &Keys<'_>) -> [u64; KEYS_MAX] {
        if let [only] = self.keys.as_slice()
            && only.member.is_none()
        {
            return [0; KEYS_MAX];
        }
        for key in self.distinct_neighbours() {
            if let Some(db) = space.selected_db(usize::from(key.shard)) {
                db.prefetch_bucket(key.hash);
            }
        }
        for key in self.distinct_neighbours() {
            if let Some(db) = space.selected_db(usize::from(key.shard)) {
                db.prefetch_entry(key.hash);
            }
        }
        match self.keys.iter().any(|key| key.collection) {
            true => self.run_inside(space),
            false => [0; KEYS_MAX],
        }
    }

    /// The keys without those that repeat the one before: pipelines like to work on one collection.
    fn distinct_neighbours(&self) -> impl Iterator<Item = &AheadKey<'a>> {
        let mut last = None;
        self.keys
            .iter()
            .filter(move |key| last.replace(key.hash) != Some(key.hash))
    }

    fn run_inside(&self, space: &Keys<'_>) -> [u64; KEYS_MAX] {
        let mut values = [None; KEYS_MAX];
        let mut last: Option<(u64, Option<ValueRef<'_>>)> = None;
        for (key, value) in self.keys.iter().zip(&mut values) {
            *value = match last {
                Some((hash, value)) if hash == key.hash => value,
                _ if key.collection => space
                    .selected_db(usize::from(key.shard))
                    .and_then(|db| db.prefetch_value(key.hash)),
                _ => None,
            };
            last = Some((key.hash, *value));
        }
        let mut member_hashes = [0; KEYS_MAX];
        for ((key, value), hash) in self.keys.iter().zip(&values).zip(&mut member_hashes) {
            if let (Some(member), Some(value)) = (key.member, value) {
                *hash = value.prefetch_member(member).unwrap_or(0);
            }
        }
        for (value, &hash) in values.iter().zip(&member_hashes) {
            if let Some(value) = value
                && hash != 0
            {
                value.prefetch_cell(hash);
            }
        }
        member_hashes
    }
}
