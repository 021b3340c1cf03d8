//! Ziplists, which were what listpacks are now; read only.
//!
//! ```text
//! ziplist = bytes (u32 LE), offset of the last entry (u32 LE), entries (u16 LE, 65535: unknown), entry…, 255
//! entry   = length of the entry before (1 byte, or 254 and u32 LE), what it is, its bytes
//!   00nnnnnn …  · 01nnnnnn n … · 10000000 nnnn …   a string; lengths are big-endian
//!   11000000 · 11010000 · 11100000                 an integer of 16, 32, 64 bits (LE)
//!   11110000 · 11111110 · 1111nnnn                 of 24, of 8; n - 1 itself, from 0 to 12
//! ```

use super::listpack::read_i24;
use super::reader::Reader;
use super::{Corrupt, Read, whole};
use crate::types::Item;

const END: u8 = 0xff;
const HEADER_BYTES: usize = 10;
const COUNT_UNKNOWN: u16 = u16::MAX;
const LONG_ENTRY: u8 = 254;

/// The entries of a ziplist, checked as a whole.
pub(super) fn items(ziplist: &[u8]) -> Read<Vec<Item<'_>>> {
    whole(read(ziplist))
}

fn read(ziplist: &[u8]) -> Read<Vec<Item<'_>>> {
    let mut reader = Reader::new(ziplist);
    let bytes = u32::from_le_bytes(reader.array()?) as usize;
    let tail = u32::from_le_bytes(reader.array()?) as usize;
    let count = u16::from_le_bytes(reader.array()?);
    if bytes != ziplist.len() {
        return Err(Corrupt::Invalid("a ziplist of another length"));
    }
    let (mut items, mut last_at, mut last_len) = (Vec::new(), HEADER_BYTES, 0);
    loop {
        match reader.rest() {
            [END] => break,
            [END, ..] => return Err(Corrupt::Invalid("a ziplist that ends early")),
            rest => {
                last_at = ziplist.len() - rest.len();
                if previous_len(&mut reader)? != last_len {
                    return Err(Corrupt::Invalid("a ziplist that cannot be read backwards"));
                }
                items.push(content(&mut reader)?);
                last_len = ziplist.len() - reader.rest().len() - last_at;
            }
        }
    }
    if tail != last_at || count != COUNT_UNKNOWN && usize::from(count) != items.len() {
        return Err(Corrupt::Invalid("a ziplist of another count"));
    }
    Ok(items)
}

fn previous_len(reader: &mut Reader<'_>) -> Read<usize> {
    match reader.byte()? {
        LONG_ENTRY => Ok(u32::from_le_bytes(reader.array()?) as usize),
        len => Ok(usize::from(len)),
    }
}

fn content<'a>(reader: &mut Reader<'a>) -> Read<Item<'a>> {
    let first = reader.byte()?;
    Ok(match first {
        0..=0x3f => Item::Bytes(reader.take(usize::from(first))?),
        0x40..=0x7f => {
            let len = usize::from(first & 0x3f) << 8 | usize::from(reader.byte()?);
            Item::Bytes(reader.take(len)?)
        }
        0x80 => {
            let len = u32::from_be_bytes(reader.array()?) as usize;
            Item::Bytes(reader.take(len)?)
        }
        0xc0 => Item::Int(i64::from(i16::from_le_bytes(reader.array()?))),
        0xd0 => Item::Int(i64::from(i32::from_le_bytes(reader.array()?))),
        0xe0 => Item::Int(i64::from_le_bytes(reader.array()?)),
        0xf0 => Item::Int(read_i24(reader)?),
        0xfe => Item::Int(i64::from(i8::from_le_bytes(reader.array()?))),
        0xf1..=0xfd => Item::Int(i64::from(first & 0x0f) - 1),
        _ => return Err(Corrupt::Invalid("an unknown ziplist entry")),
    })
}
