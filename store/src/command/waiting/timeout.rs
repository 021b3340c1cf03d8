//! How long to wait, as the blocking commands read it.

use crate::command::float::parse_float;
use crate::command::{CommandError, parse_i64};

const NOT_FLOAT: CommandError = CommandError::text("ERR timeout is not a float or out of range");
const NOT_INTEGER: CommandError =
    CommandError::text("ERR timeout is not an integer or out of range");
const NEGATIVE: CommandError = CommandError::text("ERR timeout is negative");
const OUT_OF_RANGE: CommandError = CommandError::text("ERR timeout is out of range");

/// Seconds, fractions allowed, as the time when they are over; none for 0, which is for ever.
pub fn parse_timeout(text: &[u8], now_ms: u64) -> Result<Option<u64>, CommandError> {
    let seconds = parse_float(text).ok_or(NOT_FLOAT)?.value;
    // Never less than what was asked for.
    let ms = (seconds * 1000.0).ceil();
    if ms > i64::MAX as f64 {
        return Err(OUT_OF_RANGE);
    }
    deadline(ms as i64, now_ms)
}

/// Whole milliseconds, likewise.
pub fn parse_timeout_ms(text: &[u8], now_ms: u64) -> Result<Option<u64>, CommandError> {
    deadline(parse_i64(text).map_err(|_| NOT_INTEGER)?, now_ms)
}

fn deadline(ms: i64, now_ms: u64) -> Result<Option<u64>, CommandError> {
    match ms {
        ..0 => Err(NEGATIVE),
        0 => Ok(None),
        ms => match now_ms.checked_add(ms as u64) {
            Some(at) if at <= i64::MAX as u64 => Ok(Some(at)),
            _ => Err(OUT_OF_RANGE),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_as_redis_reads_them() {
        for (text, expected) in [
            ("0", Ok(None)),
            ("0.0", Ok(None)),
            ("1", Ok(Some(2000))),
            ("+1", Ok(Some(2000))),
            ("0.001", Ok(Some(1001))),
            ("0.0001", Ok(Some(1001))),
            ("1e-5", Ok(Some(1001))),
            ("0x10", Ok(Some(17_000))),
            ("-1", Err(NEGATIVE)),
            ("-inf", Err(NEGATIVE)),
            ("inf", Err(OUT_OF_RANGE)),
            ("1e30", Err(OUT_OF_RANGE)),
            ("9223372036854775", Err(OUT_OF_RANGE)),
            ("", Err(NOT_FLOAT)),
            ("nan", Err(NOT_FLOAT)),
            (" 1", Err(NOT_FLOAT)),
            ("1 ", Err(NOT_FLOAT)),
            ("abc", Err(NOT_FLOAT)),
        ] {
            assert_eq!(parse_timeout(text.as_bytes(), 1000), expected, "{text}");
        }
    }

    #[test]
    fn milliseconds_are_whole() {
        for (text, expected) in [
            ("0", Ok(None)),
            ("5", Ok(Some(1005))),
            ("-5", Err(NEGATIVE)),
            ("1.5", Err(NOT_INTEGER)),
            ("9223372036854775807", Err(OUT_OF_RANGE)),
        ] {
            assert_eq!(parse_timeout_ms(text.as_bytes(), 1000), expected, "{text}");
        }
    }
}
