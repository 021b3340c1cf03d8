//! Decimal numbers as the protocol writes them: strict parsing and short lines such as `$42\r\n`, without the formatting machinery.

/// The longest text an `i64` has, sign included: `-9223372036854775808`.
const INTEGER_TEXT_MAX: usize = 20;

/// Digits that no `u64` overflows with.
const SAFE_DIGITS: usize = 19;

/// Parses a signed decimal integer as strictly as Redis does for protocol lengths and integer arguments: only the text the number is written
/// as, so that keeping the number instead loses nothing.
///
/// No leading `+`, no leading zeros, no spaces, no `-0`, nothing outside `i64`; `None` for anything else.
#[inline]
pub fn parse_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        // An `i64` has no more digits than are safe.
        [b'1'..=b'9', rest @ ..] if rest.len() < SAFE_DIGITS => {}
        _ => return None,
    }
    let mut value: u64 = 0;
    for &digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    if negative {
        0i64.checked_sub_unsigned(value)
    } else {
        i64::try_from(value).ok()
    }
}

/// Appends `<prefix><value>\r\n`, the line that starts most replies. Inlined because a reply of many values is mostly such lines.
#[inline(always)]
pub(crate) fn push_line(out: &mut Vec<u8>, prefix: u8, value: i64) {
    match value {
        0..=9 => out.extend_from_slice(&[prefix, digit(value), b'\r', b'\n']),
        10..=99 => {
            out.extend_from_slice(&[prefix, digit(value / 10), digit(value % 10), b'\r', b'\n'])
        }
        100..=999 => out.extend_from_slice(&[
            prefix,
            digit(value / 100),
            digit(value / 10 % 10),
            digit(value % 10),
            b'\r',
            b'\n',
        ]),
        _ => push_long_line(out, prefix, value),
    }
}

#[inline(never)]
fn push_long_line(out: &mut Vec<u8>, prefix: u8, value: i64) {
    let mut text = itoa::Buffer::new();
    let text = text.format(value).as_bytes();
    out.reserve(INTEGER_TEXT_MAX + 3);
    out.push(prefix);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

/// The ASCII digit of a value from 0 to 9.
#[inline]
pub(crate) fn digit(value: i64) -> u8 {
    b'0' + value as u8
}

/// A length as the signed number the protocol carries. No buffer in memory is longer than `isize::MAX`.
#[inline]
pub(crate) fn wire_len(len: usize) -> i64 {
    len as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_are_parsed_strictly() {
        for (text, value) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("-7", Some(-7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("18446744073709551616", None),
            ("99999999999999999999", None),
            ("", None),
            ("-", None),
            ("-0", None),
            ("00", None),
            ("01", None),
            ("+1", None),
            (" 1", None),
            ("1 ", None),
            ("1a", None),
            ("000000000000000000000000000001", None),
        ] {
            assert_eq!(parse_integer(text.as_bytes()), value, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn lines_match_the_standard_formatter(value: i64, shift in 0u32..64) {
            let value = value >> shift;
            let mut out = Vec::new();
            push_line(&mut out, b':', value);
            prop_assert_eq!(out, format!(":{value}\r\n").into_bytes());
            prop_assert_eq!(parse_integer(value.to_string().as_bytes()), Some(value));
        }
    }
}
