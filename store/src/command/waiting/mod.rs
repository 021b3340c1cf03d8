//! Commands that wait until a key has something for them: BLPOP and its kin, XREAD BLOCK.
//!
//! ```text
//! handler: nothing there ──▶ Ctx::wait(Wait { keys, kind, serve, … })
//!                              │ may wait?  no (MULTI, scripts) ──▶ null at once
//!                              ▼ yes, still under the locks
//!            a Waiter stands in the queue of each key          (keyspace::Waiting)
//!                              │
//! another command changes a key ──▶ Keys::modified notes the key as ready
//!   it, or the whole transaction or script, is over
//!                              ▼ still under the locks
//!            serve_ready: first come, first served ──▶ claim ──▶ Serve::serve writes the reply ──▶ wake
//! ```
//!
//! Whoever claims a waiter first decides its end: a key that serves it, the clock, CLIENT UNBLOCK, or the end of its
//! connection. So nothing is given twice, and nothing to somebody who is gone. Nothing here knows what sleeps and how it is woken.

mod serve;
#[cfg(test)]
mod tests;
mod timeout;
mod waiter;

use std::fmt;
use std::ops::Range;

pub use serve::{ReadyKey, serve_ready};
pub use timeout::{parse_timeout, parse_timeout_ms};
pub use waiter::{Outcome, Waiter};

use super::{CommandError, Ctx, Key, Keys};
use crate::value::ValueRef;

/// What kind of value a waiter waits for. Other values at its keys leave it waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitKind {
    /// A list.
    List,
    /// A sorted set.
    Zset,
    /// A stream.
    Stream,
}

impl WaitKind {
    /// Whom a value can serve.
    pub(super) fn of(value: ValueRef<'_>) -> Option<WaitKind> {
        match value {
            ValueRef::List(_) => Some(WaitKind::List),
            ValueRef::Zset(_) => Some(WaitKind::Zset),
            ValueRef::Stream(_) => Some(WaitKind::Stream),
            ValueRef::String(_) | ValueRef::Set(_) | ValueRef::Hash(_) => None,
        }
    }
}

/// What a waiting command does when its turn comes.
pub trait Serve: Send + Sync + fmt::Debug {
    /// Whether a key of the right kind has something for it. It is the `nth` of its keys. Nothing may change.
    fn is_ready(&self, _keys: &mut Keys<'_>, _key: Key<'_>, _nth: usize) -> bool {
        true
    }

    /// Whether its turn comes, too, when the key is gone or holds something else: it has lost what it depends on.
    fn minds_loss(&self) -> bool {
        false
    }

    /// Takes what it waits for from the key and writes the reply. An error is a reply, too.
    ///
    /// # Errors
    /// As the command's own.
    fn serve(&self, ctx: &mut Ctx<'_>, key: Key<'_>, nth: usize) -> Result<(), CommandError>;
}

/// A command's wish to wait.
#[derive(Debug)]
pub struct Wait {
    /// The arguments that are the keys it waits for.
    pub keys: Range<usize>,
    /// What it waits for.
    pub kind: WaitKind,
    /// When it gives up, ms since the epoch; never without.
    pub until_ms: Option<u64>,
    /// Shards of further keys that serving it needs, as a mask.
    pub leads_to: u64,
    /// What it does when its turn comes.
    pub serve: Box<dyn Serve>,
}

/// Whether a command may keep its client waiting, and whether it wants to.
#[derive(Debug, Default)]
pub enum Patience {
    /// It may not: it is part of a transaction or a script.
    #[default]
    Never,
    /// It may.
    MayWait,
    /// It does: there is no reply yet.
    Waits(Box<Wait>),
}

impl Ctx<'_> {
    /// Waits, with no reply written so far. False when that is not allowed: the command then answers as if its time was over.
    pub fn wait(&mut self, wait: Wait) -> bool {
        match self.patience {
            Patience::Never => false,
            Patience::MayWait | Patience::Waits(_) => {
                self.patience = Patience::Waits(Box::new(wait));
                true
            }
        }
    }
}
