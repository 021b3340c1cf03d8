//! The x87's 80-bit floating point numbers, in which Redis does INCRBYFLOAT and
//! HINCRBYFLOAT: 64 bits of mantissa, printed with 17 decimals, trailing zeros cut.

use num_bigint::BigUint;
use rustc_apfloat::ieee::X87DoubleExtended;
use rustc_apfloat::{Float, Round, Status};

/// Longest text that is read as a number.
const TEXT_MAX: usize = 5 * 1024;
/// Decimals printed before trailing zeros are cut.
const DECIMALS: usize = 17;
/// Bits of the mantissa, its integer bit included.
const MANTISSA_BITS: i32 = 64;
/// Bias of the exponent, moved so that the mantissa counts as an integer.
const EXPONENT_BIAS: i32 = 16383 + MANTISSA_BITS - 1;

/// A finite number.
#[derive(Clone, Copy, Debug)]
pub struct LongDouble(X87DoubleExtended);

impl LongDouble {
    /// Zero.
    pub const ZERO: LongDouble = LongDouble(X87DoubleExtended::ZERO);

    /// Reads a number as C's `strtold` reads a whole text; `None` when it is none, or too big. Infinities are read.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text)
            .ok()
            .filter(|text| text.len() < TEXT_MAX)?;
        let (negative, magnitude) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let value = if ["inf", "infinity"]
            .iter()
            .any(|word| magnitude.eq_ignore_ascii_case(word))
        {
            X87DoubleExtended::INFINITY
        } else {
            parse_finite(magnitude)?
        };
        Some(LongDouble(if negative { -value } else { value }))
    }

    /// The sum; `None` when it is not finite.
    pub fn add(self, other: LongDouble) -> Option<LongDouble> {
        let sum = self.0.add_r(other.0, Round::NearestTiesToEven).value;
        sum.is_finite().then_some(LongDouble(sum))
    }

    /// The text Redis stores: fixed point, at most 17 decimals, no trailing zeros.
    pub fn to_text(self) -> String {
        let bits = self.0.to_bits();
        let mantissa = BigUint::from(bits as u64);
        let exponent = ((bits >> 64) & 0x7FFF) as i32;
        // A zero exponent stands for the same power of two as 1.
        let shift = exponent.max(1) - EXPONENT_BIAS;
        let scaled = mantissa * BigUint::from(10u32).pow(DECIMALS as u32);
        let units = if shift >= 0 {
            scaled << shift as u32
        } else {
            round_half_even(scaled, (-shift) as u64)
        };
        let digits = format!("{:0>width$}", units.to_string(), width = DECIMALS + 1);
        let (whole, decimals) = digits.split_at(digits.len() - DECIMALS);
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        let text = format!("{whole}{point}{decimals}");
        if self.0.is_negative() && text != "0" {
            format!("-{text}")
        } else {
            text
        }
    }
}

fn parse_finite(magnitude: &str) -> Option<X87DoubleExtended> {
    // The library takes less and more than strtold: only these start and go on as a number.
    let hex = magnitude.len() > 2 && magnitude[..2].eq_ignore_ascii_case("0x");
    let plausible = |byte: u8| {
        byte.is_ascii_digit()
            || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E')
            || (hex && (byte.is_ascii_hexdigit() || matches!(byte, b'x' | b'X' | b'p' | b'P')))
    };
    let unfinished = magnitude.ends_with(if hex { ['p', 'P'] } else { ['e', 'E'] });
    let signs = ['+', '-'];
    if !magnitude.bytes().all(plausible)
        || unfinished
        || magnitude.starts_with(signs)
        || magnitude.ends_with(signs)
    {
        return None;
    }
    let has_exponent = magnitude.contains(['p', 'P']);
    let with_exponent;
    let magnitude = if hex && !has_exponent {
        with_exponent = format!("{magnitude}p0");
        &with_exponent
    } else {
        magnitude
    };
    let parsed = X87DoubleExtended::from_str_r(magnitude, Round::NearestTiesToEven).ok()?;
    // Neither what is too large counts as a number nor what is so small that nothing is left of it.
    let vanished = parsed.value.is_zero() && parsed.status != Status::OK;
    let too_large = parsed.status.contains(Status::OVERFLOW) || !parsed.value.is_finite();
    (!vanished && !too_large).then_some(parsed.value)
}

/// `value / 2^bits`, a tie going to the even neighbour.
fn round_half_even(value: BigUint, bits: u64) -> BigUint {
    let floor = &value >> bits;
    let rest = value - (&floor << bits);
    let half = BigUint::from(1u32) << (bits - 1);
    let up = rest > half || (rest == half && floor.bit(0));
    floor + u32::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> Option<String> {
        Some(
            LongDouble::parse(a.as_bytes())?
                .add(LongDouble::parse(b.as_bytes())?)?
                .to_text(),
        )
    }

    #[test]
    fn sums_print_as_redis_prints_them() {
        for (a, b, expected) in [
            ("10.5", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("3", "1.000000000000000005", "4.00000000000000001"),
            ("0.1", "0.2", "0.3"),
            ("1", "-1", "0"),
            ("0", "-1.1", "-1.1"),
            ("0", "1e-18", "0"),
            ("0", "1e19", "10000000000000000000"),
            ("0x10", "0x1p1", "18"),
            ("0xe", "0", "14"),
            ("17179869184", "1.5", "17179869185.5"),
        ] {
            assert_eq!(sum(a, b).as_deref(), Some(expected), "{a} + {b}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in [
            "",
            " 1",
            "1 ",
            "abc",
            "1e5000",
            "nan",
            "--1",
            "1.2.3",
            "+-1",
            "e5",
            "1e",
            "1e+",
            "1e-5000",
            "1e-4009223372036854775807",
            "0x1p",
            "0x1p-",
            "0x",
        ] {
            assert!(LongDouble::parse(bad.as_bytes()).is_none(), "{bad:?}");
        }
        assert_eq!(sum("inf", "1"), None);
    }
}
