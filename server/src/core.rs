//! What one core owns by itself: touched by its thread only, so no locks.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{SystemTime, UNIX_EPOCH};

use store::command::DataConfig;
use store::random::Rng;

use crate::server::{CoreStats, Server};

/// One core's state.
pub struct Core {
    /// Index of the core.
    pub index: usize,
    /// What all cores share.
    pub server: Arc<Server>,
    /// Random numbers for sampling.
    pub rng: RefCell<Rng>,
    /// This core's copy of the settings data commands read.
    pub data_config: RefCell<DataConfig>,
    settings_version: Cell<u64>,
}

impl Core {
    /// The state of core `index`.
    pub fn new(index: usize, server: Arc<Server>, random_seed: u64) -> Self {
        let data_config = RefCell::new(server.data_config());
        let settings_version = Cell::new(server.settings_version.load(Relaxed));
        Core {
            index,
            server,
            rng: RefCell::new(Rng::new(random_seed)),
            data_config,
            settings_version,
        }
    }

    /// This core's counters.
    pub fn stats(&self) -> &CoreStats {
        &self.server.stats[self.index]
    }

    /// Takes over settings that have changed since the last call; costs one load when none has.
    pub fn refresh_settings(&self) {
        let version = self.server.settings_version.load(Relaxed);
        if version != self.settings_version.get() {
            self.settings_version.set(version);
            *self.data_config.borrow_mut() = self.server.data_config();
        }
    }
}

/// The wall clock, ms since the epoch.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}
