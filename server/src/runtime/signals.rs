//! Signals: the first SIGTERM or SIGINT drains the server, the second ends the process at once.
//!
//! The signals are blocked in every thread and taken by one thread that waits for nothing else, so no handler ever interrupts anything.

use crate::server::Server;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use std::io;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use tracing::{info, warn};

/// The next signal is this process's own, sent by [`request_shutdown`].
static REQUESTED: AtomicBool = AtomicBool::new(false);

/// The signals taken here.
pub struct Signals(SigSet);

impl Signals {
    /// Blocks the signals in this thread and in those it will start. Call it before there are any.
    ///
    /// # Errors
    /// The kernel's.
    pub fn block() -> io::Result<Self> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGTERM);
        set.add(Signal::SIGINT);
        set.thread_block()?;
        Ok(Self(set))
    }

    /// Starts the thread that waits for them.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn watch(self, server: Arc<Server>) -> io::Result<()> {
        let name = "redox-signals".to_owned();
        thread::Builder::new()
            .name(name)
            .stack_size(64 * 1024)
            .spawn(move || self.wait_forever(&server))
            .map(|_| ())
    }

    fn wait_forever(&self, server: &Server) {
        let mut stopping = false;
        loop {
            let Ok(signal) = self.0.wait() else { continue };
            if stopping {
                warn!("Received {signal} again, exiting now...");
                exit(1);
            }
            stopping = true;
            if !REQUESTED.swap(false, Relaxed) {
                info!("Received {signal} scheduling shutdown...");
            }
            server.net.drain();
        }
    }
}

/// Asks this process to shut down as SIGTERM does.
pub fn request_shutdown() {
    REQUESTED.store(true, Relaxed);
    let _ = kill(Pid::this(), Signal::SIGTERM);
}
