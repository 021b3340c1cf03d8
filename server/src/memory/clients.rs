//! What the clients of a core take, and what tenants are charged for it: counted every tick, when much has been read since, and once
//! more before data has to go for it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::connection::Links;
use crate::tenant::Tenant;

/// A count is good for so long at least, and for so many times as long as it took.
const GOOD_FOR: Duration = Duration::from_millis(2);
const GOOD_FOR_TIMES: u32 = 100;

/// One core's clients.
#[derive(Debug, Default)]
pub struct ClientCharges {
    /// What they were charged at the last count, by tenant.
    bytes: RefCell<BTreeMap<u64, usize>>,
    /// Until when the count is good.
    good_until: Cell<Option<Instant>>,
    /// Bytes the core had read at the last count.
    read_bytes: Cell<u64>,
}

impl ClientCharges {
    /// Whether anything is charged.
    pub fn any(&self) -> bool {
        !self.bytes.borrow().is_empty()
    }

    /// Whether the last count is not good any more.
    pub fn are_old(&self) -> bool {
        let good_until = self.good_until.get();
        good_until.is_none_or(|until| Instant::now() >= until)
    }

    /// Bytes read since the last count, of so many altogether: about as much may have to be charged beyond it.
    #[inline]
    pub fn read_since(&self, read_bytes: u64) -> u64 {
        read_bytes.saturating_sub(self.read_bytes.get())
    }

    /// Charges these tenants for the clients that there are now; the core has read so many bytes.
    pub fn recount(&self, links: &Links, tenants: &[Arc<Tenant>], read_bytes: u64) {
        let begun = Instant::now();
        self.read_bytes.set(read_bytes);
        let mut bytes = BTreeMap::new();
        for link in &links.snapshot() {
            let tenant = link.info.tenant.load(Relaxed);
            *bytes.entry(tenant).or_insert(0) += link.info.used_bytes();
        }
        let before = self.bytes.replace(bytes);
        let now = self.bytes.borrow();
        for tenant in tenants {
            let of = |bytes: &BTreeMap<u64, usize>| bytes.get(&tenant.id()).copied().unwrap_or(0);
            tenant.memory.recount_clients(of(&before), of(&now));
        }
        let good_for = (begun.elapsed() * GOOD_FOR_TIMES).max(GOOD_FOR);
        self.good_until.set(Some(begun + good_for));
    }
}
