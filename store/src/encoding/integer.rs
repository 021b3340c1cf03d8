//! Which byte strings are integers: exactly those that printing an `i64` gives.
//!
//! Only such a string may be kept as a number, as reading it back must give the same bytes.

/// The integer `text` spells canonically: no plus sign, no leading zero, no `-0`, within 64 bits.
#[must_use]
pub fn canonical_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    let mut magnitude = 0u64;
    for digit in digits {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        // Nineteen digits stay below 2^64.
        magnitude = magnitude * 10 + u64::from(value);
    }
    if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::canonical_i64;

    #[test]
    fn accepts_what_printing_gives_and_nothing_else() {
        for value in [0, 1, -1, 9, 10, i64::MAX, i64::MIN, 1_000_000_007] {
            assert_eq!(canonical_i64(value.to_string().as_bytes()), Some(value));
        }
        for text in [
            "",
            "-",
            "-0",
            "00",
            "01",
            "+1",
            " 1",
            "1 ",
            "1.0",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
            "1a",
        ] {
            assert_eq!(canonical_i64(text.as_bytes()), None, "{text}");
        }
    }
}
