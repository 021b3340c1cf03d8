//! Queueing: a request between MULTI and EXEC is checked and planned as if it were to run, and kept.

use std::sync::atomic::Ordering::Relaxed;

use resp::{Args, OutputBuffer, OwnedArgs, ReplyWriter};
use store::command::{CommandError, Flags, Spec};

use super::InMulti;
use crate::core::Core;
use crate::registry::Command;
use crate::session::{Planned, Session};

/// The answer to a request that the transaction has no room for. Redis has no limit of its own here, it counts the queue as
/// the client's memory.
const TOO_LARGE: CommandError =
    CommandError::text("ERR the transaction exceeds client-query-buffer-limit");

const NOT_IN_MULTI: CommandError =
    CommandError::text("ERR Command not allowed inside a transaction");

/// A request that waits for EXEC.
pub(super) struct Queued {
    pub(super) args: OwnedArgs,
    /// Id of its command.
    pub(super) command: usize,
    /// Slices it needs, by shard.
    pub(super) mask: u64,
    /// Hash of its only key, for prefetching; 0 when there is none or several.
    pub(super) hash: u64,
}

/// More requests than this breathe between each other.
const REQUESTS_MAX: usize = 32;

/// Whether a command may take longer than it takes to make a fiber many times over.
fn may_take_long(spec: &Spec) -> bool {
    spec.breathes || !(spec.flags.contains(Flags::FAST) || spec.complexity.starts_with("O(1)"))
}

/// The requests since MULTI.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) requests: Vec<Queued>,
    /// Slices that all of them need together.
    pub(super) mask: u64,
    /// One of them asks for the whole tenant.
    pub(super) whole_tenant: bool,
    /// One of them may need more memory than there is.
    pub(super) adds_memory: bool,
    /// One of them may take long.
    pub(super) breathes: bool,
    /// The flags of all of them.
    pub(super) flags: Flags,
    used_bytes: usize,
    doomed: bool,
}

impl Queue {
    /// Makes EXEC fail. What is queued will never run; its number stays on show.
    pub(super) fn doom(&mut self) {
        self.doomed = true;
    }

    pub(super) fn is_doomed(&self) -> bool {
        self.doomed
    }

    pub(super) fn used_bytes(&self) -> usize {
        self.used_bytes + self.requests.capacity() * size_of::<Queued>()
    }

    fn push(&mut self, planned: &Planned, command: &Command, flags: Flags, args: Args<'_>) {
        let args = OwnedArgs::from(args);
        self.used_bytes += args.used_bytes();
        self.mask |= planned.mask;
        self.whole_tenant |= planned.whole_tenant;
        self.adds_memory |= command.spec.flags.contains(Flags::DENYOOM);
        self.breathes |= may_take_long(command.spec) || self.requests.len() >= REQUESTS_MAX;
        self.flags |= flags;
        self.requests.push(Queued {
            args,
            command: command.id,
            mask: planned.mask,
            hash: planned.hash,
        });
    }
}

/// What is to be done with a request that came after MULTI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queueing {
    /// Nothing more: it is queued or refused, and answered.
    Answered,
    /// It is to be run now, like any other.
    RunNow,
    /// It is EXEC.
    Exec,
}

impl Session {
    /// Whether requests are queued instead of run.
    #[inline]
    pub fn is_queueing(&self) -> bool {
        match &self.transaction {
            None => false,
            Some(transaction) => transaction.is_open(),
        }
    }

    /// Takes a request that came after MULTI and may be run as far as planning knows.
    pub fn queue(
        &mut self,
        core: &Core,
        planned: &Planned,
        command: &Command,
        args: Args<'_>,
        out: &mut OutputBuffer,
    ) -> Queueing {
        let result = match command.in_multi {
            InMulti::AtOnce => return Queueing::RunNow,
            InMulti::Exec => return Queueing::Exec,
            InMulti::Refused => Err(NOT_IN_MULTI),
            InMulti::Queued => self.enqueue(core, planned, command, args),
        };
        self.client.last_command.store(command.id as u32, Relaxed);
        let mark = out.mark();
        match result {
            Ok(()) => {
                ReplyWriter::new(out, self.protocol).simple("QUEUED");
                self.settle_reply_mode(mark, out);
            }
            Err(error) => self.refuse(core, Some(command), &error, out),
        }
        Queueing::Answered
    }

    fn enqueue(
        &mut self,
        core: &Core,
        planned: &Planned,
        command: &Command,
        args: Args<'_>,
    ) -> Result<(), CommandError> {
        let hopeless = self.client.watch_is_dirty();
        let flags = self.call_flags(command, args);
        let Some(transaction) = self.transaction.as_deref_mut() else {
            return Ok(());
        };
        let watched_bytes = transaction.watched_bytes;
        let Some(queue) = transaction.queue.as_mut().filter(|queue| !queue.doomed) else {
            return Ok(());
        };
        // It will not run: no need to keep it.
        if hopeless {
            return Ok(());
        }
        // Which library a function is in shows when it is called.
        let planned = match command.calls_functions {
            true => &planned.widened(core.server.shard_map.all()),
            false => planned,
        };
        queue.push(planned, command, flags, args);
        let used_bytes = queue.used_bytes() + watched_bytes;
        let limits = &core.server.net.limits;
        if used_bytes as u64 > limits.query_bytes_max.load(Relaxed) {
            *queue = Queue::default();
            queue.doom();
            return Err(TOO_LARGE);
        }
        self.client
            .note_queue(Some((queue.requests.len(), queue.used_bytes())));
        Ok(())
    }
}
