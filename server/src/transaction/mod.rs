//! MULTI, EXEC, DISCARD, WATCH, UNWATCH: several requests as one, on whatever shards their keys live.
//!
//! ```text
//! WATCH k ──▶ the slice of k keeps this connection's flag, and raises it when k changes
//! MULTI   ──▶ requests are checked, planned and queued; one that is refused dooms the transaction
//! EXEC    ──▶ the slices of all queued and all watched keys are locked, once and through the one door;
//!             flag up, or a watched key due? ── yes ──▶ null, and nothing has been run
//!             run all requests in order at one frozen time, one reply each; unlock
//! ```
//!
//! All locks are held from the first request to the last, so transactions are strictly serializable. An error, even a
//! panic, of one request does not keep the others from running, and nothing is rolled back.
//!
//! A session has a [`Transaction`] only while it queues or watches; all others pay one branch for it.

mod commands;
mod exec;
mod queue;
mod watching;

use std::rc::Rc;

use store::command::{Flags, Spec};

use crate::client::ClientInfo;
use crate::tenant::Membership;

pub(crate) use commands::COMMANDS;
use queue::Queue;
pub use queue::Queueing;
use watching::WatchedKey;

/// What becomes of a command that comes after MULTI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InMulti {
    /// It waits for EXEC.
    Queued,
    /// It is run at once.
    AtOnce,
    /// It runs the others.
    Exec,
    /// It is an error.
    Refused,
}

impl InMulti {
    /// What becomes of a command so declared.
    pub fn of(spec: &Spec) -> Self {
        match spec.name {
            _ if spec.flags.contains(Flags::NO_MULTI) => InMulti::Refused,
            "exec" => InMulti::Exec,
            "multi" | "discard" | "watch" | "quit" | "reset" => InMulti::AtOnce,
            _ => InMulti::Queued,
        }
    }
}

/// What a session has queued and what it watches.
#[derive(Default)]
pub struct Transaction {
    /// The requests since MULTI; none without MULTI.
    queue: Option<Queue>,
    watched: Vec<WatchedKey>,
    /// Whose keys they are; none before the first.
    tenant: Option<Rc<Membership>>,
    watched_bytes: usize,
    /// The watched keys are to be let go, which takes their slices' locks.
    released: bool,
}

impl Transaction {
    /// Whether MULTI was called.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.queue.is_some()
    }

    /// Whether something that was queued may need more memory than there is.
    pub fn adds_memory(&self) -> bool {
        self.queue.as_ref().is_some_and(|queue| queue.adds_memory)
    }

    /// Queues from now on.
    fn open(&mut self) {
        self.queue = Some(Queue::default());
    }

    /// The flags of all queued commands.
    pub fn flags(&self) -> Flags {
        self.queue
            .as_ref()
            .map_or(Flags::empty(), |queue| queue.flags)
    }

    /// Makes EXEC fail, if MULTI was called: a request was refused.
    pub fn doom(&mut self) {
        if let Some(queue) = &mut self.queue {
            queue.doom();
        }
    }

    /// Forgets the queue; the watched keys are let go when the present command is done.
    pub fn discard(&mut self, client: &ClientInfo) {
        self.queue = None;
        self.released = true;
        client.note_queue(None);
    }

    /// Whether [`Session::let_go`](crate::session::Session::let_go) has something to do.
    #[inline]
    pub fn is_released(&self) -> bool {
        self.released
    }

    fn used_bytes(&self) -> usize {
        self.watched_bytes + self.queue.as_ref().map_or(0, Queue::used_bytes)
    }
}
