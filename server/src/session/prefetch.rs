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

    /// Runs all stages on the selected database.
    pub fn run(&self, space: &Keys<'_>) {
        let keys = &self.keys;
        if let [only] = keys.as_slice()
            && only.member.is_none()
        {
            return;
        }
        for key in keys {
            if let Some(db) = space.selected_db(usize::from(key.shard)) {
                db.prefetch_bucket(key.hash);
            }
        }
        for key in keys {
            if let Some(db) = space.selected_db(usize::from(key.shard)) {
                db.prefetch_entry(key.hash);
            }
        }
        if keys.iter().any(|key| key.collection) {
            self.run_inside(space);
        }
    }

    fn run_inside(&self, space: &Keys<'_>) {
        let collections = || self.keys.iter().filter(|key| key.collection);
        for key in collections() {
            if let Some(db) = space.selected_db(usize::from(key.shard)) {
                db.prefetch_value(key.hash);
            }
        }
        let mut member_hashes = [None; KEYS_MAX];
        for (key, member_hash) in collections().zip(&mut member_hashes) {
            if let Some(member) = key.member
                && let Some(db) = space.selected_db(usize::from(key.shard))
            {
                *member_hash = db.prefetch_member(key.hash, member);
            }
        }
        for (key, member_hash) in collections().zip(member_hashes) {
            if let Some(member_hash) = member_hash
                && let Some(db) = space.selected_db(usize::from(key.shard))
            {
                db.prefetch_cell(key.hash, member_hash);
            }
        }
    }
}
