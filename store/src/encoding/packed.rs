//! Small collections as one byte string of length-prefixed items, read from front to back.
//!
//! ```text
//! item    = length, bytes         length < 254: one byte; else 254, u16 or 255, u32 (little-endian)
//! record  = whatever its user makes of one: a member; a field and a value; a score and a member
//! ```
//! The blob's word counts the records. What a record is, and whether records are sorted, is its user's; this file knows items only.

use super::blob::{Blob, BlobRef, mem_bytes_for};
use super::tagged::{Guard, ThinOwner};
use std::ptr::NonNull;

/// Most bytes a packed collection may use, whatever the thresholds say.
const USED_BYTES_MAX: usize = 1 << 30;

/// Records in one allocation; see the module.
#[derive(Clone, Default)]
pub struct Packed(Blob);

/// The records of a [`Packed`], for reading.
#[derive(Clone, Copy)]
pub struct PackedRef<'a> {
    /// All items, back to back.
    pub bytes: &'a [u8],
    /// Number of records.
    pub records: usize,
}

/// Items from front to back.
#[derive(Clone)]
pub struct Items<'a> {
    bytes: &'a [u8],
}

/// An item's length as it is written.
pub struct Prefix {
    bytes: [u8; 5],
    len: usize,
}

impl Packed {
    /// No records; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(Blob::new())
    }

    /// The records, for reading.
    #[must_use]
    pub fn view(&self) -> PackedRef<'_> {
        PackedRef::from(self.0.view())
    }

    /// Whether one record of `bytes` more can be held at all.
    #[must_use]
    pub fn has_room(&self, bytes: usize) -> bool {
        let view = self.view();
        view.records < usize::from(u16::MAX)
            && view.bytes.len().saturating_add(bytes) <= USED_BYTES_MAX
    }

    /// Inserts a record made of `parts` at byte `at`. [`Self::has_room`] holds.
    pub fn insert_record(&mut self, at: usize, parts: &[&[u8]]) {
        let records = self.view().records as u16 + 1;
        self.0.replace(at, 0, parts);
        self.0.set_meta(records);
    }

    /// Appends a record made of `parts`. [`Self::has_room`] holds.
    pub fn push_record(&mut self, parts: &[&[u8]]) {
        self.insert_record(self.view().bytes.len(), parts);
    }

    /// Removes the `records` records that fill `len` bytes from byte `at`.
    pub fn remove_records(&mut self, at: usize, len: usize, records: usize) {
        let left = self.view().records - records;
        self.0.replace(at, len, &[]);
        self.0.set_meta(left as u16);
    }

    /// Replaces `len` bytes at byte `at`, whole items of one record, by `parts`.
    pub fn replace_items(&mut self, at: usize, len: usize, parts: &[&[u8]]) {
        self.0.replace(at, len, parts);
    }

    /// Heap bytes held.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        self.0.mem_bytes()
    }
}

impl<'a> From<BlobRef<'a>> for PackedRef<'a> {
    fn from(blob: BlobRef<'a>) -> Self {
        Self {
            bytes: blob.bytes,
            records: usize::from(blob.meta),
        }
    }
}

impl<'a> PackedRef<'a> {
    /// All items from the front.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        Items { bytes: self.bytes }
    }

    /// The items from byte `at` on, an item's start.
    #[must_use]
    pub fn items_at(self, at: usize) -> Items<'a> {
        Items {
            bytes: &self.bytes[at..],
        }
    }

    /// Where the item equal to `needle` starts, looking at every `STRIDE`-th item from the first.
    #[must_use]
    pub fn find<const STRIDE: usize>(self, needle: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some((prefix_len, len)) = read_prefix(&self.bytes[at..]) {
            let end = at + prefix_len + len;
            if len == needle.len() && is_alike(&self.bytes[end - len..end], needle) {
                return Some(at);
            }
            at = end;
            for _ in 1..STRIDE {
                at += item_len(&self.bytes[at..]);
            }
        }
        None
    }

    /// The byte at which `items`, derived from this view, goes on.
    #[must_use]
    pub fn offset_of(self, items: &Items<'_>) -> usize {
        self.bytes.len() - items.bytes.len()
    }

    /// A copy of its own.
    #[must_use]
    pub fn to_packed(self) -> Packed {
        let mut copy = Packed::new();
        copy.0.replace(0, 0, &[self.bytes]);
        copy.0.set_meta(self.records as u16);
        copy
    }

    /// Heap bytes held.
    #[must_use]
    pub fn mem_bytes(self) -> usize {
        mem_bytes_for(self.bytes.len())
    }
}

