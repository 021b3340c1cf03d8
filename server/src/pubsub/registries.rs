//! One core's subscribers, tenant by tenant: channels of one are no channels of another.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use store::hash::hash_key;

use super::Registry;
use crate::server::Server;
use crate::tenant::Tenant;

/// The registries of one core.
pub struct Registries {
    core: usize,
    server: Arc<Server>,
    by_tenant: RefCell<HashMap<u64, Rc<Registry>>>,
}

impl Registries {
    /// Nobody subscribes on this core.
    pub fn new(core: usize, server: Arc<Server>) -> Self {
        Registries {
            core,
            server,
            by_tenant: RefCell::default(),
        }
    }

    /// The hash that names are found by.
    pub(super) fn hash(&self, name: &[u8]) -> u64 {
        hash_key(&self.server.seed, name)
    }

    /// A tenant's registry.
    pub fn of(&self, tenant: &Arc<Tenant>) -> Rc<Registry> {
        let mut registries = self.by_tenant.borrow_mut();
        let registry = registries.entry(tenant.id()).or_insert_with(|| {
            let (server, tenant) = (Arc::clone(&self.server), Arc::clone(tenant));
            Rc::new(Registry::new(self.core, server, tenant))
        });
        Rc::clone(registry)
    }

    /// A tenant's registry, if anybody has subscribed there.
    pub fn find(&self, tenant: u64) -> Option<Rc<Registry>> {
        self.by_tenant.borrow().get(&tenant).cloned()
    }

    /// All registries.
    pub fn all(&self) -> Vec<Rc<Registry>> {
        self.by_tenant.borrow().values().cloned().collect()
    }

    /// Forgets those that nobody uses, which would keep their tenants.
    pub fn tidy(&self) {
        self.by_tenant
            .borrow_mut()
            .retain(|_, registry| !registry.is_empty() || Rc::strong_count(registry) > 1);
    }
}
