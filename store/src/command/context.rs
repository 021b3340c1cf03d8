//! What a handler is given: the keyspace, the reply, and the facts of the moment.

use resp::ReplyWriter;

use super::{Keys, Patience};
use crate::keyspace::Tracking;
use crate::random::Rng;
use crate::types::EncodingLimits;

/// Settings that data commands read; one copy per core, replaced as a whole on CONFIG SET.
#[derive(Clone, Debug)]
pub struct DataConfig {
    /// Thresholds between packed and large encodings.
    pub encoding: EncodingLimits,
    /// `proto-max-bulk-len`, bytes: the longest string a command may build.
    pub bulk_len_max: u64,
    /// `hll-sparse-max-bytes`: the largest sparse HyperLogLog, header included.
    pub hll_sparse_bytes_max: usize,
    /// What accesses of keys leave behind, by `maxmemory-policy`.
    pub tracking: Tracking,
    /// Whether small integers count as shared: not where a policy needs each value's own clock.
    pub shares_integers: bool,
    /// Event classes of `notify-keyspace-events`.
    pub events: super::EventClass,
}

impl Default for DataConfig {
    /// What a server has that nobody configured.
    fn default() -> Self {
        DataConfig {
            encoding: EncodingLimits::default(),
            bulk_len_max: 512 << 20,
            hll_sparse_bytes_max: 3000,
            tracking: Tracking::default(),
            shares_integers: true,
            events: super::EventClass::empty(),
        }
    }
}

/// Everything a handler may touch. The fields are apart, so that a value borrowed
/// from `keys` can be written to `reply`.
pub struct Ctx<'a> {
    /// The keyspace, the selected database in front.
    pub keys: Keys<'a>,
    /// Where the reply goes.
    pub reply: ReplyWriter<'a>,
    /// Settings.
    pub config: &'a DataConfig,
    /// The frozen time of this command, ms since the epoch.
    pub now_ms: u64,
    /// The hashing seed that collections take.
    pub seed: crate::hash::Seed,
    /// Random numbers, per core.
    pub rng: &'a mut Rng,
    /// Whether the command may wait.
    pub patience: Patience,
}
