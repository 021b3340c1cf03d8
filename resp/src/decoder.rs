//! The incremental request decoder: finds whole requests in a read buffer, in place.
//!
//! ```text
//!            decode(buf)                               what the caller keeps
//! buf   [ whole | whole | whole | partial … ]   →   [ partial … ]  at the front of its next buffer
//!       0                       consumed     retained
//! ```
//!
//! The decoder remembers how far it got in the partial request: its arguments so far, and how much of a line it searched for its end. So a
//! request that trickles in byte by byte is still looked at once. An argument of [`BIG_ARG`] bytes or more that is not yet complete leaves
//! the buffer: its bytes go to a [`BigBulk`], and the socket reads into that until it is full.
//!
//! It never recurses, never trusts an announced length with memory, and executes nothing. The rules and error texts are those of Redis 7.

use crate::args::Arg;
use crate::batch::{Batch, RETAINED_ARGS_MAX};
use crate::big_bulk::BigBulk;
use crate::cursor::{Cursor, Line, Step, array_header, read_short_request};
use crate::error::ProtocolError;
use crate::inline;
use bytes::Bytes;

/// Longest line without an end that is waited for: an inline command, or the header of a request or argument.
pub const INLINE_MAX: usize = 64 * 1024;
/// Offsets in the argument table are 32 bits wide.
const BUFFER_MAX: usize = u32::MAX as usize;

/// How much a client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest argument in bytes (`proto-max-bulk-len`).
    pub bulk_len_max: u64,
    /// Most arguments in one request.
    pub args_max: i64,
    /// The connection has not authenticated yet: a request may have 10 arguments of 16 KiB, and it is decoded alone, because it may be the
    /// one that authenticates.
    pub unauthenticated: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bulk_len_max: 512 * 1024 * 1024,
            args_max: i64::from(i32::MAX),
            unauthenticated: false,
        }
    }
}

/// How a call to [`Decoder::decode`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The rest of the buffer (possibly empty) is an incomplete request: read more behind it.
    NeedMore,
    /// The batch is full; the rest of the buffer has not been looked at.
    BatchFull,
    /// An incomplete big argument left the buffer: read `missing` bytes into [`Decoder::big_bulk`], then decode again.
    BigBulk {
        /// Bytes to come before the argument is complete.
        missing: usize,
    },
    /// The stream is broken. Execute what is in the batch, answer this, close.
    Error(ProtocolError),
}

/// The outcome of [`Decoder::decode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// `buf[..consumed]` held whole requests (now in the batch) and blank lines.
    pub consumed: usize,
    /// `buf[consumed..retained]` is to be the start of the next buffer. It ends before the buffer only for [`Status::BigBulk`], where the
    /// rest has been copied to the big argument.
    pub retained: usize,
    /// Why decoding stopped.
    pub status: Status,
}

/// What is remembered of an incomplete request, which starts the next buffer.
#[derive(Debug)]
enum Partial {
    /// The first line has not ended; its end is not before `searched`.
    FirstLine { searched: usize },
    /// The argument count is known.
    Args(Cursor),
}

/// Decoding state of one connection.
///
/// ```
/// use resp::{Batch, Decoder, Limits, Status};
///
/// let mut decoder = Decoder::new();
/// let mut batch = Batch::new(32);
/// let mut buf = Vec::new();
/// let mut names = Vec::new();
/// for read in [&b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGE"[..], b"T\r\n$1\r\nk\r\n"] {
///     buf.extend_from_slice(read); // or into `decoder.big_bulk()`, after `Status::BigBulk`
///     let progress = decoder.decode(&buf, &Limits::default(), &mut batch);
///     assert_eq!(progress.status, Status::NeedMore);
///     for i in 0..batch.len() {
///         names.push(batch.args(&buf, i).get(0).to_vec()); // execute
///     }
///     batch.clear();
///     buf.truncate(progress.retained);
///     buf.drain(..progress.consumed);
/// }
/// assert_eq!(names, [b"PING".to_vec(), b"GET".to_vec()]);
/// ```
#[derive(Debug, Default)]
pub struct Decoder {
    partial: Option<Partial>,
    /// Arguments of the partial request so far; their offsets count from its first byte.
    args: Vec<Arg>,
    /// Big arguments among them.
    owned: Vec<Bytes>,
    /// The big argument being received, the next one of the partial request.
    big: Option<BigBulk>,
}

impl Decoder {
    /// A decoder at the start of a stream; allocates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes as many whole requests as `buf` holds and `batch` takes, and appends them to `batch`.
    ///
    /// `buf` starts with what the last call told to retain. Arguments are ranges of `buf`, so clear the batch before decoding another buffer.
    /// After [`Status::BigBulk`], fill the big argument first: until then nothing may be added to `buf`.
    pub fn decode(&mut self, buf: &[u8], limits: &Limits, batch: &mut Batch) -> Progress {
        let stop = |consumed, status| Progress {
            consumed,
            retained: buf.len(),
            status,
        };
        if buf.len() > BUFFER_MAX {
            return stop(0, Status::Error(ProtocolError::RequestTooBig));
        }
        if let Some(missing) = self.settle_big_bulk(buf) {
            return stop(0, Status::BigBulk { missing });
        }
        let requests_max = if limits.unauthenticated {
            1
        } else {
            batch.requests_max()
        };
        let mut consumed = 0;
        while consumed < buf.len() {
            if batch.len() >= requests_max {
                return stop(consumed, Status::BatchFull);
            }
            match self.request(buf, consumed, limits, batch) {
                Ok(Step::Complete { end }) => consumed = end,
                Ok(Step::Incomplete) => return stop(consumed, Status::NeedMore),
                Ok(Step::Big { at, len }) => {
                    let big = self.big.insert(BigBulk::new(len, &buf[at..]));
                    return Progress {
                        consumed,
                        retained: at,
                        status: Status::BigBulk {
                            missing: big.missing(),
                        },
                    };
                }
                Err(error) => return stop(consumed, Status::Error(error)),
            }
        }
        stop(consumed, Status::NeedMore)
    }

