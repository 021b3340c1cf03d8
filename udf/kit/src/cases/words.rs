//! Command lines, split into words as redis-cli splits them.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// A command line and its words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Words {
    line: String,
    words: Vec<Vec<u8>>,
}

impl Words {
    /// The words.
    pub(crate) fn list(&self) -> &[Vec<u8>] {
        &self.words
    }
}

/// The line, as it was written.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let line = String::deserialize(source)?;
        match split(&line) {
            Ok(words) if words.is_empty() => Err(de::Error::custom("a command is empty")),
            Ok(words) => Ok(Words { line, words }),
            Err(reason) => Err(de::Error::custom(format!("`{line}`: {reason}"))),
        }
    }
}

/// A line's words: `"…"` with the escapes \n \r \t \b \a \\ \" \xHH, `'…'` with \', anything else up to a space.
///
/// # Errors
/// What is wrong with its quotes.
pub(crate) fn split(line: &str) -> Result<Vec<Vec<u8>>, &'static str> {
    let mut words = Vec::new();
    let mut rest = line.as_bytes();
    loop {
        rest = rest.trim_ascii_start();
        let word;
        (word, rest) = match rest {
            [] => return Ok(words),
            [b'"', inner @ ..] => double_quoted(inner)?,
            [b'\'', inner @ ..] => single_quoted(inner)?,
            plain => {
                let end = plain.iter().position(u8::is_ascii_whitespace);
                let (word, rest) = plain.split_at(end.unwrap_or(plain.len()));
                (word.to_vec(), rest)
            }
        };
        words.push(word);
    }
}

const OPEN: &str = "a quote is not closed";

fn double_quoted(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), &'static str> {
    let mut word = Vec::new();
    loop {
        (rest, _) = match rest {
            [] => return Err(OPEN),
            [b'"', after @ ..] => return Ok((word, ended(after)?)),
            [b'\\', b'x', high, low, after @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                let digit = |byte| hex(byte).unwrap_or_default();
                (after, word.push(digit(*high) << 4 | digit(*low)))
            }
            [b'\\', escaped, after @ ..] => (after, word.push(unescaped(*escaped))),
            [byte, after @ ..] => (after, word.push(*byte)),
        };
    }
}

fn single_quoted(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), &'static str> {
    let mut word = Vec::new();
    loop {
        (rest, _) = match rest {
            [] => return Err(OPEN),
            [b'\'', after @ ..] => return Ok((word, ended(after)?)),
            [b'\\', b'\'', after @ ..] => (after, word.push(b'\'')),
            [byte, after @ ..] => (after, word.push(*byte)),
        };
    }
}

/// What follows a closing quote: a space, or nothing.
fn ended(rest: &[u8]) -> Result<&[u8], &'static str> {
    match rest.first() {
        Some(byte) if !byte.is_ascii_whitespace() => Err("a closing quote is followed by no space"),
        _ => Ok(rest),
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_as_in_redis_cli() {
        let words = split(r#" set "a b\x41\n\"" 'c \'d' e"f "#).expect("it is fine");
        let expected: &[&[u8]] = &[b"set", b"a bA\n\"", b"c 'd", b"e\"f"];
        assert_eq!(words, expected);
        assert!(split("\"a").is_err());
        assert!(split("'a'b").is_err());
        assert_eq!(split("   "), Ok(Vec::new()));
    }
}
