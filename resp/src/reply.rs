//! Replies in RESP2 and RESP3. The one place that knows how the two differ.
//!
//! | | RESP2 | RESP3 |
//! | --- | --- | --- |
//! | null, null array | `$-1`, `*-1` | `_` |
//! | map, set, push | `*2n`, `*n`, `*n` | `%n`, `~n`, `>n` |
//! | double | bulk text | `,1.5` |
//! | boolean | `:1`, `:0` | `#t`, `#f` |
//! | verbatim, big number | bulk text | `=7\r\ntxt:abc`, `(123` |
//!
//! Aggregates announce their length first and count on the caller to write that many elements (pairs, for a map).
//! Hot replies (integer, bulk, ok, null) are a few stores: no formatting machinery, no allocation beyond the buffer's growth.

use crate::bulk::push_if_short;
use crate::double::{DoubleBuffer, format_double};
use crate::number::{push_line, wire_len};
use crate::output::{OutputBuffer, Place};
use bytes::Bytes;
use std::fmt::{self, Display, Write};

/// Values of at least this many bytes go to the socket by reference; shorter ones are copied, which is cheaper than another vector element.
pub const SHARED_MIN: usize = 16 * 1024;
/// Room for the length line and the line end of a bulk: `$<19 digits>\r\n` … `\r\n`.
const BULK_OVERHEAD_MAX: usize = 24;
/// What a deferred length occupies until it is filled in; right as it stands for counts below ten.
const DEFERRED_PLACEHOLDER: &[u8] = b"*0\r\n";

/// The protocol version a connection speaks; `HELLO` switches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// The version every connection starts with.
    #[default]
    Resp2,
    /// Typed replies and push messages.
    Resp3,
}

/// An aggregate whose length is not known yet, see [`ReplyWriter::array_deferred`].
#[derive(Debug)]
#[must_use = "an aggregate needs its length: finish_array, finish_map or finish_set"]
pub struct DeferredLen {
    place: Place,
}

/// Writes replies of one connection in its protocol version.
#[derive(Debug)]
pub struct ReplyWriter<'a> {
    out: &'a mut OutputBuffer,
    protocol: Protocol,
}

impl<'a> ReplyWriter<'a> {
    /// A writer that appends to `out`.
    #[inline]
    pub fn new(out: &'a mut OutputBuffer, protocol: Protocol) -> Self {
        Self { out, protocol }
    }

    /// The protocol version replies are written in.
    #[inline]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Replies from here on are written in another version; `HELLO` answers in the version it selects.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// The buffer behind this writer, for marks and rollback.
    #[inline]
    pub fn output(&mut self) -> &mut OutputBuffer {
        self.out
    }

    /// `:42`
    #[inline]
    pub fn integer(&mut self, value: i64) {
        push_line(self.out.inline(), b':', value);
    }

    /// `$5\r\nhello`; the bytes are copied.
    #[inline]
    pub fn bulk(&mut self, value: &[u8]) {
        if !push_if_short(self.out.inline(), value) {
            self.bulk_of_any_length(value);
        }
    }

    #[inline(never)]
    fn bulk_of_any_length(&mut self, value: &[u8]) {
        let out = self.out.inline_with_room(value.len() + BULK_OVERHEAD_MAX);
        push_line(out, b'$', wire_len(value.len()));
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }

    /// The head of a bulk, `$5\r\n`; the caller sees to its bytes and its end.
    pub fn bulk_head(&mut self, len: usize) {
        push_line(self.out.inline(), b'$', wire_len(len));
    }

    /// A bulk that is sent by reference when it is at least [`SHARED_MIN`] long, and copied otherwise.
    #[inline]
    pub fn bulk_shared(&mut self, value: Bytes) {
        if value.len() < SHARED_MIN {
            return self.bulk(&value);
        }
        push_line(self.out.inline(), b'$', wire_len(value.len()));
        self.out.push_shared(value);
        self.out.inline().extend_from_slice(b"\r\n");
    }

