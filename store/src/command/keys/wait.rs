//! Waiters at keys: joining and leaving queues, and noting keys that may serve somebody.

use std::sync::Arc;

use super::{Key, Keys};
use crate::command::{DataConfig, ReadyKey, WaitKind, Waiter, serve_ready};
use crate::random::Rng;

impl Keys<'_> {
    /// Puts a waiter at the end of a key's queue, the key being the `nth` it waits for; false when it stands there already.
    pub fn enqueue(&mut self, key: Key<'_>, waiter: &Arc<Waiter>, nth: usize) -> bool {
        let db = self.env.db;
        let waiting = &mut self.slice_mut(key.shard).waiting;
        waiting.add(db, key.hash, key.bytes, waiter, nth as u32)
    }

    /// Takes it out of the queue.
    pub(in crate::command) fn dequeue(&mut self, key: Key<'_>, waiter: &Arc<Waiter>) {
        let db = self.env.db;
        self.slice_mut(key.shard)
            .waiting
            .remove(db, key.hash, waiter);
    }

    /// The waiter at a position of a key's queue, and which of its keys that is.
    pub(in crate::command) fn waiter_at(
        &self,
        key: Key<'_>,
        position: usize,
    ) -> Option<(Arc<Waiter>, usize)> {
        let waiting = &self.slice(key.shard).waiting;
        let (waiter, nth) = waiting.at(self.env.db, key.hash, key.bytes, position)?;
        Some((Arc::clone(waiter), nth as usize))
    }

    /// Whether a key that somebody waits for has changed.
    #[inline]
    pub fn makes_ready(&self) -> bool {
        !self.effects.ready.is_empty()
    }

    /// The first of these keys, once.
    pub(in crate::command) fn next_ready(&mut self) -> Option<ReadyKey> {
        self.effects.ready.pop_front()
    }

    /// The same keyspace for a while.
    pub fn reborrow(&mut self) -> Keys<'_> {
        Keys::new(self.slices.reborrow(), self.env, self.effects)
    }

    /// The frozen time, ms since the epoch.
    pub(in crate::command) fn now_ms(&self) -> u64 {
        self.env.now_ms
    }

    /// Whether reads touch the access clock from now on.
    pub(in crate::command) fn set_touch(&mut self, touch: bool) {
        self.env.touch = touch;
    }

    /// Notes a changed key when somebody waits for it whom it may serve now.
    #[cold]
    pub(in crate::command) fn note_ready(&mut self, key: Key<'_>) {
        let db = self.env.db;
        let waiting = &self.slice(key.shard).waiting;
        if !waiting.has(db, key.hash, key.bytes) {
            return;
        }
        let may_serve = self.view(key).and_then(WaitKind::of).is_some();
        let mut waiters = (0..).map_while(|at| waiting.at(db, key.hash, key.bytes, at));
        if may_serve || waiters.any(|(waiter, _)| waiter.minds_loss()) {
            self.effects.key_is_ready(ReadyKey {
                db,
                hash: key.hash,
                shard: key.shard,
                key: key.bytes.into(),
            });
        }
    }

    /// Notes keys that went without a command, `(database, key)` each, and serves who minds.
    #[cold]
    pub fn serve_bereaved(
        &mut self,
        lost: &[(usize, Vec<u8>)],
        config: &DataConfig,
        rng: &mut Rng,
    ) {
        for (db, key) in lost {
            self.select(*db);
            let key = self.key(key);
            self.note_ready(key);
        }
        serve_ready(self, config, rng);
    }

    /// Notes all keys of a database whose contents have changed places.
    pub(super) fn note_ready_db(&mut self, db: usize) {
        let map = self.env.map;
        let selected = std::mem::replace(&mut self.env.db, db);
        let waited: Vec<(u64, Box<[u8]>)> = self
            .slices
            .iter()
            .flat_map(|slice| slice.waiting.keys_of(db))
            .map(|(hash, key)| (hash, key.into()))
            .collect();
        for (hash, key) in &waited {
            self.note_ready(Key {
                bytes: key,
                hash: *hash,
                shard: map.shard_of(key),
            });
        }
        self.env.db = selected;
    }
}
