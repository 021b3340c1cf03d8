//! From the reply of a command, as it would go to a client, to a Lua value.

use std::ffi::c_int;

use super::error::push_reply_error;
use super::frame::Frame;
use super::raise::Raise;

/// Slots that one level of a reply takes.
const SLOTS: c_int = 6;

/// Pushes the one reply that `wire` holds; whether it is an error.
///
/// # Errors
/// When there is no memory for it.
pub(super) fn push_reply(frame: Frame<'_>, wire: &[u8]) -> Result<bool, Raise> {
    let mut replies = Replies { frame, rest: wire };
    replies.push()?;
    Ok(wire.first() == Some(&b'-'))
}

struct Replies<'a, 'w> {
    frame: Frame<'a>,
    rest: &'w [u8],
}

impl<'w> Replies<'_, 'w> {
    /// Pushes the next reply. Replies nest only as deep as commands make them.
    fn push(&mut self) -> Result<(), Raise> {
        let frame = self.frame;
        frame.step(0)?;
        if !frame.reserve(SLOTS) {
            // Too deep to be of a command; nothing can be said about it but nil.
            self.rest = &[];
        }
        let Some((&kind, rest)) = self.rest.split_first() else {
            frame.push_nil();
            return Ok(());
        };
        self.rest = rest;
        match kind {
            b'$' => match self.length() {
                Some(len) => {
                    let text = self.bulk(len);
                    frame.push_bytes(text);
                }
                None => frame.push_bool(false),
            },
            b':' => {
                let number = integer(self.line());
                frame.push_integer(number);
            }
            b'+' => {
                let text = self.line();
                frame.push_table(0, 1);
                frame.push_bytes(text);
                frame.set_field(-2, c"ok");
            }
            b'-' => {
                let line = self.line();
                push_reply_error(frame, line);
            }
            b'*' | b'>' => match self.length() {
                Some(len) => self.push_array(len)?,
                None => frame.push_bool(false),
            },
            b'%' => {
                let pairs = self.length().unwrap_or(0);
                self.push_map(pairs)?;
            }
            b'~' => {
                let len = self.length().unwrap_or(0);
                self.push_set(len)?;
            }
            b'_' => {
                self.line();
                frame.push_nil();
            }
            b'#' => {
                let value = self.line() == b"t";
                frame.push_bool(value);
            }
            b',' => {
                let number = double(self.line());
                frame.push_table(0, 1);
                frame.push_number(number);
                frame.set_field(-2, c"double");
            }
            b'(' => {
                let digits = self.line();
                frame.push_table(0, 1);
                frame.push_bytes(digits);
                frame.set_field(-2, c"big_number");
            }
            b'=' => {
                let len = self.length().unwrap_or(0);
                self.push_verbatim(len);
            }
            b'|' => self.skip_attribute()?,
            _ => frame.push_nil(),
        }
        Ok(())
    }

    fn push_array(&mut self, len: usize) -> Result<(), Raise> {
        self.frame
            .push_table(len.min(c_int::MAX as usize) as c_int, 0);
        for n in 1..=len {
            self.push()?;
            self.frame.raw_set_at(-2, n as c_int);
        }
        Ok(())
    }

    /// The table grows as it fills, as Redis's does: scripts may depend on the order in which `pairs` goes through it.
    fn push_map(&mut self, pairs: usize) -> Result<(), Raise> {
        self.frame.push_table(0, 1);
        self.frame.push_table(0, 0);
        for _ in 0..pairs {
            self.push()?;
            self.push()?;
            self.frame.raw_set(-3);
        }
        self.frame.set_field(-2, c"map");
        Ok(())
    }

    /// As [`push_map`](Self::push_map).
    fn push_set(&mut self, len: usize) -> Result<(), Raise> {
        self.frame.push_table(0, 1);
        self.frame.push_table(0, 0);
        for _ in 0..len {
            self.push()?;
            self.frame.push_bool(true);
            self.frame.raw_set(-3);
        }
        self.frame.set_field(-2, c"set");
        Ok(())
    }

    fn push_verbatim(&mut self, len: usize) {
        /// `txt:`
        const FORMAT: usize = 4;
        let text = self.bulk(len);
        let frame = self.frame;
        frame.push_table(0, 1);
        frame.push_table(0, 2);
        frame.push_bytes(text.get(FORMAT..).unwrap_or_default());
        frame.set_field(-2, c"string");
        frame.push_bytes(text.get(..FORMAT - 1).unwrap_or_default());
        frame.set_field(-2, c"format");
        frame.set_field(-2, c"verbatim_string");
    }

    /// Attributes are not for scripts; what they belong to is.
    fn skip_attribute(&mut self) -> Result<(), Raise> {
        for _ in 0..self.length().unwrap_or(0) * 2 {
            self.push()?;
            self.frame.pop(1);
        }
        self.push()
    }

    #[inline]
    fn line(&mut self) -> &'w [u8] {
        let end = self
            .rest
            .iter()
            .position(|&byte| byte == b'\r')
            .unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        self.rest = self.rest.get(end + 2..).unwrap_or_default();
        line
    }

    #[inline]
    fn length(&mut self) -> Option<usize> {
        usize::try_from(integer(self.line())).ok()
    }

    #[inline]
    fn bulk(&mut self, len: usize) -> &'w [u8] {
        let text = self.rest.get(..len).unwrap_or_default();
        self.rest = self.rest.get(len + 2..).unwrap_or_default();
        text
    }
}

fn integer(digits: &[u8]) -> i64 {
    resp::parse_integer(digits).unwrap_or(-1)
}

fn double(text: &[u8]) -> f64 {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(f64::NAN)
}
