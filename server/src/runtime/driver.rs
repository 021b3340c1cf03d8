//! Which kernel interface the cores wait on, chosen once at start.
//!
//! io_uring with a single issuer and deferred task work is the fastest; older kernels get a plain ring; where io_uring is refused (the
//! default seccomp profiles of container engines answer EPERM) or unknown, epoll serves. All cores use the same one, because a socket that
//! was accepted for one driver is handed to other cores.

use io_uring::IoUring;
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};
use std::fmt;
use std::future::Future;
use std::io;

/// Submission queue entries of a core's ring. A full queue is submitted early, so this bounds memory, not the number of connections.
const RING_ENTRIES: u32 = 1024;
/// Events taken from epoll in one go.
const EPOLL_EVENTS: u32 = 512;
/// A ring this small is enough to see whether the kernel grants one.
const PROBE_ENTRIES: u32 = 2;

/// The `io-driver` setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DriverChoice {
    /// The best one that works.
    #[default]
    Auto,
    /// io_uring or no start.
    IoUring,
    /// epoll, whatever the kernel offers.
    Epoll,
}

/// The driver in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// io_uring, `SINGLE_ISSUER | DEFER_TASKRUN` (Linux 6.1).
    DeferredRing,
    /// io_uring without flags.
    PlainRing,
    /// epoll.
    Epoll,
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Driver::DeferredRing => "io_uring (single issuer, deferred task work)",
            Driver::PlainRing => "io_uring",
            Driver::Epoll => "epoll",
        })
    }
}

impl Driver {
    /// Probes the kernel and picks the driver. The second value tells why a better one was not taken.
    ///
    /// # Errors
    /// The kernel's error when `choice` insists on io_uring and there is none.
    pub fn choose(choice: DriverChoice) -> io::Result<(Self, Option<io::Error>)> {
        if choice == DriverChoice::Epoll {
            return Ok((Driver::Epoll, None));
        }
        match (Self::probe_ring(), choice) {
            (Ok(driver), _) => Ok((driver, None)),
            (Err(error), DriverChoice::IoUring) => Err(error),
            (Err(error), _) => Ok((Driver::Epoll, Some(error))),
        }
    }

    fn probe_ring() -> io::Result<Self> {
        IoUring::new(PROBE_ENTRIES)?;
        if !monoio::utils::detect_uring() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this kernel's io_uring lacks operations",
            ));
        }
        match deferred_ring().build(PROBE_ENTRIES) {
            Ok(_) => Ok(Driver::DeferredRing),
            Err(_) => Ok(Driver::PlainRing),
        }
    }

    /// The name INFO gives as `multiplexing_api`.
    pub fn api_name(self) -> &'static str {
        match self {
            Driver::DeferredRing | Driver::PlainRing => "io_uring",
            Driver::Epoll => "epoll",
        }
    }

    /// Whether cores wait on io_uring.
    pub fn is_ring(self) -> bool {
        self != Driver::Epoll
    }

    /// Whether what completes waits until the core looks, and does not wake it from anything else.
    pub fn defers_completions(self) -> bool {
        self == Driver::DeferredRing
    }

    /// Whether sockets have to be non-blocking: epoll needs it, io_uring would answer EAGAIN instead of waiting.
    pub fn wants_nonblocking(self) -> bool {
        self == Driver::Epoll
    }

    /// Runs `main` to its end on the calling thread, in a runtime of its own with timers.
    ///
    /// # Errors
    /// When the runtime cannot be built.
    pub fn block_on<F: Future>(self, main: F) -> io::Result<F::Output> {
        match self {
            Driver::DeferredRing => Self::run_ring(deferred_ring(), main),
            Driver::PlainRing => Self::run_ring(IoUring::builder(), main),
            Driver::Epoll => {
                let builder = RuntimeBuilder::<LegacyDriver>::new().with_entries(EPOLL_EVENTS);
                Ok(builder.enable_timer().build()?.block_on(main))
            }
        }
    }

    fn run_ring<F: Future>(ring: io_uring::Builder, main: F) -> io::Result<F::Output> {
        let builder = RuntimeBuilder::<IoUringDriver>::new()
            .with_entries(RING_ENTRIES)
            .uring_builder(ring);
        Ok(builder.enable_timer().build()?.block_on(main))
    }
}

fn deferred_ring() -> io_uring::Builder {
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun();
    builder
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn epoll_is_taken_when_forced() {
        let (driver, why) = Driver::choose(DriverChoice::Epoll).unwrap();
        assert_eq!(
            (driver, driver.api_name(), why.is_none()),
            (Driver::Epoll, "epoll", true)
        );
    }

    #[test]
    fn every_available_driver_runs_a_timer() {
        let (best, _) = Driver::choose(DriverChoice::Auto).unwrap();
        for driver in [best, Driver::Epoll] {
            let out = driver.block_on(async {
                monoio::time::sleep(Duration::from_millis(2)).await;
                7
            });
            assert_eq!(out.unwrap(), 7, "{driver}");
        }
    }
}
