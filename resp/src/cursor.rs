//! One `*n` request, read line by line: `*2\r\n` `$3\r\n` `GET\r\n` `$1\r\n` `k\r\n`.
//!
//! Short headers, which is nearly all of them, are read with one eight-byte load. Everything else takes the careful path, which also finds
//! the right error.

use crate::args::Arg;
use crate::big_bulk::LINE_END_LEN;
use crate::decoder::{INLINE_MAX, Limits};
use crate::error::ProtocolError;
use crate::number::{LINE_END, parse_integer, wire_len};

/// From this size on, an incomplete argument is received into a buffer of its own.
pub const BIG_ARG: usize = 32 * 1024;
/// Most arguments of a request before authentication.
const UNAUTHENTICATED_ARGS_MAX: i64 = 10;
/// Longest argument before authentication.
const UNAUTHENTICATED_BULK_MAX: i64 = 16 * 1024;

/// What became of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// It ends before `end`.
    Complete { end: usize },
    /// It goes on behind the buffer.
    Incomplete,
    /// So does its big argument of `len` bytes, whose payload starts at `at`.
    Big { at: usize, len: usize },
}

/// The start of a header line and how far its end was searched for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) at: usize,
    pub(crate) searched: usize,
}

impl Line {
    /// The header's text and moves behind it; `None` while its end is not there. `too_big` is the error for a line that never ends.
    fn text<'a>(
        &mut self,
        buf: &'a [u8],
        too_big: ProtocolError,
    ) -> Result<Option<&'a [u8]>, ProtocolError> {
        match memchr::memchr(b'\r', &buf[self.searched..]) {
            None if buf.len() - self.at > INLINE_MAX => Err(too_big),
            None => {
                self.searched = buf.len();
                Ok(None)
            }
            Some(length) => {
                let end = self.searched + length;
                self.searched = end;
                if end + LINE_END_LEN > buf.len() {
                    return Ok(None);
                }
                let text = &buf[self.at..end];
                self.move_to(end + LINE_END_LEN);
                Ok(Some(text))
            }
        }
    }

    #[inline]
    fn move_to(&mut self, at: usize) {
        self.at = at;
        self.searched = at;
    }
}

/// Reads `*n\r\n`; `None` while it is incomplete.
#[inline]
pub(crate) fn array_header(
    buf: &[u8],
    line: &mut Line,
    limits: &Limits,
) -> Result<Option<i64>, ProtocolError> {
    let Some(text) = line.text(buf, ProtocolError::ArrayHeaderTooBig)? else {
        return Ok(None);
    };
    match parse_integer(&text[1..]).ok_or(ProtocolError::ArrayLength)? {
        count if count > limits.args_max => Err(ProtocolError::ArrayLength),
        count if count > args_max(limits) => Err(ProtocolError::ArrayLengthUnauthenticated),
        count => Ok(Some(count)),
    }
}

/// Most arguments a request may have now.
#[inline]
fn args_max(limits: &Limits) -> i64 {
    if limits.unauthenticated {
        limits.args_max.min(UNAUTHENTICATED_ARGS_MAX)
    } else {
        limits.args_max
    }
}

/// Reads `$n\r\n`; `None` while it is incomplete.
#[inline]
fn bulk_header(
    buf: &[u8],
    line: &mut Line,
    limits: &Limits,
) -> Result<Option<usize>, ProtocolError> {
    let len = match short_header(buf, line.at, b'$') {
        Some((len, end)) => {
            line.move_to(end);
            wire_len(len)
        }
        None => {
            let Some(text) = line.text(buf, ProtocolError::BulkHeaderTooBig)? else {
                return Ok(None);
            };
            match text {
                [b'$', digits @ ..] => parse_integer(digits).ok_or(ProtocolError::BulkLength)?,
                // An empty line: its first byte is its end.
                text => {
                    return Err(ProtocolError::ExpectedBulk(
                        text.first().copied().unwrap_or(b'\r'),
                    ));
                }
            }
        }
    };
    match u64::try_from(len) {
        Ok(length) if length <= limits.bulk_len_max => {}
        _ => return Err(ProtocolError::BulkLength),
    }
    if limits.unauthenticated && len > UNAUTHENTICATED_BULK_MAX {
        return Err(ProtocolError::BulkLengthUnauthenticated);
    }
    usize::try_from(len)
        .map(Some)
        .map_err(|_| ProtocolError::BulkLength)
}

