//! What the black-box suites share: servers on free ports, a raw RESP connection, a seeded generator, a check of histories,
//! and the differential suite that compares this server with Redis command by command.
//!
//! Nothing here links the server: it is always a process of its own, reached over a socket. The binary is
//! `REDOXCACHE_BIN`, else the `redoxcache` that lies beside the test's own target directory; the reference
//! is `REDIS_SERVER`, else `redis-server` from the path. Pointing `REDOXCACHE_BIN` at redis-server runs the
//! suites against Redis itself, which is how a suite is checked before it judges anything.

pub mod differential;
pub mod guests;
pub mod linear;
pub mod matrix;
pub mod rng;
pub mod server;
pub mod wire;

use std::thread;
use std::time::{Duration, Instant};

pub use matrix::matrix;
pub use rng::Rng;
pub use server::{Server, ServerBuilder};
pub use wire::{Conn, Protocol, Reply};

/// Waits for what comes by itself.
///
/// # Panics
/// When it does not come in that time: `what` should have been so.
#[track_caller]
pub fn within(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !holds() {
        assert!(Instant::now() < end, "{what}: not within {patience:?}");
        thread::sleep(Duration::from_millis(5));
    }
}
