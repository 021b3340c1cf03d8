//! Sessions that wait: commands whose keys have nothing for them yet, WAIT, and whoever CLIENT PAUSE holds up.
//!
//! ```text
//! a command waits ──▶ its waiter stands at its keys, under their locks      begin.rs
//!                     the batch pauses, so that what was answered before is sent
//!                     the session sleeps until …                             sleep.rs
//!   a key has something: whoever changed it serves the waiter, under the locks, and wakes it     store::command::serve_ready
//!   its time is over · CLIENT UNBLOCK · its connection ends                  the same claim on the waiter
//!                     it leaves the queues it still stands in, answers, and goes on with what was pipelined
//! ```
//!
//! The reply is written by the session itself, on its own core, and so in order. What a session pipelined behind a
//! command that waits is not looked at until that is answered. See `store::command::Wait` for the other half.

mod begin;
mod bereaved;
mod client;
mod pause;
mod sleep;
mod wait;

use std::rc::Rc;
use std::sync::Arc;

use store::command::{Spec, Waiter};

use crate::observe::SlowEntry;
use crate::tenant::Membership;

pub use bereaved::Bereaved;
pub(crate) use client::{PAUSE, UNBLOCK, UNPAUSE};
pub use pause::{Pause, Scope as PauseScope};
pub(crate) use wait::COMMANDS;

/// What a session waits for.
pub enum Blocked {
    /// The end of a command.
    Waits(Waits),
    /// The end of CLIENT PAUSE; the request it stopped at will be tried again.
    Paused,
    /// The end of SAVE, which has the other tenants' data to write.
    Saves(&'static Spec),
    /// The end of SHUTDOWN SAVE, which has all data to write before. With FORCE it ends the server though that fails.
    SavesToEnd(&'static Spec, Urgency),
    /// Its turn, this time ms since the epoch: its tenant has used up its rate of operations.
    Throttled(u64),
}

/// Whether SHUTDOWN goes on when the data cannot be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It does not.
    Normal,
    /// It does: FORCE.
    Force,
}

/// A command under way that waits.
pub struct Waits {
    waiter: Arc<Waiter>,
    /// Whose keys they are.
    tenant: Rc<Membership>,
    /// The queues it stands in: shard, and the key's hash.
    places: Vec<(u8, u64)>,
    /// The database its keys are in.
    db: usize,
    /// What it answers then.
    too_late: TooLate,
    /// Id of the command.
    command: usize,
    /// What the slow log will have of it.
    slow: Option<Box<SlowEntry>>,
}

/// The answer when the time is over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TooLate {
    /// No element came.
    Nothing,
    /// So many replicas have what was written.
    Acknowledged(i64),
    /// No file here and no replica's file has what was written.
    Persisted,
}
