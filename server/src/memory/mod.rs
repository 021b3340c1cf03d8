//! The memory limit: what a tenant is charged, whether there is room, and making room by eviction.
//!
//! ```text
//! command ──▶ is there a limit? ── no ──▶ run
//!                 │ yes
//!                 ▼
//!         charge + request ≤ maxmemory? ── yes ──▶ run; each slice settles its lease as it is unlocked
//!                 │ no
//!                 ▼        holding nothing, one slice at a time, for a time slice
//!         free what waits in the trash, evict keys ──▶ enough: run
//!                                                      not yet, within 1/128 over the limit: run, others go on
//!                                                      not yet, further over: a command that adds memory waits
//!                                                      nothing may go: a command that adds memory is refused
//! ```
//! The charge is exact but for chunks that slices lease ahead, together less than a hundredth of the limit: it errs to
//! the safe side. What can exceed the limit is what one command adds that its request does not show (SETRANGE far
//! beyond a string's end): a run of commands ends, and the next one asks again, when its slices have grown by a 512th of
//! the limit. Clients' buffers are counted anew every tick, when a 64th of the limit has been read since, and before anything
//! is evicted for them.
//! Limits belong to a tenant, beside its slices. Nothing here knows commands but for their DENYOOM flag.

mod admission;
mod clients;
mod compaction;
mod room;
mod whole;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use store::keyspace::{Charge, Slice};

use crate::config::EvictionPolicy;
use crate::shard::{TenantSlices, shards_of, try_with_slices};

pub use admission::{Admission, OOM};
pub use clients::ClientCharges;
pub use compaction::Compaction;
pub use room::{Room, make_room};
pub use whole::Whole;

/// A command that adds memory is not let in beyond the limit and this part of it, even while room is being made.
const OVERSHOOT_SHARE: usize = 128;

/// Part of the limit that the commands of one run may add before the run ends and asks again.
const GROWTH_SHARE: usize = 512;
/// Part of the limit that may be evicted before what the process holds is looked at again.
const EVICTED_PER_LOOK_SHARE: usize = 64;

/// One tenant's limit and what it is charged.
#[derive(Debug)]
pub struct MemoryLimit {
    charge: Arc<Charge>,
    /// Bytes; 0 for none.
    limit: AtomicUsize,
    /// Bytes that are kept free for it.
    minimum: AtomicUsize,
    /// The limit of all tenants together.
    whole: Arc<Whole>,
    /// Shards whose slices have not learnt yet whether there is a limit.
    unaware: AtomicU64,
}

impl MemoryLimit {
    /// No limit of its own, for a tenant with so many slices.
    pub fn new(whole: Arc<Whole>, shards: usize) -> Self {
        MemoryLimit {
            charge: Arc::new(Charge::part_of(Arc::clone(&whole.charged), shards)),
            limit: AtomicUsize::new(0),
            minimum: AtomicUsize::new(0),
            whole,
            unaware: AtomicU64::new(0),
        }
    }

    /// Sets the limit, 0 for none. It takes hold with the next command, or by itself a moment later.
    pub fn set(&self, limit_bytes: u64, all_shards: u64) {
        let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
        self.charge.fit(limit);
        let before = self.limit.swap(limit, Relaxed);
        if (before == 0) != (limit == 0) {
            self.unaware.store(all_shards, Relaxed);
        }
    }

