//! Bulk strings as replies write them: `$5\r\nhello\r\n`.
//!
//! A reply of many values is mostly short ones. Each is put together in a piece of fixed size at the vector's end and cut to its length there:
//! that takes one check of the vector's room instead of three, and no call to copy a few bytes.

use crate::number::digit;

/// Longest value that is put together like that.
const SHORT_MAX: usize = 16;
/// The piece: `$16\r\n`, as many bytes, `\r\n`, and one to spare.
const PIECE: usize = 24;

/// Appends a short bulk string to a vector that has room for any; false when it is not short, or there is less room. Then nothing is written,
/// and the caller, which calls other functions for it, keeps that out of the way of who only writes short ones.
#[inline]
pub(crate) fn push_if_short(out: &mut Vec<u8>, value: &[u8]) -> bool {
    if out.capacity() - out.len() < PIECE {
        return false;
    }
    match value.len() {
        len @ 0..=9 => push_short(out, [b'$', digit(len as i64), b'\r', b'\n'], value),
        len @ 10..=SHORT_MAX => push_short(
            out,
            [b'$', b'1', digit(len as i64 - 10), b'\r', b'\n'],
            value,
        ),
        _ => return false,
    }
    true
}

#[inline(always)]
fn push_short<const HEAD: usize>(out: &mut Vec<u8>, head: [u8; HEAD], value: &[u8]) {
    let begin = out.len();
    out.extend_from_slice(&[0; PIECE]);
    let piece = out.last_chunk_mut::<PIECE>().expect("it was just added");
    let end = HEAD + value.len();
    piece[..HEAD].copy_from_slice(&head);
    copy_short(&mut piece[HEAD..end], value);
    piece[end..end + 2].copy_from_slice(b"\r\n");
    out.truncate(begin + end + 2);
}

/// Copies up to [`SHORT_MAX`] bytes between slices of one length: as its two ends, which may overlap.
#[inline(always)]
fn copy_short(to: &mut [u8], from: &[u8]) {
    match from.len() {
        8.. => copy_ends::<8>(to, from),
        4..=7 => copy_ends::<4>(to, from),
        2..=3 => copy_ends::<2>(to, from),
        _ => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}

/// Copies the first `N` bytes and the last, which are all there are of up to twice as many.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    let last = from.len() - N;
    to[..N].copy_from_slice(&from[..N]);
    to[last..].copy_from_slice(&from[last..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_written_whole_behind_what_is_there() {
        let value = b"0123456789abcdefgh";
        for len in 0..=value.len() {
            let value = &value[..len];
            let mut out = Vec::with_capacity(100);
            out.extend_from_slice(b"+OK\r\n");
            let is_short = push_if_short(&mut out, value);
            assert_eq!(is_short, len <= SHORT_MAX);
            if is_short {
                let head = format!("+OK\r\n${len}\r\n");
                assert_eq!(out, [head.as_bytes(), value, b"\r\n"].concat(), "{len}");
            }
        }
    }

    #[test]
    fn nothing_is_written_where_the_piece_has_no_room() {
        let mut out = Vec::with_capacity(PIECE);
        out.push(b'_');
        assert!(!push_if_short(&mut out, b""));
        assert_eq!(out, b"_");
    }
}
