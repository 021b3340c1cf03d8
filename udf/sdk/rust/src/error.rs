//! Why something was not done.

use core::fmt;
use core::str;

use crate::room::Text;

/// What a function may end with instead of a reply. The caller gets it as an error reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The key holds another type.
    WrongType,
    /// The key was not declared by the caller.
    NotDeclared,
    /// There is no memory left for it.
    OutOfMemory,
    /// The caller's user may not do this, or the function said that it does not write.
    Denied,
    /// An argument is not what it should be.
    BadArgument,
    /// A number would leave its range.
    Overflow,
    /// The function was called with too few or too many keys or arguments.
    WrongArity,
    /// A value of this many bytes does not fit into the room given for it.
    TooLong(usize),
    /// A text of the function's own, its code word in front: `"BUSY try later"`.
    Text(&'static str),
    /// The error reply has been written already.
    Replied,
}

impl Error {
    /// The error that a status of an import stands for; none for 0 and above, and for nil.
    #[inline]
    pub(crate) fn of(status: i32) -> Option<Error> {
        Some(match status {
            -2 => Error::WrongType,
            -3 => Error::NotDeclared,
            -4 => Error::OutOfMemory,
            -5 => Error::Denied,
            -7 => Error::Overflow,
            0..=i32::MAX | NIL => return None,
            _ => Error::BadArgument,
        })
    }
}

/// The status of what is not there.
pub(crate) const NIL: i32 = -1;

/// A length or number from an import; `None` for what is not there.
#[inline]
pub(crate) fn found(status: i32) -> Result<Option<usize>, Error> {
    match Error::of(status) {
        Some(error) => Err(error),
        None => Ok(usize::try_from(status).ok()),
    }
}

/// A number from an import that always has one.
#[inline]
pub(crate) fn number(status: i32) -> Result<usize, Error> {
    found(status).map(Option::unwrap_or_default)
}

impl Error {
    /// The error reply it becomes, without a detour through `core::fmt`.
    pub(crate) fn text(self) -> Text<128> {
        let mut text = Text::new();
        text.push(self.words().as_bytes());
        if let Error::TooLong(bytes) = self {
            text.push_int(bytes as i64);
            text.push(b" bytes does not fit");
        }
        text
    }

    fn words(self) -> &'static str {
        match self {
            Error::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value",
            Error::NotDeclared => "ERR the function touches a key that it was not given",
            Error::OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'.",
            Error::Denied => "NOPERM the function may not do this",
            Error::BadArgument => "ERR an argument is not what it should be",
            Error::Overflow => "ERR increment or decrement would overflow",
            Error::WrongArity => "ERR wrong number of keys or arguments",
            Error::TooLong(_) => "ERR a value of ",
            Error::Text(text) => text,
            Error::Replied => "ERR",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(self.text().as_bytes()).unwrap_or_default())
    }
}
