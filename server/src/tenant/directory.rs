//! All tenants: those registered, by name, and those of them that live.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use store::hash::Seed;
use store::keyspace::Slice;

use super::{Account, DEFAULT_TENANT, EntryError, Membership, Quotas, Tenant};
use crate::memory::MemoryLimit;
use crate::shard::TenantSlices;

/// Longest name of a tenant, in bytes.
const NAME_LEN_MAX: usize = 64;

/// Why a name cannot be a tenant's. `Display` is the wire text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It has other characters than are good in files, labels and lines.
    #[error(
        "ERR A tenant's name has 1 to 64 letters, digits, dots, dashes and underscores, and begins with a letter or digit"
    )]
    Malformed,
    /// There is one.
    #[error("ERR Tenant already exists")]
    Taken,
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

    fn tenant(&self, account: Arc<Account>, slices: impl IntoIterator<Item = Slice>) -> Tenant {
        Tenant {
            account,
            slices: TenantSlices::new(slices),
            memory: MemoryLimit::new(self.shards),
            stats: (0..self.cores).map(|_| OnceLock::new()).collect(),
            commands: self.commands,
        }
    }
}

/// All tenants. Its locks are taken when tenants and sessions come and go, never by commands on keys.
pub struct Directory {
    blueprint: Blueprint,
    default: Arc<Tenant>,
    accounts: Mutex<BTreeMap<Box<[u8]>, Arc<Account>>>,
    /// Tenants in use, by number.
    living: Mutex<BTreeMap<u64, Arc<Tenant>>>,
    /// Raised with every change of those in use.
    epoch: AtomicU64,
    next_id: AtomicU64,
}

impl Directory {
    /// The default tenant alone, with these slices.
    pub fn new(blueprint: Blueprint, slices: Vec<Slice>) -> Self {
        let account = Arc::new(Account::default_tenant());
        let default = Arc::new(blueprint.tenant(Arc::clone(&account), slices));
        let accounts = BTreeMap::from([(account.name.clone(), account)]);
        Directory {
            blueprint,
            living: Mutex::new(BTreeMap::from([(default.id(), Arc::clone(&default))])),
            default,
            accounts: Mutex::new(accounts),
            epoch: AtomicU64::new(1),
            next_id: AtomicU64::new(1),
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

    /// Registers a tenant.
    pub fn create(&self, name: &[u8], quotas: Quotas) -> Result<Arc<Account>, NameError> {
        check_name(name)?;
        let mut accounts = self.lock_accounts();
        if accounts.contains_key(name) {
            return Err(NameError::Taken);
        }
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let account = Arc::new(Account::new(id, name, quotas));
        accounts.insert(name.into(), Arc::clone(&account));
        Ok(account)
    }

    /// The tenant of this name.
    pub fn account(&self, name: &[u8]) -> Option<Arc<Account>> {
        self.lock_accounts().get(name).cloned()
    }

    /// All tenants, by name.
    pub fn accounts(&self) -> Vec<Arc<Account>> {
        self.lock_accounts().values().cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock_accounts().len()
    }

    /// Whether there is none, which never is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
        let account = self.account(name).ok_or(EntryError::NoSuchTenant)?;
        let mut living = self.lock_living();
        if account.is_closed() {
            return Err(EntryError::NoSuchTenant);
        }
        let most = account.quotas().maxclients;
        if most != 0 && account.sessions() as u64 >= most {
            account.totals.rejected.fetch_add(1, Ordering::Relaxed);
            return Err(EntryError::TooManyClients);
        }
        let tenant = living.entry(account.id).or_insert_with(|| {
            self.epoch.fetch_add(1, Ordering::Release);
            Arc::new(self.blueprint.tenant(account, self.blueprint.slices()))
        });
        Ok(Membership::of(Arc::clone(tenant)))
    }

    fn lock_accounts(&self) -> MutexGuard<'_, BTreeMap<Box<[u8]>, Arc<Account>>> {
        // Every change leaves a whole map behind.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_living(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Tenant>>> {
        self.living.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name goes into lines of the configuration, names of files and labels of metrics.
fn check_name(name: &[u8]) -> Result<(), NameError> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let begins_well = name.first().is_some_and(u8::is_ascii_alphanumeric);
    match begins_well && name.len() <= NAME_LEN_MAX && name.iter().all(is_plain) {
        true if name == DEFAULT_TENANT.as_bytes() => Err(NameError::Taken),
        true => Ok(()),
        false => Err(NameError::Malformed),
    }
}
