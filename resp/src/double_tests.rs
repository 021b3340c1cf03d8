//! `double_cases.txt` holds bit patterns with the text that C's `%.17g` gives them.

use super::*;
use proptest::prelude::*;

fn format(value: f64) -> String {
    format_double(value, &mut DoubleBuffer::new()).to_owned()
}

#[test]
fn texts_are_those_of_c() {
    let cases = include_str!("double_cases.txt");
    assert!(cases.lines().count() >= 400);
    for case in cases.lines() {
        let (bits, text) = case.split_once(' ').expect("bits and text");
        let value = f64::from_bits(u64::from_str_radix(bits, 16).expect("hex"));
        assert_eq!(format(value), text, "{value:e}");
    }
}

#[test]
fn special_values_have_names() {
    for (value, text) in [
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (f64::NAN, "nan"),
        (-f64::NAN, "nan"),
        (0.0, "0"),
        (-0.0, "-0"),
        (3.0, "3"),
        (1e21, "1e+21"),
    ] {
        assert_eq!(format(value), text);
    }
}

proptest! {
    #[test]
    fn texts_read_back_as_the_same_number(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let text = format(value);
        prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(bits), "{}", text);
        prop_assert!(text.len() <= 24);
    }
}
