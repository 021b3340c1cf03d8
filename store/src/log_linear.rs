//! Cells of histograms of times: so many for every doubling that none is wider than a known part of the times in it.
//!
//! ```text
//! 2 bits:  0 1 2 3 │ 4 5 6 7 │ 8-9 10-11 12-13 14-15 │ 16-19 …     an octave has 4 cells; the first holds single nanoseconds
//! ```
//! Only where a time belongs; who counts, and where, is the histogram's own affair.

/// Octaves of `2^BITS` cells each.
#[derive(Clone, Copy, Debug)]
pub struct LogLinear<const BITS: u32>;

impl<const BITS: u32> LogLinear<BITS> {
    /// Cells of an octave.
    pub const CELLS: usize = 1 << BITS;

    /// The cell that a time falls into.
    #[inline]
    #[must_use]
    pub fn cell_of(nanos: u64) -> usize {
        if nanos < Self::CELLS as u64 {
            return nanos as usize;
        }
        let octave = nanos.ilog2() - BITS;
        Self::CELLS * (octave as usize + 1) + ((nanos >> octave) as usize & (Self::CELLS - 1))
    }

    /// The largest time that falls into a cell, ns.
    #[must_use]
    pub fn end_of(cell: usize) -> u64 {
        match (cell / Self::CELLS).checked_sub(1) {
            None => cell as u64,
            Some(octave) => (((Self::CELLS + cell % Self::CELLS + 1) as u64) << octave) - 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LogLinear;

    fn check<const BITS: u32>() {
        let part = 1 << BITS;
        let mut last = 0;
        for nanos in (0..100_000).chain([1_000_000, 999_999_999, (1 << 40) - 1]) {
            let cell = LogLinear::<BITS>::cell_of(nanos);
            let end = LogLinear::<BITS>::end_of(cell);
            assert!(end >= nanos && end - nanos <= nanos / part, "{nanos} {end}");
            assert_eq!(LogLinear::<BITS>::cell_of(end), cell);
            assert!(cell >= last, "{nanos}");
            last = cell;
        }
    }

    #[test]
    fn cells_are_in_order_and_no_wider_than_they_may_be() {
        check::<2>();
        check::<4>();
        check::<7>();
    }
}
