//! Tenants: name spaces with quotas, that neither see nor slow each other.
//!
//! ```text
//! user ──▶ tenant's name ──▶ Directory ──▶ Account   registered: name, quotas            a few hundred bytes
//!                                └───────▶ Tenant    lives while somebody uses it:
//!                                            ▲        slices, charge, subscriptions, logs, counters
//!                              session ── Membership
//! ```
//! An [`Account`] is what TENANT CREATE makes. The [`Tenant`] behind it, with its slices, comes to life when the first
//! session enters and goes when none is left and its slices are empty; so ten thousand accounts without sessions cost
//! no more than their names. A session holds its [`Membership`], and through it reaches everything that is its
//! tenant's with one pointer. What a tenant's sessions share lies in its `Tenant` and nowhere else: two tenants have no
//! lock, table or log in common that a command of either could wait for or look into.
//!
//! The **default tenant** is always there. Its users administer the server; see [`scope`] for what others may not.

mod account;
mod accounts;
mod code;
mod commands;
mod directory;
mod figures;
mod membership;
mod quotas;
mod rate;
mod ration;
mod removal;
mod saving;
mod scope;
mod sessions;
mod shares;
mod view;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use store::keyspace::{Slice, Tracking};

use crate::blocking::Pause;
use crate::config::{EvictionPolicy, Settings};
use crate::function::LibraryTable;
use crate::memory::MemoryLimit;
use crate::observe::{SlowLog, Spikes};
use crate::pubsub;
use crate::runtime::Rates;
use crate::script::Scripts;
use crate::server::CoreStats;
use crate::shard::TenantSlices;
use crate::tracking;

pub use account::{Account, DEFAULT_TENANT, Totals};
pub use accounts::{Accounts, NameError};
pub use code::{Charged, CodeFigures};
pub(crate) use commands::COMMANDS;
pub use directory::{Blueprint, CloseError, Directory};
pub use figures::{Figures, SliceFigures};
pub use membership::{EntryError, Membership};
pub use quotas::{OpsAction, QuotaError, QuotaOption, Quotas, own_or};
pub use rate::Rate;
pub(crate) use saving::Whose;
pub use scope::Scope;
pub use shares::Shares;

/// What a state of Lua may take at least, however little its tenant may: enough for scripts that are no burden.
const LUA_MEMORY_LEAST_BYTES: u64 = 1 << 20;

/// A tenant without a limit of its own leases memory in chunks for so much less than the server's limit, as there may be
/// many such.
const CHUNKS_SHARED: usize = 64;

/// A tenant that is in use.
pub struct Tenant {
    /// What is registered of it.
    pub account: Arc<Account>,
    /// Its data.
    pub slices: TenantSlices<Slice>,
    /// How much it may use, and what it is charged.
    pub memory: MemoryLimit,
    /// Its rate of operations.
    pub rate: Rate,
    /// Most bytes of an argument of a command that writes; 0 for no limit.
    pub max_value: AtomicU64,
    /// Milliseconds a function in WebAssembly may run; 0 for what the server says.
    pub wasm_time_limit_ms: AtomicU64,
    /// What a state of Lua may take; 0 for what the server says.
    lua_memory_bytes_max: AtomicU64,
    /// How much of a core it gets, against others.
    weight: AtomicU64,
    /// Requests are held against a quota before they run.
    rationed: AtomicBool,
    /// It has an eviction policy of its own.
    own_policy: AtomicBool,
    /// Who subscribes to what, on which cores.
    pub pubsub: pubsub::Directory,
    /// Who tracks keys, in numbers.
    pub tracking: tracking::Directory,
    /// CLIENT PAUSE of its own users.
    pub pause: Pause,
    /// Its slow commands, its spikes, and its rates when they were last asked for. The default tenant's are the server's.
    pub slow_log: SlowLog,
    /// See `slow_log`.
    pub spikes: Spikes,
    /// See `slow_log`.
    pub rates: Rates,
    /// Its scripts.
    pub scripts: Scripts,
    /// Its libraries of functions.
    pub functions: LibraryTable,
    /// Counters, one block per core; made when a core first serves it. The default tenant's are the server's.
    stats: Box<[OnceLock<Box<CoreStats>>]>,
    commands: usize,
    /// Its figures when they were last looked at.
    seen: figures::Seen,
}

