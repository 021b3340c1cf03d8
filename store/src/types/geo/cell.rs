//! Cells: rectangles that halving the globe leaves, named by the bits of the halves taken.

use super::{LATITUDE_MAX, LONGITUDE_MAX, Position};

/// Halvings by each coordinate that a score has.
pub(super) const STEPS_MAX: u32 = 26;
/// The bits that come from the latitude; those of the longitude are next to them, one higher.
const LATITUDE_BITS: u64 = 0x5555_5555_5555_5555;
const LONGITUDE_BITS: u64 = !LATITUDE_BITS;

/// A range of one coordinate, in degrees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Span {
    const LONGITUDE: Span = Span::around_zero(LONGITUDE_MAX);
    const LATITUDE: Span = Span::around_zero(LATITUDE_MAX);
    /// What standard geohashes halve.
    const LATITUDE_STANDARD: Span = Span::around_zero(90.0);

    const fn around_zero(max: f64) -> Self {
        Span { min: -max, max }
    }

    /// Which of `2^steps` equal parts `at` is in.
    fn part_of(self, at: f64, steps: u32) -> u32 {
        let share = (at - self.min) / (self.max - self.min);
        (share * (1u64 << steps) as f64) as u32
    }

    /// That part.
    fn part(self, index: u32, steps: u32) -> Span {
        let width = self.max - self.min;
        let border = |index: u32| self.min + (f64::from(index) / (1u64 << steps) as f64) * width;
        Span {
            min: border(index),
            max: border(index.wrapping_add(1)),
        }
    }

    fn middle(self) -> f64 {
        (self.min + self.max) / 2.0
    }
}

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    bits: u64,
    steps: u32,
}

impl Cell {
    /// The cell a position is in after so many halvings by each coordinate.
    pub(super) fn of(position: Position, steps: u32) -> Self {
        Self::within(Span::LATITUDE, position, steps)
    }

    /// The cell of a position in the halving of standard geohashes, from pole to pole.
    pub(super) fn of_standard(position: Position) -> Self {
        Self::within(Span::LATITUDE_STANDARD, position, STEPS_MAX)
    }

    fn within(latitudes: Span, position: Position, steps: u32) -> Self {
        let latitude = latitudes.part_of(position.latitude, steps);
        let longitude = Span::LONGITUDE.part_of(position.longitude, steps);
        Cell {
            bits: spread(latitude) | spread(longitude) << 1,
            steps,
        }
    }

    /// The cell whose bits a score has.
    pub(super) fn of_score(score: f64) -> Self {
        Cell {
            bits: truncate(score),
            steps: STEPS_MAX,
        }
    }

    /// Two bits for each step.
    pub(super) fn bits(self) -> u64 {
        self.bits
    }

    /// The lowest score in the cell, and the lowest above it.
    #[must_use]
    pub fn scores(self) -> (f64, f64) {
        let align = |bits: u64| (bits << (2 * (STEPS_MAX - self.steps))) as f64;
        (align(self.bits), align(self.bits + 1))
    }

    /// Its longitudes.
    pub(super) fn longitudes(self) -> Span {
        Span::LONGITUDE.part(gather(self.bits >> 1), self.steps)
    }

    /// Its latitudes.
    pub(super) fn latitudes(self) -> Span {
        Span::LATITUDE.part(gather(self.bits), self.steps)
    }

    pub(super) fn middle(self) -> Position {
        let within = |at: f64, max: f64| at.clamp(-max, max);
        Position {
            longitude: within(self.longitudes().middle(), LONGITUDE_MAX),
            latitude: within(self.latitudes().middle(), LATITUDE_MAX),
        }
    }

    /// The cell next to it in the east, around the globe if need be.
    pub(super) fn east(self) -> Self {
        self.moved(LONGITUDE_BITS, 1)
    }

    /// The cell next to it in the west.
    pub(super) fn west(self) -> Self {
        self.moved(LONGITUDE_BITS, -1)
    }

    /// The cell next to it in the north; the southernmost follows the northernmost.
    pub(super) fn north(self) -> Self {
        self.moved(LATITUDE_BITS, 1)
    }

    /// The cell next to it in the south.
    pub(super) fn south(self) -> Self {
        self.moved(LATITUDE_BITS, -1)
    }

    /// Moves one coordinate, whose bits are `mask`.
    fn moved(self, mask: u64, by: i32) -> Self {
        let all = u64::MAX >> (u64::BITS - 2 * self.steps);
        let (moving, staying) = (self.bits & mask, self.bits & !mask);
        // Carries run through the other coordinate's places when those are all ones, borrows when they are zeros.
        let moved = if by > 0 {
            (moving | !mask).wrapping_add(1)
        } else {
            moving.wrapping_sub(mask & mask.wrapping_neg())
        };
        Cell {
            bits: moved & mask & all | staying,
            steps: self.steps,
        }
    }
}

/// Puts a zero above each bit.
fn spread(bits: u32) -> u64 {
    let mut x = u64::from(bits);
    x = (x | x << 16) & 0x0000_FFFF_0000_FFFF;
    x = (x | x << 8) & 0x00FF_00FF_00FF_00FF;
    x = (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}

/// Every second bit, from the lowest on.
fn gather(bits: u64) -> u32 {
    let mut x = bits & 0x5555_5555_5555_5555;
    x = (x | x >> 1) & 0x3333_3333_3333_3333;
    x = (x | x >> 2) & 0x0F0F_0F0F_0F0F_0F0F;
    x = (x | x >> 4) & 0x00FF_00FF_00FF_00FF;
    x = (x | x >> 8) & 0x0000_FFFF_0000_FFFF;
    (x | x >> 16) as u32
}

/// A score as an integer. Scores that are no positions get what Redis's conversion makes of them on x86-64.
fn truncate(score: f64) -> u64 {
    /// The first float that needs the 64th bit.
    const HIGH_BIT: f64 = (1u64 << 63) as f64;
    if score < -HIGH_BIT {
        1 << 63
    } else if score < 0.0 {
        score as i64 as u64
    } else if score < 2.0 * HIGH_BIT {
        score as u64
    } else {
        0
    }
}
