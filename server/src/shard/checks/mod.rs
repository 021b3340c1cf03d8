//! Checks of this folder's own code: unit tests, a stress test on real threads, and, built with `--cfg loom`, a model check that runs every interleaving.
//!
//! ```text
//! cargo test -p redoxcache --lib shard::
//! RUSTFLAGS="--cfg loom" cargo test -p shard-model --profile ci
//! ```

#[cfg(loom)]
mod model;
#[cfg(not(loom))]
mod stress;
#[cfg(not(loom))]
mod units;

use super::door::SliceState;
use super::mailbox::{Inbox, Mailbox, MailboxLimits};
use super::task::TaskNode;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A core without a runtime: it polls one future, and between polls sleeps on its mailbox like a real one.
pub struct TestCore<M> {
    inbox: Inbox<M>,
    pub task: TaskNode,
    #[cfg(not(loom))]
    pub mailbox: Mailbox<M>,
    pub received: Vec<M>,
}

impl<M> TestCore<M> {
    /// A core on the calling thread.
    pub fn new(mailbox: Mailbox<M>, inbox: Inbox<M>) -> Self {
        let task = TaskNode::new(mailbox.wake_lane());
        Self {
            inbox,
            task,
            #[cfg(not(loom))]
            mailbox,
            received: Vec::new(),
        }
    }

    /// A core on the calling thread, with a mailbox nobody else has.
    pub fn alone() -> Self {
        let (mailbox, inbox) = Mailbox::new(MailboxLimits::default()).expect("a socket pair");
        Self::new(mailbox, inbox)
    }

    /// Runs the future that `start` makes of this core's task.
    pub fn block_on<'a, R, F: Future<Output = R> + 'a>(
        &'a mut self,
        start: impl FnOnce(&'a TaskNode) -> F,
    ) -> R {
        let Self {
            inbox,
            task,
            received,
            ..
        } = self;
        let mut future = pin!(start(task));
        let polls = Arc::new(WakeCount::default());
        let waker = Waker::from(polls.clone());
        loop {
            if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return result;
            }
            while polls.0.swap(0, Ordering::Relaxed) == 0 {
                if inbox.drain(&mut |message| received.push(message)) == 0 && inbox.prepare_sleep()
                {
                    wait_for_bell(inbox);
                }
            }
        }
    }

    /// Receives until `count` messages are there.
    pub fn receive(&mut self, count: usize) {
        while self.received.len() < count {
            let Self {
                inbox, received, ..
            } = self;
            if inbox.drain(&mut |message| received.push(message)) == 0 && inbox.prepare_sleep() {
                wait_for_bell(inbox);
            }
        }
    }
}

#[cfg(loom)]
fn wait_for_bell<M>(inbox: &mut Inbox<M>) {
    inbox.reader.wait();
}

#[cfg(not(loom))]
fn wait_for_bell<M>(inbox: &mut Inbox<M>) {
    use std::io::Read as _;
    inbox.reader.set_nonblocking(false).expect("a socket");
    let rings = inbox.reader.read(&mut [0; 64]).expect("a socket");
    assert!(rings > 0, "the bell's other end is alive");
}

#[derive(Default)]
struct WakeCount(AtomicUsize);

impl Wake for WakeCount {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A slice's data, for the tests.
#[derive(Default)]
pub struct Account {
    pub balance: i64,
    pub half_done: bool,
    pub repairable: bool,
    pub reach: u64,
}

impl SliceState for Account {
    fn write_begun(&self) -> bool {
        self.half_done
    }

    fn repair(&mut self) -> bool {
        self.half_done = !self.repairable;
        self.repairable
    }

    fn reach(&self) -> u64 {
        self.reach
    }
}
