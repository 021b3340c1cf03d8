//! Replies as cases expect them, and as they are shown: in the notation of the file.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use redis::Value;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A reply that a case expects.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expected {
    /// A string or a status.
    Text(String),
    /// An integer.
    Int(i64),
    /// A double of RESP3, or a string that is this number.
    Float(f64),
    /// A boolean of RESP3; in RESP2 1 or nil.
    Bool(bool),
    /// `{ nil = true }`
    Nil,
    /// `{ error = "…" }`: an error that starts like this.
    Error(String),
    /// An array, or the elements of a set in any order.
    Array(Vec<Expected>),
    /// `{ map = { key = value } }`: a map, or RESP2's array of its pairs, in any order.
    Map(BTreeMap<String, Expected>),
}

impl Expected {
    /// Whether a reply is as expected.
    pub(crate) fn matches(&self, reply: &Value) -> bool {
        match (self, reply) {
            (Expected::Text(text), reply) => {
                bytes_of(reply).is_some_and(|bytes| bytes == text.as_bytes())
            }
            (Expected::Int(expected), Value::Int(found)) => expected == found,
            (Expected::Float(expected), Value::Double(found)) => expected == found,
            (Expected::Float(expected), reply) => {
                let text = bytes_of(reply)
                    .and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse::<f64>().ok());
                text == Some(*expected)
            }
            (Expected::Bool(expected), Value::Boolean(found)) => expected == found,
            (Expected::Bool(true), Value::Int(1)) | (Expected::Bool(false), Value::Int(0)) => true,
            (Expected::Nil, Value::Nil) => true,
            (Expected::Error(start), reply) => {
                error_of(reply).is_some_and(|text| text.starts_with(start))
            }
            (Expected::Array(expected), Value::Array(found)) => {
                expected.len() == found.len()
                    && expected
                        .iter()
                        .zip(found)
                        .all(|(expected, found)| expected.matches(found))
            }
            (Expected::Array(expected), Value::Set(found)) => {
                expected.len() == found.len()
                    && expected
                        .iter()
                        .all(|expected| found.iter().any(|found| expected.matches(found)))
            }
            (Expected::Map(expected), Value::Map(found)) => {
                let pairs = found.iter().map(|(key, value)| (key, value));
                are_pairs(expected, found.len(), pairs)
            }
            (Expected::Map(expected), Value::Array(flat)) if flat.len() % 2 == 0 => {
                let pairs = flat.chunks_exact(2).map(|pair| (&pair[0], &pair[1]));
                are_pairs(expected, flat.len() / 2, pairs)
            }
            _ => false,
        }
    }
}

fn are_pairs<'v>(
    expected: &BTreeMap<String, Expected>,
    len: usize,
    mut found: impl Iterator<Item = (&'v Value, &'v Value)>,
) -> bool {
    let is_expected = |(key, value): (&Value, &Value)| {
        let name = bytes_of(key).and_then(|key| std::str::from_utf8(key).ok());
        let expected = name.and_then(|name| expected.get(name));
        expected.is_some_and(|expected| expected.matches(value))
    };
    expected.len() == len && found.all(is_expected)
}

/// The bytes of a string or status.
fn bytes_of(reply: &Value) -> Option<&[u8]> {
    match reply {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        Value::VerbatimString { text, .. } => Some(text.as_bytes()),
        Value::Okay => Some(b"OK"),
        _ => None,
    }
}

/// The text of an error.
fn error_of(reply: &Value) -> Option<String> {
    match reply {
        Value::ServerError(error) => {
            let details = error.details().unwrap_or_default();
            Some(format!("{} {details}", error.code()).trim_end().to_owned())
        }
        _ => None,
    }
}

/// A reply in the notation of the file.
pub(crate) fn show(reply: &Value) -> impl Display + '_ {
    Shown(reply)
}

struct Shown<'v>(&'v Value);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Nil => f.write_str("{ nil = true }"),
            Value::Int(number) => write!(f, "{number}"),
            Value::Double(number) => write!(f, "{number:?}"),
            Value::Boolean(truth) => write!(f, "{truth}"),
            Value::Array(parts) | Value::Set(parts) => list(f, parts.iter().map(Shown)),
            Value::Map(pairs) => {
                f.write_str("{ map = { ")?;
                for (at, (key, value)) in pairs.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{} = {}", Shown(key), Shown(value))?;
                }
                f.write_str(" } }")
            }
            reply => match (bytes_of(reply), error_of(reply)) {
                (Some(bytes), _) => write!(f, "\"{}\"", bytes.escape_ascii()),
                (None, Some(text)) => write!(f, "{{ error = {text:?} }}"),
                (None, None) => write!(f, "{reply:?}"),
            },
        }
    }
}

