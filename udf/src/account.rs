//! What running a function has cost, summed over all cores: a sum, and a histogram of the calls' times.
//!
//! The histogram has 16 cells for every doubling, so a percentile is at most a sixteenth too high. Each core has a share of its own, which comes with
//! its first call and is written by it alone, so that booking a call takes no locked instruction.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::log_linear::LogLinear;

const CELL_BITS: u32 = 4;
type Cells = LogLinear<CELL_BITS>;
/// The longest time told apart is 2 to this power of ns, 18 minutes.
const BITS_MAX: u32 = 40;
/// All cells.
const ALL: usize = Cells::CELLS * (BITS_MAX - CELL_BITS + 1) as usize;

/// What running a function has cost.
#[derive(Debug, Default)]
pub struct Account {
    /// By core.
    shares: Mutex<Vec<(usize, Arc<Share>)>>,
}

/// What one core has booked.
#[derive(Debug)]
pub struct Share {
    run_ns: AtomicU64,
    traps: AtomicU64,
    /// Calls by the time they took.
    times: [AtomicU64; ALL],
}

impl Share {
    fn new() -> Self {
        Share {
            run_ns: AtomicU64::new(0),
            traps: AtomicU64::new(0),
            times: [const { AtomicU64::new(0) }; ALL],
        }
    }

    /// Books a call that ran for so long, waits not counted. Only for the core whose share it is.
    #[inline]
    pub fn note(&self, run_ns: u64, trapped: bool) {
        add(&self.times[cell_of(run_ns)], 1);
        add(&self.run_ns, run_ns);
        if trapped {
            add(&self.traps, 1);
        }
    }
}

/// Adds to what nobody else writes.
#[inline]
fn add(sum: &AtomicU64, more: u64) {
    sum.store(sum.load(Relaxed).wrapping_add(more), Relaxed);
}

impl Account {
    /// The share of a core, for that core.
    pub fn share(&self, core: usize) -> Arc<Share> {
        let mut shares = self.shares();
        if let Some((_, share)) = shares.iter().find(|(of, _)| *of == core) {
            return Arc::clone(share);
        }
        let share = Arc::new(Share::new());
        shares.push((core, Arc::clone(&share)));
        share
    }

    fn shares(&self) -> MutexGuard<'_, Vec<(usize, Arc<Share>)>> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time of all calls, ns.
    pub fn run_ns(&self) -> u64 {
        let shares = self.shares();
        shares.iter().map(|(_, of)| of.run_ns.load(Relaxed)).sum()
    }

    /// Calls that trapped.
    pub fn traps(&self) -> u64 {
        let shares = self.shares();
        shares.iter().map(|(_, of)| of.traps.load(Relaxed)).sum()
    }

    /// Calls.
    pub fn calls(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// The time in ns within which this percentage of the calls were done; 0 when there were none.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        let counts = self.counts();
        let calls: u64 = counts.iter().sum();
        let wanted = ((percent / 100.0 * calls as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        reached.map_or(0, Cells::end_of)
    }

    /// Calls by the time they took.
    fn counts(&self) -> [u64; ALL] {
        let mut counts = [0; ALL];
        for (_, share) in &*self.shares() {
            for (count, cell) in counts.iter_mut().zip(&share.times) {
                *count += cell.load(Relaxed);
            }
        }
        counts
    }
}

/// The cell of a time, which is the last one for all that are too long.
#[inline]
fn cell_of(nanos: u64) -> usize {
    Cells::cell_of(nanos.min((1 << BITS_MAX) - 1))
}

#[cfg(test)]
mod tests {
    use super::{ALL, Account, BITS_MAX, cell_of};

    #[test]
    fn the_longest_times_have_the_last_cell() {
        assert_eq!(cell_of(u64::MAX), ALL - 1);
        assert_eq!(cell_of((1 << BITS_MAX) - 1), ALL - 1);
    }

    #[test]
    fn calls_are_counted_by_their_times() {
        let account = Account::default();
        assert_eq!((account.calls(), account.percentile_ns(99.0)), (0, 0));
        for micros in 1..=1000 {
            let core = micros as usize % 2;
            let share = account.share(core);
            share.note(micros * 1000, micros == 1000);
        }
        assert_eq!((account.calls(), account.traps()), (1000, 1));
        assert_eq!(account.run_ns(), 500_500_000);
        for (percent, exact) in [(50.0, 500_000), (99.0, 990_000), (100.0, 1_000_000)] {
            let shown = account.percentile_ns(percent);
            assert!(
                shown >= exact && shown <= exact + exact / 16,
                "{percent}: {shown}"
            );
        }
    }
}
