//! What a tenant uses and what happened to it, in numbers, for whoever asks about it from outside.
//!
//! Slices are looked at one by one and only if they are free, so that asking waits for nobody: of one that is taken, the
//! figures of the last look stand.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

use store::keyspace::{Counters, Slice};

use super::{Account, CodeFigures, Directory, Tenant};
use crate::observe::Merged;
use crate::server::{CoreStats, Server};
use crate::shard::try_with_slices;

/// Times a slice that is taken is tried again.
const TRIES: u32 = 64;

/// What one slice holds and counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct SliceFigures {
    /// Keys in all databases.
    pub keys: usize,
    /// Bytes charged for it.
    pub used_bytes: usize,
    /// What happened to its keys.
    pub counters: Counters,
}

impl SliceFigures {
    fn of(slice: &Slice) -> Self {
        let usage = slice.usage();
        SliceFigures {
            keys: usage.entry_count,
            used_bytes: usage.used_bytes,
            counters: slice.counters,
        }
    }

    fn add(&mut self, other: &SliceFigures) {
        self.keys += other.keys;
        self.used_bytes += other.used_bytes;
        let (sum, more) = (&mut self.counters, &other.counters);
        sum.hits += more.hits;
        sum.misses += more.misses;
        sum.expired += more.expired;
        sum.expired_fields += more.expired_fields;
        sum.evicted += more.evicted;
        sum.freed_later += more.freed_later;
    }
}

/// The figures of the last look at each slice.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Vec<SliceFigures>>);

/// All figures of a tenant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// The sums over its slices.
    pub slices: SliceFigures,
    /// Bytes its clients take.
    pub client_bytes: usize,
    /// Bytes its code takes.
    pub code: CodeFigures,
    /// Sessions.
    pub clients: usize,
    /// Commands that ran.
    pub commands: u64,
    /// Errors that were answered.
    pub errors: u64,
    /// Time its commands held slices, in ns.
    pub lock_hold_nanos: u64,
    /// 99 of 100 commands took at most this long, in µs.
    pub p99_micros: u64,
    /// Times connections waited for its turn at a core.
    pub queued: u64,
    /// Connections that had to wait for its rate of operations.
    pub throttled: u64,
    /// Requests and connections refused for a quota.
    pub rejected: u64,
}

impl Figures {
    /// Their names and values, as TENANT STATS shows them.
    pub fn fields(&self) -> [(&'static str, u64); 18] {
        let counters = &self.slices.counters;
        [
            (
                "used_memory",
                (self.slices.used_bytes + self.client_bytes + self.code.bytes()) as u64,
            ),
            ("used_memory_dataset", self.slices.used_bytes as u64),
            ("used_memory_clients", self.client_bytes as u64),
            ("used_memory_scripts", self.code.scripts as u64),
            ("used_memory_functions", self.code.functions as u64),
            ("keys", self.slices.keys as u64),
            ("clients", self.clients as u64),
            ("commands", self.commands),
            ("errors", self.errors),
            ("keyspace_hits", counters.hits),
            ("keyspace_misses", counters.misses),
            ("expired_keys", counters.expired),
            ("evicted_keys", counters.evicted),
            ("turns_waited", self.queued),
            ("throttled", self.throttled),
            ("rejected", self.rejected),
            ("lock_hold_usec", self.lock_hold_nanos / 1000),
            ("p99_usec", self.p99_micros),
        ]
    }

    fn count<'s>(&mut self, stats: impl Iterator<Item = &'s CoreStats> + Clone) {
        let times = stats.clone().flat_map(|core| &core.times);
        self.commands = stats.clone().map(|core| core.commands.get()).sum();
        self.errors = stats.map(|core| core.errors.get()).sum();
        self.lock_hold_nanos = times.clone().map(|time| time.nanos.get()).sum();
        let latencies = times.filter_map(|time| time.latencies.get());
        self.p99_micros =
            Merged::of(latencies.map(|latencies| &**latencies)).percentile(99.0) / 1000;
    }
}

impl Tenant {
    /// The sums over its slices. The caller holds none.
    pub fn look(&self) -> SliceFigures {
        let mut seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.resize(self.slices.shard_count(), SliceFigures::default());
        let mut sum = SliceFigures::default();
        for (shard, known) in seen.iter_mut().enumerate() {
            let look = || {
                let looked = try_with_slices(&self.slices, 1 << shard, |held| {
                    SliceFigures::of(held.at(shard))
                });
                looked.ok()
            };
            if let Some(found) = (0..TRIES).find_map(|_| look()) {
                *known = found;
            }
            sum.add(known);
        }
        sum
    }
}

impl Directory {
    /// All figures of a tenant. The caller holds no slice.
    pub fn figures(&self, server: &Server, account: &Account) -> Figures {
        let mut figures = Figures {
            clients: account.sessions(),
            queued: account.totals.queued.load(Relaxed),
            throttled: account.totals.throttled.load(Relaxed),
            rejected: account.totals.rejected.load(Relaxed),
            ..Figures::default()
        };
        let Some(tenant) = self.find_living(account.id) else {
            return figures;
        };
        figures.slices = tenant.look();
        figures.client_bytes = server.client_bytes_of(&tenant);
        figures.code = tenant.code();
        match tenant.is_default() {
            true => figures.count(server.stats.iter()),
            false => figures.count(tenant.stats()),
        }
        figures
    }
}

impl Server {
    /// What the clients of a tenant take.
    pub fn client_bytes_of(&self, tenant: &Tenant) -> usize {
        let clients = self.clients.snapshot();
        let own = clients
            .iter()
            .filter(|client| client.tenant.load(Relaxed) == tenant.id());
        own.map(|client| client.used_bytes()).sum()
    }
}
