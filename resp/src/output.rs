//! The bytes a connection is about to send: small replies in one vector, big values by reference in between.
//!
//! ```text
//! inline   $5\r\nhello\r\n$20000\r\n|\r\n:1\r\n          splices   [(at: the bar, 20000 shared bytes)]
//! ```
//!
//! A value is never copied once it is big enough to be shared, and a buffer without shared values is one plain vector that goes to the
//! socket and comes back for reuse. No I/O happens here.

use bytes::Bytes;
use std::mem;

/// An emptied buffer keeps at most this much capacity, so that one big reply does not pin memory on an idle connection.
pub const RETAINED_CAPACITY_MAX: usize = 512 * 1024;

/// A shared value that belongs before `inline[at..]`.
#[derive(Debug)]
struct Splice {
    at: usize,
    bytes: Bytes,
}

/// Reply bytes in sending order, big values held by reference.
#[derive(Debug, Default)]
pub struct OutputBuffer {
    inline: Vec<u8>,
    splices: Vec<Splice>,
    shared_len: usize,
    /// Most bytes a client may be owed; 0 for as many as there are.
    bytes_max: usize,
    /// A reply was broken off for that.
    overflowed: bool,
}

/// A point in an [`OutputBuffer`] to which it can be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    inline_len: usize,
    splice_count: usize,
    shared_len: usize,
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
        self.inline.len() + self.shared_len
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
        self.inline.capacity() + self.splices.capacity() * mem::size_of::<Splice>()
    }

    /// Drops all content, keeps capacity up to [`RETAINED_CAPACITY_MAX`].
    pub fn clear(&mut self) {
        let inline = mem::take(&mut self.inline);
        self.splices = Vec::new();
        self.shared_len = 0;
        self.restore(inline);
    }

    /// Appends bytes that are already in wire format, such as a push message encoded once for many connections.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.inline.extend_from_slice(bytes);
    }

    /// Appends bytes that are already in wire format by reference, whatever their size.
    pub fn push_shared(&mut self, bytes: Bytes) {
        self.shared_len += bytes.len();
        self.splices.push(Splice {
            at: self.inline.len(),
            bytes,
        });
    }

    /// Moves everything out of `other` to the end of this buffer.
    pub fn append(&mut self, other: &mut OutputBuffer) {
        let base = self.inline.len();
        self.inline.extend_from_slice(&other.inline);
        self.splices
            .extend(other.splices.drain(..).map(|splice| Splice {
                at: base + splice.at,
                ..splice
            }));
        self.shared_len += other.shared_len;
        other.clear();
    }

    /// The present end of the buffer.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark {
            inline_len: self.inline.len(),
            splice_count: self.splices.len(),
            shared_len: self.shared_len,
        }
    }

    /// Forgets everything written since `mark` was taken, for instance the half-written reply of a failed command.
    ///
    /// A mark stays valid until the buffer is rolled back further, taken or cleared, or a deferred length that was opened before the mark
    /// is filled in.
    pub fn rollback(&mut self, mark: Mark) {
        debug_assert!(
            mark.inline_len <= self.inline.len() && mark.splice_count <= self.splices.len()
        );
        self.inline.truncate(mark.inline_len);
        self.splices.truncate(mark.splice_count);
        self.shared_len = mark.shared_len;
    }

    /// Takes the content as one vector, or `None` (and changes nothing) when it holds shared values.
    #[inline]
    pub fn take_plain(&mut self) -> Option<Vec<u8>> {
        self.splices.is_empty().then(|| mem::take(&mut self.inline))
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
        if content.splices.is_empty() {
            return Chunks {
                plain: Some(content.inline),
                inline: Bytes::new(),
                sent: 0,
                splices: Vec::new().into_iter(),
                next: None,
            };
        }
        Chunks {
            plain: None,
            inline: content.inline.into(),
            sent: 0,
            splices: content.splices.into_iter(),
            next: None,
        }
    }

    /// A copy of everything in order; for tests and for callers that need the reply as one value.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut whole = Vec::with_capacity(self.len());
        let mut sent = 0;
        for splice in &self.splices {
            whole.extend_from_slice(&self.inline[sent..splice.at]);
            whole.extend_from_slice(&splice.bytes);
            sent = splice.at;
        }
        whole.extend_from_slice(&self.inline[sent..]);
        whole
    }

    /// The vector that replies are written to.
    #[inline]
    pub(crate) fn inline(&mut self) -> &mut Vec<u8> {
        &mut self.inline
    }

    /// Replaces `inline[at..at + old_len]` by `new` and moves what lies behind.
    pub(crate) fn replace(&mut self, at: usize, old_len: usize, new: &[u8]) {
        if old_len == new.len() {
            return self.inline[at..at + old_len].copy_from_slice(new);
        }
        self.inline.splice(at..at + old_len, new.iter().copied());
        for splice in self
            .splices
            .iter_mut()
            .rev()
            .take_while(|splice| splice.at > at)
        {
            splice.at = splice.at + new.len() - old_len;
        }
    }
}

/// The pieces of an [`OutputBuffer`], see [`OutputBuffer::take_chunks`].
#[derive(Debug)]
pub struct Chunks {
    plain: Option<Vec<u8>>,
    inline: Bytes,
    sent: usize,
    splices: std::vec::IntoIter<Splice>,
    /// A shared value whose preceding inline bytes were just handed out.
    next: Option<Bytes>,
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

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
