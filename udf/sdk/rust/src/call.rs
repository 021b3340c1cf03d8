//! What a function was called with, and the way from the server to the handler and back.

use core::ops::RangeInclusive;
use core::slice;

use crate::error::Error;
use crate::key::Key;
use crate::reply;
use crate::room::{parse_f64, parse_int};

/// A pointer and a length, as argv has them.
#[doc(hidden)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Pair {
    pub ptr: *const u8,
    pub len: usize,
}

impl Pair {
    /// One that points to `bytes`.
    #[inline]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Pair {
            ptr: bytes.as_ptr(),
            len: bytes.len(),
        }
    }

    /// The bytes it points to.
    ///
    /// # Safety
    /// They are there for `'a`.
    pub(crate) unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        slice::from_raw_parts(self.ptr, self.len)
    }
}

/// One call of a function: its keys and arguments.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    keys: &'a [Pair],
    args: &'a [Pair],
}

impl<'a> Call<'a> {
    /// How many keys it was given.
    #[inline]
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// How many arguments it was given.
    #[inline]
    pub fn arg_count(&self) -> usize {
        self.args.len()
    }

    /// Checks how many keys and arguments there are.
    ///
    /// # Errors
    /// [`Error::WrongArity`].
    #[inline]
    pub fn expects(&self, keys: usize, args: usize) -> Result<(), Error> {
        self.expects_in(keys, args..=args)
    }

    /// Checks how many keys there are, and that there are no fewer and no more arguments than these.
    ///
    /// # Errors
    /// [`Error::WrongArity`].
    #[inline]
    pub fn expects_in(&self, keys: usize, args: RangeInclusive<usize>) -> Result<(), Error> {
        match self.keys.len() == keys && args.contains(&self.args.len()) {
            true => Ok(()),
            false => Err(Error::WrongArity),
        }
    }

    /// Key `index`, from 0.
    ///
    /// # Errors
    /// [`Error::WrongArity`] when there are fewer.
    #[inline]
    pub fn key(&self, index: usize) -> Result<Key<'a>, Error> {
        let pair = self.keys.get(index).ok_or(Error::WrongArity)?;
        // SAFETY: the server wrote argv before the call, and leaves it alone during the call.
        Ok(Key::new(unsafe { pair.bytes() }))
    }

    /// Argument `index`, from 0.
    ///
    /// # Errors
    /// [`Error::WrongArity`] when there are fewer.
    #[inline]
    pub fn arg(&self, index: usize) -> Result<&'a [u8], Error> {
        let pair = self.args.get(index).ok_or(Error::WrongArity)?;
        // SAFETY: as above.
        Ok(unsafe { pair.bytes() })
    }

    /// Argument `index` as a whole number.
    ///
    /// # Errors
    /// [`Error::WrongArity`]; [`Error::BadArgument`] when it is none.
    #[inline]
    pub fn int(&self, index: usize) -> Result<i64, Error> {
        parse_int(self.arg(index)?).ok_or(Error::BadArgument)
    }

    /// Argument `index` as a whole number in a range.
    ///
    /// # Errors
    /// [`Error::WrongArity`]; [`Error::BadArgument`] when it is none, or lies outside.
    #[inline]
    pub fn int_in(&self, index: usize, range: RangeInclusive<i64>) -> Result<i64, Error> {
        let number = self.int(index)?;
        match range.contains(&number) {
            true => Ok(number),
            false => Err(Error::BadArgument),
        }
    }

    /// Argument `index` as a number that may have a fraction.
    ///
    /// # Errors
    /// [`Error::WrongArity`]; [`Error::BadArgument`] when it is none, or not finite.
    #[inline]
    pub fn float(&self, index: usize) -> Result<f64, Error> {
        parse_f64(self.arg(index)?).ok_or(Error::BadArgument)
    }
}

const DONE: i32 = 0;
const REPLIED_ERROR: i32 = -1;
const WRONG_ARITY: i32 = -2;

/// Runs a handler; what an export does.
///
/// # Safety
/// `argv` is the server's: `nkeys + nargs` pairs of what is there during the call.
#[doc(hidden)]
#[inline]
pub unsafe fn run(
    handler: fn(&Call<'_>) -> Result<(), Error>,
    argv: *const Pair,
    nkeys: usize,
    nargs: usize,
) -> i32 {
    let all = match nkeys + nargs {
        0 => &[][..],
        count => slice::from_raw_parts(argv, count),
    };
    let (keys, args) = all.split_at(nkeys);
    match handler(&Call { keys, args }) {
        Ok(()) => DONE,
        Err(Error::WrongArity) => WRONG_ARITY,
        Err(Error::Replied) => REPLIED_ERROR,
        Err(error) => {
            reply::error(error.text().as_bytes());
            REPLIED_ERROR
        }
    }
}
