//! Libraries of functions as one payload, as FUNCTION DUMP gives and FUNCTION RESTORE takes it.
//!
//! ```text
//! 245 code   245 code   …   version (u16 LE)   CRC-64 (u64 LE)
//! ```
//! One byte and one string a library: its code, whose first line says all the rest.

use std::borrow::Cow;

use super::payload::{self, VERSION_7_0};
use super::reader::Reader;
use super::writer::put_string;

/// What a library starts with.
const LIBRARY: u8 = 245;
/// What libraries started with before Redis 7.0 was released.
const LIBRARY_OF_OLD: u8 = 246;

/// Why a payload is refused. Display is the text behind `ERR `.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was cut, changed, or made by somebody newer.
    #[error("DUMP payload version or checksum are wrong")]
    Envelope,
    /// Something other than a library is in it.
    #[error("given type is not a function")]
    NotALibrary,
    /// A library in it does not end, or is of a form that is no longer read.
    #[error("failed loading the given functions payload")]
    Unreadable,
}

/// The payload of libraries with this code.
pub fn dump<'a>(codes: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for code in codes {
        out.push(LIBRARY);
        put_string(&mut out, code);
    }
    payload::seal(&mut out, VERSION_7_0);
    out
}

/// The code of every library in a payload.
///
/// # Errors
/// [`Refused`]
pub fn parse(payload: &[u8]) -> Result<Vec<Cow<'_, [u8]>>, Refused> {
    let body = payload::open(payload).ok_or(Refused::Envelope)?;
    let mut reader = Reader::new(body);
    let mut codes = Vec::new();
    while !reader.rest().is_empty() {
        match reader.byte() {
            Ok(LIBRARY) => codes.push(reader.string().map_err(|_| Refused::Unreadable)?),
            Ok(LIBRARY_OF_OLD) => return Err(Refused::Unreadable),
            _ => return Err(Refused::NotALibrary),
        }
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use super::{Refused, dump, parse};

    #[test]
    fn libraries_come_back() {
        let codes: [&[u8]; 3] = [b"#!lua name=a\n1", b"", &[b'x'; 70_000]];
        let payload = dump(codes.iter().copied());
        assert_eq!(parse(&payload).expect("it is whole"), codes);
        assert_eq!(
            parse(&dump(std::iter::empty())).expect("it is whole").len(),
            0
        );
    }

    #[test]
    fn other_payloads_are_refused() {
        let mut payload = dump(std::iter::once(&b"code"[..]));
        payload[1] ^= 1;
        assert_eq!(parse(&payload), Err(Refused::Envelope));
        for (start, reason) in [(0, Refused::NotALibrary), (246, Refused::Unreadable)] {
            let mut payload = vec![start];
            super::payload::seal(&mut payload, super::VERSION_7_0);
            assert_eq!(parse(&payload), Err(reason));
        }
    }
}
