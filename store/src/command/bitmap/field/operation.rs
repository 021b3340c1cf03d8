//! The grammar of BITFIELD: a list of operations on fields.

use resp::Args;

use super::super::checked_offset;
use super::integer::{Field, Signedness};
use crate::command::{ArgCursor, CommandError, parse_i64};

/// What happens when a number does not fit its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    /// `WRAP`: the high bits are lost.
    Wrap,
    /// `SAT`: the nearest number that fits.
    Saturate,
    /// `FAIL`: nothing is written, and the reply is null.
    Fail,
}

/// What an operation does to its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// `GET`.
    Get,
    /// `SET`.
    Set(i64),
    /// `INCRBY`.
    IncrBy(i64),
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) field: Field,
    pub(super) action: Action,
    overflow: Overflow,
}

impl Operation {
    /// Reads all operations. `OVERFLOW` is none, but goes for those that follow it.
    pub(super) fn parse_all(
        args: Args<'_>,
        bulk_len_max: u64,
    ) -> Result<Vec<Operation>, CommandError> {
        let mut cursor = ArgCursor::new(args, 0);
        let mut overflow = Overflow::Wrap;
        let mut operations = Vec::new();
        while !cursor.is_done() {
            let left = cursor.remaining() - 1;
            if left >= 1 && cursor.keyword("OVERFLOW") {
                overflow = parse_overflow(&mut cursor)?;
                continue;
            }
            let action: fn(&mut ArgCursor<'_>) -> Result<Action, CommandError> =
                if left >= 2 && cursor.keyword("GET") {
                    |_| Ok(Action::Get)
                } else if left >= 3 && cursor.keyword("SET") {
                    |cursor| cursor.expect_i64().map(Action::Set)
                } else if left >= 3 && cursor.keyword("INCRBY") {
                    |cursor| cursor.expect_i64().map(Action::IncrBy)
                } else {
                    return Err(CommandError::Syntax);
                };
            operations.push(Operation {
                field: parse_field(&mut cursor, bulk_len_max)?,
                action: action(&mut cursor)?,
                overflow,
            });
        }
        Ok(operations)
    }

    /// What the field holds afterwards when it held `old`; none when it overflows and that is to fail.
    pub(super) fn result(&self, old: i128) -> Option<i128> {
        let wanted = match self.action {
            Action::Get => return Some(old),
            Action::Set(value) => self.field.operand(value),
            Action::IncrBy(increment) => old + i128::from(increment),
        };
        let (min, max) = self.field.limits();
        if (min..=max).contains(&wanted) {
            return Some(wanted);
        }
        match self.overflow {
            Overflow::Wrap => Some(self.field.wrapped(wanted)),
            Overflow::Saturate if self.is_far_below(max) => Some(max),
            Overflow::Saturate => Some(wanted.clamp(min, max)),
            Overflow::Fail => None,
        }
    }

    /// Whether the number to set is farther below `max` than 64 bits can say, which Redis takes for too large.
    fn is_far_below(&self, max: i128) -> bool {
        match self.action {
            Action::Set(value) => max - self.field.operand(value) > i128::from(i64::MAX),
            Action::Get | Action::IncrBy(_) => false,
        }
    }
}

fn parse_overflow(cursor: &mut ArgCursor<'_>) -> Result<Overflow, CommandError> {
    if cursor.keyword("WRAP") {
        Ok(Overflow::Wrap)
    } else if cursor.keyword("SAT") {
        Ok(Overflow::Saturate)
    } else if cursor.keyword("FAIL") {
        Ok(Overflow::Fail)
    } else {
        Err(CommandError::text("ERR Invalid OVERFLOW type specified"))
    }
}

/// A type and an offset, which `#` makes count whole fields.
fn parse_field(cursor: &mut ArgCursor<'_>, bulk_len_max: u64) -> Result<Field, CommandError> {
    let (signedness, bits) = parse_type(cursor.expect()?)?;
    let offset = match cursor.expect()? {
        [b'#', digits @ ..] => parse_i64(digits)
            .ok()
            .map(|fields| fields.wrapping_mul(i64::from(bits))),
        digits => parse_i64(digits).ok(),
    };
    Ok(Field {
        signedness,
        bits,
        offset: checked_offset(offset, bulk_len_max)?,
    })
}

/// A type such as `u8` or `i64`. Signed ones go up to 64 bits, unsigned ones to 63.
fn parse_type(text: &[u8]) -> Result<(Signedness, u32), CommandError> {
    let (signedness, digits, bits_max) = match text {
        [b'i', digits @ ..] => (Signedness::Signed, digits, 64),
        [b'u', digits @ ..] => (Signedness::Unsigned, digits, 63),
        _ => (Signedness::Unsigned, &b""[..], 0),
    };
    // The width ends at a zero byte, if there is one.
    let end = memchr::memchr(0, digits).unwrap_or(digits.len());
    match parse_i64(&digits[..end]) {
        Ok(bits) if (1..=bits_max).contains(&bits) => Ok((signedness, bits as u32)),
        Ok(_) | Err(_) => Err(CommandError::text(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        )),
    }
}