impl Display for Expected {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Text(text) => write!(f, "\"{}\"", text.as_bytes().escape_ascii()),
            Expected::Int(number) => write!(f, "{number}"),
            Expected::Float(number) => write!(f, "{number:?}"),
            Expected::Bool(truth) => write!(f, "{truth}"),
            Expected::Nil => f.write_str("{ nil = true }"),
            Expected::Error(text) => write!(f, "{{ error = {text:?} }}"),
            Expected::Array(parts) => list(f, parts.iter()),
            Expected::Map(pairs) => {
                f.write_str("{ map = { ")?;
                for (at, (key, value)) in pairs.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{key:?} = {value}")?;
                }
                f.write_str(" } }")
            }
        }
    }
}

fn list(f: &mut Formatter<'_>, parts: impl Iterator<Item = impl Display>) -> fmt::Result {
    f.write_str("[")?;
    for (at, part) in parts.enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        write!(f, "{comma}{part}")?;
    }
    f.write_str("]")
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Reader)
    }
}

/// Reads an expected reply from TOML.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Expected;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, a boolean, an array, { nil = true }, { error = \"…\" } or { map = { … } }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Expected, E> {
        Ok(Expected::Text(text.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Expected, E> {
        Ok(Expected::Int(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Expected, E> {
        Ok(Expected::Float(number))
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Expected, E> {
        Ok(Expected::Bool(truth))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Expected, A::Error> {
        let mut list = Vec::new();
        while let Some(part) = parts.next_element()? {
            list.push(part);
        }
        Ok(Expected::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Expected, A::Error> {
        let kind: Option<String> = pairs.next_key()?;
        let expected = match kind.as_deref() {
            Some("nil") if pairs.next_value::<bool>()? => Expected::Nil,
            Some("error") => Expected::Error(pairs.next_value()?),
            Some("map") => Expected::Map(pairs.next_value()?),
            _ => {
                return Err(de::Error::custom(
                    "expected { nil = true }, { error = \"…\" } or { map = { … } }",
                ));
            }
        };
        match pairs.next_key::<String>()? {
            None => Ok(expected),
            Some(other) => Err(de::Error::custom(format!("`{other}` is one too many"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Expected, show};
    use redis::{Value, parse_redis_value};

    fn reply(wire: &str) -> Value {
        parse_redis_value(wire.as_bytes()).expect("it is a reply")
    }

    #[test]
    fn replies_match_and_are_shown() {
        let map = || Expected::Map([("a".to_owned(), Expected::Int(1))].into());
        for (wire, expected, shown) in [
            ("+OK\r\n", Expected::Text("OK".into()), "\"OK\""),
            ("$2\r\nab\r\n", Expected::Text("ab".into()), "\"ab\""),
            (":7\r\n", Expected::Int(7), "7"),
            ("$-1\r\n", Expected::Nil, "{ nil = true }"),
            ("_\r\n", Expected::Nil, "{ nil = true }"),
            (",1.5\r\n", Expected::Float(1.5), "1.5"),
            ("$3\r\n1.5\r\n", Expected::Float(1.5), "\"1.5\""),
            (
                "-ERR no good\r\n",
                Expected::Error("ERR no".into()),
                "{ error = \"ERR no good\" }",
            ),
            (
                "*2\r\n:1\r\n$-1\r\n",
                Expected::Array(vec![Expected::Int(1), Expected::Nil]),
                "[1, { nil = true }]",
            ),
            ("*2\r\n$1\r\na\r\n:1\r\n", map(), "[\"a\", 1]"),
            ("%1\r\n+a\r\n:1\r\n", map(), "{ map = { \"a\" = 1 } }"),
            ("#t\r\n", Expected::Bool(true), "true"),
        ] {
            let found = reply(wire);
            assert!(expected.matches(&found), "{wire:?}");
            assert_eq!(show(&found).to_string(), shown);
        }
        assert!(!Expected::Int(7).matches(&reply("$1\r\n7\r\n")));
        assert!(!Expected::Array(vec![]).matches(&reply("*1\r\n:1\r\n")));
        assert!(!Expected::Error("ERR".into()).matches(&reply("+ERR\r\n")));
    }
}
