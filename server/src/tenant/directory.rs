//! Tenants that are in use, and how they come to be.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use store::hash::Seed;
use store::keyspace::Slice;

use super::{
    Account, Accounts, CHUNKS_SHARED, EntryError, Membership, QuotaError, Quotas, Rate, Tenant,
};
use crate::blocking::Pause;
use crate::memory::{MemoryLimit, Whole};
use crate::observe::{SlowLog, Spikes};
use crate::pubsub;
use crate::runtime::Rates;
use crate::shard::TenantSlices;
use crate::tracking;

/// Why a tenant is not removed. `Display` is the wire text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// It is the default one.
    #[error("ERR The default tenant cannot be removed")]
    Default,
    /// It has keys.
    #[error("ERR Tenant has {0} keys, use FORCE to remove it with them")]
    HasKeys(usize),
    /// It has clients.
    #[error("ERR Tenant has {0} clients, use FORCE to disconnect them")]
    HasClients(usize),
}

/// What a tenant's tables are made of.
#[derive(Clone, Copy, Debug)]
pub struct Blueprint {
    /// Slices.
    pub shards: usize,
    /// Databases of each.
    pub databases: usize,
    /// The hashing secret.
    pub seed: Seed,
    /// Cores that serve it.
    pub cores: usize,
    /// Commands that are counted.
    pub commands: usize,
}

impl Blueprint {
    /// Empty slices.
    pub fn slices(&self) -> impl Iterator<Item = Slice> + use<> {
        let Blueprint {
            shards,
            databases,
            seed,
            ..
        } = *self;
        (0..shards).map(move |_| Slice::new(databases, seed))
    }

    fn tenant(&self, account: Arc<Account>, whole: &Arc<Whole>, mut slices: Vec<Slice>) -> Tenant {
        let memory = MemoryLimit::new(Arc::clone(whole), self.shards);
        if !account.is_default() {
            memory.fit(whole.limit() / CHUNKS_SHARED);
            for (shard, slice) in slices.iter_mut().enumerate() {
                memory.charge(slice, shard);
            }
        }
        Tenant {
            account,
            slices: TenantSlices::new(slices),
            memory,
            rate: Rate::default(),
            max_value: AtomicU64::new(0),
            wasm_time_limit_ms: AtomicU64::new(0),
            lua_memory_bytes_max: AtomicU64::new(0),
            weight: AtomicU64::new(super::quotas::WEIGHT_USUAL),
            rationed: AtomicBool::new(false),
            own_policy: AtomicBool::new(false),
            pubsub: pubsub::Directory::new(self.cores),
            tracking: tracking::Directory::new(self.cores),
            pause: Pause::default(),
            slow_log: SlowLog::default(),
            spikes: Spikes::default(),
            rates: Rates::default(),
            scripts: crate::script::Scripts::default(),
            functions: crate::function::LibraryTable::default(),
            stats: (0..self.cores).map(|_| OnceLock::new()).collect(),
            commands: self.commands,
            seen: Default::default(),
        }
    }
}

/// All tenants. Its lock are taken when tenants and sessions come and go, never by commands on keys.
pub struct Directory {
    blueprint: Blueprint,
    default: Arc<Tenant>,
    /// The server's limit of memory.
    whole: Arc<Whole>,
    /// Tenants that are registered.
    pub accounts: Arc<Accounts>,
    /// Tenants in use, by number.
    living: Mutex<BTreeMap<u64, Arc<Tenant>>>,
    /// Raised with every change of those in use.
    epoch: AtomicU64,
}

impl Directory {
    /// The default tenant alone, with these slices.
    pub fn new(blueprint: Blueprint, accounts: Arc<Accounts>, slices: Vec<Slice>) -> Self {
        let whole = Arc::new(Whole::default());
        let default = Arc::new(blueprint.tenant(accounts.default_account(), &whole, slices));
        default.apply_quotas(whole.limit());
        Directory {
            blueprint,
            living: Mutex::new(BTreeMap::from([(default.id(), Arc::clone(&default))])),
            default,
            whole,
            accounts,
            epoch: AtomicU64::new(1),
        }
    }

    /// The default tenant.
    #[inline]
    pub fn default_tenant(&self) -> &Arc<Tenant> {
        &self.default
    }

    /// A membership of the default tenant, for a connection that has not logged in.
    pub fn enter_default(&self) -> Membership {
        Membership::of(Arc::clone(&self.default))
    }

    /// Raised with every change of [`living`](Self::living).
    #[inline]
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// The tenants in use.
    pub fn living(&self) -> Vec<Arc<Tenant>> {
        self.lock_living().values().cloned().collect()
    }