/// Reads a header of up to three digits with one load: its value and where it ends. `None` for anything unusual.
#[inline(always)]
fn short_header(buf: &[u8], at: usize, marker: u8) -> Option<(usize, usize)> {
    let rest = &buf[at..];
    let word = match rest.first_chunk::<8>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => u64::from(u32::from_le_bytes(*rest.first_chunk::<4>()?)),
    };
    if word as u8 != marker {
        return None;
    }
    let digit =
        |position: u32| usize::from((word >> (8 * position)) as u8).wrapping_sub(usize::from(b'0'));
    let ends_after = |digits: u32| (word >> (8 * (1 + digits))) as u16 == LINE_END;
    let (first, second, third) = (digit(1), digit(2), digit(3));
    if ends_after(1) && first <= 9 {
        return Some((first, at + 4));
    }
    if first.wrapping_sub(1) > 8 || second > 9 {
        return None;
    }
    if ends_after(2) {
        return Some((first * 10 + second, at + 5));
    }
    (ends_after(3) && third <= 9).then(|| (first * 100 + second * 10 + third, at + 6))
}

/// Reads a request that is whole and has only short headers, and returns its end; `None` (and `args` as it was) for any other.
///
/// This is the hot path of the server. Whatever it refuses goes to [`Cursor::read_args`], so it is never wrong, only not responsible.
#[inline]
pub(crate) fn read_short_request(
    buf: &[u8],
    begin: usize,
    limits: &Limits,
    args: &mut Vec<Arg>,
) -> Option<usize> {
    let (count, mut header) = match both_headers(buf, begin) {
        Some((count, header)) => (count, Some(header)),
        None => {
            let (count, at) = short_header(buf, begin, b'*')?;
            (count, short_header(buf, at, b'$'))
        }
    };
    if count == 0 || wire_len(count) > args_max(limits) {
        return None;
    }
    let first = args.len();
    let mut left = count;
    while let Some((len, start)) = header {
        let end = start + len + LINE_END_LEN;
        if end > buf.len() || len > limits.bulk_len_max as usize {
            break;
        }
        args.push(Arg::range(start, len));
        left -= 1;
        if left == 0 {
            return Some(end);
        }
        header = short_header(buf, end, b'$');
    }
    args.truncate(first);
    None
}

/// Reads `*n\r\n$n\r\n`, as nearly every request starts, with one load: the number of arguments, and the length of the first and
/// where it starts.
#[inline(always)]
fn both_headers(buf: &[u8], at: usize) -> Option<(usize, (usize, usize))> {
    const DIGITS: u64 = u64::from_le_bytes([0, 0xff, 0, 0, 0, 0xff, 0, 0]);
    const SHAPE: u64 = u64::from_le_bytes(*b"*\0\r\n$\0\r\n");
    let word = u64::from_le_bytes(*buf[at..].first_chunk::<8>()?);
    let digit =
        |position: u32| usize::from((word >> (8 * position)) as u8).wrapping_sub(usize::from(b'0'));
    let (count, len) = (digit(1), digit(5));
    (word & !DIGITS == SHAPE && count <= 9 && len <= 9).then_some((count, (len, at + 8)))
}

/// Where decoding stands inside one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    /// The next byte to decode.
    pub(crate) at: usize,
    /// The argument header at hand does not end before this byte.
    pub(crate) searched: usize,
    /// Arguments still to come.
    pub(crate) args_left: usize,
    /// Payload length of the argument at hand, once its header was read.
    pub(crate) bulk_len: Option<usize>,
}

impl Cursor {
    /// Reads arguments until the request or the buffer ends.
    #[inline]
    pub(crate) fn read_args(
        &mut self,
        buf: &[u8],
        limits: &Limits,
        args: &mut Vec<Arg>,
    ) -> Result<Step, ProtocolError> {
        while self.args_left > 0 {
            let len = match self.bulk_len {
                Some(len) => len,
                None => match self.read_header(buf, limits)? {
                    Some(len) => len,
                    None => return Ok(Step::Incomplete),
                },
            };
            let end = self.at + len + LINE_END_LEN;
            if end > buf.len() {
                self.bulk_len = Some(len);
                return Ok(if len >= BIG_ARG {
                    Step::Big { at: self.at, len }
                } else {
                    Step::Incomplete
                });
            }
            args.push(Arg::range(self.at, len));
            self.finish_arg(end);
        }
        Ok(Step::Complete { end: self.at })
    }

    #[inline]
    fn read_header(&mut self, buf: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        let mut line = Line {
            at: self.at,
            searched: self.searched,
        };
        let len = bulk_header(buf, &mut line, limits);
        (self.at, self.searched) = (line.at, line.searched);
        len
    }

    /// The argument at hand is stored; the next one starts at `at`.
    #[inline]
    pub(crate) fn finish_arg(&mut self, at: usize) {
        self.at = at;
        self.searched = at;
        self.args_left -= 1;
        self.bulk_len = None;
    }

    /// The same place after `by` bytes were cut off the front of the buffer.
    pub(crate) fn moved_back(self, by: usize) -> Self {
        Self {
            at: self.at - by,
            searched: self.searched - by,
            ..self
        }
    }
}
