//! Coalescing: a core that many clients keep busy lets requests gather before it looks for them.
//!
//! ```text
//! without   request ─► reply ─► sleep │ woken: request ─► reply ─► sleep │ woken: …
//! with      requests ─► replies ─► pause ……………………… │ requests ─► replies ─► pause …
//! ```
//! To sleep and to be woken costs a core, and whoever wakes it, more than most commands do; and the kernel reads what is there already for
//! less than what it has to wait for first. A core that sleeps as soon as it has nothing to do pays that for every few requests while many
//! clients are about to send the next.
//!
//! It pauses only between turns that have left nothing to do: no reply is waiting to be handed to the kernel, and no task has merely given
//! way to others. It does so only if that cannot cost much: many connections were busy within the last millisecond, the pause is a part of
//! what serving them all once takes, and most of those that were just answered have not sent their next request yet. So a few clients that
//! wait for each reply never wait for a pause, nor does a core pause that has as much to do as it can.

use super::reactor::Reactor;
use crate::core::Core;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use std::cell::{Cell, OnceCell, RefCell};
use std::future::{Future, poll_fn};
use std::os::fd::RawFd;
use std::pin::pin;
use std::task::Waker;
use std::thread;
use std::time::Duration;

/// What is looked at to see how busy a core is, at least this much of time.
const WINDOW_NANOS: u64 = 1_000_000;
/// Connections that must have been served in it.
const CROWD_MIN: u32 = 16;
/// Reads there must have been in it, one a batch of requests: a core with fewer has time to be woken for each.
const READS_MIN: u64 = 50;
/// What each of those connections adds to a pause, about half of what serving it once takes.
const PAUSE_PER_CONNECTION: Duration = Duration::from_micros(3);
/// Sockets remembered of one turn; of more, the first ones stand for all.
const ANSWERED_MAX: usize = 1024;

/// One core's pauses.
#[derive(Default)]
pub struct Coalescer {
    /// Wakes the core's main task, which comes last in a turn; there are no pauses without it.
    main: OnceCell<Waker>,
    /// Sockets that were answered, and began to wait for their next request in this turn, in that order.
    answered: RefCell<Vec<RawFd>>,
    /// Output was begun in this turn: it waits in the ring until the core goes to the kernel.
    has_output: Cell<bool>,
    window: Cell<Window>,
    /// How long to pause, as the last window has it.
    pause: Cell<Duration>,
}

#[derive(Clone, Copy, Default)]
struct Window {
    number: u32,
    begun_at: u64,
    reads_before: u64,
    /// Connections that began to wait for a request in it, each counted once.
    crowd: u32,
}

/// What a connection remembers: the window in which it was counted last.
#[derive(Default)]
pub struct Counted(u32);

impl Coalescer {
    /// A connection is going to wait for its next request, or for the rest of a small one.
    #[inline]
    pub fn awaits_request(&self, socket: RawFd, counted: &mut Counted) {
        let Some(main) = self.main.get() else {
            return;
        };
        let mut window = self.window.get();
        if counted.0 != window.number {
            counted.0 = window.number;
            window.crowd += 1;
            self.window.set(window);
        }
        let mut answered = self.answered.borrow_mut();
        if answered.is_empty() {
            main.wake_by_ref();
        }
        if answered.len() < ANSWERED_MAX {
            answered.push(socket);
        }
    }

    /// A connection begins to send something.
    #[inline]
    pub fn note_output(&self) {
        if let Some(main) = self.main.get()
            && !self.has_output.replace(true)
        {
            main.wake_by_ref();
        }
    }

    /// All tasks have run.
    fn end_turn(&self, core: &Core) {
        let has_output = self.has_output.replace(false);
        let mut answered = self.answered.borrow_mut();
        if answered.is_empty() {
            return;
        }
        self.look(core);
        let pause = self.pause.get();
        if !pause.is_zero()
            && !has_output
            && !core.shares.is_giving_way()
            && !has_input(answered[answered.len() * 3 / 4])
        {
            core.stats().pauses.add(1);
            thread::sleep(pause);
        }
        answered.clear();
    }

    /// Once a window: how long to pause until the end of the next.
    fn look(&self, core: &Core) {
        let window = self.window.get();
        let nanos = core.meter.nanos_since(window.begun_at);
        if nanos < WINDOW_NANOS {
            return;
        }
        let reads = core.stats().reads.get();
        let pause_max = Duration::from_micros(core.settings().io_coalesce_us);
        let new_reads = reads.saturating_sub(window.reads_before);
        self.pause
            .set(pause_for(window.crowd, new_reads, nanos).min(pause_max));
        self.window.set(Window {
            number: window.number.wrapping_add(1),
            begun_at: core.meter.now(),
            reads_before: reads,
            crowd: 0,
        });
    }
}

/// The pause that is worth it after a window in which so many connections were served.
fn pause_for(crowd: u32, reads: u64, nanos: u64) -> Duration {
    let is_busy = reads * WINDOW_NANOS >= READS_MIN * nanos;
    match crowd {
        CROWD_MIN.. if is_busy => crowd * PAUSE_PER_CONNECTION,
        _ => Duration::ZERO,
    }
}

/// Whether there is no use in waiting for input: some is there, or its end, or the connection has been closed meanwhile.
fn has_input(socket: RawFd) -> bool {
    let peeked = recv(
        socket,
        &mut [0],
        MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT,
    );
    peeked != Err(Errno::EAGAIN)
}

/// Runs a core's main task, with pauses where turns end. A plain ring would end each pause with the first request; under epoll pauses save too
/// little for what they cost in latency.
pub async fn run_with_pauses<F: Future>(reactor: &Reactor, main: F) -> F::Output {
    if !reactor.net().driver.defers_completions() {
        return main.await;
    }
    set_exact_timers();
    let mut main = pin!(main);
    let coalescer = &reactor.links.coalescer;
    poll_fn(|cx| {
        coalescer.main.get_or_init(|| cx.waker().clone());
        coalescer.end_turn(&reactor.core);
        main.as_mut().poll(cx)
    })
    .await
}

/// The kernel may end a thread's sleep this many ns late, 50,000 unless it is told otherwise.
fn set_exact_timers() {
    // SAFETY: the call takes numbers only and changes when the calling thread's timers fire. 0 would mean the default.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong, 0, 0, 0) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::UnixStream;

    #[test]
    fn only_a_crowd_that_keeps_the_core_busy_is_paused_for() {
        let pause = |crowd, reads, nanos| pause_for(crowd, reads, nanos).as_micros();
        assert_eq!(pause(15, 1000, WINDOW_NANOS), 0, "few connections");
        assert_eq!(pause(16, 1000, WINDOW_NANOS), 48);
        assert_eq!(pause(50, 50, WINDOW_NANOS), 150);
        assert_eq!(pause(50, 49, WINDOW_NANOS), 0, "few requests");
        assert_eq!(
            pause(50, 50, WINDOW_NANOS * 2),
            0,
            "few requests for the time"
        );
        assert_eq!(
            pause(10_000, u64::from(u32::MAX), u64::from(u32::MAX)),
            30_000
        );
    }

    #[test]
    fn input_is_seen_and_left_where_it_is() {
        let (mut near, mut far) = UnixStream::pair().unwrap();
        assert!(!has_input(near.as_raw_fd()));
        far.write_all(b"x").unwrap();
        assert!(has_input(near.as_raw_fd()));
        let mut byte = [0];
        near.read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"x");
        drop(far);
        assert!(has_input(near.as_raw_fd()), "its end is something to read");
    }
}
