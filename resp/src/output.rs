//! The bytes a connection is about to send: small replies in one vector, big values by reference in between.
//!
//! ```text
//! inline   $5\r\nhello\r\n$20000\r\n|\r\n:1\r\n          splices   [(at: the bar, 20000 shared bytes)]
//! ```
//!
//! A value is never copied once it is big enough to be shared, and a buffer without shared values is one plain vector that goes to the
//! socket and comes back for reuse. A reply that outgrows [`RETAINED_CAPACITY_MAX`] goes on in a new vector: the bytes that are there are
//! never moved again, so that no single reply costs a long copy. No I/O happens here.

use bytes::Bytes;
use std::mem;

/// An emptied buffer keeps at most this much capacity, so that one big reply does not pin memory on an idle connection.
pub const RETAINED_CAPACITY_MAX: usize = 512 * 1024;

/// A vector is not left behind for a new one before it holds this much.
const PART_BYTES_MIN: usize = 64 * 1024;
/// Room of a new one.
const PART_CAPACITY: usize = 256 * 1024;

/// A shared value that belongs before `inline[at..]`.
#[derive(Debug)]
struct Splice {
    at: usize,
    bytes: Bytes,
}

/// What was written before a vector was full, and is only sent.
#[derive(Debug)]
struct Part {
    inline: Vec<u8>,
    splices: Vec<Splice>,
}

/// Reply bytes in sending order, big values held by reference.
#[derive(Debug, Default)]
pub struct OutputBuffer {
    /// What comes before `inline`.
    parts: Vec<Part>,
    inline: Vec<u8>,
    splices: Vec<Splice>,
    /// Bytes that are not in `inline`: those of shared values and of the parts before.
    elsewhere_len: usize,
    /// Most bytes a client may be owed; 0 for as many as there are.
    bytes_max: usize,
    /// A reply was broken off for that.
    overflowed: bool,
}

/// A point in an [`OutputBuffer`] to which it can be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    part: usize,
    inline_len: usize,
    splice_count: usize,
    elsewhere_len: usize,
}

/// A place in an [`OutputBuffer`] that is filled in later.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    part: usize,
    at: usize,
}

/// One piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    /// The whole buffer, when it holds no shared value. Hand the vector back with [`OutputBuffer::restore`] after sending it.
    Owned(Vec<u8>),
    /// A shared value, or the replies between two of them.
    Shared(Bytes),
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        match self {
            Chunk::Owned(bytes) => bytes,
            Chunk::Shared(bytes) => bytes,
        }
    }
}

impl From<Chunk> for Bytes {
    fn from(chunk: Chunk) -> Bytes {
        match chunk {
            Chunk::Owned(bytes) => bytes.into(),
            Chunk::Shared(bytes) => bytes,
        }
    }
}

impl OutputBuffer {
    /// An empty buffer; allocates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Total bytes to send, shared values included.
    #[inline]
    pub fn len(&self) -> usize {
        self.inline.len() + self.elsewhere_len
    }

    /// Whether there is nothing to send.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets how many bytes it may come to before a reply without end is broken off; 0 for no bound.
    pub fn set_bytes_max(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
        self.overflowed = false;
    }

    /// Whether it holds more than it may. From then on [`overflowed`](Self::overflowed) is true, whatever is rolled back.
    #[inline]
    pub fn is_over(&mut self) -> bool {
        let is_over = self.bytes_max != 0 && self.len() > self.bytes_max;
        self.overflowed |= is_over;
        is_over
    }

    /// Whether a reply was broken off because it had come to too many bytes.
    #[inline]
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Bytes allocated by this buffer itself, shared values not counted.
    pub fn capacity(&self) -> usize {
        let before = self.parts.iter().map(|part| part.inline.capacity());
        self.inline.capacity()
            + self.splices.capacity() * mem::size_of::<Splice>()
            + before.sum::<usize>()
    }

    /// Drops all content, keeps capacity up to [`RETAINED_CAPACITY_MAX`].
    pub fn clear(&mut self) {
        let inline = mem::take(&mut self.inline);
        self.parts = Vec::new();
        self.splices = Vec::new();
        self.elsewhere_len = 0;
        self.restore(inline);
    }

