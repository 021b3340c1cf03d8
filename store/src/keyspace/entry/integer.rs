//! Integers in the fewest bytes that hold them.

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
