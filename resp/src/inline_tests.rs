//! How a typed line splits into words.

use super::*;
use crate::args::Args;

/// Splits a line and joins its words with `|`.
fn check(line: &[u8], expect: &[u8]) {
    let (mut args, mut owned) = (Vec::new(), Vec::new());
    let shown = String::from_utf8_lossy(line);
    split(line, 0, line.len(), &mut args, &mut owned)
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    let words: Vec<&[u8]> = Args::from_wire(line, &args, &owned).iter().collect();
    assert_eq!(
        words.join(&b'|').escape_ascii().to_string(),
        expect.escape_ascii().to_string(),
        "{shown}"
    );
}

#[test]
fn words_end_at_blanks() {
    check(b"", b"");
    check(b" \t\x0b\x0c\r\n ", b"");
    check(b"get  key ", b"get|key");
    check(b" \tget\tkey", b"get|key");
    check(b"a\rb\nc", b"a|b|c");
    check(b"a\x0bb \x0cc", b"a\x0bb|c");
    check(b"a\\x41 \\n", b"a\\x41|\\n");
    check(b"\xff\xfe ok", b"\xff\xfe|ok");
}

#[test]
fn a_zero_byte_ends_the_line() {
    check(b"get key\0more words", b"get|key");
    check(b"get \0 key", b"get");
}

#[test]
fn double_quotes_unescape() {
    check(br#"set "a b" "" x"#, b"set|a b||x");
    check(br#""\x41\x7f\xFF\xfg\x4""#, b"A\x7f\xffxfgx4");
    check(br#""\n\r\t\b\a\\\"\q""#, b"\n\r\t\x08\x07\\\"q");
    check(br#"pre"fix ed""#, b"prefix ed");
    check(b"\"it's\"\x0bnext", b"it's|next");
}

#[test]
fn single_quotes_keep_all_but_an_escaped_quote() {
    check(br"'it\'s' '\n' '' '\\ '", br"it's|\n||\\ ");
    check(br#"pre'fix "ed"'"#, br#"prefix "ed""#);
}

#[test]
fn quotes_must_close_at_the_end_of_a_word() {
    for line in [
        &b"\"a"[..],
        b"'a",
        b"\"a\"b",
        b"'a'b",
        b"'a'\"b\"",
        b"\"a\\\"",
        b"'a\\'",
        b"\"",
        b"'",
        b"ok \"a\0b\"",
        b"\"a\\",
    ] {
        let (mut args, mut owned) = (Vec::new(), Vec::new());
        let split = split(line, 0, line.len(), &mut args, &mut owned);
        assert_eq!(
            split,
            Err(ProtocolError::UnbalancedQuotes),
            "{}",
            line.escape_ascii()
        );
    }
}

#[test]
fn only_the_given_part_of_the_buffer_is_read() {
    let (mut args, mut owned) = (Vec::new(), Vec::new());
    let buf = b"one two\"three";
    split(buf, 4, 7, &mut args, &mut owned).expect("no quotes in `two`");
    assert_eq!(Args::from_wire(buf, &args, &owned).get(0), b"two");
    assert_eq!(args.len(), 1);
}
