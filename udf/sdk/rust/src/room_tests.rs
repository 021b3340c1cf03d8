//! Numbers to texts and back.

use super::{parse_int, Text};

#[test]
fn whole_numbers_go_both_ways() {
    for number in [0, 7, -1, 10, 1_700_000_000_000, i64::MAX, i64::MIN] {
        let text = Text::<20>::int(number);
        assert_eq!(text.as_bytes(), number.to_string().as_bytes());
        assert_eq!(parse_int(text.as_bytes()), Some(number));
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
}
