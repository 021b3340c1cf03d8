//! Words of a configuration line: splitting with Redis's quotes and escapes, and
//! the quoting that reads back the same.

/// Splits a line into words. `"…"` takes the escapes `\n \r \t \b \a \xHH` and `\` before
/// any other byte; `'…'` takes `\'` only. `None` when a quote is not closed, or is
/// closed before anything but a blank.
pub fn split_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        while line.get(at).is_some_and(|byte| is_blank(*byte)) {
            at += 1;
        }
        if at == line.len() {
            return Some(words);
        }
        let (word, next) = take_word(line, at)?;
        words.push(word);
        at = next;
    }
}

/// `isspace` in the C locale.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn take_word(line: &[u8], mut at: usize) -> Option<(Vec<u8>, usize)> {
    let mut word = Vec::new();
    while let Some(&byte) = line.get(at) {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => break,
            b'"' => return take_double_quoted(line, at + 1, word),
            b'\'' => return take_single_quoted(line, at + 1, word),
            _ => word.push(byte),
        }
        at += 1;
    }
    Some((word, at))
}

fn take_double_quoted(line: &[u8], mut at: usize, mut word: Vec<u8>) -> Option<(Vec<u8>, usize)> {
    loop {
        match line.get(at..)? {
            [b'\\', b'x', high, low, ..] if is_hex(*high) && is_hex(*low) => {
                word.push(hex_value(*high) << 4 | hex_value(*low));
                at += 4;
            }
            [b'\\', escaped, ..] => {
                word.push(unescape(*escaped));
                at += 2;
            }
            [b'"', rest @ ..] => return ends_word(rest).then_some((word, at + 1)),
            [byte, ..] => {
                word.push(*byte);
                at += 1;
            }
            [] => return None,
        }
    }
}

fn take_single_quoted(line: &[u8], mut at: usize, mut word: Vec<u8>) -> Option<(Vec<u8>, usize)> {
    loop {
        match line.get(at..)? {
            [b'\\', b'\'', ..] => {
                word.push(b'\'');
                at += 2;
            }
            [b'\'', rest @ ..] => return ends_word(rest).then_some((word, at + 1)),
            [byte, ..] => {
                word.push(*byte);
                at += 1;
            }
            [] => return None,
        }
    }
}

fn ends_word(rest: &[u8]) -> bool {
    rest.first().is_none_or(|byte| is_blank(*byte))
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn hex_value(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        _ => byte - b'A' + 10,
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

/// Quotes bytes so that [`split_words`] gives them back as one word.
pub fn quote(bytes: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(bytes.len() + 2);
    quoted.push(b'"');
    for &byte in bytes {
        match byte {
            b'\\' | b'"' => quoted.extend([b'\\', byte]),
            b'\n' => quoted.extend(b"\\n"),
            b'\r' => quoted.extend(b"\\r"),
            b'\t' => quoted.extend(b"\\t"),
            0x07 => quoted.extend(b"\\a"),
            0x08 => quoted.extend(b"\\b"),
            b' '..=b'~' => quoted.push(byte),
            _ => quoted.extend(format!("\\x{byte:02x}").bytes()),
        }
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_redis_does() {
        let cases: &[(&str, Option<&[&str]>)] = &[
            ("", Some(&[])),
            ("  save  900 1 ", Some(&["save", "900", "1"])),
            (r#"save """#, Some(&["save", ""])),
            (
                r#"requirepass "a b\"c\n\x41""#,
                Some(&["requirepass", "a b\"c\nA"]),
            ),
            (r#"a 'it\'s \n'"#, Some(&["a", r"it's \n"])),
            (r#"fo"o b""#, Some(&["foo b"])),
            (r#""a"b"#, None),
            (r#"a "b"#, None),
            ("a 'b", None),
        ];
        for (line, expected) in cases {
            let words = split_words(line.as_bytes());
            let expected = expected.map(|words| {
                words
                    .iter()
                    .map(|w| w.as_bytes().to_vec())
                    .collect::<Vec<_>>()
            });
            assert_eq!(words, expected, "{line}");
        }
    }

    #[test]
    fn what_is_quoted_reads_back() {
        let every_byte: Vec<u8> = (0..=255).collect();
        assert_eq!(split_words(&quote(&every_byte)), Some(vec![every_byte]));
        assert_eq!(quote(b""), b"\"\"");
    }
}
