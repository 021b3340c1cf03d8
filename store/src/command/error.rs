//! Everything that can go wrong inside a command. `Display` is the wire text,
//! its error code word included.

use std::borrow::Cow;

use resp::ReplyWriter;

/// An error reply of a data command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The key holds another type.
    #[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
    WrongType,
    /// The arguments do not fit the grammar.
    #[error("ERR syntax error")]
    Syntax,
    /// An integer was expected.
    #[error("ERR value is not an integer or out of range")]
    NotInteger,
    /// A float was expected.
    #[error("ERR value is not a valid float")]
    NotFloat,
    /// A number is outside what the command takes.
    #[error("ERR value is out of range")]
    OutOfRange,
    /// A count must be positive.
    #[error("ERR value is out of range, must be positive")]
    NotPositive,
    /// The key must exist.
    #[error("ERR no such key")]
    NoSuchKey,
    /// A list index beyond the list.
    #[error("ERR index out of range")]
    IndexOutOfRange,
    /// The arity does not fit; the name is the full one (`config|set`).
    #[error("ERR wrong number of arguments for '{0}' command")]
    Arity(Cow<'static, str>),
    /// An expiry that overflows or is not allowed; the command's name.
    #[error("ERR invalid expire time in '{0}' command")]
    InvalidExpire(&'static str),
    /// A SELECT-like index that does not exist.
    #[error("ERR DB index is out of range")]
    DbIndex,
    /// INCR past the end of i64.
    #[error("ERR increment or decrement would overflow")]
    IncrementOverflow,
    /// INCRBYFLOAT that leaves the finite numbers.
    #[error("ERR increment would produce NaN or Infinity")]
    IncrementNotFinite,
    /// A string that would grow beyond proto-max-bulk-len.
    #[error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")]
    StringTooLong,
    /// A string that would grow beyond what its tenant allows: its length, the most allowed.
    #[error("QUOTA max-value {0} > {1}")]
    ValueTooLong(usize, usize),
    /// A bad SCAN cursor.
    #[error("ERR invalid cursor")]
    InvalidCursor,
    /// A score that is no number.
    #[error("ERR resulting score is not a number (NaN)")]
    ScoreNotANumber,
    /// A score range bound that does not parse.
    #[error("ERR min or max is not a float")]
    ScoreRange,
    /// A lexicographic range bound that does not parse.
    #[error("ERR min or max not valid string range item")]
    LexRange,
    /// Never sent: the command has found, before it changed anything, that it will take long, and is to be run again where it can breathe.
    #[error("ERR the command takes too long to run in one go")]
    Long,
    /// A text with one owner only, its code word included.
    #[error("{0}")]
    Text(Cow<'static, str>),
    /// A text that quotes what the client sent, which may be any bytes; see [`CommandError::quoting`].
    #[error("{}", String::from_utf8_lossy(.0))]
    Quoting(Box<[u8]>),
}

impl CommandError {
    /// An error with a fixed text (code word included) that only one command gives.
    pub const fn text(text: &'static str) -> Self {
        CommandError::Text(Cow::Borrowed(text))
    }

    /// An error that quotes client bytes between two fixed texts (code word included): as they are, up to the
    /// first zero byte, with no line ends at the end of the whole.
    pub fn quoting(before: &str, quoted: &[u8], after: &str) -> Self {
        let text = [before.as_bytes(), c_string(quoted), after.as_bytes()].concat();
        let end = text
            .iter()
            .rposition(|byte| !b"\r\n".contains(byte))
            .map_or(0, |last| last + 1);
        CommandError::Quoting(text[..end].into())
    }

    /// Writes the error as a reply.
    pub fn reply(&self, reply: &mut ReplyWriter<'_>) {
        match self {
            CommandError::Quoting(text) => reply.error_bytes(text),
            fixed => reply.error_display(fixed),
        }
    }
}

/// The bytes before the first zero byte: all that Redis shows of an argument which it quotes.
pub fn c_string(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

#[cfg(test)]
mod tests {
    use super::CommandError;

    #[test]
    fn client_bytes_are_quoted_as_c_strings() {
        for (quoted, after, text) in [
            (&b"\xff\x80"[..], "'", &b"ERR no '\xff\x80'"[..]),
            (b"a\0b", "'", b"ERR no 'a'"),
            (b"a\r\nb\r\n", "", b"ERR no 'a\r\nb"),
        ] {
            let expected = CommandError::Quoting(text.into());
            assert_eq!(CommandError::quoting("ERR no '", quoted, after), expected);
        }
    }
}
