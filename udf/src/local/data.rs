//! Data for functions where there is no server: one slice of the store, and a clock that moves only when somebody says so.

use resp::{Args, OutputBuffer, Protocol, ReplyWriter};
use store::command::{
    Ctx, DataCommand, DataConfig, Effects, Key, Keys, KeysEnv, Patience, SliceSet,
};
use store::hash::{Seed, hash_key};
use store::keyspace::{Access, Slice};
use store::random::Rng;
use store::slot::ShardMap;

/// Databases, as many as servers have by default.
const DATABASES: usize = 16;
/// The same in every run, so that every run is alike.
const SEED: Seed = Seed(1, 2);

/// A data set in this process.
pub struct LocalData {
    slice: Slice,
    config: DataConfig,
    rng: Rng,
    /// What commands write when nobody reads it.
    nowhere: OutputBuffer,
    /// What they leave behind, which nobody wants.
    effects: Effects,
    /// The time, ms since the epoch.
    pub now_ms: u64,
}

impl LocalData {
    /// An empty one at this time.
    pub fn new(now_ms: u64) -> Self {
        LocalData {
            slice: Slice::new(DATABASES, SEED),
            config: DataConfig::default(),
            rng: Rng::new(42),
            nowhere: OutputBuffer::new(),
            effects: Effects::default(),
            now_ms,
        }
    }

    /// Random bits.
    pub fn random(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Does something to a key.
    pub fn with_key(&mut self, key: &[u8], work: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>)) {
        self.with_hashed(key, Self::hash_of(key), work);
    }

    /// Does something to a key whose hash is known.
    pub(super) fn with_hashed(
        &mut self,
        bytes: &[u8],
        hash: u64,
        work: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>),
    ) {
        let key = Key {
            bytes,
            hash,
            shard: 0,
        };
        self.with(None, |ctx| work(ctx, key));
    }

    /// The hash of a key.
    pub(super) fn hash_of(key: &[u8]) -> u64 {
        hash_key(&SEED, key)
    }

    /// Runs a command and writes its reply.
    pub fn run(
        &mut self,
        command: &DataCommand,
        args: Args<'_>,
        protocol: Protocol,
        out: &mut OutputBuffer,
    ) {
        let mark = out.mark();
        let done = self.with(Some((protocol, &mut *out)), |ctx| (command.run)(ctx, args));
        if let Err(error) = done {
            out.rollback(mark);
            error.reply(&mut ReplyWriter::new(out, protocol));
        }
    }

    /// Lets `work` act on the data and write its reply, which goes nowhere if there is no place for it.
    fn with<R>(
        &mut self,
        reply: Option<(Protocol, &mut OutputBuffer)>,
        work: impl FnOnce(&mut Ctx<'_>) -> R,
    ) -> R {
        let (protocol, out) = reply.unwrap_or((Protocol::Resp2, &mut self.nowhere));
        let map = ShardMap::new(1);
        let mut slices = [&mut self.slice];
        let access = Access::new(self.config.tracking, self.now_ms, || 1);
        let env = KeysEnv::plain((map, map.all()), SEED, (self.now_ms, access));
        work(&mut Ctx {
            keys: Keys::new(SliceSet::new(&mut slices), env, &mut self.effects),
            reply: ReplyWriter::new(out, protocol),
            config: &self.config,
            now_ms: self.now_ms,
            seed: SEED,
            rng: &mut self.rng,
            patience: Patience::Never,
        })
    }
}
