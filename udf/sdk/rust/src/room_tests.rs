//! Numbers to texts and back.

use super::{parse_int, Text};

#[test]
fn whole_numbers_go_both_ways() {
    for number in [0, 7, -1, 10, 1_700_000_000_000, i64::MAX, i64::MIN] {
        let text = Text::<20>::int(number);
        assert_eq!(text.as_bytes(), number.to_string().as_bytes());
        assert_eq!(parse_int(text.as_bytes()), Some(number));
    }
    for digits in 1..=19 {
        let number = 10_i64.pow(digits - 1) + 9 * i64::from(digits);
        for number in [number, -number, 10_i64.pow(digits - 1) - 1] {
            let text = Text::<20>::int(number);
            assert_eq!(text.as_bytes(), number.to_string().as_bytes());
            assert_eq!(parse_int(text.as_bytes()), Some(number));
        }
    }
    let mut text = Text::<8>::new();
    text.push(b"n=");
    text.push_int(-12);
    assert_eq!(text.as_bytes(), b"n=-12");
}

#[test]
fn other_texts_are_no_whole_numbers() {
    for text in [
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "--1",
        "9223372036854775808",
        "-9223372036854775809",
    ] {
        assert_eq!(parse_int(text.as_bytes()), None, "{text}");
    }
    assert_eq!(parse_int(b"-007"), Some(-7));
    for at in 0..9 {
        for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
            let mut text = *b"123456789";
            text[at] = byte;
            let sign = at == 0 && byte == b'-';
            assert_eq!(parse_int(&text), sign.then_some(-23_456_789));
        }
    }
}

#[test]
fn texts_of_every_length_are_copied_whole() {
    let long: [u8; 40] = core::array::from_fn(|at| at as u8);
    for len in 0..=40 {
        let mut text = Text::<42>::new();
        text.push(&long[..len]);
        text.push(&long[40 - len..]);
        let both = [&long[..len], &long[40 - len..]].concat();
        assert_eq!(text.as_bytes(), &both[..both.len().min(42)]);
    }
}
