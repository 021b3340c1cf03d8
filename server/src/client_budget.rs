//! `maxmemory-clients`: how much memory all clients together may take, and disconnecting the largest when it is more.
//!
//! Each connection's core notes what it takes after every read it has worked through, after output it could not send, and
//! after messages pushed to it; the difference goes into one shared sum. Without a limit that is one branch. Who is counted
//! and when never depends on what the client does: only on how much it holds. CLIENT NO-EVICT spares a client, which still
//! counts. Nothing here touches a socket but through [`Clients::kill`].

use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use tracing::info;

use crate::client::{ClientInfo, Clients};

/// The least limit: below it nobody could talk to the server any more.
const LIMIT_MIN: usize = 128 * 1024;

/// The limit, and what is charged to it. Bytes.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// 0 for none.
    limit: AtomicUsize,
    used: AtomicUsize,
    /// What was in use when nobody was left that could go: only beyond that it is worth looking again.
    stuck: AtomicUsize,
    evicted: AtomicU64,
    evicting: Mutex<()>,
}

impl Budget {
    /// Takes a client that is gone out of the sum.
    pub(crate) fn uncharge(&self, client: &ClientInfo) {
        self.recharge(client, 0);
    }

    fn recharge(&self, client: &ClientInfo, bytes: usize) {
        let before = client.charged_bytes.swap(bytes, Relaxed);
        if bytes != before {
            // Wraps around as the difference does.
            self.used.fetch_add(bytes.wrapping_sub(before), Relaxed);
        }
    }

    fn is_exceeded(&self) -> bool {
        let used = self.used.load(Relaxed);
        used > self.limit.load(Relaxed) && used > self.stuck.load(Relaxed)
    }
}

impl Clients {
    /// Nobody yet, with this limit.
    pub fn limited(limit_bytes: u64) -> Self {
        let clients = Clients::default();
        clients.set_memory_limit(limit_bytes);
        clients
    }

    /// Sets the limit, 0 for none, and enforces it at once.
    pub fn set_memory_limit(&self, limit_bytes: u64) {
        let limit = match usize::try_from(limit_bytes).unwrap_or(usize::MAX) {
            0 => 0,
            limit => limit.max(LIMIT_MIN),
        };
        self.budget.limit.store(limit, Relaxed);
        self.budget.stuck.store(0, Relaxed);
        if limit != 0 {
            for client in self.snapshot() {
                self.note_memory(&client);
            }
        }
    }

    /// Notes what a client takes now. When all together take too much, the largest are disconnected.
    #[inline]
    pub fn note_memory(&self, client: &ClientInfo) {
        if self.budget.limit.load(Relaxed) != 0 {
            self.charge(client);
        }
    }

    /// A client may be disconnected now that could not before.
    pub fn note_evictable(&self) {
        self.budget.stuck.store(0, Relaxed);
    }

    /// Clients disconnected for memory since the start.
    pub fn evicted_total(&self) -> u64 {
        self.budget.evicted.load(Relaxed)
    }

    /// Sets that count back to zero, for CONFIG RESETSTAT.
    pub fn reset_evicted_total(&self) {
        self.budget.evicted.store(0, Relaxed);
    }

    #[cold]
    fn charge(&self, client: &ClientInfo) {
        if !client.killed.load(Relaxed) {
            self.budget.recharge(client, client.used_bytes());
        }
        if self.budget.is_exceeded() {
            self.evict();
        }
    }

    fn evict(&self) {
        let evicting = &self.budget.evicting;
        let _alone = evicting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut candidates = self.snapshot();
        candidates.retain(|client| !client.no_evict.load(Relaxed));
        candidates.sort_by_key(|client| Reverse(client.charged_bytes.load(Relaxed)));
        for client in candidates {
            if !self.budget.is_exceeded() {
                return;
            }
            let bytes = client.charged_bytes.load(Relaxed);
            if bytes > 0 && self.kill(client.id) {
                self.budget.evicted.fetch_add(1, Relaxed);
                info!(
                    "Evicting client: id={} addr={} tot-mem={bytes}",
                    client.id, client.addr
                );
            }
        }
        let used = self.budget.used.load(Relaxed);
        self.budget.stuck.store(used, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Endpoint;
    use std::sync::Arc;

    fn client(clients: &Clients, id: u64, argument_bytes: usize) -> Arc<ClientInfo> {
        let client = Arc::new(ClientInfo::new(id, 0, -1, &Endpoint::Unix("s".into()), 0));
        client.argument_bytes.store(argument_bytes, Relaxed);
        clients.insert(Arc::clone(&client));
        client
    }

    fn left(clients: &Clients) -> Vec<u64> {
        clients.snapshot().iter().map(|client| client.id).collect()
    }

    #[test]
    fn the_largest_go_until_the_rest_fits() {
        let clients = Clients::default();
        let sizes = [400_000, 900_000, 100_000, 800_000];
        let all: Vec<_> = (1..)
            .zip(sizes)
            .map(|(id, size)| client(&clients, id, size))
            .collect();
        clients.set_memory_limit(600_000);
        assert_eq!(left(&clients), [1, 3]);
        assert_eq!(clients.evicted_total(), 2);
        all[2].argument_bytes.store(500_000, Relaxed);
        clients.note_memory(&all[2]);
        assert_eq!(left(&clients), [1]);
        clients.remove(&all[0]);
        assert_eq!(clients.budget.used.load(Relaxed), 0);
    }

    #[test]
    fn who_may_not_go_stays_and_counts() {
        let clients = Clients::default();
        let kept = client(&clients, 1, 900_000);
        kept.no_evict.store(true, Relaxed);
        let small = client(&clients, 2, 1000);
        clients.set_memory_limit(500_000);
        assert_eq!(left(&clients), [1]);
        assert!(small.killed.load(Relaxed));
        kept.no_evict.store(false, Relaxed);
        clients.note_evictable();
        clients.note_memory(&kept);
        assert!(left(&clients).is_empty());
    }

    #[test]
    fn there_is_a_least_limit_and_none_by_default() {
        let clients = Clients::default();
        let one = client(&clients, 1, 100_000);
        clients.note_memory(&one);
        clients.set_memory_limit(1);
        assert_eq!(left(&clients), [1]);
        one.argument_bytes.store(200_000, Relaxed);
        clients.set_memory_limit(0);
        clients.note_memory(&one);
        assert_eq!(left(&clients), [1]);
    }
}
