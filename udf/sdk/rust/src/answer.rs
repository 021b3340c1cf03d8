//! Any other command, and what it answers.

use crate::call::Pair;
use crate::error::{found, Error};
use crate::host;

/// Most arguments of a command that a function runs, its name included.
const ARGS_MAX: usize = 32;

/// What an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Nil,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// True or false.
    Bool,
    /// Bytes.
    Bulk,
    /// A status, such as `OK`.
    Status,
    /// An error.
    Error,
    /// An array, or a RESP3 set.
    Array,
    /// A map; its parts are its keys and values in turn.
    Map,
}

/// The answer of a command. It is given back when it is dropped.
#[derive(Debug)]
pub struct Answer {
    handle: i32,
}

/// Runs a command, its name first: `command(&[b"ZCARD", key.name()])`. An error it answers is an answer here, of [`Kind::Error`].
///
/// # Errors
/// [`Error::BadArgument`] for more than 32 arguments or when too many answers are held; what keeps a function from running commands.
pub fn command(args: &[&[u8]]) -> Result<Answer, Error> {
    let mut pairs = [Pair::of(&[]); ARGS_MAX];
    if args.is_empty() || args.len() > ARGS_MAX {
        return Err(Error::BadArgument);
    }
    for (pair, arg) in pairs.iter_mut().zip(args) {
        *pair = Pair::of(arg);
    }
    // SAFETY: the pairs and what they point to are there during the call.
    let handle = unsafe { host::call(pairs.as_ptr(), args.len(), 0) };
    match Error::of(handle) {
        Some(error) => Err(error),
        None => Ok(Answer { handle }),
    }
}

impl Answer {
    /// What it is.
    pub fn kind(&self) -> Kind {
        // SAFETY: the handle is this answer's, as in all methods.
        match unsafe { host::r_type(self.handle) } {
            1 => Kind::Int,
            2 => Kind::Float,
            3 => Kind::Bool,
            4 => Kind::Bulk,
            5 => Kind::Status,
            6 => Kind::Error,
            7 | 9 => Kind::Array,
            8 => Kind::Map,
            _ => Kind::Nil,
        }
    }

    /// Bytes of a text, elements of an array, pairs of a map.
    pub fn len(&self) -> usize {
        // SAFETY: see above.
        usize::try_from(unsafe { host::r_len(self.handle) }).unwrap_or(0)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its whole number; also of a text that is one.
    pub fn int(&self) -> i64 {
        // SAFETY: see above.
        unsafe { host::r_i64(self.handle) }
    }

    /// Its number; also of a text that is one.
    pub fn float(&self) -> f64 {
        // SAFETY: see above.
        unsafe { host::r_f64(self.handle) }
    }

    /// Its bytes, copied to `room`.
    ///
    /// # Errors
    /// [`Error::TooLong`] when they do not fit; [`Error::BadArgument`] when it has none.
    pub fn bytes<'r>(&self, room: &'r mut [u8]) -> Result<&'r [u8], Error> {
        // SAFETY: the room is there during the call.
        let read = unsafe { host::r_read(self.handle, 0, room.as_mut_ptr(), room.len()) };
        let len = found(read)?.ok_or(Error::BadArgument)?;
        room.get(..len).ok_or(Error::TooLong(len))
    }

    /// Part `index`: an element of an array; a map's keys and values in turn.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when there is none.
    pub fn at(&self, index: usize) -> Result<Answer, Error> {
        // SAFETY: see above.
        let handle = unsafe { host::r_at(self.handle, index) };
        match handle < 0 {
            true => Err(Error::of(handle).unwrap_or(Error::BadArgument)),
            false => Ok(Answer { handle }),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: nobody uses the handle after this.
        unsafe { host::r_free(self.handle) }
    }
}
