//! A key's value, owned and borrowed: the closed list of types there are.
//!
//! Nothing matches on these with a wildcard, so that the compiler lists what a
//! new type has to provide.

use bytes::Bytes;

use crate::types::{Hash, List, Set, Stream, Zset};

/// A value by itself, on its way between keys, databases or into the trash.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string.
    String(StringValue),
    /// A list.
    List(List),
    /// A set.
    Set(Set),
    /// A hash.
    Hash(Hash),
    /// A sorted set.
    Zset(Zset),
    /// A stream.
    Stream(Stream),
}

/// A string by itself.
#[derive(Clone, Debug)]
pub enum StringValue {
    /// A canonical integer.
    Int(i64),
    /// Bytes; reported as `embstr` or `raw` by length.
    Bytes(Vec<u8>),
    /// Bytes that a write in place has made `raw` for good.
    Raw(Vec<u8>),
    /// A big value, shared with replies under way.
    Shared(Bytes),
}

/// A borrowed value.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// A string.
    String(StringRef<'a>),
    /// A list.
    List(&'a List),
    /// A set.
    Set(&'a Set),
    /// A hash.
    Hash(&'a Hash),
    /// A sorted set.
    Zset(&'a Zset),
    /// A stream.
    Stream(&'a Stream),
}

impl ValueRef<'_> {
    /// The name TYPE answers.
    pub fn type_name(&self) -> &'static str {
        match self {
            ValueRef::String(_) => "string",
            ValueRef::List(_) => "list",
            ValueRef::Set(_) => "set",
            ValueRef::Hash(_) => "hash",
            ValueRef::Zset(_) => "zset",
            ValueRef::Stream(_) => "stream",
        }
    }
}

/// Asking the memory for what a command is about to look at.
impl ValueRef<'_> {
    /// The block a collection keeps elsewhere.
    #[inline]
    pub fn prefetch(&self) {
        match self {
            ValueRef::String(_) => {}
            ValueRef::List(list) => list.prefetch(),
            ValueRef::Set(set) => set.prefetch(),
            ValueRef::Hash(hash) => hash.prefetch(),
            ValueRef::Zset(zset) => zset.prefetch(),
            ValueRef::Stream(stream) => stream.prefetch(),
        }
    }

    /// Where a big collection looks for `member`, when [`Self::prefetch`] has had time to work; the member's hash.
    #[inline]
    pub fn prefetch_member(&self, member: &[u8]) -> Option<u64> {
        match self {
            ValueRef::String(_) | ValueRef::List(_) | ValueRef::Stream(_) => None,
            ValueRef::Set(set) => set.prefetch_member(member),
            ValueRef::Hash(hash) => hash.prefetch_member(member),
            ValueRef::Zset(zset) => zset.prefetch_member(member),
        }
    }

    /// The member of this hash, when [`Self::prefetch_member`] has had time to work.
    #[inline]
    pub fn prefetch_cell(&self, member_hash: u64) {
        match self {
            ValueRef::String(_) | ValueRef::List(_) | ValueRef::Stream(_) => {}
            ValueRef::Set(set) => set.prefetch_cell(member_hash),
            ValueRef::Hash(hash) => hash.prefetch_cell(member_hash),
            ValueRef::Zset(zset) => zset.prefetch_cell(member_hash),
        }
    }
}

impl<'a> ValueRef<'a> {
    /// The string, when it is one.
    #[inline]
    pub fn as_string(self) -> Option<StringRef<'a>> {
        match self {
            ValueRef::String(string) => Some(string),
            ValueRef::List(_)
            | ValueRef::Set(_)
            | ValueRef::Hash(_)
            | ValueRef::Zset(_)
            | ValueRef::Stream(_) => None,
        }
    }
}

/// A borrowed string.
#[derive(Clone, Copy, Debug)]
pub enum StringRef<'a> {
    /// A canonical integer.
    Int(i64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A big value that a reply may share.
    Shared(&'a Bytes),
}

/// Room for the text of an integer, for [`StringRef::as_bytes`].
pub type IntText = itoa::Buffer;

impl<'a> StringRef<'a> {
    /// The string's bytes; an integer is written into `text`.
    pub fn as_bytes<'b>(self, text: &'b mut IntText) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            StringRef::Int(value) => text.format(value).as_bytes(),
            StringRef::Bytes(bytes) => bytes,
            StringRef::Shared(bytes) => bytes,
        }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        match self {
            StringRef::Int(value) => IntText::new().format(value).len(),
            StringRef::Bytes(bytes) => bytes.len(),
            StringRef::Shared(bytes) => bytes.len(),
        }
    }

    /// Whether the string is empty.
    pub fn is_empty(self) -> bool {
        match self {
            StringRef::Int(_) => false,
            StringRef::Bytes(bytes) => bytes.is_empty(),
            StringRef::Shared(bytes) => bytes.is_empty(),
        }
    }

    /// Writes it as a bulk reply, big values by reference.
    pub fn reply(self, reply: &mut resp::ReplyWriter<'_>) {
        match self {
            StringRef::Int(value) => reply.bulk_integer(value),
            StringRef::Bytes(bytes) => reply.bulk(bytes),
            StringRef::Shared(bytes) => reply.bulk_shared(bytes.clone()),
        }
    }
}
