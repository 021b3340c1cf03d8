//! What can be wrong with a request on the wire. After any of these the connection is answered and closed: the stream has lost its frame.

use crate::reply::ReplyWriter;
use thiserror::Error;

/// A violation of the request protocol. `Display` is the text Redis sends after `-ERR `.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// An inline command without an end of line within [`INLINE_MAX`](crate::INLINE_MAX).
    #[error("Protocol error: too big inline request")]
    InlineTooBig,
    /// An inline command with a quote that is not closed, or is closed in mid-word.
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    /// A request header without an end of line within [`INLINE_MAX`](crate::INLINE_MAX).
    #[error("Protocol error: too big mbulk count string")]
    ArrayHeaderTooBig,
    /// The argument count is not a number, or too large.
    #[error("Protocol error: invalid multibulk length")]
    ArrayLength,
    /// More arguments than a client may send before it has authenticated.
    #[error("Protocol error: unauthenticated multibulk length")]
    ArrayLengthUnauthenticated,
    /// An argument header without an end of line within [`INLINE_MAX`](crate::INLINE_MAX).
    #[error("Protocol error: too big bulk count string")]
    BulkHeaderTooBig,
    /// An argument does not start with `$` but with this byte.
    #[error("Protocol error: expected '$', got '{}'", char::from(*.0))]
    ExpectedBulk(u8),
    /// The length of an argument is not a number, negative, or above `proto-max-bulk-len`.
    #[error("Protocol error: invalid bulk length")]
    BulkLength,
    /// A longer argument than a client may send before it has authenticated.
    #[error("Protocol error: unauthenticated bulk length")]
    BulkLengthUnauthenticated,
    /// A single request whose small arguments need more than 4 GiB of buffer.
    #[error("Protocol error: too big request")]
    RequestTooBig,
}

impl ProtocolError {
    /// Writes the error reply, byte for byte as Redis does.
    pub fn reply(self, writer: &mut ReplyWriter<'_>) {
        match self {
            // A raw byte, which need not be text.
            ProtocolError::ExpectedBulk(byte) => {
                let text = [
                    b"ERR Protocol error: expected '$', got '",
                    &[byte, b'\''][..],
                ]
                .concat();
                writer.error_bytes(&text);
            }
            error => writer.error_display(&format_args!("ERR {error}")),
        }
    }
}
