//! What running a function has cost, summed over all cores: a sum, and a histogram of the calls' times.
//!
//! The histogram has 16 cells for every doubling, so a percentile is at most a sixteenth too high. Its memory comes with the first call.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Cells of an octave, a power of two.
const CELLS: usize = 1 << CELL_BITS;
const CELL_BITS: u32 = 4;
/// The longest time told apart is 2 to this power of ns, 18 minutes.
const BITS_MAX: u32 = 40;
/// All cells: those of the first octave count single nanoseconds.
const ALL: usize = CELLS * (BITS_MAX - CELL_BITS + 1) as usize;

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
        reached.map_or(0, upper)
    }

    fn counts(&self) -> impl Iterator<Item = u64> {
        let times = self.times.get().into_iter();
        times.flat_map(|cells| cells.iter().map(|cell| cell.load(Relaxed)))
    }
}

/// The cell that a time falls into.
#[inline]
fn cell_of(nanos: u64) -> usize {
    let nanos = nanos.min((1 << BITS_MAX) - 1);
    if nanos < CELLS as u64 {
        return nanos as usize;
    }
    let octave = nanos.ilog2() - CELL_BITS;
    CELLS * (octave as usize + 1) + ((nanos >> octave) as usize & (CELLS - 1))
}

/// The largest time that falls into a cell, ns.
fn upper(cell: usize) -> u64 {
    match (cell / CELLS).checked_sub(1) {
        None => cell as u64,
        Some(octave) => (((CELLS + cell % CELLS + 1) as u64) << octave) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Account, BITS_MAX, cell_of, upper};

    #[test]
    fn a_time_falls_into_a_cell_that_is_at_most_a_sixteenth_wide() {
        let longest = (1u64 << BITS_MAX) - 1;
        for nanos in (0..100_000).chain([1_000_000, 999_999_999, longest]) {
            let end = upper(cell_of(nanos));
            assert!(end >= nanos && end - nanos <= nanos / 16, "{nanos} {end}");
            assert_eq!(cell_of(end), cell_of(nanos));
        }
        assert_eq!(cell_of(longest), ALL - 1);
        assert_eq!(cell_of(u64::MAX), ALL - 1);
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
