//! The reply, value by value. One call writes one value; an array, map or set of `n` is followed by what is in it.

use crate::call::Pair;
use crate::host;

/// Nothing.
#[inline]
pub fn nil() {
    // SAFETY: a plain import, as all below.
    unsafe { host::ret_nil() }
}

/// A whole number.
#[inline]
pub fn int(value: i64) {
    // SAFETY: see above.
    unsafe { host::ret_int(value) }
}

/// A number; RESP2 clients get its text.
#[inline]
pub fn float(value: f64) {
    // SAFETY: see above.
    unsafe { host::ret_f64(value) }
}

/// True or false; RESP2 clients get 1 or 0.
#[inline]
pub fn bool(value: bool) {
    // SAFETY: see above.
    unsafe { host::ret_bool(i32::from(value)) }
}

/// Bytes.
#[inline]
pub fn bulk(value: &[u8]) {
    // SAFETY: the bytes are there during the call.
    unsafe { host::ret_bulk(value.as_ptr(), value.len()) }
}

/// An array of up to 1024 texts with 1 MiB in all, all of it.
#[inline]
pub fn bulks<const N: usize>(values: [&[u8]; N]) {
    let pairs = values.map(Pair::of);
    // SAFETY: the bytes are there during the call.
    unsafe { host::ret_bulks(pairs.as_ptr(), N) }
}

/// A short word, such as `OK`.
#[inline]
pub fn status(value: &str) {
    // SAFETY: the text is there during the call.
    unsafe { host::ret_status(value.as_ptr(), value.len()) }
}

/// An error; `ERR ` is put in front of a text that starts with no code word. Mostly, return an [`Error`](crate::Error) instead.
#[inline]
pub fn error(text: &[u8]) {
    // SAFETY: the text is there during the call.
    unsafe { host::ret_error(text.as_ptr(), text.len()) }
}

/// An array: `len` values follow.
#[inline]
pub fn array(len: usize) {
    // SAFETY: see above.
    unsafe { host::ret_array(len) }
}

/// An array of whole numbers, all of it.
#[inline]
pub fn ints(values: &[i64]) {
    // SAFETY: the numbers are there during the call.
    unsafe { host::ret_ints(values.as_ptr(), values.len()) }
}

/// A map: `len` times a key and a value follow.
#[inline]
pub fn map(len: usize) {
    // SAFETY: see above.
    unsafe { host::ret_map(len) }
}

/// A set: `len` values follow.
#[inline]
pub fn set(len: usize) {
    // SAFETY: see above.
    unsafe { host::ret_set(len) }
}
