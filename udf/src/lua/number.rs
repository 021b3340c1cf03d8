//! Numbers as integers in the way of C's casts and as text in the way of its `%g`, which scripts and their data depend on.

use std::io::Write as _;

/// Most digits that `%.17g` shows.
const DIGITS_MAX: usize = 17;

/// A number as an integer: cut off, and the least of all where it does not fit, as x86 does.
pub(super) fn to_integer(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    match (-LIMIT..LIMIT).contains(&number) {
        true => number as i64,
        false => i64::MIN,
    }
}

/// Appends `number` as `%.{precision}g` prints it; precision from 1 to 17.
pub(super) fn append_g(out: &mut Vec<u8>, number: f64, precision: usize) {
    if let Some(integer) = as_plain_integer(number, precision) {
        out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
        return;
    }
    if !number.is_finite() {
        let sign = if number.is_sign_negative() { "-" } else { "" };
        let name = if number.is_nan() { "nan" } else { "inf" };
        out.extend_from_slice(sign.as_bytes());
        return out.extend_from_slice(name.as_bytes());
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let (digits, exponent) = significant(number.abs(), precision);
    let digits = digits.trim_ascii_end_zeros();
    if exponent < -4 || exponent >= precision as i32 {
        append_scientific(out, digits, exponent);
    } else {
        append_positional(out, digits, exponent);
    }
}

/// The number when `%g` prints it as nothing but digits; not -0.
fn as_plain_integer(number: f64, precision: usize) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let integer = number as i64;
    let is_integer = integer as f64 == number && number.abs() <= EXACT;
    let fits = integer.unsigned_abs().checked_ilog10().unwrap_or(0) < precision as u32;
    let is_zero = integer == 0 && number.is_sign_negative();
    (is_integer && fits && !is_zero).then_some(integer)
}

/// The first `precision` digits, rounded, and the exponent of the first.
fn significant(number: f64, precision: usize) -> (Digits, i32) {
    let mut text = [0u8; 40];
    let mut rest = &mut text[..];
    write!(rest, "{number:.*e}", precision - 1).expect("17 digits and an exponent fit");
    let left = rest.len();
    let text = &text[..text.len() - left];
    let at = text
        .iter()
        .position(|&byte| byte == b'e')
        .unwrap_or(text.len());
    let mut digits = Digits::default();
    for &byte in text[..at].iter().filter(|byte| byte.is_ascii_digit()) {
        digits.push(byte);
    }
    let exponent = std::str::from_utf8(&text[at + 1..])
        .ok()
        .and_then(|text| text.parse().ok());
    (digits, exponent.unwrap_or(0))
}

#[derive(Default)]
struct Digits {
    bytes: [u8; DIGITS_MAX],
    len: usize,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        self.bytes[self.len] = digit;
        self.len += 1;
    }

    fn trim_ascii_end_zeros(&self) -> &[u8] {
        let kept = self.bytes[..self.len]
            .iter()
            .rposition(|&digit| digit != b'0');
        &self.bytes[..kept.map_or(1, |last| last + 1)]
    }
}

fn append_scientific(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    out.push(digits[0]);
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    write!(
        out,
        "e{}{:02}",
        if exponent < 0 { '-' } else { '+' },
        exponent.abs()
    )
    .expect("writing to a vector does not fail");
}

fn append_positional(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-exponent - 1) as usize));
        return out.extend_from_slice(digits);
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        out.extend_from_slice(digits);
        return out.extend(std::iter::repeat_n(b'0', whole - digits.len()));
    }
    out.extend_from_slice(&digits[..whole]);
    out.push(b'.');
    out.extend_from_slice(&digits[whole..]);
}

#[cfg(test)]
mod tests {
    use super::append_g;

    #[test]
    fn prints_as_c_does() {
        for (number, precision, text) in [
            (0.0, 14, "0"),
            (-0.0, 17, "-0"),
            (1.0, 17, "1"),
            (-42.0, 14, "-42"),
            (0.1, 14, "0.1"),
            (0.1, 17, "0.10000000000000001"),
            (2.14, 17, "2.1400000000000001"),
            (1e14, 14, "1e+14"),
            (123456789012345.0, 14, "1.2345678901234e+14"),
            (99999999999999.0, 14, "99999999999999"),
            (1e17, 17, "1e+17"),
            (9007199254740993.0, 17, "9007199254740992"),
            (1.5e300, 17, "1.5000000000000001e+300"),
            (1e-5, 14, "1e-05"),
            (0.0001, 14, "0.0001"),
            (123.456, 3, "123"),
            (0.5, 1, "0.5"),
            (f64::INFINITY, 17, "inf"),
            (f64::NEG_INFINITY, 17, "-inf"),
        ] {
            let mut out = Vec::new();
            append_g(&mut out, number, precision);
            assert_eq!(
                String::from_utf8(out).unwrap(),
                text,
                "{number} {precision}"
            );
        }
    }
}
