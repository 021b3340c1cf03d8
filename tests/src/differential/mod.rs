//! The differential suite: random command sequences go to this server and to Redis, and every reply, every
//! error text and, at intervals, the whole keyspace must be the same.
//!
//! ```text
//! commands  one line a command: how to compare its reply, how to make its arguments
//! grammar     │ parses those lines into patterns
//! generate    ▼ draws argument vectors from a pattern, and now and then breaks them
//! scripts       draws Lua scripts, and wraps drawn commands into them
//! compare       judges two replies by the command's mode (exact, as a set, within a time tolerance, …)
//! deliberate    lists what may differ, and why
//! snapshot      reads both keyspaces and compares every key
//! run           drives it all by a seed, and cuts a divergence down to the few commands that cause it
//! ```
//!
//! To cover a new command add one line to [`commands`]. Lines whose command the server under test does not
//! know are left out of the run and named in its report, so a line may be there before its command is.

pub mod commands;
pub mod compare;
pub mod deliberate;
pub mod generate;
pub mod grammar;
pub mod run;
pub mod scripts;
pub mod snapshot;

pub use run::{Divergence, Options, Report, run};
