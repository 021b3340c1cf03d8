//! The server's `shard` folder, compiled alone for loom, which replaces its atomics, locks and threads: the rest of
//! the server uses parts that do not exist then, and would take minutes to build. Empty without `--cfg loom`.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p shard-model --profile ci
//! ```
#![cfg(all(test, loom))]

#[path = "../../src/shard/mod.rs"]
pub mod shard;