    /// Whether there is a limit.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.limit.load(Relaxed) != 0 || self.whole.limit() != 0
    }

    /// Sets how much is kept free for the tenant.
    pub fn set_minimum(&self, bytes: u64) {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.minimum.store(bytes, Relaxed);
    }

    /// Charges a slice that nobody uses yet, from its first byte on, in chunks that suit many tenants.
    pub fn charge(&self, slice: &mut Slice, shard: usize) {
        slice.begin_lease(&self.charge, shard);
    }

    /// Makes the chunks that slices lease fit this limit, when the tenant has none of its own.
    pub fn fit(&self, limit_bytes: usize) {
        self.charge.fit(limit_bytes);
    }

    /// All bytes the tenant is charged.
    pub fn charged(&self) -> usize {
        self.charge.bytes()
    }

    /// How far it is above its minimum.
    pub(super) fn surplus(&self) -> usize {
        self.charged().saturating_sub(self.minimum.load(Relaxed))
    }

    /// How far it is below its minimum.
    pub fn shortfall(&self) -> usize {
        let minimum = self.minimum.load(Relaxed);
        minimum.saturating_sub(self.charged())
    }

    /// By how much all tenants and so many bytes more for this one exceed the server's limit; what it was promised it
    /// may use in any case.
    #[inline]
    fn whole_excess(&self, more: usize) -> usize {
        match self.charge.bytes() + more <= self.minimum.load(Relaxed) {
            true => 0,
            false => self.whole.excess(more),
        }
    }

    /// What its slices are charged, 0 when nobody counts.
    pub fn charged_slices(&self) -> usize {
        self.charge.slice_bytes()
    }

    /// What its clients were charged at the last count.
    pub fn charged_clients(&self) -> usize {
        self.charge.client_bytes()
    }

    /// What its scripts and functions were charged at the last count.
    pub fn charged_code(&self) -> usize {
        self.charge.code_bytes()
    }

    /// Replaces what its scripts and functions are charged.
    pub fn charge_code(&self, bytes: usize) {
        self.charge.set_code_bytes(bytes);
    }

    /// Whether code of so many bytes would not fit the tenant's limit: beside everything that it has, or, where data makes
    /// room, beside its other code.
    pub fn has_no_room_for_code(&self, bytes: usize, policy: EvictionPolicy) -> bool {
        match (self.limit.load(Relaxed), policy) {
            (0, _) => false,
            (_, EvictionPolicy::NoEviction) => self.excess(bytes) > 0,
            (limit, _) => self.charge.code_bytes() + bytes > limit,
        }
    }

    /// Charges nothing for clients any more: the last has gone.
    pub fn forget_clients(&self) {
        self.charge.recount_clients(self.charge.client_bytes(), 0);
    }

    /// By how much the slices held may grow before the next command has to ask; none without a limit.
    #[inline]
    pub fn growth_unasked(&self) -> Option<usize> {
        self.is_set().then(|| self.tightest() / GROWTH_SHARE)
    }

    /// Replaces a part of what clients are charged.
    pub fn recount_clients(&self, before: usize, after: usize) {
        self.charge.recount_clients(before, after);
    }

    /// By how much the charge and so many bytes more exceed the limit.
    #[inline]
    pub fn excess(&self, more: usize) -> usize {
        match self.limit.load(Relaxed) {
            0 => 0,
            limit => (self.charge.bytes() + more).saturating_sub(limit),
        }
    }

    /// The same of whichever limit is exceeded further, the tenant's or the server's.
    #[inline]
    fn any_excess(&self, more: usize) -> usize {
        self.excess(more).max(self.whole_excess(more))
    }

    /// The same, but for what the process holds beyond the charge.
    fn charged_excess(&self, more: usize) -> usize {
        let whole = self.whole.charged_excess(more);
        self.excess(more).max(whole.min(self.whole_excess(more)))
    }

    /// The lower one of the tenant's limit and the server's.
    fn tightest(&self) -> usize {
        match (self.limit.load(Relaxed), self.whole.limit()) {
            (0, limit) | (limit, 0) => limit,
            (own, whole) => own.min(whole),
        }
    }

    /// Whether the limit is exceeded by more than commands may go beyond it while room is made.
    #[inline]
    pub fn is_far_exceeded(&self) -> bool {
        self.any_excess(0) > self.tightest() / OVERSHOOT_SHARE
    }

    #[inline]
    fn is_known_to_all(&self) -> bool {
        self.unaware.load(Relaxed) == 0
    }

    /// Tells slices that do not know yet, as far as they are free. The caller holds none.
    pub fn make_known(&self, slices: &TenantSlices<Slice>) {
        for shard in shards_of(self.unaware.load(Relaxed)) {
            let told = try_with_slices(slices, 1 << shard, |held| match self.is_set() {
                true => held.at(shard).begin_lease(&self.charge, shard),
                false => held.at(shard).end_lease(),
            });
            if told.is_ok() {
                self.unaware.fetch_and(!(1 << shard), Relaxed);
            }
        }
    }
}
