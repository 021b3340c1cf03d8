//! LZF, the compression of strings: literals and references to what was written before.
//!
//! ```text
//! 000nnnnn                       n + 1 literal bytes follow
//! nnnooooo oooooooo              n + 2 bytes again from o + 1 bytes back, n below 7
//! 111ooooo nnnnnnnn oooooooo     n + 9 bytes again
//! ```

use super::reader::Reader;
use super::{Corrupt, Read};

/// Room taken before anything is written: an announced length is not believed.
const RESERVED_BYTES_MAX: usize = 64 * 1024;
/// The first byte of a reference is at least this.
const REFERENCE: u8 = 32;
/// The largest count of the first byte, to which a second is added.
const COUNT_EXTENDED: usize = 9;

/// The `len` bytes that were compressed to `packed`.
pub(super) fn decompress(packed: &[u8], len: usize) -> Read<Vec<u8>> {
    let mut out = Vec::with_capacity(len.min(RESERVED_BYTES_MAX));
    let mut rest = Reader::new(packed);
    while !rest.rest().is_empty() {
        step(&mut rest, &mut out).map_err(|_| BROKEN)?;
        if out.len() > len {
            return Err(BROKEN);
        }
    }
    if out.len() == len {
        Ok(out)
    } else {
        Err(BROKEN)
    }
}

/// Appends one literal or one repetition.
fn step(rest: &mut Reader<'_>, out: &mut Vec<u8>) -> Read<()> {
    let control = rest.byte()?;
    if control < REFERENCE {
        out.extend_from_slice(rest.take(usize::from(control) + 1)?);
        return Ok(());
    }
    let mut count = usize::from(control >> 5) + 2;
    if count == COUNT_EXTENDED {
        count += usize::from(rest.byte()?);
    }
    let back = (usize::from(control & 0x1f) << 8 | usize::from(rest.byte()?)) + 1;
    let start = out.len().checked_sub(back).ok_or(BROKEN)?;
    repeat(out, start, count);
    Ok(())
}

const BROKEN: Corrupt = Corrupt::Invalid("a compressed string that does not unpack");

/// Appends `count` bytes from `start` on, which may run into what is appended.
fn repeat(out: &mut Vec<u8>, start: usize, count: usize) {
    let end = start + count;
    if end <= out.len() {
        out.extend_from_within(start..end);
    } else {
        (start..end).for_each(|at| out.push(out[at]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_references_unpack() {
        // "ab" literal, then 10 bytes from 2 back.
        assert_eq!(
            decompress(&[1, b'a', b'b', 0xe0, 1, 1], 12),
            Ok(b"abababababab".to_vec())
        );
        assert_eq!(
            decompress(&[1, b'a', b'b', 0x20, 0], 5),
            Ok(b"abbbb".to_vec())
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (packed, len) in [
            (&[1, b'a'][..], 2),
            (&[0x20, 0], 3),
            (&[1, b'a', b'b', 0x20], 5),
            (&[1, b'a', b'b', 0xe0], 5),
            (&[1, b'a', b'b', 0x20, 0], 4),
            (&[1, b'a', b'b', 0x20, 0], usize::MAX),
        ] {
            assert_eq!(decompress(packed, len), Err(BROKEN), "{packed:?}");
        }
    }
}
