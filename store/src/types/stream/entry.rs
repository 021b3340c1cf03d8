//! One entry as its readers see it.

use super::id::Id;
use super::varint::read_varint;

/// A borrowed entry: its ID, and its fields in order.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its ID.
    pub id: Id,
    /// The block's names, when the entry has the same.
    names: Option<Names<'a>>,
    count: usize,
    body: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Out of a block: the values alone when `names` are given, else the count, names and values.
    #[inline]
    pub(super) fn new(id: Id, names: Option<Names<'a>>, mut body: &'a [u8]) -> Self {
        let count = match &names {
            Some(names) => names.len(),
            None => read_varint(&mut body) as usize,
        };
        Entry {
            id,
            names,
            count,
            body,
        }
    }

    /// Number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none; never so in a stream.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Names with values.
    #[must_use]
    pub fn fields(&self) -> EntryFields<'a> {
        EntryFields {
            names: self.names,
            left: self.count,
            body: self.body,
        }
    }
}

/// The fields of an entry; see [`Entry::fields`].
#[derive(Clone, Debug)]
pub struct EntryFields<'a> {
    names: Option<Names<'a>>,
    left: usize,
    body: &'a [u8],
}

impl<'a> Iterator for EntryFields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = match &mut self.names {
            Some(names) => names.next()?,
            None => read_bytes(&mut self.body),
        };
        Some((name, read_bytes(&mut self.body)))
    }
}

/// The names at a block's start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    left: usize,
    bytes: &'a [u8],
}

impl<'a> Names<'a> {
    /// Those of the block with these bytes.
    #[inline]
    pub(super) fn of_block(mut bytes: &'a [u8]) -> Self {
        let left = read_varint(&mut bytes) as usize;
        Names { left, bytes }
    }

    /// How many are left.
    pub(super) fn len(&self) -> usize {
        self.left
    }

    /// The next one.
    #[inline]
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        Some(read_bytes(&mut self.bytes))
    }
}

/// Reads a length and so many bytes.
#[inline]
fn read_bytes<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let len = read_varint(bytes) as usize;
    let (read, rest) = bytes.split_at(len);
    *bytes = rest;
    read
}
