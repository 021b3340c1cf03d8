//! A big argument on its way in: the socket reads straight into the buffer that will become the stored value.

use bytes::Bytes;

/// Memory is reserved at most this far beyond the bytes that have arrived, or as far again as they reach: announcing a huge value costs a
/// client as much as sending it, and a value that does arrive is moved only a few times while it grows.
const GROWTH_STEP: usize = 1024 * 1024;
/// The line end after the payload; its two bytes are not checked, as in Redis.
pub(crate) const LINE_END_LEN: usize = 2;

/// The receive buffer of one big argument, line end included.
#[derive(Debug)]
pub struct BigBulk {
    target: Vec<u8>,
    total: usize,
}

impl BigBulk {
    /// A target for `len` bytes of payload, of which `arrived` are here already.
    pub(crate) fn new(len: usize, arrived: &[u8]) -> Self {
        let mut bulk = Self {
            target: Vec::new(),
            total: len + LINE_END_LEN,
        };
        bulk.grow(arrived.len());
        bulk.target.extend_from_slice(arrived);
        bulk
    }

    /// Bytes still to come, the line end included. Reading more than this into the target would swallow the next argument.
    #[inline]
    pub fn missing(&self) -> usize {
        self.total - self.target.len()
    }

    /// How many bytes the next read may append: never more than are missing, and room for them is reserved in the target.
    pub fn room(&mut self) -> usize {
        self.grow(0);
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
        self.target.capacity()
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

    /// Reserves room for `incoming` bytes or a step ahead when there is none.
    fn grow(&mut self, incoming: usize) {
        let arrived = self.target.len() + incoming;
        if self.target.capacity() <= arrived {
            let wanted = self.total.min(arrived + arrived.max(GROWTH_STEP));
            self.target.reserve_exact(wanted - self.target.len());
        }
    }
}
