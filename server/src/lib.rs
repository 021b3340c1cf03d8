//! The server: cores, connections, sessions and the slices of data they share.

pub mod runtime;
pub mod shard;
