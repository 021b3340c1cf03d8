//! One core's instances of libraries, between calls. A function that is still running has its instance with it, so one that is called meanwhile gets
//! another.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use udf::library::Library;
use udf::{CallError, Instance};

use crate::tenant::Tenant;

/// Instances of one library that are kept: as many as were needed at once, up to this.
const KEPT_MAX: usize = 4;
/// An instance that has grown or shrunk by so much since its tenant was charged for it is charged anew.
const CHARGED_STEP_BYTES: usize = 16 << 10;

/// The instances of one core.
#[derive(Default)]
pub struct Shelf(RefCell<BTreeMap<u64, Vec<Counted>>>);

/// An instance whose memory is counted as its library's.
pub(super) struct Counted {
    pub(super) instance: Box<dyn Instance>,
    library: Weak<Library>,
    id: u64,
    /// What all instances of the library have.
    total: Arc<AtomicUsize>,
    bytes: usize,
    /// Its bytes when the tenant was charged for it.
    charged: usize,
}

impl Counted {
    /// A fresh instance.
    pub(super) fn new(library: &Arc<Library>) -> Result<Self, CallError> {
        let mut counted = Counted {
            instance: library.program.instantiate()?,
            library: Arc::downgrade(library),
            id: library.id,
            total: Arc::clone(&library.instance_bytes),
            bytes: 0,
            charged: 0,
        };
        counted.recount();
        Ok(counted)
    }

    /// Brings the count up to date; memory grows in a call.
    fn recount(&mut self) {
        let bytes = self.instance.used_bytes();
        if bytes != self.bytes {
            self.total
                .fetch_add(bytes.wrapping_sub(self.bytes), Relaxed);
            self.bytes = bytes;
        }
    }

    /// Whether it has become so much larger or smaller that the tenant is to be charged anew.
    fn is_to_be_charged(&mut self) -> bool {
        let changed = self.bytes.abs_diff(self.charged) >= CHARGED_STEP_BYTES;
        if changed {
            self.charged = self.bytes;
        }
        changed
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Relaxed);
    }
}

impl Shelf {
    /// An instance of the library: one that has been used, or a fresh one.
    pub(super) fn take(&self, library: &Arc<Library>) -> Result<Counted, CallError> {
        let idle = self.0.borrow_mut().get_mut(&library.id).and_then(Vec::pop);
        match idle {
            Some(instance) => Ok(instance),
            None => Counted::new(library),
        }
    }

    /// Puts an instance back that may be used again, and has its tenant charged for it.
    pub(super) fn put(&self, mut instance: Counted, tenant: &Tenant) {
        instance.recount();
        if instance.is_to_be_charged() {
            tenant.recount_code();
        }
        let mut shelf = self.0.borrow_mut();
        let idle = shelf.entry(instance.id).or_default();
        if idle.len() < KEPT_MAX {
            idle.push(instance);
        }
    }

    /// Drops the instances of libraries that are gone.
    pub fn tidy(&self) {
        let mut shelf = self.0.borrow_mut();
        if !shelf.is_empty() {
            shelf.retain(|_, idle| {
                idle.first()
                    .is_some_and(|first| first.library.strong_count() > 0)
            });
        }
    }
}
