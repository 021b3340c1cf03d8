//! Writing strings: over whatever was there, and in place.

use bytes::Bytes;

use super::block::{Entry, Payload, owner};
use super::integer::{PackedInt, parse_canonical};
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
        match self {
            StringInput::Int(value) => Payload::Int(value),
            StringInput::Bytes(bytes) => match parse_canonical(bytes) {
                Some(value) => Payload::Int(value),
                None => StringInput::Text(bytes).into_payload(),
            },
            StringInput::Text(bytes) if bytes.len() <= INLINE_BYTES_MAX => Payload::Inline(bytes),
            StringInput::Text(bytes) => Payload::Shared(Bytes::copy_from_slice(bytes)),
            StringInput::Shared(bytes) => Payload::Shared(bytes),
        }
    }
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

    /// The string as raw bytes to write to, at least `len` of them, zeros where they are new. None for a collection.
    /// Repeated growth costs amortised constant time a byte.
    pub(in crate::keyspace) fn string_buffer(&mut self, len: usize) -> Option<&mut [u8]> {
        let old_len = match self.value() {
            super::ValueRef::String(string) => string.len(),
            super::ValueRef::List(_) | super::ValueRef::Set(_) => return None,
            super::ValueRef::Hash(_) | super::ValueRef::Zset(_) | super::ValueRef::Stream(_) => {
                return None;
            }
        };
        let len = len.max(old_len);
        if self.shape().kind != Kind::Heap && !self.resize_inline(len) {
            self.make_raw(len);
        }
        let shape = self.shape();
        if shape.kind == Kind::Heap {
            let heap = owner!(self, shape, &mut Vec<u8>);
            heap.resize(len, 0);
            return Some(heap);
        }
        Some(self.inline_mut(shape))
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
