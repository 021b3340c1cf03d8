//! Listpacks: many small strings and integers in one string.
//!
//! ```text
//! listpack = bytes (u32 LE), entries (u16 LE, 65535: unknown), entry…, 255
//! entry    = what it is, its bytes, the length of both once more for reading backwards
//!   0nnnnnnn            an integer below 128
//!   10nnnnnn …          a string of up to 63 bytes
//!   110nnnnn n          an integer of 13 bits
//!   1110nnnn n …        a string of up to 4095 bytes
//!   11110000 nnnn …     a string with a length of 32 bits (LE)
//!   11110001 – 11110100 an integer of 16, 24, 32, 64 bits (LE)
//! ```

use super::reader::Reader;
use super::{Corrupt, Read, whole};
use crate::encoding::integer::canonical_i64;
use crate::types::Item;

const HEADER_BYTES: usize = 6;
const END: u8 = 0xff;
const COUNT_UNKNOWN: u16 = u16::MAX;

/// The entries of a listpack, checked as a whole beforehand to fill the string exactly.
pub(super) fn items(listpack: &[u8]) -> Read<Vec<Item<'_>>> {
    whole(read(listpack))
}

fn read(listpack: &[u8]) -> Read<Vec<Item<'_>>> {
    let mut reader = Reader::new(listpack);
    let bytes = u32::from_le_bytes(reader.array()?);
    let count = u16::from_le_bytes(reader.array()?);
    if bytes as usize != listpack.len() {
        return Err(Corrupt::Invalid("a listpack of another length"));
    }
    let mut items = Vec::new();
    loop {
        match reader.rest() {
            [END] => break,
            [END, ..] => return Err(Corrupt::Invalid("a listpack that ends early")),
            _ => items.push(entry(&mut reader)?),
        }
    }
    if count != COUNT_UNKNOWN && usize::from(count) != items.len() {
        return Err(Corrupt::Invalid("a listpack of another count"));
    }
    Ok(items)
}

fn entry<'a>(reader: &mut Reader<'a>) -> Read<Item<'a>> {
    let before = reader.rest().len();
    let item = content(reader)?;
    let len = before - reader.rest().len();
    let backwards = Backlen::new(len);
    if reader.take(backwards.len)? != backwards.as_slice() {
        return Err(Corrupt::Invalid(
            "a listpack entry that cannot be read backwards",
        ));
    }
    Ok(item)
}

fn content<'a>(reader: &mut Reader<'a>) -> Read<Item<'a>> {
    let first = reader.byte()?;
    Ok(match first {
        0..=0x7f => Item::Int(i64::from(first)),
        0x80..=0xbf => Item::Bytes(reader.take(usize::from(first & 0x3f))?),
        0xc0..=0xdf => {
            let unsigned = i64::from(first & 0x1f) << 8 | i64::from(reader.byte()?);
            Item::Int(if unsigned < 1 << 12 {
                unsigned
            } else {
                unsigned - (1 << 13)
            })
        }
        0xe0..=0xef => {
            let len = usize::from(first & 0x0f) << 8 | usize::from(reader.byte()?);
            Item::Bytes(reader.take(len)?)
        }
        0xf0 => {
            let len = u32::from_le_bytes(reader.array()?) as usize;
            Item::Bytes(reader.take(len)?)
        }
        0xf1 => Item::Int(i64::from(i16::from_le_bytes(reader.array()?))),
        0xf2 => Item::Int(read_i24(reader)?),
        0xf3 => Item::Int(i64::from(i32::from_le_bytes(reader.array()?))),
        0xf4 => Item::Int(i64::from_le_bytes(reader.array()?)),
        _ => return Err(Corrupt::Invalid("an unknown listpack entry")),
    })
}

/// A little-endian integer of 24 bits.
pub(super) fn read_i24(reader: &mut Reader<'_>) -> Read<i64> {
    let [a, b, c] = reader.array()?;
    Ok(i64::from(i32::from_le_bytes([0, a, b, c]) >> 8))
}

/// An entry's length, written to be read from its end: seven bits a byte, all but the first with the top bit.
struct Backlen {
    bytes: [u8; 5],
    len: usize,
}

impl Backlen {
    fn new(entry: usize) -> Self {
        let len = match entry {
            0..=127 => 1,
            128..16_383 => 2,
            16_383..2_097_151 => 3,
            2_097_151..268_435_455 => 4,
            _ => 5,
        };
        let mut bytes = [0; 5];
        for (at, byte) in bytes[..len].iter_mut().enumerate() {
            let shift = 7 * (len - 1 - at);
            *byte = (entry >> shift & 0x7f) as u8 | if at == 0 { 0 } else { 0x80 };
        }
        Backlen { bytes, len }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// A listpack under construction.
pub(super) struct Listpack {
    bytes: Vec<u8>,
    count: usize,
}

impl Default for Listpack {
    fn default() -> Self {
        Listpack {
            bytes: vec![0; HEADER_BYTES],
            count: 0,
        }
    }
}

impl Listpack {
    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are no entries yet.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Appends a string, as a number where it spells one.
    pub(super) fn push(&mut self, text: &[u8]) {
        match canonical_i64(text) {
            Some(value) => self.push_integer(value),
            None => self.push_entry(|bytes| put_string(bytes, text)),
        }
    }

    /// Appends a number.
    pub(super) fn push_integer(&mut self, value: i64) {
        self.push_entry(|bytes| put_integer(bytes, value));
    }

    fn push_entry(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        put(&mut self.bytes);
        let backwards = Backlen::new(self.bytes.len() - start);
        self.bytes.extend_from_slice(backwards.as_slice());
        self.count += 1;
    }

    /// The whole, its end and header written.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(END);
        let len = self.bytes.len() as u32;
        let count = u16::try_from(self.count).unwrap_or(COUNT_UNKNOWN);
        self.bytes[..4].copy_from_slice(&len.to_le_bytes());
        self.bytes[4..HEADER_BYTES].copy_from_slice(&count.to_le_bytes());
        self.bytes
    }
}

fn put_integer(bytes: &mut Vec<u8>, value: i64) {
    match value {
        0..=127 => bytes.push(value as u8),
        -4096..=4095 => {
            let bits = (value & 0x1fff) as u16;
            bytes.extend_from_slice(&(0xc000 | bits).to_be_bytes());
        }
        _ => {
            let (code, width) = match value {
                -0x8000..=0x7fff => (0xf1, 2),
                -0x80_0000..=0x7f_ffff => (0xf2, 3),
                -0x8000_0000..=0x7fff_ffff => (0xf3, 4),
                _ => (0xf4, 8),
            };
            bytes.push(code);
            bytes.extend_from_slice(&value.to_le_bytes()[..width]);
        }
    }
}

fn put_string(bytes: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        len @ 0..=0x3f => bytes.push(0x80 | len as u8),
        len @ 0x40..=0xfff => bytes.extend_from_slice(&(0xe000 | len as u16).to_be_bytes()),
        len => {
            bytes.push(0xf0);
            bytes.extend_from_slice(&(len as u32).to_le_bytes());
        }
    }
    bytes.extend_from_slice(text);
}
