//! Zipmaps, the small hashes of Redis 2; read only.
//!
//! ```text
//! zipmap = fields (1 byte, 254 and more: unknown), (length field length unused value unused-bytes)…, 255
//! length = 1 byte, or 254 and u32 LE
//! ```

use super::reader::Reader;
use super::{Corrupt, Read, whole};
use crate::types::Item;

const END: u8 = 0xff;
const LONG: u8 = 254;

/// Fields and values in turn.
pub(super) fn items(zipmap: &[u8]) -> Read<Vec<Item<'_>>> {
    whole(read(zipmap))
}

fn read(zipmap: &[u8]) -> Read<Vec<Item<'_>>> {
    let mut reader = Reader::new(zipmap);
    let count = reader.byte()?;
    let mut items = Vec::new();
    while reader.rest() != [END] {
        let field_len = length(&mut reader)?;
        items.push(Item::Bytes(reader.take(field_len)?));
        let value_len = length(&mut reader)?;
        let unused = usize::from(reader.byte()?);
        items.push(Item::Bytes(reader.take(value_len)?));
        reader.take(unused)?;
    }
    if count < LONG && usize::from(count) != items.len() / 2 {
        return Err(Corrupt::Invalid("a zipmap of another count"));
    }
    Ok(items)
}

fn length(reader: &mut Reader<'_>) -> Read<usize> {
    match reader.byte()? {
        END => Err(Corrupt::Invalid("a zipmap that ends early")),
        LONG => Ok(u32::from_le_bytes(reader.array()?) as usize),
        len => Ok(usize::from(len)),
    }
}
