//! The requests found in one read buffer, as flat tables that are reused from read to read: no allocation per command.

use crate::args::{Arg, Args};
use bytes::Bytes;

/// Requests decoded from one buffer, in order. The buffer itself stays with the caller, who passes it back to look at arguments.
#[derive(Debug)]
pub struct Batch {
    pub(crate) args: Vec<Arg>,
    /// Where each request's arguments end in `args`; it starts where the previous one ends.
    ends: Vec<u32>,
    /// Arguments that are not ranges of the buffer: big bulks and unescaped inline words.
    pub(crate) owned: Vec<Bytes>,
    requests_max: usize,
}

/// Capacity in arguments that an emptied table keeps; a huge request must not pin its table on an idle connection.
pub(crate) const RETAINED_ARGS_MAX: usize = 4096;

impl Batch {
    /// An empty batch that holds up to `requests_max` requests (at least one).
    pub fn new(requests_max: usize) -> Self {
        Self {
            args: Vec::new(),
            ends: Vec::new(),
            owned: Vec::new(),
            requests_max: requests_max.max(1),
        }
    }

    /// Number of requests.
    #[inline]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no request.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The most requests this batch takes.
    #[inline]
    pub fn requests_max(&self) -> usize {
        self.requests_max
    }

    /// Forgets all requests, keeps the tables.
    #[inline]
    pub fn clear(&mut self) {
        self.args.clear();
        if self.args.capacity() > RETAINED_ARGS_MAX {
            self.args.shrink_to(RETAINED_ARGS_MAX);
        }
        self.ends.clear();
        self.owned.clear();
    }

    /// The arguments of request `i`. `buf` is the very buffer the batch was decoded from.
    #[inline]
    pub fn args<'a>(&'a self, buf: &'a [u8], i: usize) -> Args<'a> {
        Args::from_wire(
            buf,
            &self.args[self.start(i)..self.ends[i] as usize],
            &self.owned,
        )
    }

    /// Stores the hash of a key so that it is computed once: argument `arg` of request `request`.
    #[inline]
    pub fn set_hash(&mut self, request: usize, arg: usize, hash: u64) {
        let at = self.start(request) + arg;
        debug_assert!(at < self.ends[request] as usize);
        self.args[at].hash = hash;
    }

    /// Makes the arguments pushed since the last request a request.
    #[inline]
    pub(crate) fn end_request(&mut self) {
        self.ends.push(self.args.len() as u32);
    }

    /// Adds a request that began in an earlier buffer, with its own table of owned arguments, which is emptied. It comes first.
    pub(crate) fn push_first(&mut self, args: &[Arg], owned: &mut Vec<Bytes>) {
        assert!(
            self.is_empty() && self.owned.is_empty(),
            "a batch is cleared before another buffer is decoded"
        );
        self.args.extend_from_slice(args);
        std::mem::swap(&mut self.owned, owned);
        self.end_request();
    }

    #[inline]
    fn start(&self, i: usize) -> usize {
        if i == 0 { 0 } else { self.ends[i - 1] as usize }
    }
}
