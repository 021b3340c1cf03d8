//! What one core owns by itself: touched by its thread only, so no locks.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use store::command::DataConfig;
use store::keyspace::Access;
use store::random::Rng;

use crate::aftermath::Aftermath;
use crate::config::{Settings, SettingsReader};
use crate::connection::Links;
use crate::function::Shelf;
use crate::memory::ClientCharges;
use crate::observe::Meter;
use crate::pubsub::{Outbox, Registries};
use crate::script::Engines;
use crate::server::{CoreStats, Server};
use crate::tenant::{Shares, Tenant};
use crate::tracking;

/// One core's state.
pub struct Core {
    /// Index of the core.
    pub index: usize,
    /// What all cores share.
    pub server: Arc<Server>,
    /// Random numbers for sampling.
    pub rng: RefCell<Rng>,
    /// This core's copy of the settings data commands read.
    data_config: RefCell<Rc<DataConfig>>,
    /// Measures its commands.
    pub meter: Meter,
    /// Its time, as tenants share it.
    pub shares: Rc<Shares>,
    /// Its connections.
    pub links: Rc<Links>,
    /// Its subscribers, tenant by tenant.
    pub pubsub: Registries,
    /// The tenants in use, as it saw them last.
    tenants: RefCell<(u64, Rc<[Arc<Tenant>]>)>,
    /// Its clients that track keys.
    pub tracking: Rc<tracking::Clients>,
    /// Its Lua states.
    pub engines: Engines,
    /// Its instances of libraries.
    pub shelf: Shelf,
    /// What commands leave behind.
    pub aftermath: Aftermath,
    /// What is on its way to other cores.
    pub outbox: Outbox,
    /// What its clients are charged, by tenant.
    client_charges: ClientCharges,
    settings: RefCell<SettingsReader>,
}

impl Core {
    /// The state of core `index`.
    pub fn new(index: usize, server: Arc<Server>, random_seed: u64) -> Self {
        let settings = server.config.reader();
        let data_config = RefCell::new(Rc::new(settings.settings().data.clone()));
        // Somebody may have begun to monitor on a core that was ready before this one; who begins from here on raises the epoch.
        let meter = Meter::new(settings.settings(), server.monitors.any());
        let aftermath = Aftermath::default();
        aftermath.configure(settings.settings().data.events);
        Core {
            index,
            shares: Rc::new(Shares::new(server.net.driver.is_ring())),
            links: Rc::default(),
            pubsub: Registries::new(index, Arc::clone(&server)),
            tenants: RefCell::new((0, Rc::new([]))),
            tracking: Rc::new(tracking::Clients::new(index)),
            engines: Engines::default(),
            shelf: Shelf::new(index),
            aftermath,
            outbox: Outbox::new(server.net.mailboxes.len()),
            client_charges: ClientCharges::default(),
            server,
            rng: RefCell::new(Rng::new(random_seed)),
            data_config,
            meter,
            settings: RefCell::new(settings),
        }
    }

    /// An access of a tenant's key at this time.
    #[inline]
    pub fn access(&self, tenant: &Tenant, now_ms: u64) -> Access {
        let tracking = match tenant.has_own_policy() {
            false => self.data_config.borrow().tracking,
            true => tenant.tracking_of_access(&self.settings()),
        };
        Access::new(tracking, now_ms, || self.rng.borrow_mut().next_u64())
    }

    /// The settings that data commands read, as of the last refresh.
    #[inline]
    pub fn data_config(&self) -> Rc<DataConfig> {
        Rc::clone(&self.data_config.borrow())
    }

    /// Random numbers for a run of commands, which may be suspended in the middle.
    #[inline]
    pub fn fork_rng(&self) -> Rng {
        Rng::new(self.rng.borrow_mut().next_u64())
    }

    /// This core's counters.
    pub fn stats(&self) -> &CoreStats {
        &self.server.stats[self.index]
    }

    /// Takes over settings that have changed since the last call; costs one load when none has.
    pub fn refresh_settings(&self) {
        let mut settings = self.settings.borrow_mut();
        if settings.refresh(&self.server.config) {
            *self.data_config.borrow_mut() = Rc::new(settings.settings().data.clone());
            self.aftermath.configure(settings.settings().data.events);
            self.meter
                .set(settings.settings(), self.server.monitors.any());
        }
    }

    /// Brings up to date what its clients are charged for: their buffers and what is known of them.
    pub fn recount_clients(&self) {
        self.client_charges
            .recount(&self.links, &self.tenants(), self.stats().input_bytes.get());
    }

    /// The same, if more than so many bytes have been read since that was done.
    #[inline]
    pub fn recount_clients_after(&self, read_bytes: usize) {
        let all_bytes = self.stats().input_bytes.get();
        if self.client_charges.read_since(all_bytes) > read_bytes as u64 {
            self.recount_clients_again();
        }
    }

    /// The same, unless that was done a moment ago.
    pub fn recount_clients_again(&self) {
        if self.client_charges.are_old() {
            self.recount_clients();
        }
    }

    /// Whether its clients are charged anything.
    pub fn charges_clients(&self) -> bool {
        self.client_charges.any()
    }

    /// The tenants in use.
    pub fn tenants(&self) -> Rc<[Arc<Tenant>]> {
        let directory = &self.server.tenants;
        let epoch = directory.epoch();
        let mut known = self.tenants.borrow_mut();
        if known.0 != epoch {
            *known = (epoch, directory.living().into());
            self.pubsub.tidy();
        }
        Rc::clone(&known.1)
    }

    /// Milliseconds a function in WebAssembly may run, as of the last refresh.
    #[inline]
    pub fn wasm_time_limit_ms(&self) -> u64 {
        self.settings.borrow().settings().wasm_time_limit_ms
    }

    /// What a state of Lua may take, as of the last refresh.
    #[inline]
    pub fn lua_memory_bytes_max(&self) -> usize {
        self.settings.borrow().settings().lua_memory_bytes_max
    }

    /// The settings as of the last refresh.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(self.settings.borrow().settings())
    }
}

/// The wall clock, ms since the epoch.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}
