//! What one core keeps between calls of functions: instances of libraries, and which functions it has found. A function that is still running has its
//! instance with it, so one that is called meanwhile gets another.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use resp::OutputBuffer;
use store::random::Rng;
use udf::library::Library;
use udf::{CallError, Function, Instance, Share};

use super::LibraryTable;
use crate::breathing;
use crate::core::Core;
use crate::tenant::{Charged, Tenant};

/// Instances of one library that are kept: as many as were needed at once, up to this.
const KEPT_MAX: usize = 4;
/// Functions that are remembered: looking through them takes less than looking one up.
const REMEMBERED_MAX: usize = 16;

/// What one core keeps.
pub struct Shelf {
    /// Which core that is.
    core: usize,
    idle: RefCell<BTreeMap<u64, Rc<Idle>>>,
    /// The functions called last, in no order.
    called: RefCell<Vec<Rc<Found>>>,
}

/// The instances of one library that wait for a call: boxed, as they come and go at every call and are large to move.
type Idle = RefCell<Vec<Box<Counted>>>;

/// A function as it was found when it was called.
pub(crate) struct Found {
    /// The name it was called by.
    name: Box<[u8]>,
    /// The edition of the libraries it was found in.
    edition: u64,
    pub(super) library: Arc<Library>,
    /// Which of the library's functions it is.
    pub(super) index: usize,
    /// It is in Lua.
    pub(super) is_lua: bool,
    /// Where this core books its calls.
    costs: Arc<Share>,
    idle: Rc<Idle>,
}

/// An instance whose memory is counted as its library's.
pub(super) struct Counted {
    pub(super) instance: Box<dyn Instance>,
    /// What commands write when nobody reads it, or before a function reads it; empty between calls.
    pub(super) aside: OutputBuffer,
    /// Random numbers for what it does to data.
    pub(super) rng: Rng,
    library: Weak<Library>,
    /// What all instances of the library have.
    total: Arc<AtomicUsize>,
    bytes: usize,
    charged: Charged,
}

impl Counted {
    fn new(library: &Arc<Library>, core: &Core) -> Result<Box<Self>, CallError> {
        let mut counted = Box::new(Counted {
            instance: library.program.instantiate(breathing::pulse)?,
            aside: OutputBuffer::new(),
            rng: core.fork_rng(),
            library: Arc::downgrade(library),
            total: Arc::clone(&library.instance_bytes),
            bytes: 0,
            charged: Charged::default(),
        });
        counted.recount();
        Ok(counted)
    }

    /// Brings the count up to date; memory grows in a call.
    #[inline]
    fn recount(&mut self) {
        let bytes = self.instance.used_bytes();
        if bytes != self.bytes {
            self.total
                .fetch_add(bytes.wrapping_sub(self.bytes), Relaxed);
            self.bytes = bytes;
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Relaxed);
    }
}

impl Found {
    /// The function itself.
    #[inline]
    pub(super) fn function(&self) -> &Function {
        &self.library.functions[self.index]
    }

    /// Books a call that ran for so long.
    #[inline]
    pub(super) fn note(&self, run_ns: u64, trapped: bool) {
        self.costs.note(run_ns, trapped);
    }

    /// An instance of its library: one that has been used, or a fresh one.
    #[inline]
    pub(super) fn take(&self, core: &Core) -> Result<Box<Counted>, CallError> {
        let idle = self.idle.borrow_mut().pop();
        match idle {
            Some(instance) => Ok(instance),
            None => self.instantiate(core),
        }
    }

    /// A fresh instance.
    #[cold]
    pub(super) fn instantiate(&self, core: &Core) -> Result<Box<Counted>, CallError> {
        Counted::new(&self.library, core)
    }

    /// Puts an instance back that may be used again, and has its tenant charged for it.
    #[inline]
    pub(super) fn put(&self, mut instance: Box<Counted>, tenant: &Tenant) {
        instance.recount();
        instance.charged.update(instance.bytes, tenant);
        let mut idle = self.idle.borrow_mut();
        if idle.len() < KEPT_MAX {
            idle.push(instance);
        }
    }
}

impl Shelf {
    /// The empty shelf of a core.
    pub fn new(core: usize) -> Self {
        Shelf {
            core,
            idle: RefCell::default(),
            called: RefCell::default(),
        }
    }

    /// The function of this name, in any case.
    #[inline]
    pub(crate) fn find(&self, table: &LibraryTable, name: &[u8]) -> Option<Rc<Found>> {
        let edition = table.edition();
        let called = self.called.borrow();
        let known = called
            .iter()
            .find(|found| found.edition == edition && *found.name == *name);
        if let Some(found) = known {
            return Some(Rc::clone(found));
        }
        drop(called);
        self.look_up(table, edition, name)
    }

    #[cold]
    fn look_up(&self, table: &LibraryTable, edition: u64, name: &[u8]) -> Option<Rc<Found>> {
        let libraries = table.get();
        let (library, index) = libraries.find(name)?;
        let mut idle = self.idle.borrow_mut();
        let found = Rc::new(Found {
            name: name.into(),
            edition,
            library: Arc::clone(library),
            index,
            costs: library.accounts[index].share(self.core),
            is_lua: library.engine == udf::lua::NAME,
            idle: Rc::clone(idle.entry(library.id).or_default()),
        });
        let mut called = self.called.borrow_mut();
        if called.len() == REMEMBERED_MAX {
            called.remove(0);
        }
        called.push(Rc::clone(&found));
        Some(found)
    }

    /// Forgets the functions that were called, and drops the instances of libraries that are gone.
    pub fn tidy(&self) {
        self.called.borrow_mut().clear();
        let mut shelf = self.idle.borrow_mut();
        if !shelf.is_empty() {
            shelf.retain(|_, idle| {
                let is_needed = |first: &Counted| first.library.strong_count() > 0;
                // One that has no instance to spare may get back what a function that runs has.
                Rc::strong_count(idle) > 1
                    || idle.borrow().first().is_some_and(|first| is_needed(first))
            });
        }
    }
}
