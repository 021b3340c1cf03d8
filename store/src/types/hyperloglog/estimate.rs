//! From registers to a count, by Otmar Ertl's estimator ("New cardinality estimation algorithms for HyperLogLog
//! sketches", arXiv:1702.01284): one formula for all sizes, from the number of registers of each value.

use super::{REGISTERS, RUN_BITS};

/// The highest value an element gives a register.
const VALUE_MAX: usize = RUN_BITS as usize + 1;
/// 1 / (2 ln 2)
const ALPHA_INFINITE: f64 = 0.721_347_520_444_481_7;

/// How many registers have each value. Six bits of value leave room for some that no element gives.
pub(super) struct Histogram([u32; 64]);

impl Histogram {
    /// Of no registers.
    pub(super) fn new() -> Self {
        Histogram([0; 64])
    }

    /// Counts registers of one value.
    pub(super) fn add(&mut self, value: u8, registers: usize) {
        self.0[usize::from(value)] += registers as u32;
    }

    /// The number of elements. The order of operations is Redis's, so that not even the last digit differs.
    pub(super) fn estimate(&self) -> u64 {
        let m = REGISTERS as f64;
        let share = |registers: f64| registers / m;
        let mut z = m * tau(share(m - f64::from(self.0[VALUE_MAX])));
        for &registers in self.0[1..VALUE_MAX].iter().rev() {
            z += f64::from(registers);
            z *= 0.5;
        }
        z += m * sigma(share(f64::from(self.0[0])));
        let count = (ALPHA_INFINITE * m * m / z).round();
        // Registers that no element can have set may make it infinite: Redis then has the lowest integer.
        if count.is_finite() {
            count as u64
        } else {
            i64::MIN as u64
        }
    }
}

/// The correction for registers that are still 0.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

/// The correction for registers that can grow no more.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}