    /// The tenant of an account, if it is in use.
    pub fn find_living(&self, id: u64) -> Option<Arc<Tenant>> {
        self.lock_living().get(&id).cloned()
    }

    /// Lets a session into the tenant of this name, which comes to life if it has to.
    pub fn enter(&self, name: &[u8]) -> Result<Membership, EntryError> {
        let account = self.accounts.get(name).ok_or(EntryError::NoSuchTenant)?;
        let mut living = self.lock_living();
        if account.is_closed() {
            return Err(EntryError::NoSuchTenant);
        }
        let most = account.quotas().maxclients;
        if most != 0 && account.sessions() as u64 >= most {
            account.totals.rejected.fetch_add(1, Ordering::Relaxed);
            account.totals.turned_away.fetch_add(1, Ordering::Relaxed);
            return Err(EntryError::TooManyClients);
        }
        let tenant = living.entry(account.id).or_insert_with(|| {
            self.epoch.fetch_add(1, Ordering::Release);
            let slices = self.blueprint.slices().collect();
            let tenant = self.blueprint.tenant(account, &self.whole, slices);
            tenant.apply_quotas(self.whole.limit());
            Arc::new(tenant)
        });
        Ok(Membership::of(Arc::clone(tenant)))
    }

    /// Brings a tenant to life with data that was read.
    pub fn restore(&self, account: &Arc<Account>, slices: Vec<Slice>) -> Arc<Tenant> {
        let tenant = self
            .blueprint
            .tenant(Arc::clone(account), &self.whole, slices);
        tenant.apply_quotas(self.whole.limit());
        let tenant = Arc::new(tenant);
        let living = Arc::clone(&tenant);
        self.lock_living().insert(account.id, living);
        self.epoch.fetch_add(1, Ordering::Release);
        tenant
    }

    /// Sets the server's limit of memory, 0 for none.
    pub fn set_limit(&self, limit_bytes: u64) {
        let living = self.lock_living();
        self.whole.set_limit(limit_bytes);
        let limit = self.whole.limit();
        living
            .values()
            .for_each(|tenant| tenant.apply_quotas(limit));
    }

    /// Counts again how much of the server's limit is kept free for tenants below their minimum.
    pub fn recount_kept_free(&self) {
        if self.whole.limit() == 0 || !self.accounts.has_minimums() {
            return;
        }
        let accounts = self.accounts.all();
        let living = self.lock_living();
        let short = accounts
            .iter()
            .map(|account| match living.get(&account.id) {
                Some(tenant) => tenant.memory.shortfall(),
                None => account.quotas().min_memory as usize,
            });
        self.whole.keep_free(short.sum());
    }

    /// Whether so much may be reserved for the tenant of this name, besides what is for others.
    pub fn check_reserved(
        &self,
        name: &[u8],
        quotas: &Quotas,
        limit: u64,
    ) -> Result<(), QuotaError> {
        let accounts = self.accounts.all();
        let others = accounts.iter().filter(|account| *account.name != *name);
        let others: u64 = others.map(|account| account.quotas().min_memory).sum();
        let reserved = others.saturating_add(quotas.min_memory);
        match limit != 0 && reserved > limit {
            true => Err(QuotaError::Reserved { reserved, limit }),
            false => Ok(()),
        }
    }

    /// Gives a tenant other quotas.
    pub fn change_quotas(&self, account: &Account, quotas: Quotas) {
        let living = self.lock_living();
        self.accounts.note_minimum(&quotas);
        account.set_quotas(quotas);
        if let Some(tenant) = living.get(&account.id) {
            tenant.apply_quotas(self.whole.limit());
        }
    }

    /// Takes a tenant off the registers, so that nobody enters it any more; returns it if it is in use. Unless `force`
    /// says otherwise it has to be empty.
    pub fn close(&self, account: &Account, force: bool) -> Result<Option<Arc<Tenant>>, CloseError> {
        if account.is_default() {
            return Err(CloseError::Default);
        }
        account.close();
        // From here on nobody enters.
        let tenant = self.find_living(account.id);
        if !force && let Err(error) = check_unused(account, tenant.as_deref()) {
            account.reopen();
            return Err(error);
        }
        self.accounts.remove(account);
        if self.lock_living().remove(&account.id).is_some() {
            self.epoch.fetch_add(1, Ordering::Release);
        }
        Ok(tenant)
    }

    fn lock_living(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Tenant>>> {
        self.living.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_unused(account: &Account, tenant: Option<&Tenant>) -> Result<(), CloseError> {
    match (
        account.sessions(),
        tenant.map_or(0, |tenant| tenant.look().keys),
    ) {
        (0, 0) => Ok(()),
        (0, keys) => Err(CloseError::HasKeys(keys)),
        (clients, _) => Err(CloseError::HasClients(clients)),
    }
}
