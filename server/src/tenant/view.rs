//! What a session may see of the server: users of the default tenant see all of it, others what is their tenant's.

use std::sync::atomic::Ordering::Relaxed;

use store::command::CommandError;

use crate::blocking::Pause;
use crate::client::ClientInfo;
use crate::config::EvictionPolicy;
use crate::core::Core;
use crate::observe::{SlowLog, Spikes};
use crate::registry::Command;
use crate::runtime::{PerSecond, Totals};
use crate::server::{CoreStats, Server};
use crate::session::Session;

/// Directives whose values others than the default tenant's users are shown: limits of data and protocol, nothing about
/// the machine, its files or its users. A name that ends with `*` is the beginning of several.
const SHOWN_DIRECTIVES: &[&str] = &[
    "appendonly",
    "client-output-buffer-limit",
    "client-query-buffer-limit",
    "cluster-enabled",
    "databases",
    "hash-max-*",
    "hll-sparse-max-bytes",
    "latency-*",
    "lazyfree-*",
    "lfu-*",
    "list-*",
    "lua-time-limit",
    "maxclients",
    "maxmemory",
    "maxmemory-policy",
    "maxmemory-samples",
    "notify-keyspace-events",
    "proto-max-bulk-len",
    "replica-read-only",
    "save",
    "set-max-*",
    "slave-read-only",
    "slowlog-*",
    "stream-node-*",
    "timeout",
    "tracking-table-max-keys",
    "zset-max-*",
];

impl Session {
    /// Whether it may know of a connection.
    pub(crate) fn sees(&self, client: &ClientInfo) -> bool {
        self.tenant.is_default() || client.tenant.load(Relaxed) == self.tenant.id()
    }

    /// Whether it may know of a user, and there is one of this name.
    pub(crate) fn knows_user(&self, core: &Core, name: &[u8]) -> bool {
        let user = core.server.acl.get(name);
        user.is_some_and(|user| self.tenant.is_default() || user.tenant == self.tenant.account.name)
    }

    /// Its tenant's counters on this core, if they are not the server's.
    #[inline]
    pub(crate) fn own_stats(&self, core: &Core) -> Option<&CoreStats> {
        match self.tenant.is_default() {
            true => None,
            false => Some(self.tenant.stats_of_core(core.index)),
        }
    }

    /// Counts an error reply for its tenant, and the command that failed, if one did.
    #[cold]
    pub(crate) fn count_error_of_tenant(
        &self,
        core: &Core,
        failed: Option<&Command>,
        error: &CommandError,
    ) {
        if let Some(stats) = self.own_stats(core) {
            stats.count_error(error);
            if let Some(command) = failed {
                stats.failed_calls[command.id].add(1);
            }
        }
    }

    /// The counters it is shown.
    pub(crate) fn shown_stats<'s>(&'s self, server: &'s Server) -> Vec<&'s CoreStats> {
        match self.tenant.is_default() {
            true => server.stats.iter().collect(),
            false => self.tenant.stats().collect(),
        }
    }

    /// The rates it is shown: the server's as of now, a tenant's since it was last asked.
    pub(crate) fn shown_rates(&self, core: &Core, now_ms: u64, totals: Totals) -> PerSecond {
        if self.tenant.is_default() {
            return core.server.net.rates.now(now_ms, totals);
        }
        let rates = self.tenant.rates.now(now_ms, totals);
        self.tenant.rates.sample(now_ms, totals);
        rates
    }

    /// The slow log it is shown.
    pub(crate) fn slow_log<'s>(&'s self, server: &'s Server) -> &'s SlowLog {
        match self.tenant.is_default() {
            true => &server.slow_log,
            false => &self.tenant.slow_log,
        }
    }

    /// The spikes it is shown.
    pub(crate) fn spikes<'s>(&'s self, server: &'s Server) -> &'s Spikes {
        match self.tenant.is_default() {
            true => &server.spikes,
            false => &self.tenant.spikes,
        }
    }

    /// The pause that it may begin and end: everybody's, or its tenant's.
    pub(crate) fn own_pause<'s>(&'s self, server: &'s Server) -> &'s Pause {
        match self.tenant.is_default() {
            true => &server.pause,
            false => &self.tenant.pause,
        }
    }

    /// The limit of memory that holds for its tenant, 0 for none, and what goes when it is reached.
    pub(crate) fn shown_limit(&self, core: &Core) -> (u64, EvictionPolicy) {
        let (settings, quotas) = (core.settings(), self.tenant.account.quotas());
        let limit = match quotas.maxmemory {
            0 => settings.maxmemory,
            own => own,
        };
        (limit, quotas.policy.unwrap_or(settings.maxmemory_policy))
    }

    /// The most connections there may be.
    pub(crate) fn shown_maxclients(&self, core: &Core) -> u64 {
        let all = core.server.net.census.max() as u64;
        match self.tenant.account.quotas().maxclients {
            0 => all,
            own => own.min(all),
        }
    }

    /// Makes what CONFIG GET found what a session of its tenant is shown.
    pub(crate) fn show_config(&self, core: &Core, found: &mut Vec<(Vec<u8>, Vec<u8>)>) {
        if self.tenant.is_default() {
            return;
        }
        found.retain(|(name, _)| is_shown(name));
        let (limit, policy) = self.shown_limit(core);
        for (name, value) in found {
            match name.to_ascii_lowercase().as_slice() {
                b"maxmemory" => *value = limit.to_string().into_bytes(),
                b"maxmemory-policy" => *value = policy.name().as_bytes().to_vec(),
                b"maxclients" => *value = self.shown_maxclients(core).to_string().into_bytes(),
                _ => {}
            }
        }
    }
}

fn is_shown(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    SHOWN_DIRECTIVES
        .iter()
        .any(|shown| match shown.strip_suffix('*') {
            None => name == shown.as_bytes(),
            Some(beginning) => name.starts_with(beginning.as_bytes()),
        })
}
