//! The reply a guest writes value by value: one value, its aggregates as long as they were announced.

use std::borrow::Cow;

use resp::{OutputBuffer, Protocol, ReplyWriter};

use super::guest::Stop;
use super::limits::{REPLY_BYTES_MAX, REPLY_DEPTH_MAX};

/// Integers of one array that are written at once.
const INTEGERS_MAX: usize = 64 << 10;

/// Bytes of the strings of one array that are written at once: nothing interrupts that.
const BULKS_BYTES_MAX: usize = 1 << 20;

/// The reply of one call, as far as it is written.
#[derive(Default)]
pub(super) struct Reply {
    out: OutputBuffer,
    protocol: Protocol,
    /// How many values the open aggregates still wait for, the innermost last.
    open: Vec<usize>,
    done: bool,
    /// The reply is this error.
    error: Option<Box<[u8]>>,
}

/// How an aggregate is announced.
#[derive(Clone, Copy)]
pub(super) enum Aggregate {
    Array,
    Map,
    Set,
}

impl Reply {
    /// Starts over.
    pub(super) fn begin(&mut self, protocol: Protocol) {
        if !self.out.is_empty() {
            self.out.clear();
        }
        self.protocol = protocol;
        self.open.clear();
        self.done = false;
        self.error = None;
    }

    /// Writes a value that has no parts.
    pub(super) fn value(&mut self, write: impl FnOnce(&mut ReplyWriter<'_>)) -> Result<(), Stop> {
        self.check()?;
        write(&mut ReplyWriter::new(&mut self.out, self.protocol));
        self.close_one();
        Ok(())
    }

    /// Announces an aggregate of `len` elements or pairs.
    pub(super) fn aggregate(&mut self, kind: Aggregate, len: i32) -> Result<(), Stop> {
        self.check()?;
        let len = usize::try_from(len)
            .ok()
            .filter(|&len| len <= REPLY_BYTES_MAX / 4)
            .ok_or_else(too_large)?;
        let mut writer = ReplyWriter::new(&mut self.out, self.protocol);
        let values = match kind {
            Aggregate::Array => {
                writer.array(len);
                len
            }
            Aggregate::Set => {
                writer.set(len);
                len
            }
            Aggregate::Map => {
                writer.map(len);
                2 * len
            }
        };
        match values {
            0 => self.close_one(),
            _ if self.open.len() == REPLY_DEPTH_MAX => {
                return Err(Stop::Trap(Cow::Borrowed("its reply nests too deep")));
            }
            _ => self.open.push(values),
        }
        Ok(())
    }

    /// Writes an array of integers, each of which is 8 bytes of `words`.
    pub(super) fn integers(&mut self, words: &[u8]) -> Result<(), Stop> {
        self.check()?;
        let words = words.chunks_exact(8);
        if words.len() > INTEGERS_MAX {
            return Err(too_large());
        }
        let mut writer = ReplyWriter::new(&mut self.out, self.protocol);
        writer.array(words.len());
        for word in words {
            let bytes = word.try_into().expect("a word has 8 bytes");
            writer.integer(i64::from_le_bytes(bytes));
        }
        self.close_one();
        Ok(())
    }

    /// Writes an array of strings.
    pub(super) fn bulks(&mut self, values: &[&[u8]]) -> Result<(), Stop> {
        self.check()?;
        let bytes = values.iter().map(|value| value.len()).sum::<usize>();
        if bytes > BULKS_BYTES_MAX {
            return Err(too_large());
        }
        let mut writer = ReplyWriter::new(&mut self.out, self.protocol);
        writer.array(values.len());
        values.iter().for_each(|value| writer.bulk(value));
        self.close_one();
        Ok(())
    }

    /// Writes an error, a code word in front if it has none.
    pub(super) fn error(&mut self, text: &[u8]) -> Result<(), Stop> {
        self.check()?;
        let word = text.split(|&byte| byte == b' ').next().unwrap_or(text);
        let has_code = !word.is_empty() && word.iter().all(u8::is_ascii_uppercase);
        let text = match has_code {
            true => text.to_vec(),
            false => [b"ERR ", text].concat(),
        };
        if self.open.is_empty() {
            self.error = Some(text.into());
        } else {
            ReplyWriter::new(&mut self.out, self.protocol).error_bytes(&text);
        }
        self.close_one();
        Ok(())
    }

    /// The whole reply, or the error that it is.
    ///
    /// # Errors
    /// A trap, when values are missing.
    pub(super) fn finish(&mut self, out: &mut OutputBuffer) -> Result<Option<Box<[u8]>>, Stop> {
        if !self.open.is_empty() {
            return Err(Stop::Trap(Cow::Borrowed("its reply is incomplete")));
        }
        if self.done {
            match self.out.take_plain() {
                Some(wire) => {
                    out.extend_from_slice(&wire);
                    self.out.restore(wire);
                }
                None => out.append(&mut self.out),
            }
        } else {
            ReplyWriter::new(out, self.protocol).null();
        }
        Ok(self.error.take())
    }

    fn check(&self) -> Result<(), Stop> {
        if self.done {
            return Err(Stop::Trap(Cow::Borrowed("it replies twice")));
        }
        match self.out.len() > REPLY_BYTES_MAX {
            true => Err(too_large()),
            false => Ok(()),
        }
    }

    /// A value is complete, and so may be what it is part of.
    fn close_one(&mut self) {
        while let Some(missing) = self.open.last_mut() {
            *missing -= 1;
            if *missing > 0 {
                return;
            }
            self.open.pop();
        }
        self.done = true;
    }
}

#[cold]
fn too_large() -> Stop {
    Stop::Trap(Cow::Borrowed("its reply is too large"))
}

#[cfg(test)]
mod tests {
    use super::{Aggregate, Reply};
    use resp::{OutputBuffer, Protocol};

