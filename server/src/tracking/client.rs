//! What clients of one core asked for with CLIENT TRACKING.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bitflags::bitflags;
use resp::OutputBuffer;

use crate::connection::Link;
use crate::session::Session;
use crate::tenant::Tenant;

bitflags! {
    /// The options of CLIENT TRACKING.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct Options: u8 {
        /// Told of all keys with certain prefixes, read or not.
        const BCAST = 1;
        /// Told of keys only if CLIENT CACHING YES came before they were read.
        const OPTIN = 1 << 1;
        /// Told of keys unless CLIENT CACHING NO came before they were read.
        const OPTOUT = 1 << 2;
        /// Not told of its own changes.
        const NOLOOP = 1 << 3;
    }
}

/// One client that tracks.
pub struct Tracking {
    pub(super) link: Rc<Link>,
    pub(super) options: Cell<Options>,
    /// Who gets its messages; 0 for itself.
    pub(super) redirect: Cell<u64>,
    /// The one it redirected to is gone.
    pub(super) is_broken: Cell<bool>,
    /// CLIENT CACHING was called for the next command.
    pub(super) caching: Cell<bool>,
    pub(super) prefixes: RefCell<BTreeSet<Box<[u8]>>>,
    clients: Rc<Clients>,
    /// Whose keys it tracks.
    pub(super) tenant: Arc<Tenant>,
}

impl Tracking {
    /// Whether the keys that it reads now are to be noted.
    #[inline]
    pub fn is_noting(&self) -> bool {
        let options = self.options.get();
        if options.intersects(Options::BCAST) {
            return false;
        }
        match options.intersection(Options::OPTIN | Options::OPTOUT) {
            Options::OPTIN => self.caching.get(),
            Options::OPTOUT => !self.caching.get(),
            _ => true,
        }
    }

    /// What CLIENT CACHING asked for is over.
    #[inline]
    pub fn forget_caching(&self) {
        self.caching.set(false);
    }

    /// Sets what a call of CLIENT TRACKING ON asks for; prefixes add up.
    pub(super) fn set(&self, options: Options, redirect: u64, prefixes: Vec<Box<[u8]>>) {
        let directory = &self.tenant.tracking;
        let totals = &directory.cores[self.clients.core];
        if options.contains(Options::BCAST) && !self.options.get().contains(Options::BCAST) {
            totals.broadcasting.fetch_add(1, Relaxed);
            directory.broadcasting.fetch_add(1, Relaxed);
        }
        self.options.set(options);
        self.redirect.set(redirect);
        self.set_broken(false);
        let mut known = self.prefixes.borrow_mut();
        let before = known.len();
        known.extend(prefixes);
        directory.prefixes.fetch_add(known.len() - before, Relaxed);
        drop(known);
        self.note();
    }

    pub(super) fn set_broken(&self, is_broken: bool) {
        self.is_broken.set(is_broken);
        self.note();
    }

    /// Puts where CLIENT LIST sees it what others may know.
    fn note(&self) {
        let info = &self.link.info;
        let redirect = self.redirect.get() as i64;
        info.tracking_redirect.store(redirect, Relaxed);
        info.tracking_broadcasts
            .store(self.options.get().contains(Options::BCAST), Relaxed);
        info.tracking_is_broken.store(self.is_broken.get(), Relaxed);
        let prefixes = self.prefixes.borrow();
        let bytes = prefixes.iter().map(|prefix| prefix.len() + 32).sum();
        info.tracking_bytes.store(bytes, Relaxed);
    }
}

/// The clients of one core that track.
pub struct Clients {
    core: usize,
    by_id: RefCell<HashMap<u64, Rc<Tracking>>>,
}

impl Clients {
    /// Nobody yet.
    pub fn new(core: usize) -> Self {
        Self {
            core,
            by_id: RefCell::default(),
        }
    }

    /// The client of this id, if it tracks.
    pub fn get(&self, id: u64) -> Option<Rc<Tracking>> {
        self.by_id.borrow().get(&id).cloned()
    }

    /// All of them in a tenant.
    pub fn of_tenant(&self, tenant: u64) -> Vec<Rc<Tracking>> {
        let clients = self.by_id.borrow();
        let own = clients.values().filter(|one| one.tenant.id() == tenant);
        own.cloned().collect()
    }

    /// Lets the connection behind `link` track.
    pub(super) fn enter(self: &Rc<Self>, tenant: Arc<Tenant>, link: Rc<Link>) -> Entered {
        let tracking = Rc::new(Tracking {
            link,
            options: Cell::default(),
            redirect: Cell::new(0),
            is_broken: Cell::new(false),
            caching: Cell::new(false),
            prefixes: RefCell::default(),
            clients: Rc::clone(self),
            tenant,
        });
        let totals = &tracking.tenant.tracking.cores[self.core];
        totals.clients.fetch_add(1, Relaxed);
        let id = tracking.link.info.id;
        self.by_id.borrow_mut().insert(id, Rc::clone(&tracking));
        Entered(tracking)
    }
}

/// A session's part of its client's tracking; dropping it turns tracking off.
pub struct Entered(Rc<Tracking>);

impl std::ops::Deref for Entered {
    type Target = Tracking;

    fn deref(&self) -> &Tracking {
        &self.0
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let (clients, info) = (&self.0.clients, &self.0.link.info);
        clients.by_id.borrow_mut().remove(&info.id);
        let directory = &self.0.tenant.tracking;
        let totals = &directory.cores[clients.core];
        totals.clients.fetch_sub(1, Relaxed);
        if self.0.options.get().contains(Options::BCAST) {
            totals.broadcasting.fetch_sub(1, Relaxed);
            directory.broadcasting.fetch_sub(1, Relaxed);
        }
        let prefixes = self.0.prefixes.borrow().len();
        directory.prefixes.fetch_sub(prefixes, Relaxed);
        info.tracking_redirect.store(-1, Relaxed);
        info.tracking_broadcasts.store(false, Relaxed);
        info.tracking_is_broken.store(false, Relaxed);
        info.tracking_bytes.store(0, Relaxed);
    }
}

impl Session {
    /// Lets the messages about keys that were evicted for the next request leave before its reply.
    #[inline]
    pub(crate) fn take_invalidations(&self, out: &mut OutputBuffer) {
        if let Some(tracking) = &self.tracking {
            tracking.link.take_mail(out);
        }
    }
}
