//! Functions that have run for a while: FUNCTION STATS shows them, FUNCTION KILL ends them. A function enters the list at its first pause, so one that
//! is quick costs nothing here.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Instant;

use resp::Args;

use super::LibraryTable;
use crate::tenant::Membership;

/// A function that runs.
#[derive(Debug)]
pub struct Running {
    /// Its name.
    pub(super) name: String,
    /// The request it runs for.
    pub(super) request: Vec<Vec<u8>>,
    /// When it was seen first.
    pub(super) since: Instant,
    /// It has changed data, and must go on.
    pub(super) wrote: AtomicBool,
    /// It is to end.
    pub(super) killed: AtomicBool,
}

/// A running function's place in the list; it leaves with it.
pub(crate) struct Seen {
    tenant: Rc<Membership>,
    entry: Arc<Running>,
}

impl Seen {
    /// Enters the list.
    pub(crate) fn enter(tenant: Rc<Membership>, name: &str, args: Args<'_>) -> Self {
        let entry = Arc::new(Running {
            name: name.to_owned(),
            request: args.iter().map(<[u8]>::to_vec).collect(),
            since: Instant::now(),
            wrote: AtomicBool::new(false),
            killed: AtomicBool::new(false),
        });
        tenant.functions.running().push(Arc::clone(&entry));
        Seen { tenant, entry }
    }

    /// Notes whether it has changed data; whether it is to end.
    pub(crate) fn look(&self, wrote: bool) -> bool {
        self.entry.wrote.store(wrote, Relaxed);
        self.entry.killed.load(Relaxed) && !wrote
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.tenant
            .functions
            .running()
            .retain(|other| !Arc::ptr_eq(other, &self.entry));
    }
}

impl LibraryTable {
    /// The functions seen running.
    pub(super) fn running(&self) -> MutexGuard<'_, Vec<Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
