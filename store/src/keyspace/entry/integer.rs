//! Integers as strings: which texts are one, and how few bytes hold it.

/// Longest text of an i64: "-9223372036854775808".
const INTEGER_TEXT_MAX: usize = 20;

/// The integer that `text` is the canonical decimal form of: no sign but a minus, no leading zeros, no spaces, within
/// i64. Only for such texts does storing the number lose nothing.
#[inline]
pub fn parse_canonical(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [] => return None,
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if text.len() <= INTEGER_TEXT_MAX => {}
        _ => return None,
    }
    let mut magnitude = 0u64;
    for &digit in digits {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        magnitude = magnitude.checked_mul(10)?.checked_add(u64::from(value))?;
    }
    match negative {
        false => i64::try_from(magnitude).ok(),
        true => 0i64.checked_sub_unsigned(magnitude),
    }
}

/// Room for an integer in little-endian order, cut to 1, 2, 4 or 8 bytes.
#[derive(Default)]
pub(super) struct PackedInt([u8; 8]);

impl PackedInt {
    /// The fewest bytes that hold `value`.
    #[inline]
    pub(super) fn pack(&mut self, value: i64) -> &[u8] {
        self.0 = value.to_le_bytes();
        let width = if value == i64::from(value as i8) {
            1
        } else if value == i64::from(value as i16) {
            2
        } else if value == i64::from(value as i32) {
            4
        } else {
            8
        };
        &self.0[..width]
    }

    /// The integer that was packed.
    #[inline]
    pub(super) fn unpack(bytes: &[u8]) -> i64 {
        match *bytes {
            [a] => i64::from(a as i8),
            [a, b] => i64::from(i16::from_le_bytes([a, b])),
            [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
            [a, b, c, d, e, f, g, h] => i64::from_le_bytes([a, b, c, d, e, f, g, h]),
            _ => unreachable!("integers are packed in 1, 2, 4 or 8 bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_texts_are_integers() {
        for value in [
            0,
            1,
            -1,
            9,
            10,
            -10,
            127,
            128,
            i64::MAX,
            i64::MIN,
            i64::MAX - 1,
            i64::MIN + 1,
        ] {
            assert_eq!(parse_canonical(value.to_string().as_bytes()), Some(value));
        }
        let others = [
            "", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "a", "1a", "00", "0x1",
        ];
        let beyond = [
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
            "184467440737095516160",
        ];
        for text in others.iter().chain(&beyond) {
            assert_eq!(parse_canonical(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn packs_in_the_fewest_bytes() {
        let cases = [
            (0, 1),
            (127, 1),
            (-128, 1),
            (128, 2),
            (-129, 2),
            (32767, 2),
            (32768, 4),
            (-32769, 4),
        ];
        let wide = [
            (i64::from(i32::MAX), 4),
            (i64::from(i32::MAX) + 1, 8),
            (i64::MAX, 8),
            (i64::MIN, 8),
        ];
        for (value, width) in cases.into_iter().chain(wide) {
            let mut packed = PackedInt::default();
            let bytes = packed.pack(value);
            assert_eq!((bytes.len(), PackedInt::unpack(bytes)), (width, value));
        }
    }
}
