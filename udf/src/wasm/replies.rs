//! Replies of other commands, as a guest looks at them: by handles, part by part.
//!
//! A reply is kept as it was written (RESP3), with a table of its values; a handle names one of them. All handles of a call count against one limit, and
//! what they hold goes at the latest when the call ends.

use resp::OutputBuffer;

use super::guest::Stop;
use super::limits::{HANDLES_MAX, REPLY_BYTES_MAX};

/// What a value is; the number is what the guest sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Kind {
    Nil = 0,
    Integer = 1,
    Double = 2,
    Bool = 3,
    Bulk = 4,
    Status = 5,
    Error = 6,
    Array = 7,
    Map = 8,
    Set = 9,
}

/// A value: where its text is, or where its parts are listed.
#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    at: usize,
    len: usize,
}

/// All replies that are held.
#[derive(Default)]
pub(super) struct Replies {
    text: Vec<u8>,
    nodes: Vec<Node>,
    /// The parts of aggregates, in runs.
    parts: Vec<usize>,
    /// What handles stand for; none for one that was freed.
    handles: Vec<Option<usize>>,
    /// Handles that are not free.
    held: usize,
    /// What the server has written last, until it is taken in.
    written: OutputBuffer,
}

/// The error that a reply is.
pub(super) type ErrorReply = Box<[u8]>;

/// The bytes are no reply. The server wrote them, so this does not happen.
const MALFORMED: Stop = Stop::Trap(std::borrow::Cow::Borrowed("a reply could not be read"));

impl Replies {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.nodes.clear();
        self.parts.clear();
        self.handles.clear();
        self.held = 0;
        self.text.shrink_to(64 << 10);
        self.nodes.shrink_to(4 << 10);
    }

    /// Where the server writes a reply that is then taken in.
    pub(super) fn room(&mut self) -> &mut OutputBuffer {
        &mut self.written
    }

    /// Takes in what was written; its handle, or the error that it is, if `raises`.
    pub(super) fn take_in(&mut self, raises: bool) -> Result<Result<i32, ErrorReply>, Stop> {
        let plain = self.written.take_plain();
        let wire = plain.unwrap_or_else(|| self.written.to_vec());
        let taken = match Self::error_of(&wire) {
            Some(error) if raises => Ok(Err(error.into())),
            _ => self.add(&wire).map(Ok),
        };
        if !self.written.is_empty() {
            self.written.clear();
        }
        self.written.restore(wire);
        taken
    }

    /// Takes a reply in; its handle.
    fn add(&mut self, reply: &[u8]) -> Result<i32, Stop> {
        if self.text.len() + reply.len() > REPLY_BYTES_MAX {
            return Err(Stop::Trap("it holds too large replies".into()));
        }
        let mut at = self.text.len();
        self.text.extend_from_slice(reply);
        let node = self.read(&mut at, 0)?;
        self.handle(node)
    }

    /// The text of an error reply.
    fn error_of(reply: &[u8]) -> Option<&[u8]> {
        reply
            .strip_prefix(b"-")
            .map(|line| line.strip_suffix(b"\r\n").unwrap_or(line))
    }

    /// What the handle stands for.
    pub(super) fn kind(&self, handle: i32) -> Option<Kind> {
        Some(self.node(handle)?.kind)
    }

    /// Bytes of a text, elements of an array or set, pairs of a map.
    pub(super) fn len(&self, handle: i32) -> Option<usize> {
        let node = self.node(handle)?;
        Some(match node.kind {
            Kind::Bulk | Kind::Status | Kind::Error | Kind::Array | Kind::Set => node.len,
            Kind::Map => node.len / 2,
            Kind::Nil | Kind::Integer | Kind::Double | Kind::Bool => 0,
        })
    }

    /// The bytes of a text.
    pub(super) fn bytes(&self, handle: i32) -> Option<&[u8]> {
        match self.kind(handle)? {
            Kind::Bulk | Kind::Status | Kind::Error => self.text(handle),
            _ => None,
        }
    }

    /// What a value reads, numbers and truth values included.
    pub(super) fn text(&self, handle: i32) -> Option<&[u8]> {
        let node = self.node(handle)?;
        match node.kind {
            Kind::Nil | Kind::Array | Kind::Map | Kind::Set => None,
            _ => Some(&self.text[node.at..node.at + node.len]),
        }
    }

    /// A handle of a part; keys and values of a map take turns.
    pub(super) fn part(&mut self, handle: i32, index: i32) -> Result<Option<i32>, Stop> {
        let node = match self.node(handle) {
            Some(node) if matches!(node.kind, Kind::Array | Kind::Map | Kind::Set) => node,
            _ => return Ok(None),
        };
        match usize::try_from(index) {
            Ok(index) if index < node.len => self.handle(self.parts[node.at + index]).map(Some),
            _ => Ok(None),
        }
    }

    /// Gives a handle back.
    pub(super) fn free(&mut self, handle: i32) {
        let place = usize::try_from(handle)
            .ok()
            .and_then(|at| self.handles.get_mut(at));
        if place.is_some_and(|place| place.take().is_some()) {
            self.held -= 1;
            if self.held == 0 {
                self.clear();
            }
        }
    }

    fn node(&self, handle: i32) -> Option<Node> {
        let node = (*self.handles.get(usize::try_from(handle).ok()?)?)?;
        Some(self.nodes[node])
    }

    fn handle(&mut self, node: usize) -> Result<i32, Stop> {
        if self.held == HANDLES_MAX {
            return Err(Stop::Trap(
                format!("it holds more than {HANDLES_MAX} replies").into(),
            ));
        }
        self.held += 1;
        let free = match self.handles.len() < HANDLES_MAX {
            true => None,
            false => self.handles.iter().position(Option::is_none),
        };
        let at = match free {
            Some(at) => at,
            None => {
                self.handles.push(None);
                self.handles.len() - 1
            }
        };
        self.handles[at] = Some(node);
        Ok(at as i32)
    }

    /// Reads the value at `at`, which moves behind it.
    fn read(&mut self, at: &mut usize, depth: usize) -> Result<usize, Stop> {
        /// Deeper than any command's reply.
        const DEPTH_MAX: usize = 64;
        let line_end = memchr(b'\r', &self.text[*at..]).ok_or(MALFORMED)? + *at;
        let (mark, line) = (self.text[*at], (*at + 1, line_end - *at - 1));
        *at = line_end + 2;
        let number = || -> Result<i64, Stop> {
            let text = std::str::from_utf8(&self.text[line.0..line_end]).ok();
            text.and_then(|text| text.parse().ok()).ok_or(MALFORMED)
        };
        let of_line = |kind| Node {
            kind,
            at: line.0,
            len: line.1,
        };
        let node = match mark {
            b'+' => of_line(Kind::Status),
            b'-' => of_line(Kind::Error),
            b':' => of_line(Kind::Integer),
            b',' => of_line(Kind::Double),
            b'#' => of_line(Kind::Bool),
            // A number of any size is its text.
            b'(' => of_line(Kind::Bulk),
            b'_' => of_line(Kind::Nil),
            b'$' | b'=' => match usize::try_from(number()?) {
                Err(_) => of_line(Kind::Nil),
                Ok(len) => {
                    // The format of a verbatim text, `txt:`, is not part of it.
                    let skipped = if mark == b'=' { 4.min(len) } else { 0 };
                    let start = *at + skipped;
                    *at += len + 2;
                    if *at > self.text.len() {
                        return Err(MALFORMED);
                    }
                    Node {
                        kind: Kind::Bulk,
                        at: start,
                        len: len - skipped,
                    }
                }
            },
            b'*' | b'~' | b'>' | b'%' => match usize::try_from(number()?) {
                Err(_) => of_line(Kind::Nil),
                Ok(_) if depth == DEPTH_MAX => return Err(MALFORMED),
                Ok(len) => {
                    let (kind, len) = match mark {
                        b'%' => (Kind::Map, 2 * len),
                        b'~' => (Kind::Set, len),
                        _ => (Kind::Array, len),
                    };
                    let mut parts = Vec::new();
                    for _ in 0..len {
                        parts.push(self.read(at, depth + 1)?);
                    }
                    let first = self.parts.len();
                    self.parts.append(&mut parts);
                    Node {
                        kind,
                        at: first,
                        len,
                    }
                }
            },
            _ => return Err(MALFORMED),
        };
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }
}

