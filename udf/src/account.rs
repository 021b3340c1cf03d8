//! What running a function has cost, summed over all cores: a sum, and a histogram of the calls' times.
//!
//! The histogram has 16 cells for every doubling, so a percentile is at most a sixteenth too high. Its memory comes with the first call.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
    run_ns: AtomicU64,
    traps: AtomicU64,
    /// Calls by the time they took.
    times: OnceLock<Box<[AtomicU64; ALL]>>,
}

impl Account {
    /// Books a call that ran for so long, waits not counted.
    #[inline]
    pub fn note(&self, run_ns: u64, trapped: bool) {
        let times = match self.times.get() {
            Some(times) => times,
            None => self.open(),
        };
        times[cell_of(run_ns)].fetch_add(1, Relaxed);
        self.run_ns.fetch_add(run_ns, Relaxed);
        if trapped {
            self.traps.fetch_add(1, Relaxed);
        }
    }

    #[cold]
    fn open(&self) -> &[AtomicU64; ALL] {
        self.times
            .get_or_init(|| Box::new([const { AtomicU64::new(0) }; ALL]))
    }

    /// Time of all calls, ns.
    pub fn run_ns(&self) -> u64 {
        self.run_ns.load(Relaxed)
    }

    /// Calls that trapped.
    pub fn traps(&self) -> u64 {
        self.traps.load(Relaxed)
    }

    /// Calls.
    pub fn calls(&self) -> u64 {
        self.counts().sum()
    }

    /// The time in ns within which this percentage of the calls were done; 0 when there were none.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        let wanted = ((percent / 100.0 * self.calls() as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = self.counts().position(|count| {
            seen += count;
            seen >= wanted
        });
        reached.map_or(0, Cells::end_of)
    }

    fn counts(&self) -> impl Iterator<Item = u64> {
        let times = self.times.get().into_iter();
        times.flat_map(|cells| cells.iter().map(|cell| cell.load(Relaxed)))
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
            account.note(micros * 1000, micros == 1000);
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
