//! Values in Redis's own snapshot format (RDB): what DUMP gives out, what RESTORE takes, what a snapshot file is made of.
//!
//! ```text
//! payload = kind (1 byte), value, version (u16 LE), CRC-64 of all before it (u64 LE)
//! value   = lengths and strings, see `reader`; a string may hold a whole packed collection: `listpack`, `ziplist`, …
//! ```
//! [`encode`] writes the kinds that Redis 7.0 knows, but for hashes whose fields expire, which came with 7.4; [`decode`]
//! reads those and all older ones. Decoding trusts nothing: it allocates in proportion to the bytes that are there, never to
//! a length they announce, and its only effect is the value or an error. Bytes in, values out: no I/O here, no keys, no clock.

pub mod decode;
pub mod encode;
pub mod file;
mod intset;
mod kind;
pub mod libraries;
mod listpack;
mod lzf;
pub mod payload;
pub mod reader;
mod stream;
#[cfg(test)]
mod tests;
mod writer;
mod ziplist;
mod zipmap;

/// Why bytes are no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Corrupt {
    /// They end too early: with more of them it may be one.
    #[error("truncated")]
    Truncated,
    /// They contradict the format; what is wrong.
    #[error("{0}")]
    Invalid(&'static str),
}

/// The result of reading.
type Read<T> = Result<T, Corrupt>;

/// What was read of a string that is there as a whole: if that ends early, more bytes after it are of no use.
fn whole<T>(read: Read<T>) -> Read<T> {
    read.map_err(|error| match error {
        Corrupt::Truncated => Corrupt::Invalid("a packed collection that ends early"),
        invalid => invalid,
    })
}
