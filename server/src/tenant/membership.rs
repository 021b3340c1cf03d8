//! A session's part in its tenant.

use std::sync::Arc;

use super::Tenant;

/// Why a session cannot enter a tenant. `Display` is the wire text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// There is no such tenant, or not any more.
    #[error("ERR No such tenant")]
    NoSuchTenant,
    /// It has as many sessions as it may.
    #[error("ERR max number of clients reached")]
    TooManyClients,
}

/// Keeps a tenant alive, and counts as one of its sessions.
pub struct Membership(Arc<Tenant>);

impl Membership {
    pub(super) fn of(tenant: Arc<Tenant>) -> Self {
        tenant.account.count_entry();
        Membership(tenant)
    }

    /// The tenant, for who outlives the session.
    pub fn share(&self) -> Arc<Tenant> {
        Arc::clone(&self.0)
    }
}

impl std::ops::Deref for Membership {
    type Target = Arc<Tenant>;

    #[inline]
    fn deref(&self) -> &Arc<Tenant> {
        &self.0
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.0.account.count_exit();
    }
}
