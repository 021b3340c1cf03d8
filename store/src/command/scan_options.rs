//! The options SCAN, SSCAN, HSCAN and ZSCAN share, and their cursor.
//!
//! Knows the grammar only: what is walked, and in which order, is each command's own.

use super::{ArgCursor, CommandError, c_string, parse_i64};
use crate::glob::glob_match;

/// Which member of the family is parsing; decides which options exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanFamily {
    /// SCAN: also `TYPE name`.
    Keys,
    /// HSCAN: also `NOVALUES`.
    Hash,
    /// SSCAN and ZSCAN.
    Members,
}

/// Parsed options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanOptions<'a> {
    /// `MATCH`; absent also for the pattern `*`, which refuses nothing.
    pub pattern: Option<&'a [u8]>,
    /// `COUNT`: about how many elements one call should visit, at least 1.
    pub count: usize,
    /// `TYPE`: the type's name, in any case.
    pub type_name: Option<&'a [u8]>,
    /// `NOVALUES`: fields without their values.
    pub no_values: bool,
}

impl<'a> ScanOptions<'a> {
    /// Reads options to the end of the arguments.
    ///
    /// Redis looks the key up first: a missing key or a wrong type is answered before any complaint about options.
    pub fn parse(mut args: ArgCursor<'a>, family: ScanFamily) -> Result<Self, CommandError> {
        let mut options = ScanOptions {
            pattern: None,
            count: 10,
            type_name: None,
            no_values: false,
        };
        while !args.is_done() {
            if args.remaining() >= 2 && args.keyword("COUNT") {
                options.count = parse_count(args.expect()?)?;
            } else if args.remaining() >= 2 && args.keyword("MATCH") {
                options.pattern = Some(args.expect()?).filter(|pattern| *pattern != b"*");
            } else if family == ScanFamily::Keys && args.remaining() >= 2 && args.keyword("TYPE") {
                options.type_name = Some(args.expect()?);
            } else if family == ScanFamily::Hash && args.keyword("NOVALUES") {
                options.no_values = true;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(options)
    }

    /// Whether MATCH lets this key, field or member through.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob_match(pattern, name))
    }
}

fn parse_count(text: &[u8]) -> Result<usize, CommandError> {
    let count = parse_i64(text)?;
    if count < 1 {
        return Err(CommandError::Syntax);
    }
    usize::try_from(count).map_err(|_| CommandError::NotInteger)
}

/// A cursor as C's `strtoul` reads it: an optional sign, a negative number wrapping
/// around; nothing at all is 0, and a zero byte ends it. Leading space is refused.
pub fn parse_scan_cursor(text: &[u8]) -> Result<u64, CommandError> {
    let (negative, digits) = match c_string(text) {
        [] => return Ok(0),
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let magnitude = decimal(digits).ok_or(CommandError::InvalidCursor)?;
    Ok(if negative {
        magnitude.wrapping_neg()
    } else {
        magnitude
    })
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit <= 9).then_some(())?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_strtoul_does() {
        for (text, expected) in [
            ("0", Some(0)),
            ("", Some(0)),
            ("12\0x", Some(12)),
            ("\0", Some(0)),
            ("-\0", None),
            ("007", Some(7)),
            ("+7", Some(7)),
            ("-1", Some(u64::MAX)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-", None),
            (" 1", None),
            ("1 ", None),
            ("1x", None),
        ] {
            assert_eq!(
                parse_scan_cursor(text.as_bytes()).ok(),
                expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn counts_below_one_are_a_syntax_error() {
        assert_eq!(parse_count(b"1"), Ok(1));
        assert_eq!(parse_count(b"0"), Err(CommandError::Syntax));
        assert_eq!(parse_count(b"x"), Err(CommandError::NotInteger));
    }
}
