//! Decimal numbers as the protocol writes them: strict parsing and short lines such as `$42\r\n`, without the formatting machinery.

/// The longest text an `i64` has, sign included: `-9223372036854775808`.
const INTEGER_TEXT_MAX: usize = 20;

/// Digits that no `u64` overflows with.
const SAFE_DIGITS: usize = 19;

/// The first value with more than eight digits.
const EIGHT_DIGITS_END: i64 = 100_000_000;
/// `0` in each byte.
const ASCII_ZEROS: u64 = 0x3030_3030_3030_3030;
/// `\r\n` as the low bytes of a word.
pub(crate) const LINE_END: u16 = 0x0a0d;

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
    if let 1..EIGHT_DIGITS_END = value {
        let digits = eight_digits(value as u64);
        let zeros = digits.trailing_zeros() as usize / 8;
        let text = (digits | ASCII_ZEROS) >> (8 * zeros);
        // All in one piece of fixed size, cut off behind the line.
        let mut line = [prefix; 1 + 8 + 2];
        line[1..9].copy_from_slice(&text.to_le_bytes());
        let end = 9 - zeros;
        line[end..end + 2].copy_from_slice(&LINE_END.to_le_bytes());
        let begin = out.len();
        out.extend_from_slice(&line);
        out.truncate(begin + end + 2);
        return;
    }
    push_any_line(out, prefix, value);
}

#[cold]
fn push_any_line(out: &mut Vec<u8>, prefix: u8, value: i64) {
    let mut text = itoa::Buffer::new();
    let text = text.format(value).as_bytes();
    out.reserve(INTEGER_TEXT_MAX + 3);
    out.push(prefix);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

/// The decimal digits of a value below [`EIGHT_DIGITS_END`] as bytes from 0 to 9, the first in the lowest byte: split into halves, pairs and
/// digits, each time all at once by multiplying with a reciprocal.
#[inline]
fn eight_digits(value: u64) -> u64 {
    let halves = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((halves - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - tens * 10) << 8)
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

    #[test]
    fn eight_digits_are_those_of_the_number() {
        for half in 0..10_000 {
            let value = half * 10_000 + half;
            let digits = (eight_digits(value) | ASCII_ZEROS).to_le_bytes();
            assert_eq!(digits[..], *format!("{value:08}").as_bytes());
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
