//! A tenant's data on one shard.
//!
//! No I/O, no clock and no threads here: time and randomness are parameters.

pub mod table;
