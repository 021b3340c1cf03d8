//! What is registered of a tenant: its name, its quotas, and whether it is being removed. It costs next to nothing;
//! slices and tables come with the first session, see [`Tenant`](super::Tenant).

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Quotas;

/// The name of the tenant that is always there and whose users administer the server.
pub const DEFAULT_TENANT: &str = "default";

/// Number of the default tenant.
const DEFAULT_ID: u64 = 0;

/// One tenant as registered.
#[derive(Debug)]
pub struct Account {
    /// Unique, never used again.
    pub id: u64,
    /// Its name.
    pub name: Box<[u8]>,
    quotas: Mutex<Quotas>,
    /// Sessions that belong to it.
    sessions: AtomicUsize,
    /// It is being removed: nobody enters any more.
    closed: AtomicBool,
    /// What happened to it.
    pub totals: Totals,
}

/// Counts of a tenant's life, whatever core they happened on.
#[derive(Debug, Default)]
pub struct Totals {
    /// Sessions that entered.
    pub entered: AtomicU64,
    /// Sessions that were refused.
    pub turned_away: AtomicU64,
    /// Times a connection waited for its tenant's turn at a core.
    pub queued: AtomicU64,
    /// Times a connection had to wait for the rate of operations.
    pub throttled: AtomicU64,
    /// Requests and connections refused for a quota.
    pub rejected: AtomicU64,
}

impl Totals {
    /// Sessions that entered, and those that were refused.
    pub fn connections(&self) -> (u64, u64) {
        (self.entered.load(Relaxed), self.turned_away.load(Relaxed))
    }
}

impl Account {
    pub(super) fn new(id: u64, name: &[u8], quotas: Quotas) -> Self {
        Account {
            id,
            name: name.into(),
            quotas: Mutex::new(quotas),
            sessions: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            totals: Totals::default(),
        }
    }

    pub(super) fn default_tenant() -> Self {
        Account::new(DEFAULT_ID, DEFAULT_TENANT.as_bytes(), Quotas::default())
    }

    /// Whether it is the default tenant's.
    #[inline]
    pub fn is_default(&self) -> bool {
        self.id == DEFAULT_ID
    }

    /// Its name as text.
    pub fn name_text(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// Its quotas.
    pub fn quotas(&self) -> Quotas {
        self.lock().clone()
    }

    pub(super) fn set_quotas(&self, quotas: Quotas) {
        *self.lock() = quotas;
    }

    /// Sessions that belong to it now.
    pub fn sessions(&self) -> usize {
        self.sessions.load(Relaxed)
    }

    pub(super) fn count_entry(&self) {
        self.sessions.fetch_add(1, Relaxed);
        self.totals.entered.fetch_add(1, Relaxed);
    }

    pub(super) fn count_exit(&self) {
        self.sessions.fetch_sub(1, Relaxed);
    }

    /// Whether it is being removed.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Relaxed);
    }

    pub(super) fn reopen(&self) {
        self.closed.store(false, Relaxed);
    }

    /// A panic while the lock was held left whole quotas behind: they are replaced at once.
    fn lock(&self) -> MutexGuard<'_, Quotas> {
        self.quotas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
