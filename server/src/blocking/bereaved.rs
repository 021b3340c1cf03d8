//! Keys that go without a command, by time or by eviction, while somebody waits for them: XREADGROUP answers that its group
//! is gone.

use store::command::{Effects, Keys, KeysEnv, SliceSet};
use store::hash::hash_key;
use store::keyspace::Slice;

use crate::core::Core;
use crate::shard::Slices;

/// Keys that went and that somebody waits for, of one slice.
#[derive(Debug, Default)]
pub struct Bereaved(Vec<(usize, Vec<u8>)>);

impl Bereaved {
    /// Notes a key, if somebody waits for it.
    #[cold]
    pub fn note(&mut self, core: &Core, slice: &Slice, db: usize, key: &[u8]) {
        if slice.waiting.has(db, hash_key(&core.server.seed, key), key) {
            self.0.push((db, key.to_vec()));
        }
    }

    /// Answers who minds. The slice is still held.
    pub fn tell(
        &self,
        core: &Core,
        held: &mut Slices<'_, Slice>,
        effects: &mut Effects,
        now_ms: u64,
    ) {
        if self.0.is_empty() {
            return;
        }
        let server = &core.server;
        let access = core.access(server.tenants.default_tenant(), now_ms);
        let shards = (server.shard_map, held.mask());
        let env = KeysEnv {
            touch: false,
            ..KeysEnv::plain(shards, server.seed, (now_ms, access))
        };
        let mut keys = Keys::new(SliceSet::new(held), env, effects);
        keys.serve_bereaved(&self.0, &core.data_config(), &mut core.fork_rng());
    }
}
