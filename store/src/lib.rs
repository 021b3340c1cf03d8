//! The data engine: keyspace, types, encodings and commands. No I/O, no clock, no threads.

pub mod hash;
pub mod types;