    fn finished(reply: &mut Reply) -> Result<Vec<u8>, String> {
        let mut out = OutputBuffer::new();
        match reply.finish(&mut out) {
            Ok(None) => Ok(out.to_vec()),
            Ok(Some(error)) => Err(String::from_utf8_lossy(&error).into_owned()),
            Err(stop) => Err(stop.to_string()),
        }
    }

    #[test]
    fn replies_are_whole_and_just_one() {
        let mut reply = Reply::default();
        reply.begin(Protocol::Resp2);
        assert_eq!(finished(&mut reply), Ok(b"$-1\r\n".to_vec()));
        reply.begin(Protocol::Resp2);
        reply.aggregate(Aggregate::Map, 1).expect("a map");
        assert_eq!(finished(&mut reply), Err("its reply is incomplete".into()));
        reply.value(|out| out.integer(1)).expect("a key");
        reply.aggregate(Aggregate::Array, 0).expect("its value");
        assert!(reply.value(|out| out.null()).is_err(), "a second reply");
        assert_eq!(finished(&mut reply), Ok(b"*2\r\n:1\r\n*0\r\n".to_vec()));
        reply.begin(Protocol::Resp3);
        reply.aggregate(Aggregate::Map, 1).expect("a map");
        reply.error(b"oops").expect("a key");
        reply.value(|out| out.null()).expect("its value");
        assert_eq!(
            finished(&mut reply),
            Ok(b"%1\r\n-ERR oops\r\n_\r\n".to_vec())
        );
        reply.begin(Protocol::Resp3);
        reply.error(b"BUSY not now").expect("an error");
        assert_eq!(finished(&mut reply), Err("BUSY not now".into()));
        reply.begin(Protocol::Resp2);
        let long = vec![0; 1 << 19];
        assert!(reply.bulks(&[&long, &long, b"x"]).is_err());
        assert!(reply.aggregate(Aggregate::Array, -1).is_err());
        assert!(reply.aggregate(Aggregate::Array, i32::MAX).is_err());
    }
}
