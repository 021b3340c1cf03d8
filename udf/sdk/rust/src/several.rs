//! Several parts of one key at once: the server looks for the key once, and whoever watches it is told once.

use core::mem::MaybeUninit;
use core::slice;

use crate::call::Pair;
use crate::error::{number, Error};
use crate::host;
use crate::key::{Key, Side};
use crate::room::parse_int;

/// Elements that are pushed at once.
const PUSHED_MAX: usize = 32;
/// The length of a value that is not there.
const ABSENT: u32 = u32::MAX;
/// Bytes that a value's length takes.
const LEN_BYTES: usize = 4;
/// Bytes of a value that may be a whole number, and of its length.
const INT_BYTES: usize = LEN_BYTES + 20;

/// Takes the next value of an answer.
#[inline]
fn next<'r>(values: &mut &'r [u8]) -> Option<&'r [u8]> {
    let len = u32::from_le_bytes(values.get(..LEN_BYTES)?.try_into().ok()?);
    *values = &values[LEN_BYTES..];
    if len == ABSENT {
        return None;
    }
    let value = values.get(..len as usize)?;
    *values = &values[len as usize..];
    Some(value)
}

// SAFETY of all calls below: pointers and lengths are those of slices and lists that are there during the call.
impl Key<'_> {
    /// Bytes that the values of several fields take, as many of which are at `room` as fit.
    #[inline]
    fn read_fields<const N: usize>(
        &self,
        fields: [&[u8]; N],
        room: *mut u8,
        capacity: usize,
    ) -> Result<usize, Error> {
        let ((k, kl), list) = (self.parts(), fields.map(Pair::of));
        // SAFETY: see above; the caller's room is.
        number(unsafe { host::hmget(k, kl, list.as_ptr(), N, room, capacity) })
    }

    /// Several fields of the hash, copied to `room`, which each takes 4 bytes of besides its value; `None` for one that is not there.
    ///
    /// # Errors
    /// [`Error::TooLong`] when they do not fit; [`Error::WrongType`] …
    #[inline]
    pub fn hmget<'r, const N: usize>(
        &self,
        fields: [&[u8]; N],
        room: &'r mut [u8],
    ) -> Result<[Option<&'r [u8]>; N], Error> {
        let len = self.read_fields(fields, room.as_mut_ptr(), room.len())?;
        let mut values: &'r [u8] = room.get(..len).ok_or(Error::TooLong(len))?;
        Ok([(); N].map(|()| next(&mut values)))
    }

    /// Several fields of the hash as whole numbers.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when one is none; [`Error::WrongType`] …
    #[inline]
    pub fn hmget_int<const N: usize>(&self, fields: [&[u8]; N]) -> Result<[Option<i64>; N], Error> {
        let mut room = MaybeUninit::<[[u8; INT_BYTES]; N]>::uninit();
        let at = room.as_mut_ptr().cast::<u8>();
        let len = self.read_fields(fields, at, INT_BYTES * N)?;
        if len > INT_BYTES * N {
            return Err(Error::BadArgument);
        }
        // SAFETY: the server has written so many bytes there.
        let mut values = unsafe { slice::from_raw_parts(at, len) };
        let mut numbers = [None; N];
        for number in &mut numbers {
            if let Some(text) = next(&mut values) {
                *number = Some(parse_int(text).ok_or(Error::BadArgument)?);
            }
        }
        Ok(numbers)
    }

    /// Sets several fields, each given with its value; how many of them are new.
    ///
    /// # Errors
    /// As [`Key::set`]; [`Error::BadArgument`] for none.
    #[inline]
    pub fn hmset<const N: usize>(&self, pairs: [(&[u8], &[u8]); N]) -> Result<usize, Error> {
        let (k, kl) = self.parts();
        let list = pairs.map(|(field, value)| [Pair::of(field), Pair::of(value)]);
        // SAFETY: see above.
        number(unsafe { host::hmset(k, kl, list.as_ptr().cast(), N) })
    }

    /// Adds elements to an end of the list, one after the other; gives its length.
    ///
    /// # Errors
    /// As [`Key::set`]; [`Error::BadArgument`] for none, and for more than 32.
    #[inline]
    pub fn push_all(&self, side: Side, elements: &[&[u8]]) -> Result<usize, Error> {
        let ((k, kl), left) = (self.parts(), i32::from(side == Side::Left));
        let mut list = [Pair::of(&[]); PUSHED_MAX];
        if elements.len() > PUSHED_MAX {
            return Err(Error::BadArgument);
        }
        for (pair, element) in list.iter_mut().zip(elements) {
            *pair = Pair::of(element);
        }
        // SAFETY: see above.
        number(unsafe { host::push_all(k, kl, list.as_ptr(), elements.len(), left) })
    }
}
