//! A small sorted set in one byte string, sorted.
//!
//! ```text
//! record  = score, member
//! score   = tag [, bytes]     tag < 240: the score itself; 240: an i16; 241: an i32; 242: an f64 (little-endian)
//! ```
//! Integers within 32 bits, which most scores are, take one to five bytes. -0.0 becomes 0 here,
//! as it does in Redis's small encoding.

use crate::encoding::packed::{Packed, PackedRef, item_len, prefix};
use std::cmp::Ordering;
use std::ops::Range;

const SMALL_MAX: u8 = 240;
const TAG_I16: u8 = 240;
const TAG_I32: u8 = 241;
const TAG_F64: u8 = 242;

/// A score as it is written.
pub(super) struct ScoreBytes {
    bytes: [u8; 9],
    len: usize,
}

impl ScoreBytes {
    pub(super) fn of(score: f64) -> Self {
        let mut bytes = [0; 9];
        let integer = score as i32;
        let exact = f64::from(integer) == score;
        let len = if !exact {
            bytes[0] = TAG_F64;
            bytes[1..].copy_from_slice(&score.to_le_bytes());
            9
        } else if let Some(small) = u8::try_from(integer)
            .ok()
            .filter(|small| *small < SMALL_MAX)
        {
            bytes[0] = small;
            1
        } else if let Ok(short) = i16::try_from(integer) {
            bytes[0] = TAG_I16;
            bytes[1..3].copy_from_slice(&short.to_le_bytes());
            3
        } else {
            bytes[0] = TAG_I32;
            bytes[1..5].copy_from_slice(&integer.to_le_bytes());
            5
        };
        Self { bytes, len }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The score `bytes` begin with, and how many bytes it takes.
#[inline]
fn read_score(bytes: &[u8]) -> Option<(f64, usize)> {
    Some(match *bytes {
        [] => return None,
        [TAG_I16, a, b, ..] => (f64::from(i16::from_le_bytes([a, b])), 3),
        [TAG_I32, a, b, c, d, ..] => (f64::from(i32::from_le_bytes([a, b, c, d])), 5),
        [TAG_F64, a, b, c, d, e, f, g, h, ..] => (f64::from_le_bytes([a, b, c, d, e, f, g, h]), 9),
        [small, ..] => (f64::from(small), 1),
    })
}

/// A record and where it lies.
#[derive(Clone)]
pub(super) struct Record<'a> {
    pub(super) score: f64,
    pub(super) member: &'a [u8],
    pub(super) bytes: Range<usize>,
}

/// Records in ascending order.
#[derive(Clone)]
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        let start = self.at;
        let (score, score_len) = read_score(&self.bytes[start..])?;
        let item = &self.bytes[start + score_len..];
        let len = item_len(item);
        self.at = start + score_len + len;
        let member = PackedRef {
            bytes: &item[..len],
            records: 1,
        }
        .items()
        .next()?;
        Some(Record {
            score,
            member,
            bytes: start..self.at,
        })
    }
}

pub(super) fn records(packed: PackedRef<'_>) -> Records<'_> {
    Records {
        bytes: packed.bytes,
        at: 0,
    }
}

/// The record of `member`, and its rank.
pub(super) fn find<'a>(packed: PackedRef<'a>, member: &[u8]) -> Option<(usize, Record<'a>)> {
    records(packed)
        .enumerate()
        .find(|(_, record)| record.member == member)
}

/// Inserts a new member at its place.
pub(super) fn insert(packed: &mut Packed, member: &[u8], score: f64) {
    let view = packed.view();
    let before = |record: &Record<'_>| {
        let by_score = record
            .score
            .partial_cmp(&score)
            .expect("scores are never NaN");
        by_score.then_with(|| record.member.cmp(member)) == Ordering::Less
    };
    let at = records(view)
        .find(|record| !before(record))
        .map_or(view.bytes.len(), |record| record.bytes.start);
    packed.insert_record(
        at,
        &[
            ScoreBytes::of(score).as_slice(),
            prefix(member.len()).as_slice(),
            member,
        ],
    );
}

/// Removes one record.
pub(super) fn remove(packed: &mut Packed, bytes: Range<usize>) {
    packed.remove_records(bytes.start, bytes.len(), 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_zero_loses_its_sign() {
        let written = ScoreBytes::of(-0.0);
        let read = read_score(written.as_slice());
        assert!(read.is_some_and(|(score, len)| score.is_sign_positive() && len == 1));
    }

    #[test]
    fn scores_survive_bit_by_bit() {
        let scores = [
            (0.0, 1),
            (1.0, 1),
            (239.0, 1),
            (240.0, 3),
            (-1.0, 3),
            (32_767.0, 3),
            (32_768.0, 5),
            (-40_000.0, 5),
            (2_147_483_647.0, 5),
            (2_147_483_648.0, 9),
            (1.5, 9),
            (f64::INFINITY, 9),
            (f64::NEG_INFINITY, 9),
            (f64::MIN_POSITIVE, 9),
            (1e300, 9),
        ];
        for (score, len) in scores {
            let written = ScoreBytes::of(score);
            let (read, read_len) = read_score(written.as_slice()).expect("not empty");
            assert_eq!(
                (read.to_bits(), read_len, written.len),
                (f64::to_bits(score), len, len),
                "{score}"
            );
        }
    }
}