    /// The big argument to read into, while there is one.
    pub fn big_bulk(&mut self) -> Option<&mut BigBulk> {
        self.big.as_mut()
    }

    /// Whether part of a request is waiting for its rest.
    pub fn is_mid_request(&self) -> bool {
        self.partial.is_some()
    }

    /// Bytes that have arrived of a big argument that is not complete, and the memory held for it.
    pub fn big_bytes(&self) -> (usize, usize) {
        let big = self.big.as_ref();
        big.map_or((0, 0), |big| (big.arrived(), big.used_bytes()))
    }

    /// Bytes held outside the caller's buffer for the complete arguments of an incomplete request.
    pub fn used_bytes(&self) -> usize {
        self.owned.iter().map(Bytes::len).sum::<usize>() + self.args.capacity() * size_of::<Arg>()
    }

    /// Moves a complete big argument to its request; tells how much is missing from one that is not complete.
    fn settle_big_bulk(&mut self, buf: &[u8]) -> Option<usize> {
        let missing = self.big.as_ref()?.missing();
        let Some(Partial::Args(cursor)) = &mut self.partial else {
            unreachable!("a big argument belongs to a partial request")
        };
        assert_eq!(
            buf.len(),
            cursor.at,
            "bytes of a big argument go to its own buffer"
        );
        if missing > 0 {
            return Some(missing);
        }
        cursor.finish_arg(cursor.at);
        self.args.push(Arg::owned(self.owned.len()));
        self.owned
            .extend(self.big.take().map(BigBulk::into_payload));
        None
    }

    /// Decodes the request at `begin`, or goes on with the partial one.
    #[inline]
    fn request(
        &mut self,
        buf: &[u8],
        begin: usize,
        limits: &Limits,
        batch: &mut Batch,
    ) -> Result<Step, ProtocolError> {
        let searched = match self.partial.take() {
            None => begin,
            Some(Partial::FirstLine { searched }) => searched,
            Some(Partial::Args(cursor)) => return self.resume(buf, cursor, limits, batch),
        };
        if let Some(end) = read_short_request(buf, begin, limits, &mut batch.args) {
            batch.end_request();
            return Ok(Step::Complete { end });
        }
        if buf[begin] != b'*' {
            return self.inline_request(buf, begin, searched, batch);
        }
        let mut line = Line {
            at: begin,
            searched,
        };
        let Some(count) = array_header(buf, &mut line, limits)? else {
            self.partial = Some(Partial::FirstLine {
                searched: line.searched - begin,
            });
            return Ok(Step::Incomplete);
        };
        let Ok(args_left @ 1..) = usize::try_from(count) else {
            return Ok(Step::Complete { end: line.at });
        };
        let mut cursor = Cursor {
            at: line.at,
            searched: line.at,
            args_left,
            bulk_len: None,
        };
        let first = batch.args.len();
        let step = cursor.read_args(buf, limits, &mut batch.args);
        match step {
            Ok(Step::Complete { .. }) => batch.end_request(),
            Ok(_) => self.suspend(cursor, begin, first, batch),
            Err(_) => batch.args.truncate(first),
        }
        step
    }

    /// Puts a request that turned out to be incomplete aside; it will start the next buffer.
    fn suspend(&mut self, cursor: Cursor, begin: usize, first: usize, batch: &mut Batch) {
        self.args
            .extend(batch.args.drain(first..).map(|arg| arg.moved_back(begin)));
        self.partial = Some(Partial::Args(cursor.moved_back(begin)));
    }

    /// Goes on with the partial request at the start of `buf`.
    fn resume(
        &mut self,
        buf: &[u8],
        mut cursor: Cursor,
        limits: &Limits,
        batch: &mut Batch,
    ) -> Result<Step, ProtocolError> {
        let step = cursor.read_args(buf, limits, &mut self.args)?;
        if let Step::Complete { .. } = step {
            batch.push_first(&self.args, &mut self.owned);
            self.args.clear();
            self.args.shrink_to(RETAINED_ARGS_MAX);
        } else {
            self.partial = Some(Partial::Args(cursor));
        }
        Ok(step)
    }

    /// Decodes a request that does not start with `*`: words up to the next line feed.
    fn inline_request(
        &mut self,
        buf: &[u8],
        begin: usize,
        searched: usize,
        batch: &mut Batch,
    ) -> Result<Step, ProtocolError> {
        let Some(length) = memchr::memchr(b'\n', &buf[searched..]) else {
            if buf.len() - begin > INLINE_MAX {
                return Err(ProtocolError::InlineTooBig);
            }
            self.partial = Some(Partial::FirstLine {
                searched: buf.len() - begin,
            });
            return Ok(Step::Incomplete);
        };
        let line_feed = searched + length;
        let has_return = line_feed > begin && buf[line_feed - 1] == b'\r';
        let first = batch.args.len();
        inline::split(
            buf,
            begin,
            line_feed - usize::from(has_return),
            &mut batch.args,
            &mut batch.owned,
        )
        .inspect_err(|_| batch.args.truncate(first))?;
        if batch.args.len() > first {
            batch.end_request();
        }
        Ok(Step::Complete { end: line_feed + 1 })
    }
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