impl Tenant {
    /// Whether it is the default tenant.
    #[inline]
    pub fn is_default(&self) -> bool {
        self.account.is_default()
    }

    /// Its number.
    #[inline]
    pub fn id(&self) -> u64 {
        self.account.id
    }

    /// How long its functions in WebAssembly may run, when the server says so.
    #[inline]
    pub fn wasm_time_limit_ms(&self, servers: u64) -> u64 {
        own_or(self.wasm_time_limit_ms.load(Relaxed), servers)
    }

    /// What one of its states of Lua may take, when the server says so much: no more than the tenant itself may, if that is bounded.
    #[inline]
    pub fn lua_memory_bytes_max(&self, servers: usize) -> usize {
        match self.lua_memory_bytes_max.load(Relaxed) {
            0 => servers,
            own => servers.min(own as usize),
        }
    }

    /// Takes over its account's quotas.
    fn apply_quotas(&self, server_limit: usize) {
        let quotas = self.account.quotas();
        self.rate.set(quotas.ops, quotas.ops_burst);
        self.max_value.store(quotas.max_value, Relaxed);
        self.wasm_time_limit_ms
            .store(quotas.wasm.time_limit_ms, Relaxed);
        let lua_bytes = match (quotas.maxmemory, self.is_default()) {
            (0, _) | (_, true) => 0,
            (own, false) => own.max(LUA_MEMORY_LEAST_BYTES),
        };
        self.lua_memory_bytes_max.store(lua_bytes, Relaxed);
        self.weight.store(quotas.weight, Relaxed);
        let is_rationed = quotas.ops != 0 || quotas.max_value != 0;
        self.rationed.store(is_rationed, Relaxed);
        self.own_policy.store(quotas.policy.is_some(), Relaxed);
        self.memory.set_minimum(quotas.min_memory);
        let limit = match (quotas.maxmemory, self.is_default()) {
            (0, true) => server_limit as u64,
            (own, _) => own,
        };
        // The slices of others than the default tenant are charged whatever the limit.
        let uninformed = if self.is_default() {
            self.slices.mask_of_all()
        } else {
            0
        };
        self.memory.set(limit, uninformed);
        if limit == 0 {
            self.memory.fit(server_limit / CHUNKS_SHARED);
        }
    }

    /// How much of a core it gets, against the weights of others.
    pub fn weight(&self) -> u64 {
        self.weight.load(Relaxed)
    }

    /// Whether requests are held against a quota before they run.
    #[inline]
    pub fn is_rationed(&self) -> bool {
        self.rationed.load(Relaxed)
    }

    /// Most bytes a command of it may make a string grow to.
    #[inline]
    pub fn string_len_max(&self) -> usize {
        match self.max_value.load(Relaxed) {
            0 => usize::MAX,
            most => usize::try_from(most).unwrap_or(usize::MAX),
        }
    }

    /// Whether it has an eviction policy of its own.
    #[inline]
    pub fn has_own_policy(&self) -> bool {
        self.own_policy.load(Relaxed)
    }

    /// The eviction policy that holds for it.
    pub fn policy(&self, settings: &Settings) -> EvictionPolicy {
        match self.has_own_policy() {
            false => settings.maxmemory_policy,
            true => self
                .account
                .quotas()
                .policy
                .unwrap_or(settings.maxmemory_policy),
        }
    }

    /// What accesses of its keys leave behind.
    pub fn tracking_of_access(&self, settings: &Settings) -> Tracking {
        settings.tracking_under(self.policy(settings))
    }

    /// The counters that core `core` alone writes.
    #[inline]
    pub fn stats_of_core(&self, core: usize) -> &CoreStats {
        self.stats[core].get_or_init(|| Box::new(CoreStats::new(self.commands)))
    }

    /// The counters of all cores that have served it.
    pub fn stats(&self) -> impl Iterator<Item = &CoreStats> + Clone {
        self.stats
            .iter()
            .filter_map(|stats| stats.get().map(|b| &**b))
    }
}
