//! The ranges of BITCOUNT and BITPOS.

use std::ops::Range;

use crate::command::CommandError;

/// What a range's ends count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// `BYTE`, or nothing said.
    Byte,
    /// `BIT`.
    Bit,
}

impl Unit {
    /// Reads the word for a unit.
    pub(super) fn parse(word: &[u8]) -> Result<Self, CommandError> {
        if word.eq_ignore_ascii_case(b"BIT") {
            Ok(Unit::Bit)
        } else if word.eq_ignore_ascii_case(b"BYTE") {
            Ok(Unit::Byte)
        } else {
            Err(CommandError::Syntax)
        }
    }
}

/// The bits from `start` to `end`, both included and negative ones counted from the
/// end of a string of `len` bytes; empty when there are none.
pub(super) fn bit_range(start: i64, end: i64, unit: Unit, len: usize) -> Range<u64> {
    let bits_per_unit = match unit {
        Unit::Byte => 8,
        Unit::Bit => 1,
    };
    let units = len as i64 * 8 / bits_per_unit;
    let absolute = |index: i64| match index {
        0.. => index,
        _ => units.saturating_add(index).max(0),
    };
    let (start, end) = (absolute(start), absolute(end).min(units - 1));
    if start > end {
        return 0..0;
    }
    (start * bits_per_unit) as u64..((end + 1) * bits_per_unit) as u64
}
