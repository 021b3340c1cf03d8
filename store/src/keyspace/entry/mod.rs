//! An entry: a key with its value, deadline and access clock, in one allocation behind a pointer of 8 bytes.
//!
//! Small strings and integers lie in the entry itself; a larger string, a shared one or a collection is owned by it.
//! Sizes are exact: a block is as large as its allocator class and charged as such. Nothing here knows the table, the
//! database's counters or the time; the methods that change what an entry weighs are the keyspace's alone, which
//! accounts for them.

mod block;
mod integer;
mod layout;
mod relocate;
mod string;
#[cfg(test)]
mod tests;

pub use block::Entry;
pub use layout::INLINE_BYTES_MAX;
pub use string::StringInput;

use block::{Payload, owner};
use bytes::Bytes;
use integer::PackedInt;
use layout::{Kind, RAW};

use super::access::Access;
use crate::mem::alloc_size;
use crate::types::{Hash, List, Set, Stream, Zset};
use crate::value::{StringRef, StringValue, Value, ValueRef};

/// Longest string that OBJECT ENCODING calls `embstr`.
const EMBSTR_BYTES_MAX: usize = 44;

/// A borrowed value whose collections may be changed in place. Strings are changed through the database.
pub enum ValueMut<'a> {
    /// A string.
    String(StringRef<'a>),
    /// A list.
    List(&'a mut List),
    /// A set.
    Set(&'a mut Set),
    /// A hash.
    Hash(&'a mut Hash),
    /// A sorted set.
    Zset(&'a mut Zset),
    /// A stream.
    Stream(&'a mut Stream),
}

impl Entry {
    /// An entry for a value.
    pub fn new(key: &[u8], value: Value, expire_at_ms: Option<u64>, clock: u32) -> Entry {
        match value {
            Value::String(value) => Self::from_string_value(key, value, expire_at_ms, clock),
            Value::List(value) => Self::build(key, expire_at_ms, clock, 0, Payload::List(value)),
            Value::Set(value) => Self::build(key, expire_at_ms, clock, 0, Payload::Set(value)),
            Value::Hash(value) => Self::build(key, expire_at_ms, clock, 0, Payload::Hash(value)),
            Value::Zset(value) => Self::build(key, expire_at_ms, clock, 0, Payload::Zset(value)),
            Value::Stream(value) => {
                Self::build(key, expire_at_ms, clock, 0, Payload::Stream(value))
            }
        }
    }

    fn from_string_value(
        key: &[u8],
        value: StringValue,
        expire_at_ms: Option<u64>,
        clock: u32,
    ) -> Entry {
        let build = |raw, payload| Self::build(key, expire_at_ms, clock, raw, payload);
        match value {
            StringValue::Int(value) => build(0, Payload::Int(value)),
            StringValue::Bytes(bytes) if bytes.len() <= INLINE_BYTES_MAX => {
                build(0, Payload::Inline(&bytes))
            }
            StringValue::Bytes(bytes) => build(0, Payload::Shared(Bytes::from(bytes))),
            StringValue::Raw(bytes) if bytes.len() <= INLINE_BYTES_MAX => {
                build(RAW, Payload::Inline(&bytes))
            }
            StringValue::Raw(bytes) => build(RAW, Payload::Heap(bytes)),
            StringValue::Shared(bytes) if bytes.len() <= INLINE_BYTES_MAX => {
                build(0, Payload::Inline(&bytes))
            }
            StringValue::Shared(bytes) => build(0, Payload::Shared(bytes)),
        }
    }

    /// The value and the deadline by themselves.
    pub fn into_value(self) -> (Value, Option<u64>) {
        self.dismantle(|entry, payload| {
            let value = match payload {
                Payload::Int(value) => Value::String(StringValue::Int(value)),
                Payload::Inline(bytes) if entry.header().flags & RAW != 0 => {
                    Value::String(StringValue::Raw(bytes.to_vec()))
                }
                Payload::Inline(bytes) => Value::String(StringValue::Bytes(bytes.to_vec())),
                Payload::Heap(bytes) => Value::String(StringValue::Raw(bytes)),
                Payload::Shared(bytes) => Value::String(StringValue::Shared(bytes)),
                Payload::List(value) => Value::List(value),
                Payload::Set(value) => Value::Set(value),
                Payload::Hash(value) => Value::Hash(value),
                Payload::Zset(value) => Value::Zset(value),
                Payload::Stream(value) => Value::Stream(value),
            };
            (value, entry.expire_at_ms())
        })
    }

    /// The value.
    #[inline]
    pub fn value(&self) -> ValueRef<'_> {
        let shape = self.shape();
        match shape.kind {
            Kind::Int => ValueRef::String(StringRef::Int(PackedInt::unpack(self.inline(shape)))),
            Kind::Inline => ValueRef::String(StringRef::Bytes(self.inline(shape))),
            Kind::Heap => ValueRef::String(StringRef::Bytes(owner!(self, shape, &Vec<u8>))),
            Kind::Shared => ValueRef::String(StringRef::Shared(owner!(self, shape, &Bytes))),
            Kind::List => ValueRef::List(owner!(self, shape, &List)),
            Kind::Set => ValueRef::Set(owner!(self, shape, &Set)),
            Kind::Hash => ValueRef::Hash(owner!(self, shape, &Hash)),
            Kind::Zset => ValueRef::Zset(owner!(self, shape, &Zset)),
            Kind::Stream => ValueRef::Stream(owner!(self, shape, &Stream)),
        }
    }

    /// The value, its collection open to change.
    #[inline(always)]
    pub(super) fn value_mut(&mut self) -> ValueMut<'_> {
        let shape = self.shape();
        match shape.kind {
            Kind::Int => ValueMut::String(StringRef::Int(PackedInt::unpack(self.inline(shape)))),
            Kind::Inline => ValueMut::String(StringRef::Bytes(self.inline(shape))),
            Kind::Heap => ValueMut::String(StringRef::Bytes(owner!(self, shape, &Vec<u8>))),
            Kind::Shared => ValueMut::String(StringRef::Shared(owner!(self, shape, &Bytes))),
            Kind::List => ValueMut::List(owner!(self, shape, &mut List)),
            Kind::Set => ValueMut::Set(owner!(self, shape, &mut Set)),
            Kind::Hash => ValueMut::Hash(owner!(self, shape, &mut Hash)),
            Kind::Zset => ValueMut::Zset(owner!(self, shape, &mut Zset)),
            Kind::Stream => ValueMut::Stream(owner!(self, shape, &mut Stream)),
        }
    }

    /// Sets or removes the deadline. The room for it comes and goes with it.
    pub(super) fn set_expire(&mut self, expire_at_ms: Option<u64>) {
        let in_place = match expire_at_ms {
            Some(at_ms) => self.overwrite_expire(at_ms),
            None => self.expire_at_ms().is_none(),
        };
        if !in_place {
            self.reshape(expire_at_ms);
        }
    }

    /// Moves to a block with or without room for a deadline.
    fn reshape(&mut self, expire_at_ms: Option<u64>) {
        let (clock, raw) = (self.clock(), self.header().flags & RAW);
        self.replace_with(|entry, payload| {
            Self::build(entry.key(), expire_at_ms, clock, raw, payload)
        });
    }

    /// Whether the deadline is over: its own millisecond is the last in which the key is there.
    #[inline]
    pub fn is_expired(&self, now_ms: u64) -> bool {
        self.expire_at_ms().is_some_and(|at_ms| at_ms < now_ms)
    }

    /// When the first thing of the entry is due, itself or a field of its hash; `u64::MAX` when nothing ever is.
    #[inline]
    pub fn deadline_ms(&self) -> u64 {
        let key_ms = self.expire_at_ms().unwrap_or(u64::MAX);
        let shape = self.shape();
        match shape.kind {
            Kind::Hash => key_ms.min(owner!(self, shape, &Hash).earliest_deadline_ms()),
            Kind::Int | Kind::Inline | Kind::Heap | Kind::Shared => key_ms,
            Kind::List | Kind::Set | Kind::Zset | Kind::Stream => key_ms,
        }
    }

    /// The access clock, 24 bits, see [`Access`].
    #[inline]
    pub fn clock(&self) -> u32 {
        let [c0, c1, c2] = self.header().clock;
        u32::from_le_bytes([c0, c1, c2, 0])
    }

    /// Notes an access in the access clock.
    #[inline]
    pub fn touch(&mut self, access: Access) {
        self.set_clock(access.after(self.clock()));
    }

    /// Sets the access clock to the low 24 bits of `clock`.
    #[inline]
    pub fn set_clock(&mut self, clock: u32) {
        let [c0, c1, c2, _] = clock.to_le_bytes();
        *self.clock_mut() = [c0, c1, c2];
    }

    /// OBJECT ENCODING's name.
    pub fn encoding(&self) -> &'static str {
        let shape = self.shape();
        match (shape.kind, self.value()) {
            (_, ValueRef::List(list)) => list.encoding(),
            (_, ValueRef::Set(set)) => set.encoding(),
            (_, ValueRef::Hash(hash)) => hash.encoding(),
            (_, ValueRef::Zset(zset)) => zset.encoding(),
            (_, ValueRef::Stream(stream)) => stream.encoding(),
            (Kind::Int, ValueRef::String(_)) => "int",
            (_, ValueRef::String(string))
                if shape.flags & RAW == 0 && string.len() <= EMBSTR_BYTES_MAX =>
            {
                "embstr"
            }
            (_, ValueRef::String(_)) => "raw",
        }
    }

    /// Bytes of the entry's own block.
    #[inline]
    pub fn alloc_bytes(&self) -> usize {
        self.shape().block_bytes()
    }

    /// All bytes the entry is charged for: its block and what it owns.
    #[inline]
    pub fn mem_bytes(&self) -> usize {
        let shape = self.shape();
        let owned = match shape.kind {
            Kind::Int | Kind::Inline => 0,
            Kind::Heap => alloc_size(owner!(self, shape, &Vec<u8>).capacity()),
            Kind::Shared => shared_bytes(owner!(self, shape, &Bytes)),
            Kind::List => owner!(self, shape, &List).mem_bytes(),
            Kind::Set => owner!(self, shape, &Set).mem_bytes(),
            Kind::Hash => owner!(self, shape, &Hash).mem_bytes(),
            Kind::Zset => owner!(self, shape, &Zset).mem_bytes(),
            Kind::Stream => owner!(self, shape, &Stream).mem_bytes(),
        };
        shape.block_bytes() + owned
    }

    /// How many frees dropping the entry takes, roughly: 1 for a string, else the collection's items.
    #[inline]
    pub(super) fn free_cost(&self) -> usize {
        match self.value() {
            ValueRef::String(_) => 1,
            ValueRef::List(list) => list.len(),
            ValueRef::Set(set) => set.len(),
            ValueRef::Hash(hash) => hash.len(),
            ValueRef::Zset(zset) => zset.len(),
            ValueRef::Stream(stream) => stream.free_cost(),
        }
    }
}

/// What a shared string is charged: its own length, though it may be a part of a larger buffer. The charge must not
/// change while the entry holds it, so it depends on the length alone.
pub(super) fn shared_bytes(bytes: &Bytes) -> usize {
    alloc_size(bytes.len())
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("Entry");
        fields
            .field("key", &self.key().escape_ascii().to_string())
            .field("value", &self.value());
        fields.field("expire_at_ms", &self.expire_at_ms()).finish()
    }
}