    /// An integer as a bulk string: `$2\r\n42`.
    #[inline]
    pub fn bulk_integer(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// An array of status lines, the form in which HELP answers.
    pub fn lines<T: AsRef<str>>(&mut self, lines: &[T]) {
        self.array(lines.len());
        for line in lines {
            self.simple(line.as_ref());
        }
    }

    /// `+PONG`; line breaks in the text become spaces.
    #[inline]
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// [`simple`](Self::simple) for a text that need not be UTF-8.
    pub fn simple_bytes(&mut self, text: &[u8]) {
        self.line(b'+', text);
    }

    /// `+OK`
    #[inline]
    pub fn ok(&mut self) {
        self.out.inline().extend_from_slice(b"+OK\r\n");
    }

    /// `-ERR syntax error`. The text carries its own code word; line breaks in it become spaces.
    pub fn error(&mut self, text: &str) {
        self.line(b'-', text.as_bytes());
    }

    /// Like [`error`](Self::error), for texts that quote client bytes of any encoding.
    pub fn error_bytes(&mut self, text: &[u8]) {
        self.line(b'-', text);
    }

    /// Writes an error value whose `Display` is its wire text, without building a string first.
    pub fn error_display(&mut self, error: &impl Display) {
        let out = self.out.inline();
        out.push(b'-');
        write!(SingleLine(out), "{error}").expect("writing to a vector does not fail");
        out.extend_from_slice(b"\r\n");
    }

    /// The absent value.
    #[inline]
    pub fn null(&mut self) {
        match self.protocol {
            Protocol::Resp2 => self.out.inline().extend_from_slice(b"$-1\r\n"),
            Protocol::Resp3 => self.out.inline().extend_from_slice(b"_\r\n"),
        }
    }

    /// The absent aggregate: an aborted `EXEC`, a timed-out blocking pop.
    #[inline]
    pub fn null_array(&mut self) {
        match self.protocol {
            Protocol::Resp2 => self.out.inline().extend_from_slice(b"*-1\r\n"),
            Protocol::Resp3 => self.out.inline().extend_from_slice(b"_\r\n"),
        }
    }

    /// Starts an array of `len` elements.
    #[inline]
    pub fn array(&mut self, len: usize) {
        push_line(self.out.inline(), b'*', wire_len(len));
    }

    /// Starts a map of `pairs` keys with their values; RESP2 sees a flat array.
    #[inline]
    pub fn map(&mut self, pairs: usize) {
        let (prefix, len) = map_header(self.protocol, pairs);
        push_line(self.out.inline(), prefix, len);
    }

    /// Starts a set of `len` elements; RESP2 sees an array.
    #[inline]
    pub fn set(&mut self, len: usize) {
        let (prefix, len) = set_header(self.protocol, len);
        push_line(self.out.inline(), prefix, len);
    }

    /// Starts an out-of-band message of `len` elements; RESP2 sees an array.
    #[inline]
    pub fn push(&mut self, len: usize) {
        let prefix = match self.protocol {
            Protocol::Resp2 => b'*',
            Protocol::Resp3 => b'>',
        };
        push_line(self.out.inline(), prefix, wire_len(len));
    }

    /// Starts the attribute of the reply that follows, `pairs` keys with their values. Only RESP3 knows attributes: the caller
    /// leaves out the pairs as well for RESP2.
    pub fn attribute(&mut self, pairs: usize) {
        debug_assert_eq!(self.protocol, Protocol::Resp3, "RESP2 has no attributes");
        push_line(self.out.inline(), b'|', wire_len(pairs));
    }

    /// A floating point number, printed as [`format_double`] does.
    pub fn double(&mut self, value: f64) {
        let mut buffer = DoubleBuffer::new();
        let text = format_double(value, &mut buffer).as_bytes();
        match self.protocol {
            Protocol::Resp2 => self.bulk(text),
            Protocol::Resp3 => self.line(b',', text),
        }
    }

    /// A floating point number that has been printed already.
    pub fn double_text(&mut self, digits: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits.as_bytes()),
            Protocol::Resp3 => self.line(b',', digits.as_bytes()),
        }
    }

    /// A truth value; RESP2 sees `:1` or `:0`.
    pub fn bool(&mut self, value: bool) {
        let text: &[u8] = match (self.protocol, value) {
            (Protocol::Resp2, true) => b":1\r\n",
            (Protocol::Resp2, false) => b":0\r\n",
            (Protocol::Resp3, true) => b"#t\r\n",
            (Protocol::Resp3, false) => b"#f\r\n",
        };
        self.out.inline().extend_from_slice(text);
    }

    /// Text for people. `format` says what it is in three characters: `txt` or `mkd`.
    pub fn verbatim(&mut self, format: impl AsRef<[u8]>, text: &[u8]) {
        let format = format.as_ref();
        debug_assert_eq!(
            format.len(),
            3,
            "the format of a verbatim string is three bytes"
        );
        if self.protocol == Protocol::Resp2 {
            return self.bulk(text);
        }
        let out = self.out.inline();
        out.reserve(text.len() + BULK_OVERHEAD_MAX + 4);
        push_line(out, b'=', wire_len(text.len() + 4));
        out.extend_from_slice(format);
        out.push(b':');
        out.extend_from_slice(text);
        out.extend_from_slice(b"\r\n");
    }

    /// An integer of any size, given as decimal digits.
    pub fn big_number(&mut self, digits: impl AsRef<[u8]>) {
        let digits = digits.as_ref();
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits),
            Protocol::Resp3 => self.line(b'(', digits),
        }
    }

    /// Starts an aggregate whose length is known only after its elements are written. Several may be open at once; close the inner first.
    ///
    /// Closing moves the elements by a few bytes unless there are less than ten, so prefer [`array`](Self::array) where the length is known.
    pub fn array_deferred(&mut self) -> DeferredLen {
        let place = self.out.place();
        let out = self.out.inline();
        out.extend_from_slice(DEFERRED_PLACEHOLDER);
        DeferredLen { place }
    }

    /// Closes a deferred aggregate as an array of `len` elements.
    pub fn finish_array(&mut self, deferred: DeferredLen, len: usize) {
        self.finish(deferred, b'*', wire_len(len));
    }

    /// Closes a deferred aggregate as a map of `pairs`.
    pub fn finish_map(&mut self, deferred: DeferredLen, pairs: usize) {
        let (prefix, len) = map_header(self.protocol, pairs);
        self.finish(deferred, prefix, len);
    }

    /// Closes a deferred aggregate as a set of `len` elements.
    pub fn finish_set(&mut self, deferred: DeferredLen, len: usize) {
        let (prefix, len) = set_header(self.protocol, len);
        self.finish(deferred, prefix, len);
    }

    fn finish(&mut self, deferred: DeferredLen, prefix: u8, len: i64) {
        let mut header = Vec::with_capacity(BULK_OVERHEAD_MAX);
        push_line(&mut header, prefix, len);
        self.out
            .replace(deferred.place, DEFERRED_PLACEHOLDER.len(), &header);
    }

    /// `<prefix><text>\r\n` with line breaks in the text replaced.
    fn line(&mut self, prefix: u8, text: &[u8]) {
        let out = self.out.inline();
        out.reserve(text.len() + 3);
        out.push(prefix);
        push_single_line(out, text);
        out.extend_from_slice(b"\r\n");
    }
}

fn map_header(protocol: Protocol, pairs: usize) -> (u8, i64) {
    match protocol {
        Protocol::Resp2 => (b'*', wire_len(pairs) * 2),
        Protocol::Resp3 => (b'%', wire_len(pairs)),
    }
}

fn set_header(protocol: Protocol, len: usize) -> (u8, i64) {
    match protocol {
        Protocol::Resp2 => (b'*', wire_len(len)),
        Protocol::Resp3 => (b'~', wire_len(len)),
    }
}

/// Appends text to a line; what would end the line early becomes a space.
fn push_single_line(out: &mut Vec<u8>, text: &[u8]) {
    let start = out.len();
    out.extend_from_slice(text);
    if memchr::memchr2(b'\r', b'\n', text).is_some() {
        for byte in &mut out[start..] {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
    }
}

/// Lets the standard formatter write into a reply line.
struct SingleLine<'a>(&'a mut Vec<u8>);

impl Write for SingleLine<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        push_single_line(self.0, part.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
