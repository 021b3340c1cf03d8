//! The Redis wire protocol: bytes in, requests out; replies in, bytes out.
//!
//! - [`Decoder`] turns a connection's read buffer into a [`Batch`] of requests without copying arguments; handlers see them as [`Args`].
//! - [`ReplyWriter`] writes replies into an [`OutputBuffer`]. It is the only code in the server that knows RESP2 from RESP3.
//!
//! This crate does no I/O, keeps no clock, starts no thread and holds no unsafe code. It never recurses on input and never reserves memory
//! on the word of a client: what it holds grows with the bytes that have arrived.
#![deny(unsafe_code)]

mod args;
mod batch;
mod big_bulk;
mod bulk;
mod cursor;
mod decoder;
mod double;
mod error;
mod inline;
mod number;
mod output;
mod reply;

pub use args::{Args, ArgsIter, OwnedArgs};
pub use batch::Batch;
pub use big_bulk::BigBulk;
pub use bytes::Bytes;
pub use cursor::BIG_ARG;
pub use decoder::{Decoder, INLINE_MAX, Limits, Progress, Status};
pub use double::{DoubleBuffer, format_double};
pub use error::ProtocolError;
pub use inline::split_words;
pub use number::parse_integer;
pub use output::{Chunk, Chunks, Mark, OutputBuffer, RETAINED_CAPACITY_MAX};
pub use reply::{DeferredLen, Protocol, ReplyWriter, SHARED_MIN};
