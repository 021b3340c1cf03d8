//! Where the parts of an entry's block lie: arithmetic only, no memory is touched here.
//!
//! ```text
//! 0       1       2         3            5           8
//! | kind  | flags | key_len | inline_len | clock u24 | expire_at_ms u64? | owner? | key_len u32? | key | inline bytes? |
//! ```
//! - `expire_at_ms` is there when [`EXPIRES`] is set.
//! - the owner is a `Vec<u8>` (24 bytes), a `Bytes` (32) or a collection (8), by kind; it comes before the key so that
//!   it is aligned.
//! - the wide `key_len` is there when [`WIDE_KEY`] is set: keys of 256 bytes and more.
//! - inline bytes are a string's, or an integer in 1, 2, 4 or 8 bytes.
//!
//! A block is allocated in the size of its allocator class, so any change that stays in the class happens in place.

use bytes::Bytes;

use crate::mem::alloc_size;

/// What an entry's value is and how it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// An integer, inline.
    Int,
    /// A string, inline.
    Inline,
    /// A string in a `Vec<u8>`, grown by writes in place.
    Heap,
    /// A string in a `Bytes`.
    Shared,
    /// A collection.
    List,
    /// A collection.
    Set,
    /// A collection.
    Hash,
    /// A collection.
    Zset,
    /// A collection.
    Stream,
}

/// Flag: the block has an `expire_at_ms`.
pub(super) const EXPIRES: u8 = 1;
/// Flag: the key's length does not fit the header.
pub(super) const WIDE_KEY: u8 = 2;
/// Flag: the string was written in place and is `raw` whatever its length.
pub(super) const RAW: u8 = 4;

/// Longest string kept in the entry itself; from here on big values are shared.
pub const INLINE_BYTES_MAX: usize = 16 * 1024 - 1;

/// Size of the header, and so the offset of what follows.
pub(super) const HEADER_BYTES: usize = 8;

/// The first 8 bytes of a block.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) flags: u8,
    pub(super) key_len: u8,
    pub(super) inline_len: [u8; 2],
    pub(super) clock: [u8; 3],
}

const _: () = assert!(size_of::<Header>() == HEADER_BYTES && align_of::<Header>() == 1);
const _: () = assert!(INLINE_BYTES_MAX <= u16::MAX as usize);

/// All that the offsets depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    pub(super) flags: u8,
    pub(super) key_len: usize,
    pub(super) inline_len: usize,
}

impl Shape {
    /// Offset of the owner, a multiple of 8.
    #[inline]
    pub(super) fn owner_at(self) -> usize {
        HEADER_BYTES + 8 * usize::from(self.flags & EXPIRES)
    }

    #[inline]
    fn owner_bytes(self) -> usize {
        match self.kind {
            Kind::Int | Kind::Inline => 0,
            Kind::Heap => size_of::<Vec<u8>>(),
            Kind::Shared => size_of::<Bytes>(),
            Kind::List | Kind::Set | Kind::Hash | Kind::Zset | Kind::Stream => 8,
        }
    }

    /// Offset of the wide key length, where there is one: a multiple of 8.
    #[inline]
    pub(super) fn wide_at(self) -> usize {
        self.owner_at() + self.owner_bytes()
    }

    /// Offset of the key.
    #[inline]
    pub(super) fn key_at(self) -> usize {
        self.wide_at() + 2 * usize::from(self.flags & WIDE_KEY)
    }

    /// Offset of the inline bytes.
    #[inline]
    pub(super) fn inline_at(self) -> usize {
        self.key_at() + self.key_len
    }

    /// Size of the block, a multiple of 8 and an allocator class.
    #[inline]
    pub(super) fn block_bytes(self) -> usize {
        alloc_size(self.inline_at() + self.inline_len)
    }
}
