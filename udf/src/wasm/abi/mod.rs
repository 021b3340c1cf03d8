//! The imports of `redox1`: what a guest may ask for.
//!
//! Parameters are `i32` unless the name says otherwise; a pointer comes with its length. A read answers the value's full length, or a negative
//! [`Status`]. A pointer out of bounds is a trap: the guest is broken, not its data.

mod calls;
mod keys;
mod output;
#[cfg(test)]
mod reference_tests;
mod several;
mod zsets;

use store::command::CommandError;
use wasmtime::Linker;

use super::guest::Guest;
use crate::Denied;

/// The module all imports are in; its name is the version.
pub(super) const MODULE: &str = "redox1";

/// Every import.
pub(super) const NAMES: &[&str] = &[
    "register",
    "get",
    "getrange",
    "strlen",
    "exists",
    "type",
    "set",
    "cas",
    "del",
    "append",
    "incrby",
    "pexpire",
    "pttl",
    "hget",
    "hset",
    "hdel",
    "hincrby",
    "hmget",
    "hmset",
    "sadd",
    "srem",
    "sismember",
    "push",
    "push_all",
    "pop",
    "llen",
    "zadd",
    "zscore",
    "zincrby",
    "zrem",
    "zcard",
    "zrank",
    "zrange",
    "zremrange",
    "call",
    "r_type",
    "r_len",
    "r_i64",
    "r_f64",
    "r_read",
    "r_at",
    "r_free",
    "ret_nil",
    "ret_int",
    "ret_f64",
    "ret_bool",
    "ret_bulk",
    "ret_bulks",
    "ret_status",
    "ret_error",
    "ret_array",
    "ret_ints",
    "ret_map",
    "ret_set",
    "now_ms",
    "rand",
    "log",
];

/// Defines them all.
pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    keys::link(linker)?;
    zsets::link(linker)?;
    several::link(linker)?;
    calls::link(linker)?;
    output::link(linker)
}

/// What stands for a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Status {
    Nil = -1,
    WrongType = -2,
    Undeclared = -3,
    OutOfMemory = -4,
    Forbidden = -5,
    BadArgument = -6,
    Overflow = -7,
}

impl From<Denied> for Status {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Undeclared => Status::Undeclared,
            Denied::Forbidden => Status::Forbidden,
            Denied::OutOfMemory => Status::OutOfMemory,
        }
    }
}

impl From<CommandError> for Status {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::WrongType => Status::WrongType,
            CommandError::IncrementOverflow
            | CommandError::IncrementNotFinite
            | CommandError::ScoreNotANumber => Status::Overflow,
            _ => Status::BadArgument,
        }
    }
}

/// A result as the guest sees it.
fn code(result: Result<i32, Status>) -> i32 {
    result.unwrap_or_else(|status| status as i32)
}
