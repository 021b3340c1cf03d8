//! Sets of integers as arrays: width of each in bytes (u32 LE), how many (u32 LE), ascending.

use super::reader::Reader;
use super::{Corrupt, Read, whole};

const HEADER_BYTES: usize = 8;

/// The integers of an array, ascending.
pub(super) fn values(intset: &[u8]) -> Read<Vec<i64>> {
    whole(read(intset))
}

fn read(intset: &[u8]) -> Read<Vec<i64>> {
    let mut reader = Reader::new(intset);
    let width = u32::from_le_bytes(reader.array()?);
    let count = u32::from_le_bytes(reader.array()?) as usize;
    let bytes = reader.rest();
    if !matches!(width, 2 | 4 | 8) || count.checked_mul(width as usize) != Some(bytes.len()) {
        return Err(Corrupt::Invalid("an intset of another length"));
    }
    let values: Vec<i64> = bytes.chunks_exact(width as usize).map(widen).collect();
    match values.is_sorted_by(|a, b| a < b) {
        true => Ok(values),
        false => Err(Corrupt::Invalid("an intset out of order")),
    }
}

/// A little-endian integer of any width up to eight bytes.
fn widen(bytes: &[u8]) -> i64 {
    let mut wide = [0; 8];
    let unused = wide.len() - bytes.len();
    wide[unused..].copy_from_slice(bytes);
    i64::from_le_bytes(wide) >> (8 * unused)
}

/// The array of ascending integers, as narrow as they allow.
pub(super) fn array(values: &[i64]) -> Vec<u8> {
    let fits = |bits: u32| {
        let (low, high) = (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1);
        values.first().is_none_or(|first| *first >= low)
            && values.last().is_none_or(|last| *last <= high)
    };
    let width = if fits(16) {
        2
    } else if fits(32) {
        4
    } else {
        8
    };
    let mut array = Vec::with_capacity(HEADER_BYTES + values.len() * width);
    array.extend_from_slice(&(width as u32).to_le_bytes());
    array.extend_from_slice(&(values.len() as u32).to_le_bytes());
    for value in values {
        array.extend_from_slice(&value.to_le_bytes()[..width]);
    }
    array
}
