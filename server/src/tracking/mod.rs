//! Client-side caching: who reads a key is told when it changes.
//!
//! ```text
//! GET k ─▶ the slice of k notes (client, core)                     default mode, and OPTIN, OPTOUT
//! SET k ─▶ the slice forgets them; once unlocked ─▶ each one's core ─▶ its mail, or that of whom it redirects to
//!      └─▶ somebody broadcasts? the key goes to those cores ─▶ clients with a prefix that fits
//! ```
//!
//! What a client asked for is known to its own core only, in a [`Tracking`] that the session and the core share. Other cores know how many
//! clients there are, and a message about a client that is gone is dropped by the core it was sent to.

mod client;
mod commands;
mod deliver;
mod remember;

pub use client::{Clients, Entered, Options, Tracking};
pub(crate) use commands::{CACHING, GETREDIR, TRACKING, TRACKINGINFO};
pub use deliver::{Changed, broadcast, deliver, flushed, invalidate, redirected};
pub use remember::shrink;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What all cores know of tracking in one tenant.
#[derive(Default)]
pub struct Directory {
    /// Clients that track, and those of them that broadcast, per core.
    cores: Box<[CoreTotals]>,
    broadcasting: AtomicUsize,
    /// Keys in the slices' tables.
    keys: AtomicUsize,
    /// Prefixes of all clients, each as often as it is asked for.
    prefixes: AtomicUsize,
}

#[derive(Default)]
#[repr(align(128))]
struct CoreTotals {
    clients: AtomicUsize,
    broadcasting: AtomicUsize,
}

impl Directory {
    /// Nobody tracks on any of these cores.
    pub fn new(cores: usize) -> Self {
        Self {
            cores: (0..cores).map(|_| CoreTotals::default()).collect(),
            ..Self::default()
        }
    }

    /// Whether anybody is told of changes of any key.
    #[inline]
    pub fn broadcasts(&self) -> bool {
        self.broadcasting.load(Relaxed) > 0
    }

    /// Clients that track.
    pub fn clients(&self) -> usize {
        let counts = self.cores.iter().map(|core| core.clients.load(Relaxed));
        counts.sum()
    }

    /// Prefixes that are asked for.
    pub fn prefixes(&self) -> usize {
        self.prefixes.load(Relaxed)
    }

    /// Cores with clients that track, or with those that broadcast.
    fn cores(&self, only_broadcasting: bool) -> impl Iterator<Item = usize> {
        let count = move |core: &CoreTotals| match only_broadcasting {
            true => core.broadcasting.load(Relaxed),
            false => core.clients.load(Relaxed),
        };
        let cores = self.cores.iter().enumerate();
        cores
            .filter(move |(_, core)| count(core) > 0)
            .map(|(index, _)| index)
    }
}
