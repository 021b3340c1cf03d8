//! Rates over the last one and a half seconds, from totals sampled now and then (`instantaneous_ops_per_sec` and its kin).

use crate::server::{CoreStats, Counter, Server};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Samples kept.
const SAMPLES: usize = 16;
/// Samples closer together than this add nothing.
const SPACING_MS: u64 = 100;
/// A rate is taken over the time since the youngest sample that is at least this old.
const WINDOW_MS: u64 = 1500;

/// Totals since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Commands run.
    pub commands: u64,
    /// Bytes received from clients.
    pub input_bytes: u64,
    /// Bytes sent to clients.
    pub output_bytes: u64,
}

impl Totals {
    /// The sums over all cores.
    pub fn of(server: &Server) -> Self {
        Self::sum(&server.stats.iter().collect::<Vec<_>>())
    }

    /// The sums over these blocks of counters.
    pub fn sum(stats: &[&CoreStats]) -> Self {
        let sum = |of: fn(&CoreStats) -> &Counter| stats.iter().map(|core| of(core).get()).sum();
        Self {
            commands: sum(|core| &core.commands),
            input_bytes: sum(|core| &core.input_bytes),
            output_bytes: sum(|core| &core.output_bytes),
        }
    }
}

/// Amounts per second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PerSecond {
    /// Commands.
    pub commands: f64,
    /// Bytes received.
    pub input_bytes: f64,
    /// Bytes sent.
    pub output_bytes: f64,
}

#[derive(Debug, Default)]
struct Ring {
    samples: [(u64, Totals); SAMPLES],
    /// How many were ever taken.
    taken: usize,
}

/// The samples of the whole server.
#[derive(Debug, Default)]
pub struct Rates(Mutex<Ring>);

impl Rates {
    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a sample unless one was just taken.
    pub fn sample(&self, now_ms: u64, totals: Totals) {
        let mut ring = self.lock();
        let last = ring
            .taken
            .checked_sub(1)
            .map(|at| ring.samples[at % SAMPLES].0);
        if last.is_none_or(|last| now_ms.saturating_sub(last) >= SPACING_MS) {
            let at = ring.taken % SAMPLES;
            ring.samples[at] = (now_ms, totals);
            ring.taken += 1;
        }
    }

    /// The present rates, given the present totals.
    pub fn now(&self, now_ms: u64, totals: Totals) -> PerSecond {
        let ring = self.lock();
        let kept = &ring.samples[..ring.taken.min(SAMPLES)];
        let old = kept
            .iter()
            .filter(|(at, _)| now_ms.saturating_sub(*at) >= WINDOW_MS)
            .max_by_key(|(at, _)| *at);
        let Some((from_ms, from)) = old.or_else(|| kept.iter().min_by_key(|(at, _)| *at)) else {
            return PerSecond::default();
        };
        let seconds = now_ms.saturating_sub(*from_ms).max(1) as f64 / 1000.0;
        let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / seconds;
        PerSecond {
            commands: rate(totals.commands, from.commands),
            input_bytes: rate(totals.input_bytes, from.input_bytes),
            output_bytes: rate(totals.output_bytes, from.output_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(commands: u64) -> Totals {
        Totals {
            commands,
            ..Totals::default()
        }
    }

    #[test]
    fn a_steady_rate_reads_as_itself() {
        let rates = Rates::default();
        for tick in 0..100 {
            rates.sample(tick * 100, commands(tick * 50));
        }
        assert_eq!(rates.now(10_000, commands(5000)).commands, 500.0);
    }

    #[test]
    fn rates_fall_to_zero_when_nothing_happens() {
        let rates = Rates::default();
        rates.sample(0, commands(0));
        rates.sample(1000, commands(900));
        assert_eq!(rates.now(3000, commands(900)).commands, 0.0);
    }

    #[test]
    fn there_is_no_rate_before_the_first_sample() {
        assert_eq!(Rates::default().now(5, commands(10)), PerSecond::default());
    }
}
