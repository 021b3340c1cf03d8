//! What a store keeps for its guest, and the guest's memory as host functions see it.

use std::borrow::Cow;
use std::fmt;

use wasmtime::{Caller, Memory, StoreLimits};

use super::lent::Lent;
use super::replies::Replies;
use super::reply::Reply;
use super::turns::Turns;
use crate::{FunctionFlags, Host};

/// The data of a store.
pub(super) struct Guest {
    /// The exported memory; none before the instance is there.
    pub(super) memory: Option<Memory>,
    /// What its memory and tables may grow to.
    pub(super) limits: StoreLimits,
    /// The host, during a call.
    pub(super) lent: Lent,
    /// The reply of the present call.
    pub(super) reply: Reply,
    /// Replies of commands it has called.
    pub(super) replies: Replies,
    /// What is put together before it is written to its memory.
    scratch: Vec<u8>,
    /// What `redox_load` registers; none outside of it.
    pub(super) registered: Option<Vec<(String, FunctionFlags)>>,
    /// The turns of the present call, if it runs without a fiber.
    pub(super) direct: Option<Turns>,
}

impl Guest {
    pub(super) fn new(limits: StoreLimits) -> Self {
        Guest {
            memory: None,
            limits,
            lent: Lent::default(),
            reply: Reply::default(),
            replies: Replies::default(),
            scratch: Vec::new(),
            registered: None,
            direct: None,
        }
    }

    /// The host.
    ///
    /// # Errors
    /// [`Stop`] outside of calls.
    #[inline]
    pub(super) fn host(&mut self) -> Result<&mut dyn Host, Stop> {
        self.lent.host().ok_or(NO_DATA)
    }

    /// The host, and what it has replied.
    ///
    /// # Errors
    /// [`Stop`] outside of calls.
    #[inline]
    pub(super) fn host_and_replies(&mut self) -> Result<(&mut dyn Host, &mut Replies), Stop> {
        let host = self.lent.host().ok_or(NO_DATA)?;
        Ok((host, &mut self.replies))
    }

    /// The host, and room to put something together.
    ///
    /// # Errors
    /// [`Stop`] outside of calls.
    #[inline]
    pub(super) fn host_and_scratch(&mut self) -> Result<(&mut dyn Host, &mut Vec<u8>), Stop> {
        let host = self.lent.host().ok_or(NO_DATA)?;
        Ok((host, &mut self.scratch))
    }
}

const NO_DATA: Stop = Stop::Trap(Cow::Borrowed("data is not there while a library loads"));

/// Why a host function ends the guest's call.
#[derive(Debug)]
pub(super) enum Stop {
    /// The guest did what it must not do.
    Trap(Cow<'static, str>),
    /// The error reply of a command, which the guest asked to raise.
    Raised(Box<[u8]>),
    /// It has run for too long.
    TimeLimit,
    /// Somebody has killed it.
    Killed,
}

impl Stop {
    /// A trap for a pointer out of bounds.
    #[cold]
    fn pointer(at: u32, len: u32) -> Self {
        Stop::Trap(format!("out of bounds pointer passed to the host ({at}, {len} bytes)").into())
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Trap(kind) => f.write_str(kind),
            Stop::Raised(text) => f.write_str(&String::from_utf8_lossy(text)),
            Stop::TimeLimit => f.write_str("time limit exceeded"),
            Stop::Killed => f.write_str("killed by FUNCTION KILL"),
        }
    }
}

impl std::error::Error for Stop {}

/// Bytes of the guest, and room that none of them is in.
pub(super) type Apart<'m, const N: usize> = ([Cow<'m, [u8]>; N], &'m mut [u8]);

/// A pointer and a length, as the guest gives them.
pub(super) type Span = (u32, u32);

/// Words up to which a list of them needs no allocation.
const FEW_WORDS: usize = 8;

/// Room for the list that [`View::words`] gives.
#[derive(Default)]
pub(super) struct Words<'m> {
    few: [&'m [u8]; FEW_WORDS],
    many: Vec<&'m [u8]>,
}

/// The guest's memory.
pub(super) struct View<'m>(&'m mut [u8]);

/// The memory and the rest of the store's data.
#[inline]
pub(super) fn split<'c>(
    caller: &'c mut Caller<'_, Guest>,
) -> Result<(View<'c>, &'c mut Guest), Stop> {
    match caller.data().memory {
        Some(memory) => {
            let (bytes, guest) = memory.data_and_store_mut(caller);
            Ok((View(bytes), guest))
        }
        None => Err(Stop::Trap(Cow::Borrowed(
            "the start function calls the host",
        ))),
    }
}

impl<'m> View<'m> {
    /// The memory of a guest that is not running.
    pub(super) fn of(bytes: &'m mut [u8]) -> Self {
        View(bytes)
    }

    #[inline]
    fn range(&self, (at, len): Span) -> Result<std::ops::Range<usize>, Stop> {
        let (start, len) = (at as usize, len as usize);
        // Both are below 2^32, so the sum does not wrap.
        let end = start + len;
        match end <= self.0.len() {
            true => Ok(start..end),
            false => Err(Stop::pointer(at, len as u32)),
        }
    }

