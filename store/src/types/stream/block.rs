//! A block: consecutive entries in one allocation.
//!
//! ```text
//! block = count of names, (len, name)…, entry…            the names are those of the block's first entry
//! entry = flags u8 | size | ms | seq | [count, (len, name, len, value)…] or (len, value)… | size in reverse
//! ```
//! - numbers are varints, the last one of an entry readable from its end;
//! - `size` counts what follows it up to the reverse size, `ms` is the distance to the block's first ID, `seq` too while
//!   `ms` is 0, else it stands by itself;
//! - entries with the block's names leave them out ([`SAME_NAMES`]);
//! - a removed entry keeps its bytes ([`REMOVED`]) until its block goes; those before the first living one are skipped.

use super::entry::{Entry, Names};
use super::id::Id;
use super::varint::{push_reverse, push_varint, read_reverse, read_varint, varint_len};
use crate::mem::{IsSparse, alloc_size};
use crate::relocate::relocate_vec;

/// Flag: the entry was removed.
const REMOVED: u8 = 1;
/// Flag: the entry has the block's names.
const SAME_NAMES: u8 = 2;

/// See the module. Its first ID is kept by whoever keeps the block.
#[derive(Debug)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Where the first living entry starts, or the end.
    head: u32,
    living: u32,
    removed: u32,
}

/// An entry's place and bytes inside its block.
#[derive(Clone, Copy)]
struct Raw<'a> {
    at: usize,
    flags: u8,
    id: Id,
    /// Names and values.
    body: &'a [u8],
    end: usize,
}

impl Block {
    /// An empty block for entries with the names of `fields`, with room for about `capacity` bytes.
    pub(super) fn new<'a>(
        fields: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>,
        capacity: usize,
    ) -> Self {
        let mut bytes = Vec::with_capacity(alloc_size(capacity));
        push_varint(&mut bytes, fields.len() as u64);
        for (name, _) in fields {
            reserve(&mut bytes, name.len() + super::varint::VARINT_MAX);
            push_varint(&mut bytes, name.len() as u64);
            bytes.extend_from_slice(name);
        }
        Block {
            head: bytes.len() as u32,
            bytes,
            living: 0,
            removed: 0,
        }
    }

    /// Entries that are there.
    pub(super) fn living(&self) -> usize {
        self.living as usize
    }

    /// Entries written, the removed ones included.
    pub(super) fn written(&self) -> usize {
        self.living as usize + self.removed as usize
    }

    /// Bytes written.
    pub(super) fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Heap bytes held.
    #[inline]
    pub(super) fn mem_bytes(&self) -> usize {
        alloc_size(self.bytes.capacity())
    }

    /// Gives back memory that will not be needed: the block is full.
    pub(super) fn seal(&mut self) {
        self.bytes.shrink_to(alloc_size(self.bytes.len()));
    }

    /// Moves it to another allocation if it lies sparsely.
    pub(super) fn relocate(&mut self, is_sparse: IsSparse<'_>) {
        relocate_vec(&mut self.bytes, is_sparse);
    }

    /// Adds an entry with an ID above all others; `first` is the block's first ID.
    pub(super) fn append<'a>(
        &mut self,
        first: Id,
        id: Id,
        fields: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) {
        let same = self.has_names(fields.clone());
        let ms = id.ms - first.ms;
        let seq = if ms == 0 { id.seq - first.seq } else { id.seq };
        let mut size = varint_len(ms) + varint_len(seq);
        if !same {
            size += varint_len(fields.len() as u64);
        }
        for (name, value) in fields.clone() {
            if !same {
                size += varint_len(name.len() as u64) + name.len();
            }
            size += varint_len(value.len() as u64) + value.len();
        }
        let out = &mut self.bytes;
        reserve(out, 1 + size + 2 * varint_len(size as u64));
        out.push(if same { SAME_NAMES } else { 0 });
        push_varint(out, size as u64);
        push_varint(out, ms);
        push_varint(out, seq);
        if !same {
            push_varint(out, fields.len() as u64);
        }
        for (name, value) in fields {
            if !same {
                push_varint(out, name.len() as u64);
                out.extend_from_slice(name);
            }
            push_varint(out, value.len() as u64);
            out.extend_from_slice(value);
        }
        push_reverse(out, size as u64);
        self.living += 1;
    }

    fn has_names<'a>(&self, fields: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>) -> bool {
        let mut names = Names::of_block(&self.bytes);
        names.len() == fields.len()
            && fields
                .into_iter()
                .all(|(name, _)| names.next() == Some(name))
    }

    /// The entry at `at`, which is where one starts.
    #[inline]
    fn raw(&self, first: Id, at: usize) -> Raw<'_> {
        let all = &self.bytes[at..];
        let mut bytes = &all[1..];
        let size = read_varint(&mut bytes) as usize;
        let after = bytes.len() - size;
        let mut body = &bytes[..size];
        let ms = read_varint(&mut body);
        let seq = read_varint(&mut body);
        Raw {
            at,
            flags: all[0],
            id: Id {
                ms: first.ms + ms,
                seq: if ms == 0 { first.seq + seq } else { seq },
            },
            body,
            end: self.bytes.len() - after + varint_len(size as u64),
        }
    }

    fn entry<'a>(&'a self, raw: Raw<'a>) -> Entry<'a> {
        let names = (raw.flags & SAME_NAMES != 0).then(|| Names::of_block(&self.bytes));
        Entry::new(raw.id, names, raw.body)
    }

    /// The place of the entry that ends at `end`.
    fn start_of(&self, end: usize) -> usize {
        let mut bytes = &self.bytes[..end];
        let size = read_reverse(&mut bytes);
        bytes.len() - size as usize - varint_len(size) - 1
    }

    /// Living entries from the first one not below `start` on.
    pub(super) fn entries_from(&self, first: Id, start: Id) -> Forward<'_> {
        let mut forward = Forward {
            block: self,
            first,
            at: self.head as usize,
        };
        if start > first {
            while let Some(raw) = forward.peek_raw()
                && raw.id < start
            {
                forward.at = raw.end;
            }
        }
        forward
    }

    /// Living entries from the last one not above `end` on, backwards.
    pub(super) fn entries_down_from(&self, first: Id, end: Id) -> Backward<'_> {
        let mut backward = Backward {
            block: self,
            first,
            end: self.bytes.len(),
        };
        while let Some(raw) = backward.peek_raw()
            && raw.id > end
        {
            backward.end = raw.at;
        }
        backward
    }

    /// The highest ID written here, of a removed entry too.
    pub(super) fn last_id(&self, first: Id) -> Id {
        self.raw(first, self.start_of(self.bytes.len())).id
    }

    /// Removes an entry; whether it was there.
    pub(super) fn remove(&mut self, first: Id, id: Id) -> bool {
        let found = self.entries_from(first, id).peek_raw();
        let Some(at) = found.filter(|raw| raw.id == id).map(|raw| raw.at) else {
            return false;
        };
        self.bytes[at] |= REMOVED;
        self.living -= 1;
        self.removed += 1;
        self.settle_head(first);
        true
    }

    /// Removes living entries from the front while `more` says so of how many are gone and the next ID; how many.
    pub(super) fn trim(&mut self, first: Id, mut more: impl FnMut(usize, Id) -> bool) -> usize {
        let mut gone = 0;
        let mut forward = self.entries_from(first, Id::MIN);
        while let Some(raw) = forward.peek_raw()
            && more(gone, raw.id)
        {
            forward.at = raw.end;
            gone += 1;
        }
        let head = forward.at;
        self.head = head as u32;
        self.living -= gone as u32;
        self.removed += gone as u32;
        self.settle_head(first);
        gone
    }

    /// Moves the head over removed entries.
    fn settle_head(&mut self, first: Id) {
        let mut forward = Forward {
            block: self,
            first,
            at: self.head as usize,
        };
        forward.peek_raw();
        let head = forward.at;
        self.head = head as u32;
    }
}

