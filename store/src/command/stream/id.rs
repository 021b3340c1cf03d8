//! IDs as clients write them.

use crate::command::{CommandError, c_string, parse_i64};
use crate::types::stream::Id;

const INVALID: CommandError =
    CommandError::text("ERR Invalid stream ID specified as stream command argument");
const INVALID_START: CommandError = CommandError::text("ERR invalid start ID for the interval");
const INVALID_END: CommandError = CommandError::text("ERR invalid end ID for the interval");

/// Longest text that is looked at.
const TEXT_MAX: usize = 127;

/// An ID for a new entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewId {
    /// Of this moment.
    Now,
    /// The next one of this millisecond.
    NextOf(u64),
    /// Just this.
    Exactly(Id),
}

impl NewId {
    /// `*`, `ms-*`, `ms-seq` or `ms`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, CommandError> {
        if text == b"*" {
            return Ok(NewId::Now);
        }
        let (ms, seq) = split(strict(text)?);
        match seq {
            Some(b"*") => Ok(NewId::NextOf(number(ms)?)),
            _ => join(ms, seq, 0).map(NewId::Exactly),
        }
    }
}

/// `ms-seq`, or `ms` alone, whose sequence number is then `seq`.
pub(super) fn parse_id(text: &[u8], seq: u64) -> Result<Id, CommandError> {
    let (ms, given) = split(strict(text)?);
    join(ms, given, seq)
}

/// As [`parse_id`], or `-` and `+` for the lowest and the highest.
pub(super) fn parse_id_or_end(text: &[u8], seq: u64) -> Result<Id, CommandError> {
    match c_string(text) {
        b"-" if text.len() <= TEXT_MAX => Ok(Id::MIN),
        b"+" if text.len() <= TEXT_MAX => Ok(Id::MAX),
        _ => parse_id(text, seq),
    }
}

/// The first ID of an interval: an ID, `(` and an ID to leave it out, or an end.
pub(super) fn parse_start(text: &[u8]) -> Result<Id, CommandError> {
    match text {
        [b'(', id @ ..] if !id.is_empty() => parse_id(id, 0)?.successor().ok_or(INVALID_START),
        id => parse_id_or_end(id, 0),
    }
}

/// The last ID of an interval, likewise.
pub(super) fn parse_end(text: &[u8]) -> Result<Id, CommandError> {
    match text {
        [b'(', id @ ..] if !id.is_empty() => {
            parse_id(id, u64::MAX)?.predecessor().ok_or(INVALID_END)
        }
        id => parse_id_or_end(id, u64::MAX),
    }
}

/// What is looked at of a text that stands for no end.
fn strict(text: &[u8]) -> Result<&[u8], CommandError> {
    match c_string(text) {
        b"-" | b"+" => Err(INVALID),
        _ if text.len() > TEXT_MAX => Err(INVALID),
        text => Ok(text),
    }
}

fn split(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'-', text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

fn join(ms: &[u8], given: Option<&[u8]>, seq: u64) -> Result<Id, CommandError> {
    let ms = number(ms)?;
    let seq = given.map_or(Ok(seq), number)?;
    Ok(Id { ms, seq })
}

/// A number as Redis reads parts of IDs: canonical, or else as C's strtoull takes it.
fn number(text: &[u8]) -> Result<u64, CommandError> {
    match parse_i64(text) {
        Ok(value) => u64::try_from(value).map_err(|_| INVALID),
        Err(_) => lenient_number(text).ok_or(INVALID),
    }
}

/// Leading space, a sign (a negative number wraps around) and leading zeros are fine.
#[cold]
fn lenient_number(text: &[u8]) -> Option<u64> {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let start = text.iter().position(|byte| !is_space(byte))?;
    let (negative, digits) = match &text[start..] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().try_fold(0u64, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })?;
    Some(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_redis_reads_them() {
        let id = |ms, seq| Some(Id { ms, seq });
        for (text, expected) in [
            ("5", id(5, 9)),
            ("5-3", id(5, 3)),
            ("0-0", id(0, 0)),
            ("18446744073709551615-18446744073709551615", Some(Id::MAX)),
            ("18446744073709551616-1", None),
            ("007-+1", id(7, 1)),
            (" 7- -1", id(7, u64::MAX)),
            ("7--1", None),
            ("7--01", id(7, u64::MAX)),
            ("5-", None),
            ("-5", None),
            ("", None),
            ("-", None),
            ("+", None),
            ("5-3\0x", id(5, 3)),
            ("a-1", None),
            ("1-1 ", None),
        ] {
            assert_eq!(parse_id(text.as_bytes(), 9).ok(), expected, "{text:?}");
        }
        assert!(parse_id(&[b'1'; 128], 0).is_err());
    }

    #[test]
    fn intervals_may_leave_their_ends_out() {
        assert_eq!(parse_start(b"(5"), Ok(Id::new(5, 1)));
        assert_eq!(parse_start(b"-"), Ok(Id::MIN));
        assert_eq!(
            parse_start(b"(18446744073709551615-18446744073709551615"),
            Err(INVALID_START)
        );
        assert_eq!(parse_end(b"5"), Ok(Id::new(5, u64::MAX)));
        assert_eq!(parse_end(b"(5-0"), Ok(Id::new(4, u64::MAX)));
        assert_eq!(parse_end(b"(0-0"), Err(INVALID_END));
        assert_eq!(parse_end(b"(+"), Err(INVALID));
        assert_eq!(parse_end(b"("), Err(INVALID));
    }

    #[test]
    fn new_entries_may_leave_the_sequence_open() {
        for (text, expected) in [
            ("*", Some(NewId::Now)),
            ("5-*", Some(NewId::NextOf(5))),
            ("5", Some(NewId::Exactly(Id::new(5, 0)))),
            ("5-1", Some(NewId::Exactly(Id::new(5, 1)))),
            ("-*", None),
            ("5-**", None),
        ] {
            assert_eq!(NewId::parse(text.as_bytes()).ok(), expected, "{text}");
        }
    }
}
