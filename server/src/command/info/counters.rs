//! The sums INFO shows, gathered once per call.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use store::command::Keys;

use super::super::ServerCtx;
use crate::process;
use crate::runtime::{PerSecond, Totals};
use crate::server::{CoreStats, Counter};
use crate::tenant::CodeFigures;

/// The most used memory INFO has seen since the start.
static USED_MEMORY_PEAK: AtomicU64 = AtomicU64::new(0);

/// One database.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct DbFigures {
    pub(in super::super) keys: usize,
    pub(in super::super) expires: usize,
    /// What the table takes, without the entries.
    pub(in super::super) table_bytes: usize,
}

/// Sums over cores, slices and connections.
#[derive(Debug, Default)]
pub(in super::super) struct Figures {
    pub(in super::super) totals: Totals,
    pub(in super::super) rates: PerSecond,
    pub(in super::super) errors: u64,
    pub(in super::super) changes: u64,
    pub(in super::super) reads: u64,
    pub(in super::super) writes: u64,
    pub(in super::super) pauses: u64,
    pub(in super::super) clients: usize,
    pub(in super::super) blocked_clients: usize,
    pub(in super::super) clients_in_timeout_table: usize,
    pub(in super::super) query_bytes_max: usize,
    pub(in super::super) output_bytes_max: usize,
    pub(in super::super) client_bytes: usize,
    /// What scripts and functions take.
    pub(in super::super) code: CodeFigures,
    pub(in super::super) dataset_bytes: usize,
    pub(in super::super) used_memory: u64,
    pub(in super::super) used_memory_peak: u64,
    pub(in super::super) resident_bytes: u64,
    pub(in super::super) hits: u64,
    pub(in super::super) misses: u64,
    pub(in super::super) expired: u64,
    pub(in super::super) evicted: u64,
    pub(in super::super) expired_fields: u64,
    /// What was freed some time after it was removed, and what is still to be.
    pub(in super::super) freed_later: u64,
    pub(in super::super) to_be_freed: usize,
    pub(in super::super) databases: Vec<DbFigures>,
    /// Keys that clients track, and pairs of a key and a client.
    pub(in super::super) tracked_keys: usize,
    pub(in super::super) tracked_items: usize,
}

impl Figures {
    pub(in super::super) fn gather(ctx: &ServerCtx<'_>) -> Self {
        let stats = ctx.session.shown_stats(&ctx.core.server);
        let sum = |of: fn(&CoreStats) -> &Counter| stats.iter().map(|core| of(core).get()).sum();
        let totals = Totals::sum(&stats);
        let mut figures = Figures {
            totals,
            rates: ctx.session.shown_rates(ctx.core, ctx.now_ms, totals),
            errors: sum(|core| &core.errors),
            reads: sum(|core| &core.reads),
            writes: sum(|core| &core.writes),
            pauses: sum(|core| &core.pauses),
            changes: sum(|core| &core.changes),
            ..Figures::default()
        };
        figures.add_clients(ctx);
        if let Some(keys) = &ctx.keys {
            figures.add_slices(keys);
        }
        // Under a limit it is what the limit is held against.
        let memory = &ctx.session.tenant.memory;
        let client_bytes = match memory.is_set() {
            true => memory.charged_clients(),
            false => figures.client_bytes,
        };
        ctx.session.tenant.recount_code();
        figures.code = ctx.session.tenant.code();
        figures.used_memory = (figures.dataset_bytes + client_bytes + figures.code.bytes()) as u64;
        if !ctx.session.tenant.is_default() {
            // The process is none of its business.
            figures.used_memory_peak = figures.used_memory;
            figures.resident_bytes = figures.used_memory;
            return figures;
        }
        figures.used_memory += other_tenants_bytes(ctx) as u64;
        figures.resident_bytes = process::resident_bytes();
        let peak = USED_MEMORY_PEAK.fetch_max(figures.used_memory, Relaxed);
        figures.used_memory_peak = peak.max(figures.used_memory);
        figures
    }

    /// What is not keys and values: clients, tables, scripts and functions.
    pub(in super::super) fn overhead_bytes(&self) -> u64 {
        let tables: usize = self.databases.iter().map(|db| db.table_bytes).sum();
        (self.client_bytes + tables + self.code.bytes()) as u64
    }

    /// Resident memory beyond what the program itself took when it started, and beyond what is used.
    pub(in super::super) fn fragmentation(&self, startup: u64) -> (f64, u64) {
        let used = startup + self.used_memory;
        let resident = self.resident_bytes.max(used);
        (resident as f64 / used.max(1) as f64, resident - used)
    }

    fn add_clients(&mut self, ctx: &ServerCtx<'_>) {
        let clients = ctx.core.server.clients.snapshot();
        for client in clients.iter().filter(|client| ctx.session.sees(client)) {
            let (query, output) = (
                client.query_capacity_bytes.load(Relaxed),
                client.output_bytes.load(Relaxed),
            );
            self.clients += 1;
            self.blocked_clients += usize::from(client.is_blocked());
            self.clients_in_timeout_table += usize::from(client.has_deadline());
            self.query_bytes_max = self.query_bytes_max.max(query);
            self.output_bytes_max = self.output_bytes_max.max(output);
            self.client_bytes += client.used_bytes();
        }
    }

    fn add_slices(&mut self, keys: &Keys<'_>) {
        self.databases = vec![DbFigures::default(); keys.db_count()];
        for slice in keys.slices() {
            self.dataset_bytes += slice.used_bytes();
            self.tracked_keys += slice.tracked.len();
            self.tracked_items += slice.tracked.items();
            self.hits += slice.counters.hits;
            self.misses += slice.counters.misses;
            self.expired += slice.counters.expired;
            self.evicted += slice.counters.evicted;
            self.expired_fields += slice.counters.expired_fields;
            self.freed_later += slice.counters.freed_later;
            self.to_be_freed += slice.trash_len();
            for (index, figures) in self.databases.iter_mut().enumerate() {
                let db = slice.db(index);
                figures.keys += db.map_or(0, |db| db.len());
                figures.expires += db.map_or(0, |db| db.expires());
                figures.table_bytes += db.map_or(0, |db| db.table_bytes());
            }
        }
    }
}

/// What the data and the code of all tenants but the default one take.
fn other_tenants_bytes(ctx: &ServerCtx<'_>) -> usize {
    let tenants = ctx.core.tenants();
    let others = tenants.iter().filter(|tenant| !tenant.is_default());
    others
        .map(|tenant| tenant.memory.charged_slices() + tenant.memory.charged_code())
        .sum()
}
