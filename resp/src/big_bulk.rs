//! A big argument on its way in: the socket reads straight into the buffer that will become the stored value.

use bytes::Bytes;

/// Memory is reserved at most this far beyond the bytes that have arrived, or a few times as far as they reach: announcing a huge value
/// costs a client about as much as sending it, and a value that does arrive is moved only a few times while it grows.
const GROWTH_STEP: usize = 1024 * 1024;
/// How many times as far.
const GROWTH_FACTOR: usize = 3;
/// Bytes moved at a time.
const MOVED_AT_ONCE: usize = 128 * 1024;
/// The line end after the payload; its two bytes are not checked, as in Redis.
pub(crate) const LINE_END_LEN: usize = 2;

/// The receive buffer of one big argument, line end included.
#[derive(Debug)]
pub struct BigBulk {
    target: Vec<u8>,
    /// A larger one, which the bytes of the target are on their way to.
    next: Vec<u8>,
    total: usize,
}

impl BigBulk {
    /// A target for `len` bytes of payload, of which `arrived` are here already.
    pub(crate) fn new(len: usize, arrived: &[u8]) -> Self {
        let mut bulk = Self {
            target: Vec::new(),
            next: Vec::new(),
            total: len + LINE_END_LEN,
        };
        bulk.target = Vec::with_capacity(bulk.wanted(arrived.len()));
        bulk.target.extend_from_slice(arrived);
        bulk
    }

    /// Bytes still to come, the line end included. Reading more than this into the target would swallow the next argument.
    #[inline]
    pub fn missing(&self) -> usize {
        self.total - self.target.len()
    }

    /// One step of making room in a target that is full; true when there are more. What is there already is moved in pieces, between
    /// which others may have a turn.
    pub fn make_room(&mut self) -> bool {
        let arrived = self.target.len();
        if arrived < self.target.capacity() || self.missing() == 0 {
            return false;
        }
        if self.next.capacity() == 0 {
            self.next = Vec::with_capacity(self.wanted(arrived));
        }
        let from = self.next.len();
        let moved = &self.target[from..(from + MOVED_AT_ONCE).min(arrived)];
        self.next.extend_from_slice(moved);
        if self.next.len() < arrived {
            return true;
        }
        self.target = std::mem::take(&mut self.next);
        false
    }

    /// How many bytes the next read may append: never more than are missing, and room for them is reserved in the target.
    pub fn room(&mut self) -> usize {
        while self.make_room() {}
        self.missing()
            .min(self.target.capacity() - self.target.len())
    }

    /// The target. Append up to [`room`](Self::room) bytes; an owning read may take the vector out, as long as it puts it back.
    #[inline]
    pub fn target(&mut self) -> &mut Vec<u8> {
        &mut self.target
    }

    /// Bytes that have arrived.
    pub(crate) fn arrived(&self) -> usize {
        self.target.len()
    }

    /// Bytes of memory held.
    pub(crate) fn used_bytes(&self) -> usize {
        self.target.capacity() + self.next.capacity()
    }

    /// The argument, once all of it has arrived.
    pub(crate) fn into_payload(mut self) -> Bytes {
        assert_eq!(
            self.target.len(),
            self.total,
            "a big argument is complete, and nothing was read past it"
        );
        self.target.truncate(self.total - LINE_END_LEN);
        self.target.into()
    }

    /// How much to reserve when so many bytes have arrived.
    fn wanted(&self, arrived: usize) -> usize {
        let ahead = (arrived * GROWTH_FACTOR).max(GROWTH_STEP);
        self.total.min(arrived + ahead)
    }
}