/// Where the byte is.
fn memchr(byte: u8, bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&other| other == byte)
}

#[cfg(test)]
mod tests {
    use super::{HANDLES_MAX, Kind, Replies};

    #[test]
    fn replies_are_taken_apart() {
        let mut replies = Replies::default();
        let reply = b"*4\r\n:7\r\n%1\r\n+a\r\n$3\r\nx\r\n\r\n_\r\n~1\r\n=7\r\ntxt:abc\r\n";
        let whole = replies.add(reply).expect("it is a reply");
        assert_eq!(replies.kind(whole), Some(Kind::Array));
        assert_eq!(replies.len(whole), Some(4));
        let at = |replies: &mut Replies, of, index| replies.part(of, index).expect("few handles");
        let number = at(&mut replies, whole, 0).expect("a number");
        assert_eq!(replies.text(number), Some(&b"7"[..]));
        let map = at(&mut replies, whole, 1).expect("a map");
        assert_eq!(
            (replies.kind(map), replies.len(map)),
            (Some(Kind::Map), Some(1))
        );
        let value = at(&mut replies, map, 1).expect("its value");
        assert_eq!(replies.text(value), Some(&b"x\r\n"[..]));
        let nil = at(&mut replies, whole, 2).expect("nothing");
        assert_eq!(
            (replies.kind(nil), replies.text(nil)),
            (Some(Kind::Nil), None)
        );
        let set = at(&mut replies, whole, 3).expect("a set");
        let text = at(&mut replies, set, 0).expect("a text");
        assert_eq!(replies.text(text), Some(&b"abc"[..]));
        for (of, index) in [(whole, 4), (whole, -1), (number, 0), (99, 0), (-1, 0)] {
            assert_eq!(at(&mut replies, of, index), None);
        }
    }

    #[test]
    fn handles_are_counted_and_come_back() {
        let mut replies = Replies::default();
        for _ in 0..3 * HANDLES_MAX {
            let handle = replies.add(b"+OK\r\n").expect("one at a time");
            replies.free(handle);
            replies.free(handle);
        }
        for _ in 0..HANDLES_MAX {
            replies.add(b"+OK\r\n").expect("so many");
        }
        assert!(replies.add(b"+OK\r\n").is_err());
        replies.free(5);
        assert_eq!(replies.add(b"+OK\r\n").expect("one is free"), 5);
        assert!(replies.add(b"garbage").is_err());
    }
}