    /// Bytes of the guest.
    #[inline]
    pub(super) fn bytes(&self, span: Span) -> Result<&[u8], Stop> {
        let range = self.range(span)?;
        Ok(&self.0[range])
    }

    /// The words of a list: `count` pairs of address and length are at `at`.
    #[inline]
    pub(super) fn words<'v>(
        &'v self,
        (at, count): (u32, u32),
        room: &'v mut Words<'v>,
    ) -> Result<&'v [&'v [u8]], Stop> {
        let len = count.saturating_mul(8);
        let pairs = self.bytes((at, len))?.chunks_exact(8);
        match room.few.get_mut(..pairs.len()) {
            Some(few) => {
                for (word, pair) in few.iter_mut().zip(pairs) {
                    *word = self.bytes(span(pair))?;
                }
                Ok(few)
            }
            None => {
                let all: Result<Vec<_>, Stop> = pairs.map(|pair| self.bytes(span(pair))).collect();
                room.many = all?;
                Ok(&room.many)
            }
        }
    }

    /// Whether these bytes may be written.
    #[inline]
    pub(super) fn check(&self, span: Span) -> Result<(), Stop> {
        self.range(span).map(drop)
    }

    /// Whether 8 bytes may be written there.
    #[inline]
    pub(super) fn check_out(&self, at: u32) -> Result<(), Stop> {
        self.check((at, 8))
    }

    /// Bytes to write to.
    #[inline]
    pub(super) fn room(&mut self, span: Span) -> Result<&mut [u8], Stop> {
        let range = self.range(span)?;
        Ok(&mut self.0[range])
    }

    /// Writes bytes.
    #[inline]
    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Stop> {
        let range = self.range((at, bytes.len() as u32))?;
        self.0[range].copy_from_slice(bytes);
        Ok(())
    }

    /// The bytes at `spans`, and room to write to. What overlaps the room is copied first.
    #[inline]
    pub(super) fn apart<const N: usize>(
        &mut self,
        spans: [Span; N],
        room: Span,
    ) -> Result<Apart<'_, N>, Stop> {
        let mut ranges = [const { 0..0 }; N];
        for (range, span) in ranges.iter_mut().zip(spans) {
            *range = self.range(span)?;
        }
        let room = self.range(room)?;
        let overlaps = |range: &std::ops::Range<usize>| {
            range.start < room.end && room.start < range.end && !range.is_empty()
        };
        let copies = ranges
            .clone()
            .map(|range| overlaps(&range).then(|| self.0[range].to_vec()));
        let (left, rest) = self.0.split_at_mut(room.start);
        let (out, right) = rest.split_at_mut(room.len());
        let (left, right): (&[u8], &[u8]) = (left, right);
        let mut ranges = ranges.into_iter();
        let bytes = copies.map(|copy| {
            let range = ranges.next().expect("as many copies as ranges");
            match copy {
                Some(copy) => Cow::Owned(copy),
                None if range.is_empty() => Cow::Borrowed(&[][..]),
                None if range.end <= room.start => Cow::Borrowed(&left[range]),
                None => Cow::Borrowed(&right[range.start - room.end..range.end - room.end]),
            }
        });
        Ok((bytes, out))
    }
}

/// The address and the length that a pair says.
#[inline]
fn span(pair: &[u8]) -> Span {
    let word = |at: usize| {
        let bytes = pair[at..at + 4].try_into().expect("a pair has 8 bytes");
        u32::from_le_bytes(bytes)
    };
    (word(0), word(4))
}

/// Copies as much of `value` as there is room for; its full length.
#[inline]
pub(super) fn copy_out(value: &[u8], room: &mut [u8]) -> i32 {
    let len = value.len().min(room.len());
    room[..len].copy_from_slice(&value[..len]);
    i32::try_from(value.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::View;

    #[test]
    fn pointers_are_checked_and_do_not_wrap() {
        let mut bytes = [7u8; 16];
        let view = View::of(&mut bytes);
        assert_eq!(view.bytes((0, 16)).expect("all of it").len(), 16);
        assert_eq!(view.bytes((16, 0)).expect("nothing at the end").len(), 0);
        for span in [
            (0, 17),
            (16, 1),
            (17, 0),
            (u32::MAX, 1),
            (1, u32::MAX),
            (u32::MAX, u32::MAX),
        ] {
            assert!(view.bytes(span).is_err(), "{span:?}");
        }
        assert!(view.check_out(9).is_err());
        assert!(view.check_out(u32::MAX - 3).is_err());
    }

    #[test]
    fn what_is_read_may_overlap_what_is_written() {
        for (span, room) in [
            ((0, 4), (4, 4)),
            ((4, 4), (0, 4)),
            ((0, 8), (2, 3)),
            ((2, 2), (0, 8)),
            ((3, 0), (1, 6)),
        ] {
            let mut bytes = *b"abcdefgh";
            let expected = bytes[span.0 as usize..(span.0 + span.1) as usize].to_vec();
            let mut view = View::of(&mut bytes);
            let ([read], out) = view.apart([span], room).expect("within bounds");
            out.fill(b'-');
            assert_eq!(&*read, expected, "{span:?} {room:?}");
        }
    }
}
