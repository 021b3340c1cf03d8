//! The data engine of RedoxCache: keyspace, types, encodings and commands.
//!
//! It does no I/O, reads no clock, starts no threads: time and randomness are
//! parameters, so that every part can be tested and fuzzed as a plain value.

pub mod command;
pub mod encoding;
pub mod glob;
pub mod hash;
pub mod keyspace;
pub mod log_linear;
mod long_double;
pub mod mem;
pub mod random;
mod relocate;
pub mod slot;
pub mod snapshot;
pub mod types;
pub mod value;
