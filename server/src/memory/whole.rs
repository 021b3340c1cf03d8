//! The server's limit: what all tenants together may use, and how they share it.
//!
//! ```text
//! 0                                            maxmemory
//! ├── charged: all tenants ──┼── kept free ──────┤     kept free: what tenants below their minimum are short of it
//! ```
//! A tenant may grow up to its minimum whatever others use. Beyond that, room is made by evicting from the tenant that is
//! furthest above its minimum, and never from one at or below it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The server's limit, and what all tenants are charged.
#[derive(Debug, Default)]
pub struct Whole {
    /// Bytes charged to all tenants.
    pub(super) charged: Arc<AtomicUsize>,
    /// Bytes; 0 for none.
    limit: AtomicUsize,
    /// Bytes of the limit that data must leave to what the process holds beyond its charge.
    pub(super) held_back: AtomicUsize,
    /// Bytes evicted since the start.
    pub(super) evicted: AtomicUsize,
    /// Bytes that had been evicted when what the process holds was looked at.
    pub(super) evicted_at_look: AtomicUsize,
    /// Bytes that tenants are short of their minimum, as of the last look.
    kept_free: AtomicUsize,
}

impl Whole {
    /// Sets the limit, 0 for none.
    pub fn set_limit(&self, limit_bytes: u64) {
        let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
        self.limit.store(limit, Relaxed);
    }

    /// The limit, 0 for none.
    #[inline]
    pub fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// Notes how much is to be kept free.
    pub fn keep_free(&self, bytes: usize) {
        self.kept_free.store(bytes, Relaxed);
    }

    /// By how much everything and so many bytes more exceed the limit.
    #[inline]
    pub(super) fn excess(&self, more: usize) -> usize {
        match self.limit() {
            0 => 0,
            _ => self.charged_excess(more + self.held_back.load(Relaxed)),
        }
    }

    /// The same, but for what the process holds beyond the charge.
    pub(super) fn charged_excess(&self, more: usize) -> usize {
        match self.limit() {
            0 => 0,
            limit => (self.charged.load(Relaxed) + self.kept_free.load(Relaxed) + more)
                .saturating_sub(limit),
        }
    }
}
