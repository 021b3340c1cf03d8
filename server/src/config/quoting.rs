//! Words of a configuration line: the quoting that [`split_words`] reads back the same.

pub use resp::split_words;

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