impl<'a> Items<'a> {
    /// What is not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// Takes `len` bytes as they are: for what a record holds besides items.
    ///
    /// # Panics
    /// When fewer are left.
    pub fn take_raw(&mut self, len: usize) -> &'a [u8] {
        let (raw, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        raw
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        // Nearly all are short.
        if let [len @ ..LEN_U16, rest @ ..] = self.bytes
            && let Some((item, rest)) = rest.split_at_checked(usize::from(*len))
        {
            self.bytes = rest;
            return Some(item);
        }
        let (at, len) = read_prefix(self.bytes)?;
        let (item, rest) = self.bytes[at..].split_at(len);
        self.bytes = rest;
        Some(item)
    }
}

/// Whether two texts of one length are equal: most that are not differ at the end already, where numbers do.
#[inline]
fn is_alike(one: &[u8], other: &[u8]) -> bool {
    one.last() == other.last() && one == other
}

const LEN_U16: u8 = 254;
const LEN_U32: u8 = 255;

/// Size and value of the length `bytes` begin with; none where they end.
#[inline]
fn read_prefix(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes {
        [] => None,
        [LEN_U16, a, b, ..] => Some((3, usize::from(u16::from_le_bytes([a, b])))),
        [LEN_U32, a, b, c, d, ..] => Some((5, u32::from_le_bytes([a, b, c, d]) as usize)),
        [len, ..] => Some((1, usize::from(len))),
    }
}

/// Bytes of the item `bytes` begin with, prefix included; 0 where they end.
#[must_use]
#[inline]
pub fn item_len(bytes: &[u8]) -> usize {
    read_prefix(bytes).map_or(0, |(prefix, len)| prefix + len)
}

/// The prefix of an item of `len` bytes.
///
/// # Panics
/// When `len` does not fit 32 bits.
#[must_use]
#[inline]
pub fn prefix(len: usize) -> Prefix {
    let mut bytes = [0; 5];
    let prefix_len = if len < usize::from(LEN_U16) {
        bytes[0] = len as u8;
        1
    } else if let Ok(len) = u16::try_from(len) {
        bytes[0] = LEN_U16;
        bytes[1..3].copy_from_slice(&len.to_le_bytes());
        3
    } else {
        let len = u32::try_from(len).expect("an item stays below 4 GiB");
        bytes[0] = LEN_U32;
        bytes[1..].copy_from_slice(&len.to_le_bytes());
        5
    };
    Prefix {
        bytes,
        len: prefix_len,
    }
}

impl Prefix {
    /// The bytes to write.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

// SAFETY: a transparent wrapper that passes everything on to the blob.
unsafe impl ThinOwner for Packed {
    type Ref<'a> = PackedRef<'a>;
    type Mut<'a> = Guard<'a, Packed>;

    fn into_raw(self) -> NonNull<u8> {
        self.0.into_raw()
    }

    unsafe fn from_raw(raw: NonNull<u8>) -> Self {
        // SAFETY: by this function's contract.
        Self(unsafe { Blob::from_raw(raw) })
    }

    unsafe fn as_ref<'a>(raw: NonNull<u8>) -> PackedRef<'a> {
        // SAFETY: by this function's contract.
        PackedRef::from(unsafe { Blob::as_ref(raw) })
    }

    unsafe fn as_mut<'a>(slot: &'a mut NonNull<u8>, tag: usize) -> Guard<'a, Packed> {
        // SAFETY: by this function's contract.
        unsafe { Guard::new(slot, tag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_members_of_eight_bytes_take_96() {
        let mut packed = Packed::new();
        for member in 0..10 {
            packed.push_record(&[prefix(8).as_slice(), format!("member:{member}").as_bytes()]);
        }
        assert_eq!(packed.mem_bytes(), 96);
        assert_eq!(packed.view().records, 10);
    }

    #[test]
    fn lengths_of_every_width_survive() {
        for len in [0, 1, 253, 254, 255, 256, 65_535, 65_536, 70_000] {
            let mut packed = Packed::new();
            let item = vec![b'x'; len];
            packed.push_record(&[prefix(2).as_slice(), b"ab"]);
            packed.push_record(&[prefix(len).as_slice(), &item]);
            packed.push_record(&[prefix(2).as_slice(), b"cd"]);
            let view = packed.view();
            assert_eq!(
                view.items().collect::<Vec<_>>(),
                [b"ab", item.as_slice(), b"cd"]
            );
            assert_eq!(view.find::<1>(&item), Some(3));
            assert_eq!(view.find::<1>(b"cd"), Some(view.bytes.len() - 3));
            assert_eq!(view.find::<2>(b"cd"), Some(view.bytes.len() - 3));
            assert_eq!(view.find::<1>(b"zz"), None);
            packed.remove_records(3, item_len(&packed.view().bytes[3..]), 1);
            assert_eq!(packed.view().items().collect::<Vec<_>>(), [b"ab", b"cd"]);
        }
    }
}
