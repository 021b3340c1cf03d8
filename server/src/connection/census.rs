//! How many connections each core has: who takes the next one, and when there are too many.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// One core's connections. Aligned so that two cores never write one cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct CoreCount(AtomicUsize);

/// As many clients as `maxclients` allows are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyClients;

/// Counts of connections, those on their way to their core included.
#[derive(Debug)]
pub struct Census {
    cores: Box<[CoreCount]>,
    total: AtomicUsize,
    max: AtomicUsize,
    received_total: AtomicU64,
    rejected_total: AtomicU64,
}

impl Census {
    /// Nobody is connected to any of these cores.
    pub fn new(cores: usize, clients_max: usize) -> Self {
        Self {
            cores: (0..cores).map(|_| CoreCount::default()).collect(),
            total: AtomicUsize::new(0),
            max: AtomicUsize::new(clients_max),
            received_total: AtomicU64::new(0),
            rejected_total: AtomicU64::new(0),
        }
    }

    /// Counts a connection that core `here` accepted and chooses the core to serve it: `here`, unless another has fewer.
    ///
    /// # Errors
    /// When `maxclients` are connected.
    pub fn admit(&self, here: usize) -> Result<usize, TooManyClients> {
        if self.total.fetch_add(1, Relaxed) >= self.max.load(Relaxed) {
            self.total.fetch_sub(1, Relaxed);
            self.rejected_total.fetch_add(1, Relaxed);
            return Err(TooManyClients);
        }
        let least = (0..self.cores.len())
            .min_by_key(|&core| (self.len_of_core(core), core != here))
            .unwrap_or(here);
        self.cores[least].0.fetch_add(1, Relaxed);
        Ok(least)
    }

    /// Takes back [`admit`](Self::admit) for a connection that ended, or never became one.
    pub fn dismiss(&self, core: usize) {
        self.cores[core].0.fetch_sub(1, Relaxed);
        self.total.fetch_sub(1, Relaxed);
    }

    /// Moves a connection that was admitted for `from` to core `to`.
    pub fn reassign(&self, from: usize, to: usize) {
        self.cores[from].0.fetch_sub(1, Relaxed);
        self.cores[to].0.fetch_add(1, Relaxed);
    }

    /// Sets the counts since the start back to zero, for CONFIG RESETSTAT.
    pub fn reset_totals(&self) {
        self.received_total.store(0, Relaxed);
        self.rejected_total.store(0, Relaxed);
    }

    /// Counts a connection that was let in.
    pub fn count_received(&self) {
        self.received_total.fetch_add(1, Relaxed);
    }

    /// Counts a connection that was refused for another reason.
    pub fn count_rejected(&self) {
        self.rejected_total.fetch_add(1, Relaxed);
    }

    /// Connections now.
    pub fn len(&self) -> usize {
        self.total.load(Relaxed)
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Connections of one core.
    pub fn len_of_core(&self, core: usize) -> usize {
        self.cores[core].0.load(Relaxed)
    }

    /// The present `maxclients`.
    pub fn max(&self) -> usize {
        self.max.load(Relaxed)
    }

    /// Sets `maxclients`; who is connected stays.
    pub fn set_max(&self, clients_max: usize) {
        self.max.store(clients_max, Relaxed);
    }

    /// Connections let in since the start (`total_connections_received`).
    pub fn received_total(&self) -> u64 {
        self.received_total.load(Relaxed)
    }

    /// Connections refused for `maxclients` since the start (`rejected_connections`).
    pub fn rejected_total(&self) -> u64 {
        self.rejected_total.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_spread_evenly_whoever_accepts_them() {
        let census = Census::new(4, 100);
        let mut placed = [0; 4];
        for _ in 0..40 {
            placed[census.admit(2).unwrap()] += 1;
        }
        assert_eq!(placed, [10; 4]);
    }

    #[test]
    fn the_accepting_core_keeps_a_connection_on_a_tie() {
        let census = Census::new(3, 100);
        assert_eq!(
            (census.admit(1), census.admit(0), census.admit(0)),
            (Ok(1), Ok(0), Ok(2))
        );
    }

    #[test]
    fn maxclients_holds_and_frees_up() {
        let census = Census::new(2, 2);
        let core = census.admit(0).unwrap();
        census.admit(0).unwrap();
        assert_eq!(census.admit(0), Err(TooManyClients));
        assert_eq!((census.rejected_total(), census.len()), (1, 2));
        census.dismiss(core);
        assert!(census.admit(0).is_ok());
    }
}
