//! The middle and the end of a wait.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use resp::{OutputBuffer, ReplyWriter};
use store::command::{CommandError, Outcome, Spec};
use store::keyspace::Slice;

use super::{Blocked, TooLate, Waits};
use crate::core::{Core, now_ms};
use crate::registry::Command;
use crate::session::Session;
use crate::shard::{self, DoorError, Slices, TaskNode};
use crate::tenant::Whose;

const UNBLOCKED: CommandError = CommandError::text("UNBLOCKED client unblocked via CLIENT UNBLOCK");

/// Longest sleep at a time.
const NAP_MAX: Duration = Duration::from_secs(3600);

impl Session {
    /// Waits for what the session is blocked on, and answers. When its connection ends meanwhile, it closes.
    pub async fn wait(&mut self, core: &Core, task: &TaskNode, out: &mut OutputBuffer) {
        let waits = match self.blocked.as_deref() {
            None => return,
            Some(Blocked::Paused) => {
                self.client.paused.store(true, Relaxed);
                core.server.pause.wait(task).await;
                self.tenant.pause.wait(task).await;
                self.client.paused.store(false, Relaxed);
                self.blocked = None;
                self.closing |= task.is_killed();
                return;
            }
            Some(Blocked::Saves(spec)) => {
                let spec = *spec;
                let result = self.save_tenants(core, task, Whose::Others).await;
                self.blocked = None;
                let mark = out.mark();
                ReplyWriter::new(out, self.protocol).ok();
                return self.finish(core, registered(core, spec), result, mark, out);
            }
            Some(Blocked::SavesToEnd(spec, urgency)) => {
                let (spec, urgency) = (*spec, *urgency);
                let result = self.save_to_end(core, task, urgency).await;
                self.blocked = None;
                let mark = out.mark();
                return self.finish(core, registered(core, spec), result, mark, out);
            }
            Some(Blocked::Throttled(until_ms)) => {
                sleep_or_die(task, *until_ms).await;
                self.blocked = None;
                self.closing |= task.is_killed();
                return;
            }
            Some(Blocked::Waits(waits)) => waits,
        };
        let outcome = waits.outcome(task).await;
        let (command, too_late) = (waits.command, waits.too_late);
        self.client.forget_waiter();
        if matches!(outcome, Outcome::Gone) {
            self.closing = true;
            return;
        }
        let slow = match self.blocked.as_deref_mut() {
            Some(Blocked::Waits(waits)) => waits.slow.take(),
            Some(
                Blocked::Paused
                | Blocked::Throttled(_)
                | Blocked::Saves(_)
                | Blocked::SavesToEnd(..),
            )
            | None => None,
        };
        self.leave_queues(task).await;
        let mark = out.mark();
        let mut reply = ReplyWriter::new(out, self.protocol);
        let result = match outcome {
            Outcome::Served(Ok(mut served)) => {
                out.append(&mut served);
                Ok(())
            }
            Outcome::Served(Err(error)) => Err(error),
            Outcome::Unblocked => Err(UNBLOCKED),
            Outcome::TimedOut | Outcome::Gone => {
                match too_late {
                    TooLate::Nothing => reply.null_array(),
                    TooLate::Acknowledged(replicas) => reply.integer(replicas),
                    TooLate::Persisted => {
                        reply.array(2);
                        reply.integer(0);
                        reply.integer(0);
                    }
                }
                Ok(())
            }
        };
        let command = &core.server.registry.all()[command];
        self.finish(core, command, result, mark, out);
        core.wait_ended(self, slow);
    }

    /// Leaves the queues it still stands in, slice by slice, and is not blocked any more. When `task` is killed meanwhile, the
    /// rest stays for another call.
    pub async fn leave_queues(&mut self, task: &TaskNode) {
        let Some(Blocked::Waits(waits)) = self.blocked.as_deref() else {
            return;
        };
        let (waiter, db) = (&waits.waiter, waits.db);
        let mask = waits
            .places
            .iter()
            .fold(0, |mask, (shard, _)| mask | 1u64 << shard);
        for shard in shard::shards_of(mask) {
            let work = |held: &mut Slices<'_, Slice>| {
                let here = waits
                    .places
                    .iter()
                    .filter(|place| usize::from(place.0) == shard);
                here.for_each(|(_, hash)| held.at(shard).waiting.remove(db, *hash, waiter));
            };
            let done = shard::with_slices(&waits.tenant.slices, task, 1 << shard, work).await;
            if done == Err(DoorError::Killed) {
                return;
            }
        }
        self.blocked = None;
    }
}

impl Waits {
    /// How it ends. The clock and a kill are looked after here, the rest by others.
    async fn outcome(&self, task: &TaskNode) -> Outcome {
        self.waiter.set_sleeper(task.handle().waker());
        {
            let is_over = || self.waiter.is_over() || task.is_killed();
            let mut over = pin!(task.wait_until(is_over));
            let mut late = pin!(sleep_until(self.waiter.until_ms));
            poll_fn(|cx| match over.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => late.as_mut().poll(cx),
            })
            .await;
        }
        self.waiter.end(match task.is_killed() {
            true => Outcome::Gone,
            false => Outcome::TimedOut,
        });
        // Who claimed the waiter first may still be writing the reply.
        task.wait_until(|| self.waiter.is_over()).await;
        self.waiter
            .take_outcome()
            .expect("nobody else takes a session's own outcome")
    }
}

/// The command of a specification that is being run.
fn registered<'c>(core: &'c Core, spec: &'static Spec) -> &'c Command {
    let mut commands = core.server.registry.all().iter();
    let command = commands.find(|command| std::ptr::eq(command.spec, spec));
    command.expect("the command that runs is registered")
}

/// Sleeps until a time, or until the task is killed.
async fn sleep_or_die(task: &TaskNode, until_ms: u64) {
    let mut killed = pin!(task.wait_until(|| task.is_killed()));
    let mut late = pin!(sleep_until(Some(until_ms)));
    poll_fn(|cx| match killed.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => late.as_mut().poll(cx),
    })
    .await;
}

/// Sleeps until the millisecond of a time is over, as in Redis nobody waits for less than was asked; for ever without one.
pub(super) async fn sleep_until(until_ms: Option<u64>) {
    let Some(until_ms) = until_ms else {
        return std::future::pending().await;
    };
    loop {
        let left = Duration::from_millis(until_ms.saturating_add(1).saturating_sub(now_ms()));
        if left.is_zero() {
            return;
        }
        monoio::time::sleep(left.min(NAP_MAX)).await;
    }
}
