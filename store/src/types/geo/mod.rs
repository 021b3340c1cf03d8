//! Positions on Earth as sorted set scores, and what lies near them.
//!
//! A score is a [`Cell`] of 52 bits: the globe is halved 26 times by longitude and 26 times by latitude, the bits of both
//! interleaved, so that near positions mostly have near scores. All arithmetic is in the order Redis does it: scores
//! and distances come out the same to the last bit.

mod area;
mod cell;
mod distance;
#[cfg(test)]
mod tests;

pub use area::{Extent, Shape};
pub use cell::Cell;
pub use distance::distance_m;

/// Longitudes that have a score.
pub const LONGITUDE_MAX: f64 = 180.0;
/// Latitudes that have a score: those of the web Mercator square.
pub const LATITUDE_MAX: f64 = 85.051_128_78;

/// A point on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// East is positive.
    pub longitude: f64,
    /// North is positive.
    pub latitude: f64,
}

impl Position {
    /// Whether it has a score.
    #[must_use]
    pub fn is_indexable(&self) -> bool {
        (-LONGITUDE_MAX..=LONGITUDE_MAX).contains(&self.longitude)
            && (-LATITUDE_MAX..=LATITUDE_MAX).contains(&self.latitude)
    }

    /// Its score: the finest cell it lies in.
    #[must_use]
    pub fn score(&self) -> f64 {
        Cell::of(*self, cell::STEPS_MAX).bits() as f64
    }

    /// The middle of a score's cell. Any score is taken for one.
    #[must_use]
    pub fn of_score(score: f64) -> Self {
        Cell::of_score(score).middle()
    }

    /// The standard geohash, of 11 characters. Only 52 bits are known, so the last character is always 0.
    #[must_use]
    pub fn geohash(&self) -> [u8; 11] {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let bits = Cell::of_standard(*self).bits();
        let mut text = [b'0'; 11];
        for (index, character) in text[..10].iter_mut().enumerate() {
            *character = ALPHABET[(bits >> (47 - index * 5) & 0x1F) as usize];
        }
        text
    }
}
