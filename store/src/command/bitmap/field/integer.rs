//! Integers of 1 to 64 bits that lie anywhere in a string, the highest bit first.

/// Bytes a field can reach into.
const SPAN_BYTES_MAX: usize = 9;
/// Bits of the window a field is read through.
const WINDOW_BITS: u32 = u128::BITS;

/// Whether a field's highest bit is its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signedness {
    /// It is: two's complement.
    Signed,
    /// It is not.
    Unsigned,
}

/// Where an integer is, and how it is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) signedness: Signedness,
    /// 1 to 64; to 63 when unsigned.
    pub(super) bits: u32,
    /// Its first bit.
    pub(super) offset: u64,
}

impl Field {
    /// How many bytes a string must have to hold the whole field.
    pub(super) fn end_byte(&self) -> usize {
        ((self.offset + u64::from(self.bits) - 1) / 8) as usize + 1
    }

    /// The integer; bits beyond the end of the string are 0.
    pub(super) fn get(&self, bytes: &[u8]) -> i128 {
        let window = self.load(bytes) << (self.offset % 8);
        self.wrapped((window >> (WINDOW_BITS - self.bits)) as i128)
    }

    /// Overwrites the integer by the lowest bits of `value`. The string holds the whole field.
    pub(super) fn set(&self, bytes: &mut [u8], value: i128) {
        let above = WINDOW_BITS - self.bits;
        let shift = above - (self.offset % 8) as u32;
        let mask = (u128::MAX >> above) << shift;
        let window = self.load(bytes) & !mask | ((value as u128) << shift) & mask;
        let span = &mut bytes[(self.offset / 8) as usize..self.end_byte()];
        span.copy_from_slice(&window.to_be_bytes()[..span.len()]);
    }

    /// The bytes the field is in, in the high end of a window.
    fn load(&self, bytes: &[u8]) -> u128 {
        let mut window = [0; WINDOW_BITS as usize / 8];
        let rest = bytes.get((self.offset / 8) as usize..).unwrap_or(b"");
        let len = rest.len().min(SPAN_BYTES_MAX);
        window[..len].copy_from_slice(&rest[..len]);
        u128::from_be_bytes(window)
    }

    /// A number given to an unsigned field counts as unsigned, so that a negative one is too large.
    pub(super) fn operand(&self, value: i64) -> i128 {
        match self.signedness {
            Signedness::Signed => i128::from(value),
            Signedness::Unsigned => i128::from(value as u64),
        }
    }

    /// The lowest and the highest number that fits.
    pub(super) fn limits(&self) -> (i128, i128) {
        match self.signedness {
            Signedness::Signed => (-1 << (self.bits - 1), (1 << (self.bits - 1)) - 1),
            Signedness::Unsigned => (0, (1 << self.bits) - 1),
        }
    }

    /// What the field makes of the lowest bits of `value`.
    pub(super) fn wrapped(&self, value: i128) -> i128 {
        let above = WINDOW_BITS - self.bits;
        let high = value << above;
        match self.signedness {
            Signedness::Signed => high >> above,
            Signedness::Unsigned => (high as u128 >> above) as i128,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_set_is_got_and_neighbours_stay(
            mut bytes in prop::collection::vec(any::<u8>(), 20), offset in 0u64..90, bits in 1u32..=64, signed: bool, value: i64,
        ) {
            let signedness = if signed { Signedness::Signed } else { Signedness::Unsigned };
            let bits = if signed { bits } else { bits.min(63) };
            let field = Field { signedness, bits, offset };
            let before = bytes.clone();
            field.set(&mut bytes, i128::from(value));
            prop_assert_eq!(field.get(&bytes), field.wrapped(i128::from(value)));
            let (min, max) = field.limits();
            prop_assert!((min..=max).contains(&field.get(&bytes)));
            for bit in (0..160).filter(|bit| !(offset..offset + u64::from(bits)).contains(bit)) {
                let at = |bytes: &[u8]| bytes[(bit / 8) as usize] & (0x80 >> (bit % 8));
                prop_assert_eq!(at(&bytes), at(&before), "bit {}", bit);
            }
        }
    }
}
