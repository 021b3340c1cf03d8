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
mod directory;
mod membership;
mod quotas;

use std::sync::{Arc, OnceLock};

use store::keyspace::Slice;

use crate::memory::MemoryLimit;
use crate::server::CoreStats;
use crate::shard::TenantSlices;

pub use account::{Account, DEFAULT_TENANT, Totals};
pub use directory::{Blueprint, Directory, NameError};
pub use membership::{EntryError, Membership};
pub use quotas::{OpsAction, QuotaError, QuotaOption, Quotas};

/// A tenant that is in use.
pub struct Tenant {
    /// What is registered of it.
    pub account: Arc<Account>,
    /// Its data.
    pub slices: TenantSlices<Slice>,
    /// How much it may use, and what it is charged.
    pub memory: MemoryLimit,
    /// Counters, one block per core; made when a core first serves it. The default tenant's are the server's.
    stats: Box<[OnceLock<Box<CoreStats>>]>,
    commands: usize,
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
