//! A histogram of times in nanoseconds, two significant digits wide, with the same cells as the HDR histograms Redis shows:
//! 128 cells for every doubling. One core writes, any core reads.
//!
//! Memory comes by the octave, 1 KiB each, as times fall into it; a command has some four or five.

use std::sync::OnceLock;

use store::log_linear::LogLinear;

use crate::server::Counter;

/// 2 digits need 100 cells an octave.
const CELL_BITS: u32 = 7;
type Cells = LogLinear<CELL_BITS>;
const CELLS: usize = Cells::CELLS;
/// The longest time told apart: one second.
const NANOS_MAX: u64 = 1_000_000_000;
/// Octaves up to `NANOS_MAX`.
const OCTAVES: usize = 24;
/// The first bucket of LATENCY HISTOGRAM ends at 2 to this power of ns.
const FIRST_BUCKET_BITS: u32 = 10;

/// One core's times of one command.
#[derive(Debug, Default)]
pub struct Histogram {
    octaves: [OnceLock<Box<[Counter; CELLS]>>; OCTAVES],
}

impl Histogram {
    /// Counts one time; only the owning core may.
    #[inline]
    pub fn record(&self, nanos: u64) {
        let (octave, cell) = place(nanos);
        let cells = match self.octaves[octave].get() {
            Some(cells) => cells,
            None => self.open(octave),
        };
        cells[cell].add(1);
    }

    #[cold]
    fn open(&self, octave: usize) -> &[Counter; CELLS] {
        self.octaves[octave].get_or_init(|| Box::new(std::array::from_fn(|_| Counter::default())))
    }

    /// Forgets all times; the memory stays.
    pub fn reset(&self) {
        let open = self.octaves.iter().filter_map(OnceLock::get);
        open.flat_map(|cells| cells.iter()).for_each(Counter::reset);
    }
}

/// The octave and the cell in it that a time falls into.
#[inline]
fn place(nanos: u64) -> (usize, usize) {
    let cell = Cells::cell_of(nanos.clamp(1, NANOS_MAX));
    (cell / CELLS, cell % CELLS)
}

/// The times of one command on all cores, at one moment.
#[derive(Debug, Default)]
pub struct Merged {
    /// The largest time of each cell that has any, ascending, and how many.
    cells: Vec<(u64, u64)>,
    total: u64,
}

impl Merged {
    /// Adds up what the cores have counted.
    pub fn of<'h>(histograms: impl Iterator<Item = &'h Histogram> + Clone) -> Self {
        let mut merged = Merged::default();
        for octave in 0..OCTAVES {
            let open = || {
                histograms
                    .clone()
                    .filter_map(|one| one.octaves[octave].get())
            };
            if open().next().is_none() {
                continue;
            }
            for cell in 0..CELLS {
                let count: u64 = open().map(|cells| cells[cell].get()).sum();
                if count > 0 {
                    let end = Cells::end_of(octave * CELLS + cell);
                    merged.cells.push((end, count));
                    merged.total += count;
                }
            }
        }
        merged
    }

    /// How many times were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The time within which this percentage of all calls were done, in ns.
    pub fn percentile(&self, percent: f64) -> u64 {
        let wanted = ((percent / 100.0 * self.total as f64 + 0.5) as u64).max(1);
        let mut seen = 0;
        for &(nanos, count) in &self.cells {
            seen += count;
            if seen >= wanted {
                return nanos;
            }
        }
        self.cells.last().map_or(0, |&(nanos, _)| nanos)
    }

    /// LATENCY HISTOGRAM's buckets: their ends in microseconds, each twice the one before, and how many calls
    /// took no longer. Buckets that add nothing are left out.
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        let mut buckets = Vec::new();
        let (mut at, mut seen) = (0, 0);
        for bits in FIRST_BUCKET_BITS.. {
            if at == self.cells.len() {
                break;
            }
            // The end of the cell that begins at the power of two.
            let end = (1u64 << bits) + (1 << (bits - CELL_BITS)) - 1;
            let before = seen;
            while let Some(&(nanos, count)) = self.cells.get(at)
                && nanos <= end
            {
                seen += count;
                at += 1;
            }
            if seen > before {
                buckets.push((end / 1000, seen));
            }
        }
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(times: &[u64]) -> Merged {
        let (one, other) = (Histogram::default(), Histogram::default());
        for (at, &nanos) in times.iter().enumerate() {
            [&one, &other][at % 2].record(nanos);
        }
        Merged::of([&one, &other].into_iter())
    }

    #[test]
    fn times_beyond_the_ends_have_the_cells_there() {
        assert_eq!(place(0), place(1));
        assert_eq!(place(u64::MAX), place(NANOS_MAX));
        assert_eq!(place(NANOS_MAX).0, OCTAVES - 1);
    }

    #[test]
    fn buckets_are_those_redis_shows() {
        assert_eq!(merged(&[500, 900, 1031]).buckets(), [(1, 3)]);
        assert_eq!(merged(&[1032, 1500, 33_000]).buckets(), [(2, 2), (33, 3)]);
        assert_eq!(
            merged(&[1, 5_000, 500_000, 5_000_000_000]).buckets(),
            [(1, 1), (8, 2), (528, 3), (1_082_130, 4)]
        );
        assert!(merged(&[]).buckets().is_empty());
    }

    #[test]
    fn percentiles_are_the_ends_of_cells() {
        let times: Vec<u64> = (1..=1000).map(|n| n * 1000).collect();
        let merged = merged(&times);
        assert_eq!(merged.total(), 1000);
        for percent in [0.1, 50.0, 99.0, 99.9, 100.0] {
            let (exact, shown) = (percent * 10_000.0, merged.percentile(percent) as f64);
            assert!(
                shown >= exact && shown <= exact * 1.01,
                "{percent}: {shown}"
            );
        }
        assert_eq!(Merged::default().percentile(50.0), 0);
    }

    #[test]
    fn a_reset_histogram_is_empty() {
        let histogram = Histogram::default();
        histogram.record(5);
        histogram.reset();
        assert_eq!(Merged::of([&histogram].into_iter()).total(), 0);
    }
}
