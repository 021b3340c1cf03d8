//! Replies and answers as values.

/// A value, as a client would see it in RESP3.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Nil,
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Bytes.
    Bulk(Vec<u8>),
    /// A status.
    Status(String),
    /// An error, its code word in front.
    Error(String),
    /// An array.
    Array(Vec<Value>),
    /// A map.
    Map(Vec<(Value, Value)>),
    /// A set.
    Set(Vec<Value>),
}

impl Value {
    /// Bytes from a text.
    pub fn bulk(text: impl AsRef<[u8]>) -> Self {
        Value::Bulk(text.as_ref().to_vec())
    }

    /// The code of its kind, as `r_type` gives it.
    pub(super) fn kind(&self) -> i32 {
        match self {
            Value::Nil => 0,
            Value::Int(_) => 1,
            Value::Float(_) => 2,
            Value::Bool(_) => 3,
            Value::Bulk(_) => 4,
            Value::Status(_) => 5,
            Value::Error(_) => 6,
            Value::Array(_) => 7,
            Value::Map(_) => 8,
            Value::Set(_) => 9,
        }
    }

    /// Its text, when it is one.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bulk(bytes) => Some(bytes),
            Value::Status(text) | Value::Error(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// Bytes of a text, elements of an array, pairs of a map.
    pub(super) fn len(&self) -> usize {
        match self {
            Value::Array(items) | Value::Set(items) => items.len(),
            Value::Map(pairs) => pairs.len(),
            other => other.bytes().map_or(0, <[u8]>::len),
        }
    }

    /// A part of it: a map's keys and values take turns.
    pub(super) fn part(&self, index: usize) -> Option<&Value> {
        match self {
            Value::Array(items) | Value::Set(items) => items.get(index),
            Value::Map(pairs) => pairs
                .get(index / 2)
                .map(|(key, value)| if index % 2 == 0 { key } else { value }),
            _ => None,
        }
    }
}
