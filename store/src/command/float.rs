//! Floats as C's `strtod` reads them, which is the grammar Redis inherited for
//! scores, weights and increments: decimal, hexadecimal (`0x1.8p3`), `inf`, `infinity`.

/// A float and whether it is what the text says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ParsedFloat {
    /// The nearest float. Never NaN.
    pub(super) value: f64,
    /// Whether `strtod` reports ERANGE: the number is too large to be anything but infinite, or too small for all its
    /// digits and so rounded, perhaps to 0.
    pub(super) out_of_range: bool,
}

/// Reads `text` as a whole; none for NaN, empty text, blanks and whatever else is no number.
pub(super) fn parse_float(text: &[u8]) -> Option<ParsedFloat> {
    let (negative, magnitude) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let parsed = match magnitude {
        [b'0', b'x' | b'X', digits @ ..] => parse_hexadecimal(digits)?,
        [b'0'..=b'9' | b'.', ..] => parse_decimal(magnitude)?,
        word => parse_infinity(word)?,
    };
    let value = if negative {
        -parsed.value
    } else {
        parsed.value
    };
    Some(ParsedFloat { value, ..parsed })
}

fn parse_infinity(word: &[u8]) -> Option<ParsedFloat> {
    let known = word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity");
    known.then_some(ParsedFloat {
        value: f64::INFINITY,
        out_of_range: false,
    })
}

/// Up to so many digits are an integer that a float holds as it is.
const EXACT_DIGITS_MAX: usize = 15;

/// Reads digits and nothing else, which is what most scores are: without the machinery that rounds.
#[inline]
fn parse_exact(text: &[u8]) -> Option<f64> {
    if text.len() > EXACT_DIGITS_MAX {
        return None;
    }
    let value = text.iter().try_fold(0, |value: u64, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + u64::from(digit))
    });
    value.map(|value| value as f64)
}

fn parse_decimal(text: &[u8]) -> Option<ParsedFloat> {
    if let Some(value) = parse_exact(text) {
        return Some(ParsedFloat {
            value,
            out_of_range: false,
        });
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    // No decimal that anyone writes is a subnormal number without being rounded.
    let tiny = value.is_subnormal() || value == 0.0 && has_nonzero_digit(text);
    let out_of_range = value.is_infinite() || tiny;
    Some(ParsedFloat {
        value,
        out_of_range,
    })
}

/// Whether the digits before the exponent say anything but 0.
fn has_nonzero_digit(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    digits.into_iter().any(|byte| matches!(byte, b'1'..=b'9'))
}

/// The power of two of the least bit that a float can hold.
const SUBNORMAL_BIT_MIN: i32 = -1074;

/// Reads what follows `0x`: digits with at most one point, then perhaps `p` and a power of two.
fn parse_hexadecimal(text: &[u8]) -> Option<ParsedFloat> {
    let end = text.iter().position(|byte| matches!(byte, b'p' | b'P'));
    let (digits, power) = match end {
        Some(end) => (&text[..end], parse_power(&text[end + 1..])?),
        None => (text, 0),
    };
    let (mantissa, shift) = parse_hex_digits(digits)?;
    // Steps keep the power inside what powi can represent without losing subnormals early.
    let mut exponent = shift.saturating_add(power).clamp(-4000, 4000);
    let mut value = mantissa as f64;
    while exponent != 0 {
        let step = exponent.clamp(-1000, 1000);
        value *= 2f64.powi(step);
        exponent -= step;
    }
    let last_bit = shift
        .saturating_add(power)
        .saturating_add_unsigned(mantissa.trailing_zeros());
    let rounded = value.is_subnormal() && last_bit < SUBNORMAL_BIT_MIN;
    let out_of_range = value.is_infinite() || rounded || value == 0.0 && mantissa != 0;
    Some(ParsedFloat {
        value,
        out_of_range,
    })
}

/// The digits as `mantissa * 2^shift`. Digits that do not fit leave their trace in the lowest bit, for rounding.
fn parse_hex_digits(digits: &[u8]) -> Option<(u64, i32)> {
    let (mut mantissa, mut shift, mut seen, mut in_fraction) = (0u64, 0i32, false, false);
    for &byte in digits {
        if byte == b'.' && !in_fraction {
            in_fraction = true;
            continue;
        }
        let digit = u64::from((byte as char).to_digit(16)? as u8);
        seen = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | digit;
            shift -= if in_fraction { 4 } else { 0 };
        } else {
            mantissa |= u64::from(digit != 0);
            shift = shift.saturating_add(if in_fraction { 0 } else { 4 });
        }
    }
    seen.then_some((mantissa, shift))
}

fn parse_power(text: &[u8]) -> Option<i32> {
    let digits = match text {
        [b'+' | b'-', digits @ ..] => digits,
        digits => digits,
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = digits.iter().fold(0i32, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i32::from(digit - b'0'))
    });
    Some(if text[0] == b'-' {
        -magnitude
    } else {
        magnitude
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_strtod_does() {
        for (text, value) in [
            ("0", 0.0),
            ("-7", -7.0),
            ("000000001234", 1234.0),
            ("999999999999999", 999_999_999_999_999.0),
            ("9999999999999999", 10_000_000_000_000_000.0),
            ("1.5", 1.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("+1e3", 1000.0),
            ("-1E-2", -0.01),
            ("inf", f64::INFINITY),
            ("-INFINITY", f64::NEG_INFINITY),
            ("0x10", 16.0),
            ("-0X1.8p3", -12.0),
            ("0x.8", 0.5),
            ("0x1p-1074", 5e-324),
            ("0x1fffffffffffff8", 144_115_188_075_855_870.0),
            ("0x10000000000000000000", 75_557_863_725_914_323_419_136.0),
        ] {
            let expected = ParsedFloat {
                value,
                out_of_range: false,
            };
            assert_eq!(parse_float(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", "+", ".", "e5", "1e", "1 ", " 1", "nan", "-nan", "0x", "0x.", "0x1p", "0xg",
            "1_0", "--1", "infx",
        ] {
            assert_eq!(parse_float(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_told_apart() {
        for (text, value) in [
            ("1e400", f64::INFINITY),
            ("-1e400", f64::NEG_INFINITY),
            ("1e-400", 0.0),
            ("5e-324", 5e-324),
            ("0x3.8p-1074", 2e-323),
            ("0x1p5000", f64::INFINITY),
            ("0x1p-99999999999", 0.0),
        ] {
            let expected = ParsedFloat {
                value,
                out_of_range: true,
            };
            assert_eq!(parse_float(text.as_bytes()), Some(expected), "{text}");
        }
        let zero = ParsedFloat {
            value: 0.0,
            out_of_range: false,
        };
        assert_eq!(parse_float(b"0e-999"), Some(zero));
    }
}