    /// Appends bytes that are already in wire format, such as a push message encoded once for many connections.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.inline.extend_from_slice(bytes);
    }

    /// Appends bytes that are already in wire format by reference, whatever their size.
    pub fn push_shared(&mut self, bytes: Bytes) {
        self.elsewhere_len += bytes.len();
        self.splices.push(Splice {
            at: self.inline.len(),
            bytes,
        });
    }

    /// Moves everything out of `other` to the end of this buffer.
    pub fn append(&mut self, other: &mut OutputBuffer) {
        if !other.parts.is_empty() {
            self.seal();
            self.elsewhere_len += other.elsewhere_len;
            self.parts.append(&mut other.parts);
            self.inline = mem::take(&mut other.inline);
            self.splices = mem::take(&mut other.splices);
            return other.clear();
        }
        let base = self.inline.len();
        self.inline.extend_from_slice(&other.inline);
        self.splices
            .extend(other.splices.drain(..).map(|splice| Splice {
                at: base + splice.at,
                ..splice
            }));
        self.elsewhere_len += other.elsewhere_len;
        other.clear();
    }

    /// Leaves the present vector behind; what follows goes to a new one.
    fn seal(&mut self) {
        self.elsewhere_len += self.inline.len();
        self.parts.push(Part {
            inline: mem::take(&mut self.inline),
            splices: mem::take(&mut self.splices),
        });
    }

    /// The present end of the buffer.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark {
            part: self.parts.len(),
            inline_len: self.inline.len(),
            splice_count: self.splices.len(),
            elsewhere_len: self.elsewhere_len,
        }
    }

    /// Forgets everything written since `mark` was taken, for instance the half-written reply of a failed command.
    ///
    /// A mark stays valid until the buffer is rolled back further, taken or cleared, or a deferred length that was opened before the mark
    /// is filled in.
    pub fn rollback(&mut self, mark: Mark) {
        if mark.part < self.parts.len() {
            self.parts.truncate(mark.part + 1);
            let part = self.parts.pop().expect("the mark was taken in a part");
            (self.inline, self.splices) = (part.inline, part.splices);
        }
        debug_assert!(
            mark.inline_len <= self.inline.len() && mark.splice_count <= self.splices.len()
        );
        self.inline.truncate(mark.inline_len);
        self.splices.truncate(mark.splice_count);
        self.elsewhere_len = mark.elsewhere_len;
    }

    /// Takes the content as one vector, or `None` (and changes nothing) when there is more to it.
    #[inline]
    pub fn take_plain(&mut self) -> Option<Vec<u8>> {
        let is_plain = self.splices.is_empty() && self.parts.is_empty();
        is_plain.then(|| mem::take(&mut self.inline))
    }

    /// Gives a vector back for reuse after its bytes were sent. Its content is dropped; it is kept only when that saves an allocation and it
    /// is no larger than [`RETAINED_CAPACITY_MAX`].
    #[inline]
    pub fn restore(&mut self, mut vector: Vec<u8>) {
        let useful = self.inline.is_empty() && vector.capacity() > self.inline.capacity();
        if useful && vector.capacity() <= RETAINED_CAPACITY_MAX {
            vector.clear();
            self.inline = vector;
        }
    }

    /// Takes the content as ordered, non-empty pieces for a vectored write. Nothing is copied.
    pub fn take_chunks(&mut self) -> Chunks {
        let content = mem::take(self);
        (self.bytes_max, self.overflowed) = (content.bytes_max, content.overflowed);
        if content.splices.is_empty() && content.parts.is_empty() {
            return Chunks {
                plain: Some(content.inline),
                ..Chunks::default()
            };
        }
        let last = Part {
            inline: content.inline,
            splices: content.splices,
        };
        let mut parts = content.parts;
        parts.push(last);
        Chunks {
            parts: parts.into_iter(),
            ..Chunks::default()
        }
    }

    /// A copy of everything in order; for tests and for callers that need the reply as one value.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut whole = Vec::with_capacity(self.len());
        let before = self.parts.iter().map(|part| (&part.inline, &part.splices));
        for (inline, splices) in before.chain([(&self.inline, &self.splices)]) {
            let mut sent = 0;
            for splice in splices {
                whole.extend_from_slice(&inline[sent..splice.at]);
                whole.extend_from_slice(&splice.bytes);
                sent = splice.at;
            }
            whole.extend_from_slice(&inline[sent..]);
        }
        whole
    }

    /// The vector that replies are written to.
    #[inline]
    pub(crate) fn inline(&mut self) -> &mut Vec<u8> {
        &mut self.inline
    }

    /// The same, with room for so many bytes.
    #[inline]
    pub(crate) fn inline_with_room(&mut self, bytes: usize) -> &mut Vec<u8> {
        if self.inline.capacity() - self.inline.len() < bytes {
            self.make_room(bytes);
        }
        &mut self.inline
    }

    /// Makes the vector larger, or begins a new one.
    #[cold]
    fn make_room(&mut self, bytes: usize) {
        let held = self.inline.len();
        let wanted = (self.inline.capacity() * 2).max(held + bytes);
        if held < PART_BYTES_MIN || wanted <= RETAINED_CAPACITY_MAX {
            return self.inline.reserve(bytes);
        }
        self.seal();
        self.inline = Vec::with_capacity(bytes.max(PART_CAPACITY));
    }

    /// The place of what is written next.
    pub(crate) fn place(&self) -> Place {
        Place {
            part: self.parts.len(),
            at: self.inline.len(),
        }
    }

    /// Replaces the `old_len` bytes at `place` by `new` and moves what lies behind in the same vector.
    pub(crate) fn replace(&mut self, Place { part, at }: Place, old_len: usize, new: &[u8]) {
        let (inline, splices) = match self.parts.get_mut(part) {
            None => (&mut self.inline, &mut self.splices),
            Some(part) => {
                self.elsewhere_len = self.elsewhere_len - old_len + new.len();
                (&mut part.inline, &mut part.splices)
            }
        };
        if old_len == new.len() {
            return inline[at..at + old_len].copy_from_slice(new);
        }
        inline.splice(at..at + old_len, new.iter().copied());
        for splice in splices.iter_mut().rev().take_while(|splice| splice.at > at) {
            splice.at = splice.at + new.len() - old_len;
        }
    }
}

