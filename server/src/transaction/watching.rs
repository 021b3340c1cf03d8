//! What a session watches, and letting go of it.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use store::command::{CommandError, Key, Keys};
use store::keyspace::{Slice, WatchFlag};

use super::Transaction;
use crate::core::Core;
use crate::session::Session;
use crate::shard::{self, DoorError, Slices, TaskNode};
use crate::tenant::Membership;

/// The answer to WATCH when what is watched would take more memory than a client's requests may.
const TOO_MANY: CommandError =
    CommandError::text("ERR the watched keys exceed client-query-buffer-limit");

/// One key that a session watches: what its slice knows it by.
pub(super) struct WatchedKey {
    db: usize,
    hash: u64,
    shard: u8,
    key: Box<[u8]>,
}

impl Transaction {
    /// Watches a key.
    pub(super) fn watch(
        &mut self,
        core: &Core,
        tenant: &Rc<Membership>,
        keys: &mut Keys<'_>,
        key: Key<'_>,
        flag: &Arc<WatchFlag>,
    ) -> Result<(), CommandError> {
        let bytes = key.bytes.len() + size_of::<WatchedKey>();
        let limits = &core.server.net.limits;
        if (self.used_bytes() + bytes) as u64 > limits.query_bytes_max.load(Relaxed) {
            return Err(TOO_MANY);
        }
        if keys.watch(key, flag) {
            self.tenant.get_or_insert_with(|| Rc::clone(tenant));
            self.watched_bytes += bytes;
            self.watched.push(WatchedKey {
                db: keys.db(),
                hash: key.hash,
                shard: key.shard as u8,
                key: key.bytes.into(),
            });
        }
        Ok(())
    }

    /// The shards of the watched keys.
    pub(super) fn watched_mask(&self) -> u64 {
        self.watched
            .iter()
            .fold(0, |mask, watched| mask | 1 << watched.shard)
    }

    /// Whether a watched key has changed, or has become due. All watched slices are held.
    pub(super) fn is_broken(
        &self,
        held: &mut Slices<'_, Slice>,
        flag: &Arc<WatchFlag>,
        now_ms: u64,
    ) -> bool {
        flag.is_dirty()
            || self.watched.iter().any(|watched| {
                held.at(usize::from(watched.shard)).watched_is_due(
                    watched.db,
                    watched.hash,
                    &watched.key,
                    flag,
                    now_ms,
                )
            })
    }

    /// Takes the flag off the watched keys of the slices held.
    pub(super) fn unwatch(&self, held: &mut Slices<'_, Slice>, flag: &Arc<WatchFlag>) {
        let mask = held.mask();
        for watched in &self.watched {
            if mask & (1 << watched.shard) != 0 {
                let slice = held.at(usize::from(watched.shard));
                slice.unwatch(watched.db, watched.hash, &watched.key, flag);
            }
        }
    }
}

impl Session {
    /// Lets go of all watched keys, slice by slice, and forgets the transaction. When `task` is killed meanwhile, what is
    /// left stays for another call; a slice that is out of service is left alone.
    pub async fn let_go(&mut self, task: &TaskNode) {
        let Some(transaction) = &self.transaction else {
            return;
        };
        let flag = self.client.watch_flag();
        let tenant = transaction.tenant.as_ref();
        for (shard, tenant) in
            shard::shards_of(transaction.watched_mask()).zip(tenant.into_iter().cycle())
        {
            let work = |held: &mut Slices<'_, Slice>| transaction.unwatch(held, flag);
            let done = shard::with_slices(&tenant.slices, task, 1 << shard, work).await;
            if done == Err(DoorError::Killed) {
                return;
            }
        }
        flag.clear();
        self.client.watch_bytes.store(0, Relaxed);
        self.transaction = None;
    }
}
