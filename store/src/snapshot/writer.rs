//! Lengths and strings as [`Reader`](super::reader::Reader) reads them.

use super::reader::{INT_8, INT_16, INT_32, LEN_14_BITS, LEN_32_BITS, LEN_64_BITS};
use crate::encoding::integer::canonical_i64;

/// Appends a length.
pub(super) fn put_length(out: &mut Vec<u8>, length: u64) {
    match length {
        0..0x40 => out.push(length as u8),
        0x40..0x4000 => {
            let bits = u16::from(LEN_14_BITS) << 8 | length as u16;
            out.extend_from_slice(&bits.to_be_bytes());
        }
        0x4000..=0xffff_ffff => {
            out.push(LEN_32_BITS);
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
        _ => {
            out.push(LEN_64_BITS);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
}

/// Appends a string, as a number where it spells one of 32 bits.
pub(super) fn put_string(out: &mut Vec<u8>, text: &[u8]) {
    match canonical_i64(text).map(i32::try_from) {
        Some(Ok(value)) => put_i32(out, value),
        _ => put_bytes(out, text),
    }
}

/// Appends an integer as a string.
pub(super) fn put_integer(out: &mut Vec<u8>, value: i64) {
    match i32::try_from(value) {
        Ok(value) => put_i32(out, value),
        Err(_) => put_bytes(out, itoa::Buffer::new().format(value).as_bytes()),
    }
}

/// Appends a string byte by byte.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_i32(out: &mut Vec<u8>, value: i32) {
    let (code, width) = match value {
        -0x80..=0x7f => (INT_8, 1),
        -0x8000..=0x7fff => (INT_16, 2),
        _ => (INT_32, 4),
    };
    out.push(code);
    out.extend_from_slice(&value.to_le_bytes()[..width]);
}