impl Clone for Block {
    fn clone(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.capacity());
        bytes.extend_from_slice(&self.bytes);
        Block { bytes, ..*self }
    }
}

/// Makes room for `more` bytes, in the allocator's own sizes.
#[inline]
fn reserve(bytes: &mut Vec<u8>, more: usize) {
    let wanted = bytes.len() + more;
    if wanted > bytes.capacity() {
        let capacity = alloc_size(wanted.max(bytes.len() + bytes.len() / 2));
        bytes.reserve_exact(capacity - bytes.len());
    }
}

/// Living entries in ascending order.
#[derive(Clone)]
pub(super) struct Forward<'a> {
    block: &'a Block,
    first: Id,
    at: usize,
}

impl<'a> Forward<'a> {
    /// The next living entry; moves to it.
    #[inline]
    fn peek_raw(&mut self) -> Option<Raw<'a>> {
        while self.at < self.block.bytes.len() {
            let raw = self.block.raw(self.first, self.at);
            if raw.flags & REMOVED == 0 {
                return Some(raw);
            }
            self.at = raw.end;
        }
        None
    }
}

impl<'a> Iterator for Forward<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        let raw = self.peek_raw()?;
        self.at = raw.end;
        Some(self.block.entry(raw))
    }
}

/// Living entries in descending order.
#[derive(Clone)]
pub(super) struct Backward<'a> {
    block: &'a Block,
    first: Id,
    /// Where the next entry ends.
    end: usize,
}

impl<'a> Backward<'a> {
    fn peek_raw(&mut self) -> Option<Raw<'a>> {
        while self.end > self.block.head as usize {
            let raw = self.block.raw(self.first, self.block.start_of(self.end));
            if raw.flags & REMOVED == 0 {
                return Some(raw);
            }
            self.end = raw.at;
        }
        None
    }
}

impl<'a> Iterator for Backward<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let raw = self.peek_raw()?;
        self.end = raw.at;
        Some(self.block.entry(raw))
    }
}
