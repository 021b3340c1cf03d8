//! Floating point numbers as Redis prints them: C's `%.17g`, which always reads back as the same number.
//!
//! Seventeen significant digits, trailing zeros cut, an exponent (of at least two digits) only below 1e-4 and from 1e17 on.

use std::fmt::Write;

/// Significant digits of `%.17g`.
const DIGITS: usize = 17;
/// Room for the longest text, `-1.7976931348623157e+308` or `-0.00012345678901234567`.
const TEXT_MAX: usize = 32;
/// Below this magnitude every integer is exact in an `f64`.
const EXACT_INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

/// Scratch space for [`format_double`]; lives on the caller's stack.
pub struct DoubleBuffer {
    text: [u8; TEXT_MAX],
    len: usize,
    integer: itoa::Buffer,
}

impl Default for DoubleBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl DoubleBuffer {
    /// An empty buffer.
    pub fn new() -> Self {
        Self {
            text: [0; TEXT_MAX],
            len: 0,
            integer: itoa::Buffer::new(),
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.text[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn push_zeros(&mut self, count: usize) {
        self.text[self.len..self.len + count].fill(b'0');
        self.len += count;
    }
}

/// Formats a number exactly as C's `%.17g` does: `3`, `0.10000000000000001`, `1e+21`, `inf`, `-inf`, `nan` (never `-nan`), `-0`.
pub fn format_double(value: f64, buffer: &mut DoubleBuffer) -> &str {
    if value.trunc() == value && value.abs() < EXACT_INTEGER_MAX {
        return if value == 0.0 && value.is_sign_negative() {
            "-0"
        } else {
            buffer.integer.format(value as i64)
        };
    }
    match value {
        f64::INFINITY => return "inf",
        f64::NEG_INFINITY => return "-inf",
        nan if nan.is_nan() => return "nan",
        _ => {}
    }
    let (digits, exponent) = significant_digits(value.abs());
    let kept = digits
        .iter()
        .rposition(|&digit| digit != b'0')
        .map_or(1, |last| last + 1);
    buffer.len = 0;
    if value.is_sign_negative() {
        buffer.push(b"-");
    }
    if (-4..DIGITS as i32).contains(&exponent) {
        push_fixed(buffer, &digits[..kept], exponent);
    } else {
        push_scientific(buffer, &digits[..kept], exponent);
    }
    std::str::from_utf8(&buffer.text[..buffer.len]).expect("only ASCII was written")
}

/// The 17 significant decimal digits of a positive finite number and the decimal exponent of the first of them.
fn significant_digits(value: f64) -> ([u8; DIGITS], i32) {
    let mut text = StackText {
        bytes: [0; TEXT_MAX],
        len: 0,
    };
    write!(text, "{:.*e}", DIGITS - 1, value).expect("d.(16 digits)e-308 fits");
    let text = &text.bytes[..text.len];
    let mut digits = [b'0'; DIGITS];
    digits[0] = text[0];
    digits[1..].copy_from_slice(&text[2..DIGITS + 1]);
    let exponent =
        crate::parse_integer(&text[DIGITS + 2..]).expect("the formatter writes an exponent");
    (digits, exponent as i32)
}

/// Writes `12.5`, `1200` or `0.0012`.
fn push_fixed(buffer: &mut DoubleBuffer, digits: &[u8], exponent: i32) {
    let Ok(exponent) = usize::try_from(exponent) else {
        buffer.push(b"0.");
        buffer.push_zeros(exponent.unsigned_abs() as usize - 1);
        return buffer.push(digits);
    };
    let whole = exponent + 1;
    if digits.len() <= whole {
        buffer.push(digits);
        return buffer.push_zeros(whole - digits.len());
    }
    buffer.push(&digits[..whole]);
    buffer.push(b".");
    buffer.push(&digits[whole..]);
}

/// Writes `1.25e+21` or `1e-07`.
fn push_scientific(buffer: &mut DoubleBuffer, digits: &[u8], exponent: i32) {
    buffer.push(&digits[..1]);
    if digits.len() > 1 {
        buffer.push(b".");
        buffer.push(&digits[1..]);
    }
    buffer.push(if exponent < 0 { b"e-" } else { b"e+" });
    let magnitude = exponent.unsigned_abs();
    if magnitude < 10 {
        buffer.push(b"0");
    }
    buffer.push(itoa::Buffer::new().format(magnitude).as_bytes());
}

/// A fixed-size target for the standard formatter.
struct StackText {
    bytes: [u8; TEXT_MAX],
    len: usize,
}

impl Write for StackText {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let end = self.len + part.len();
        self.bytes
            .get_mut(self.len..end)
            .ok_or(std::fmt::Error)?
            .copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
#[path = "double_tests.rs"]
mod tests;
