//! The sums INFO shows, gathered once per call.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use store::command::Keys;

use super::super::ServerCtx;
use crate::runtime::{PerSecond, Totals};

/// The most used memory INFO has seen since the start.
static USED_MEMORY_PEAK: AtomicU64 = AtomicU64::new(0);

/// One database.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DbFigures {
    pub(super) keys: usize,
    pub(super) expires: usize,
}

/// Sums over cores, slices and connections.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) totals: Totals,
    pub(super) rates: PerSecond,
    pub(super) errors: u64,
    pub(super) changes: u64,
    pub(super) clients: usize,
    pub(super) query_bytes_max: usize,
    pub(super) output_bytes_max: usize,
    pub(super) client_bytes: usize,
    pub(super) dataset_bytes: usize,
    pub(super) used_memory: u64,
    pub(super) used_memory_peak: u64,
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) expired: u64,
    pub(super) databases: Vec<DbFigures>,
}

impl Figures {
    pub(super) fn gather(ctx: &ServerCtx<'_>) -> Self {
        let server = &ctx.core.server;
        let totals = Totals::of(server);
        let mut figures = Figures {
            totals,
            rates: server.net.rates.now(ctx.now_ms, totals),
            errors: server.stats.iter().map(|core| core.errors.get()).sum(),
            changes: server.stats.iter().map(|core| core.changes.get()).sum(),
            ..Figures::default()
        };
        figures.add_clients(ctx);
        if let Some(keys) = &ctx.keys {
            figures.add_slices(keys);
        }
        figures.used_memory = (figures.dataset_bytes + figures.client_bytes) as u64;
        let peak = USED_MEMORY_PEAK.fetch_max(figures.used_memory, Relaxed);
        figures.used_memory_peak = peak.max(figures.used_memory);
        figures
    }

    fn add_clients(&mut self, ctx: &ServerCtx<'_>) {
        for client in ctx.core.server.clients.snapshot() {
            let (query, output) = (
                client.query_capacity_bytes.load(Relaxed),
                client.output_bytes.load(Relaxed),
            );
            self.clients += 1;
            self.query_bytes_max = self.query_bytes_max.max(query);
            self.output_bytes_max = self.output_bytes_max.max(output);
            self.client_bytes += query + output + size_of_val(&*client);
        }
    }

    fn add_slices(&mut self, keys: &Keys<'_>) {
        self.databases = vec![DbFigures::default(); keys.db_count()];
        for slice in keys.slices() {
            self.dataset_bytes += slice.used_bytes();
            self.hits += slice.counters.hits;
            self.misses += slice.counters.misses;
            self.expired += slice.counters.expired;
            for (index, figures) in self.databases.iter_mut().enumerate() {
                let db = slice.db(index);
                figures.keys += db.map_or(0, |db| db.len());
                figures.expires += db.map_or(0, |db| db.expires());
            }
        }
    }
}
