//! Lengths and strings, front to back.
//!
//! ```text
//! 00nnnnnn                     a length below 64
//! 01nnnnnn n                   below 16384, big-endian
//! 10000000 nnnn · 10000001 n×8 32 and 64 bits, big-endian
//! 11000000 n · 11000001 nn · 11000010 nnnn   a string spelled as an integer of 8, 16 or 32 bits, little-endian
//! 11000011 packed-length length bytes        a string compressed with LZF
//! ```
//! A string is a length and so many bytes, or one of the last four.

use std::borrow::Cow;

use super::{Corrupt, Read, lzf};

/// Marks of the first byte's upper bits and of whole first bytes.
pub(super) const LEN_14_BITS: u8 = 0x40;
pub(super) const LEN_32_BITS: u8 = 0x80;
pub(super) const LEN_64_BITS: u8 = 0x81;
pub(super) const INT_8: u8 = 0xc0;
pub(super) const INT_16: u8 = 0xc1;
pub(super) const INT_32: u8 = 0xc2;
pub(super) const COMPRESSED: u8 = 0xc3;

/// Longest string that is taken, as long as any bulk string can be made.
const STRING_BYTES_MAX: u64 = u32::MAX as u64;

/// Reads from a slice; see the module.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

/// What a first byte announces.
enum Prefix {
    Length(u64),
    Special(u8),
}

impl<'a> Reader<'a> {
    /// From the first byte on.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// What is not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(Corrupt::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Corrupt::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn byte(&mut self) -> Read<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// A length, which may be a number of anything.
    pub fn length(&mut self) -> Read<u64> {
        match self.prefix()? {
            Prefix::Length(length) => Ok(length),
            Prefix::Special(_) => Err(Corrupt::Invalid("a string where a length belongs")),
        }
    }

    /// A number of items, one at least, that take a byte each at least, so that there are no more of them than bytes.
    pub fn count(&mut self) -> Read<usize> {
        match self.count_or_none()? {
            0 => Err(Corrupt::Invalid("an empty collection")),
            count => Ok(count),
        }
    }

    /// [`Self::count`] where there may be none.
    pub fn count_or_none(&mut self) -> Read<usize> {
        let count = self.length()?;
        match usize::try_from(count) {
            Ok(count) if count <= self.rest.len() => Ok(count),
            _ => Err(Corrupt::Truncated),
        }
    }

    /// A string.
    pub fn string(&mut self) -> Read<Cow<'a, [u8]>> {
        match self.prefix()? {
            Prefix::Length(length) => Ok(Cow::Borrowed(self.take(string_len(length)?)?)),
            Prefix::Special(INT_8) => Ok(digits(i64::from(i8::from_le_bytes(self.array()?)))),
            Prefix::Special(INT_16) => Ok(digits(i64::from(i16::from_le_bytes(self.array()?)))),
            Prefix::Special(INT_32) => Ok(digits(i64::from(i32::from_le_bytes(self.array()?)))),
            Prefix::Special(COMPRESSED) => {
                let packed_len = string_len(self.length()?)?;
                let len = string_len(self.length()?)?;
                Ok(Cow::Owned(lzf::decompress(self.take(packed_len)?, len)?))
            }
            Prefix::Special(_) => Err(Corrupt::Invalid("an unknown way to write a string")),
        }
    }

    fn prefix(&mut self) -> Read<Prefix> {
        let first = self.byte()?;
        Ok(match first {
            0..LEN_14_BITS => Prefix::Length(u64::from(first)),
            LEN_14_BITS..LEN_32_BITS => {
                let [low] = self.array()?;
                Prefix::Length(u64::from(first - LEN_14_BITS) << 8 | u64::from(low))
            }
            LEN_32_BITS => Prefix::Length(u64::from(u32::from_be_bytes(self.array()?))),
            LEN_64_BITS => Prefix::Length(u64::from_be_bytes(self.array()?)),
            INT_8.. => Prefix::Special(first),
            _ => return Err(Corrupt::Invalid("an unknown length")),
        })
    }
}

fn string_len(length: u64) -> Read<usize> {
    match length {
        0..=STRING_BYTES_MAX => Ok(length as usize),
        _ => Err(Corrupt::Invalid("a string too long")),
    }
}

fn digits(value: i64) -> Cow<'static, [u8]> {
    Cow::Owned(itoa::Buffer::new().format(value).as_bytes().to_vec())
}