/// The pieces of an [`OutputBuffer`], see [`OutputBuffer::take_chunks`].
#[derive(Debug, Default)]
pub struct Chunks {
    plain: Option<Vec<u8>>,
    /// Parts that come after this one.
    parts: std::vec::IntoIter<Part>,
    inline: Bytes,
    sent: usize,
    splices: std::vec::IntoIter<Splice>,
    /// A shared value whose preceding inline bytes were just handed out.
    next: Option<Bytes>,
}

impl Chunks {
    fn next_of_part(&mut self) -> Option<Chunk> {
        for splice in self.splices.by_ref() {
            let before = self.inline.slice(self.sent..splice.at);
            self.sent = splice.at;
            match (before.is_empty(), splice.bytes.is_empty()) {
                (true, true) => continue,
                (true, false) => return Some(Chunk::Shared(splice.bytes)),
                (false, true) => return Some(Chunk::Shared(before)),
                (false, false) => {
                    self.next = Some(splice.bytes);
                    return Some(Chunk::Shared(before));
                }
            }
        }
        let rest = self.inline.split_off(self.sent);
        self.sent = self.inline.len();
        (!rest.is_empty()).then_some(Chunk::Shared(rest))
    }
}

impl Iterator for Chunks {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        if let Some(plain) = self.plain.take() {
            return (!plain.is_empty()).then_some(Chunk::Owned(plain));
        }
        if let Some(shared) = self.next.take() {
            return Some(Chunk::Shared(shared));
        }
        loop {
            if let Some(chunk) = self.next_of_part() {
                return Some(chunk);
            }
            let part = self.parts.next()?;
            self.inline = part.inline.into();
            self.sent = 0;
            self.splices = part.splices.into_iter();
        }
    }
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
