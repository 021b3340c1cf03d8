//! Writing strings: over whatever was there, and in place.

use bytes::Bytes;

use super::block::{Entry, Payload, owner};
use super::integer::PackedInt;
use super::layout::{INLINE_BYTES_MAX, Kind, RAW};

/// What a string is made from.
#[derive(Debug)]
pub enum StringInput<'a> {
    /// Bytes; the canonical text of an integer is stored as that.
    Bytes(&'a [u8]),
    /// Bytes that stay text, a number's as well.
    Text(&'a [u8]),
    /// An integer.
    Int(i64),
    /// A value longer than [`INLINE_BYTES_MAX`], kept by reference; a shorter one is better given as bytes.
    Shared(Bytes),
}

impl<'a> StringInput<'a> {
    /// How these bytes are kept: as an integer, in the entry, or shared.
    #[inline]
    fn into_payload(self) -> Payload<'a> {
        let text = match self {
            StringInput::Int(value) => return Payload::Int(value),
            StringInput::Shared(bytes) => return Payload::Shared(bytes),
            StringInput::Bytes(bytes) => match resp::parse_integer(bytes) {
                Some(value) => return Payload::Int(value),
                None => bytes,
            },
            StringInput::Text(bytes) => bytes,
        };
        match text.len() <= INLINE_BYTES_MAX {
            true => Payload::Inline(text),
            false => Payload::Shared(shared_copy(text)),
        }
    }
}

/// A copy that replies can refer to. Apart from what every value passes, which needs no room for it.
#[cold]
fn shared_copy(text: &[u8]) -> Bytes {
    Bytes::copy_from_slice(text)
}

impl Entry {
    /// An entry for a string.
    #[inline]
    pub fn new_string(
        key: &[u8],
        input: StringInput<'_>,
        expire_at_ms: Option<u64>,
        clock: u32,
    ) -> Entry {
        Self::build(key, expire_at_ms, clock, 0, input.into_payload())
    }

    /// Makes the value this string, whatever it was, and the deadline the given one. Without allocating when old and
    /// new value lie in the entry and its size class stays; else the old entry comes back, to be freed.
    #[inline]
    pub(in crate::keyspace) fn set_string(
        &mut self,
        input: StringInput<'_>,
        expire_at_ms: Option<u64>,
    ) -> Option<Entry> {
        let payload = input.into_payload();
        if expire_at_ms.is_some() == self.expire_at_ms().is_some() {
            let mut packed = PackedInt::default();
            let done = match &payload {
                Payload::Int(value) => self.overwrite_inline(Kind::Int, 0, packed.pack(*value)),
                Payload::Inline(bytes) => self.overwrite_inline(Kind::Inline, 0, bytes),
                Payload::Heap(_) | Payload::Shared(_) => false,
                Payload::List(_)
                | Payload::Set(_)
                | Payload::Hash(_)
                | Payload::Zset(_)
                | Payload::Stream(_) => false,
            };
            if done {
                expire_at_ms.map(|at_ms| self.overwrite_expire(at_ms));
                return None;
            }
        }
        let new = Self::build(self.key(), expire_at_ms, self.clock(), 0, payload);
        Some(std::mem::replace(self, new))
    }

    /// Whether the value is a raw string of at least `len` bytes: [`Entry::string_buffer`] leaves its weight alone then.
    #[inline]
    pub(in crate::keyspace) fn is_raw(&self, len: usize) -> bool {
        let shape = self.shape();
        match shape.kind {
            Kind::Heap => owner!(self, shape, &Vec<u8>).len() >= len,
            Kind::Inline => shape.flags & RAW != 0 && shape.inline_len >= len,
            Kind::Int | Kind::Shared => false,
            Kind::List | Kind::Set | Kind::Hash | Kind::Zset | Kind::Stream => false,
        }
    }

    /// The string as raw bytes to write to, at least `len` of them, zeros where they are new. None for a collection.
    /// Repeated growth costs amortised constant time a byte.
    #[inline]
    pub(in crate::keyspace) fn string_buffer(&mut self, len: usize) -> Option<&mut [u8]> {
        if !self.is_raw(len) {
            let old_len = self.value().as_string()?.len();
            self.grow_raw(len.max(old_len));
        }
        self.raw_mut()
    }

    /// The bytes of a raw string to write to; none of any other value.
    #[inline]
    pub(in crate::keyspace) fn raw_mut(&mut self) -> Option<&mut [u8]> {
        let shape = self.shape();
        match shape.kind {
            Kind::Heap => Some(owner!(self, shape, &mut Vec<u8>)),
            Kind::Inline if shape.flags & RAW != 0 => Some(self.inline_mut(shape)),
            Kind::Int | Kind::Inline | Kind::Shared => None,
            Kind::List | Kind::Set | Kind::Hash | Kind::Zset | Kind::Stream => None,
        }
    }

    /// Makes a string a raw one of `len` bytes, which it is not longer than.
    fn grow_raw(&mut self, len: usize) {
        if self.shape().kind != Kind::Heap && !self.resize_inline(len) {
            self.make_raw(len);
        }
        let shape = self.shape();
        if shape.kind == Kind::Heap {
            owner!(self, shape, &mut Vec<u8>).resize(len, 0);
        }
    }

    /// Rebuilds a string of at most `len` bytes as a raw one with `len` bytes (inline) or about to get them (heap).
    fn make_raw(&mut self, len: usize) {
        self.replace_with(|entry, payload| {
            let mut bytes = match payload {
                Payload::Int(value) => itoa::Buffer::new().format(value).as_bytes().to_vec(),
                Payload::Inline(bytes) => bytes.to_vec(),
                Payload::Heap(bytes) => bytes,
                Payload::Shared(bytes) => Vec::from(bytes),
                Payload::List(_)
                | Payload::Set(_)
                | Payload::Hash(_)
                | Payload::Zset(_)
                | Payload::Stream(_) => {
                    unreachable!("string_buffer turns collections away")
                }
            };
            let (expire_at_ms, clock) = (entry.expire_at_ms(), entry.clock());
            if len > INLINE_BYTES_MAX {
                return Self::build(entry.key(), expire_at_ms, clock, RAW, Payload::Heap(bytes));
            }
            bytes.resize(len, 0);
            Self::build(
                entry.key(),
                expire_at_ms,
                clock,
                RAW,
                Payload::Inline(&bytes),
            )
        });
    }
}
