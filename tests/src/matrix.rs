//! The ways the server runs that every black-box test should hold in: both I/O drivers, one and two threads.

use crate::server::{Server, ServerBuilder};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// `(io-driver, threads)`. `auto` takes io_uring where the kernel allows it.
pub const CONFIGURATIONS: [(&str, usize); 4] =
    [("auto", 1), ("auto", 2), ("epoll", 1), ("epoll", 2)];

/// Runs a test once for each configuration, each time on a fresh server that also listens on a Unix socket.
/// A failure names the configuration. Redis itself knows neither flag, so it runs once.
pub fn matrix(extra: &[&str], test: impl Fn(&Server)) {
    for (driver, threads) in CONFIGURATIONS {
        let builder = ServerBuilder::ours()
            .args(&["--io-driver", driver])
            .threads(threads)
            .args(extra)
            .unix_socket();
        let only_once = builder.is_redis();
        let server = builder.start();
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| test(&server))) {
            eprintln!(
                "failed with --io-driver {driver} --threads {threads}:\n{}",
                server.log_text()
            );
            resume_unwind(cause);
        }
        if only_once {
            return;
        }
    }
}
