//! Commands that look at strings as arrays of bits. Bit 0 is the highest bit of the first byte.

mod bit;
mod bits;
mod count;
mod field;
mod op;
mod pos;
mod range;
#[cfg(test)]
mod tests;

use super::{Categories, CommandError, DataCommand, Group, KeyFlags, KeySpec, Spec, parse_i64};

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &bit::SETBIT,
    &bit::GETBIT,
    &count::BITCOUNT,
    &pos::BITPOS,
    &op::BITOP,
    &field::BITFIELD,
    &field::BITFIELD_RO,
];

/// What the group's declarations have in common.
const BITMAP: Spec = Spec {
    group: Group::Bitmap,
    categories: Categories::BITMAP,
    ..Spec::DEFAULT
};

/// One key whose bits are given out.
const KEY_RO_ACCESS: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.union(KeyFlags::ACCESS))];

/// A bit offset as an argument: not negative, and within the longest string there may be.
fn parse_offset(text: &[u8], bulk_len_max: u64) -> Result<u64, CommandError> {
    checked_offset(parse_i64(text).ok(), bulk_len_max)
}

/// What an offset's text has been read as, when it is one.
fn checked_offset(offset: Option<i64>, bulk_len_max: u64) -> Result<u64, CommandError> {
    offset
        .and_then(|offset| u64::try_from(offset).ok())
        .filter(|offset| offset / 8 < bulk_len_max)
        .ok_or(CommandError::text(
            "ERR bit offset is not an integer or out of range",
        ))
}
