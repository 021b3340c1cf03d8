//! What the clients of a core take, and what tenants are charged for it: counted every tick, and once more before data has to go for it.

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

    /// Charges these tenants for the clients that there are now.
    pub fn recount(&self, links: &Links, tenants: &[Arc<Tenant>]) {
        let begun = Instant::now();
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
