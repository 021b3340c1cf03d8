//! EXEC: everything that was queued, under one hold of all the slices it needs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use resp::{Args, OutputBuffer, ReplyWriter};
use store::command::{CommandError, Ctx, Effects, Keys, Patience, SliceSet, serve_ready};
use store::keyspace::Slice;

use super::Transaction;
use super::queue::{Queue, Queued};
use crate::breathing;
use crate::core::{Core, now_ms};
use crate::registry::{Command, Run};
use crate::session::{Ahead, AheadKey, ReplyMode, Session};
use crate::shard::{self, DoorError, SliceState, Slices, TaskNode};

const ABORTED: CommandError =
    CommandError::text("EXECABORT Transaction discarded because of previous errors.");

impl Session {
    /// Runs what was queued since MULTI and answers EXEC, which is `command`.
    pub async fn exec(
        &mut self,
        core: &Core,
        task: &TaskNode,
        command: &Command,
        args: Args<'_>,
        out: &mut OutputBuffer,
    ) {
        let begun = core.meter.now();
        let Some(mut transaction) = self.transaction.take() else {
            return;
        };
        let mark = out.mark();
        let reply_mode = std::mem::take(&mut self.reply_mode);
        let queue = transaction.queue.take().unwrap_or_default();
        let result = if queue.is_doomed() {
            Err(ABORTED)
        } else if self.client.watch_is_dirty() {
            self.reply_broken(out);
            Ok(())
        } else {
            self.prepare_queue(core, task, &queue).await;
            self.denies_waiting = true;
            self.run_transaction(core, task, &mut transaction, &queue, out)
                .await
                .map_err(|error| CommandError::Text(error.to_string().into()))
        };
        self.denies_waiting = false;
        if !transaction.watched.is_empty() {
            transaction.discard(&self.client);
            self.transaction = Some(transaction);
            self.let_go(task).await;
        }
        self.client.note_queue(None);
        if self.reply_mode == ReplyMode::On {
            self.reply_mode = reply_mode;
        }
        self.finish(core, command, result, mark, out);
        core.measured(self, command, args, core.meter.nanos_since(begun));
        core.stats().commands.add(1);
        self.client.last_command.store(command.id as u32, Relaxed);
    }

    /// Has taken in what queued requests load, before anything is locked.
    async fn prepare_queue(&mut self, core: &Core, task: &TaskNode, queue: &Queue) {
        self.prepared = None;
        for request in &queue.requests {
            let command = &core.server.registry.all()[request.command];
            if command.is_prepared {
                self.prepare(core, task, command, request.args.view()).await;
            }
        }
    }

    /// Locks all there is to lock, looks at what is watched, and runs the queue.
    async fn run_transaction(
        &mut self,
        core: &Core,
        task: &TaskNode,
        transaction: &mut Transaction,
        queue: &Queue,
        out: &mut OutputBuffer,
    ) -> Result<(), DoorError> {
        let mask = queue.mask | transaction.watched_mask();
        if mask == 0 {
            return self.run_queue_alone(core, queue, out);
        }
        let start = out.mark();
        let tenant = Rc::clone(&self.tenant);
        let slices = &tenant.slices;
        let out_of_work = &mut *out;
        let work = |held: &mut Slices<'_, Slice>| {
            let now_ms = now_ms();
            let whole = self.may_run(transaction, held, now_ms);
            match whole {
                true => self.run_queue(core, queue, held, now_ms, out_of_work),
                false => self.reply_broken(out_of_work),
            }
        };
        let holding = match queue.whole_tenant {
            true => shard::hold_all(slices, task).await,
            false => shard::hold(slices, task, mask).await,
        };
        let done = match holding {
            Err(error) => Err(error),
            Ok(holding) if queue.breathes => breathing::run(core, tenant.id(), holding, work).await,
            Ok(mut holding) => holding.run(work),
        };
        if let Err(error) = &done {
            out.rollback(start);
            if let DoorError::Panicked(text) = error {
                tracing::error!(panic = %text, "a transaction left data that needs repair; its client got an error");
            }
        }
        done
    }

    /// Whether nothing watched has changed. Nothing is watched any more then, nor if something has.
    fn may_run(
        &mut self,
        transaction: &mut Transaction,
        held: &mut Slices<'_, Slice>,
        now_ms: u64,
    ) -> bool {
        if transaction.watched.is_empty() {
            return true;
        }
        let flag = self.client.watch_flag();
        let broken = transaction.is_broken(held, flag, now_ms);
        transaction.unwatch(held, flag);
        transaction.watched.clear();
        flag.clear();
        !broken
    }

    fn reply_broken(&self, out: &mut OutputBuffer) {
        ReplyWriter::new(out, self.protocol).null_array();
    }

    /// Runs a queue whose commands need no slice at all.
    fn run_queue_alone(
        &mut self,
        core: &Core,
        queue: &Queue,
        out: &mut OutputBuffer,
    ) -> Result<(), DoorError> {
        let now_ms = now_ms();
        core.meter.start();
        ReplyWriter::new(out, self.protocol).array(queue.requests.len());
        let mut effects = Effects::default();
        for request in &queue.requests {
            self.run_queued(core, request, (&mut [], 0), now_ms, &mut effects, out);
        }
        Ok(())
    }

    /// Runs a queue on the slices held.
    fn run_queue(
        &mut self,
        core: &Core,
        queue: &Queue,
        held: &mut Slices<'_, Slice>,
        now_ms: u64,
        out: &mut OutputBuffer,
    ) {
        let mask = held.mask();
        let mut effects = core.effects(&self.tenant);
        let env = self.keys_env(core, mask, now_ms);
        prefetch(queue, &Keys::new(SliceSet::new(held), env, &mut effects));
        core.meter.start();
        ReplyWriter::new(out, self.protocol).array(queue.requests.len());
        let mut panicked = false;
        for request in &queue.requests {
            let slices = (&mut **held, mask);
            panicked |= !self.run_queued(core, request, slices, now_ms, &mut effects, out);
            breathing::breathe();
        }
        if !effects.ready.is_empty() {
            let mut keys = Keys::new(SliceSet::new(held), env, &mut effects);
            serve_ready(&mut keys, &core.data_config(), &mut core.rng.borrow_mut());
        }
        core.note_effects(&self.tenant, self.client.id, effects);
        if panicked {
            let sound = held.iter_mut().all(|slice| slice.repair());
            assert!(sound, "a queued command that panicked left a slice damaged");
        }
    }

    /// Runs one request and writes exactly one reply; false when it panicked.
    fn run_queued(
        &mut self,
        core: &Core,
        request: &Queued,
        slices: (&mut [&mut Slice], u64),
        now_ms: u64,
        effects: &mut Effects,
        out: &mut OutputBuffer,
    ) -> bool {
        // What CONFIG SET changed holds for the next request already.
        core.refresh_settings();
        let mark = out.mark();
        let run = || self.run_one(core, request, slices, now_ms, effects, out);
        let Err(payload) = catch_unwind(AssertUnwindSafe(run)) else {
            if out.mark() == mark {
                // CLIENT REPLY OFF and SKIP answer nothing, but every request has its place.
                ReplyWriter::new(out, self.protocol).null();
            }
            return true;
        };
        out.rollback(mark);
        let text = shard::payload_text(&*payload);
        let command = &core.server.registry.all()[request.command];
        tracing::error!(command = %command.full_name, panic = %text, "a queued command panicked");
        let error = CommandError::Text(DoorError::Panicked(text).to_string().into());
        core.stats().calls[command.id].add(1);
        core.stats().failed_calls[command.id].add(1);
        self.answer_error(core, &error, out);
        false
    }

    fn answer_error(&self, core: &Core, error: &CommandError, out: &mut OutputBuffer) {
        core.stats().count_error(error);
        self.count_error_of_tenant(core, None, error);
        error.reply(&mut ReplyWriter::new(out, self.protocol));
    }

    fn run_one(
        &mut self,
        core: &Core,
        request: &Queued,
        (slices, mask): (&mut [&mut Slice], u64),
        now_ms: u64,
        effects: &mut Effects,
        out: &mut OutputBuffer,
    ) {
        let command = &core.server.registry.all()[request.command];
        let args = request.args.view();
        if !self.access.is_unrestricted()
            && let Some(error) = self.forbids_in_exec(core, command, args)
        {
            return self.answer_error(core, &error, out);
        }
        let mut env = self.keys_env(core, mask, now_ms);
        env.keeps_due = self.keeps_due(core, command);
        let keys = Keys::new(SliceSet::new(slices), env, effects);
        match command.run {
            Run::Data(_) => {
                let mark = out.mark();
                let mut ctx = Ctx {
                    keys,
                    reply: ReplyWriter::new(out, self.protocol),
                    config: &core.data_config(),
                    now_ms,
                    seed: core.server.seed,
                    rng: &mut core.fork_rng(),
                    patience: Patience::Never,
                };
                self.run_data(core, command, &mut ctx, args, mark);
                if self.tracking.is_some() {
                    self.note_reads(core, command, &mut ctx.keys, args);
                }
            }
            Run::Server(_) => {
                let keys = (request.mask != 0).then_some(keys);
                self.run_server(core, command, args, keys, now_ms, out);
            }
        }
        core.stats().commands.add(1);
        self.client.last_command.store(command.id as u32, Relaxed);
    }
}

/// Asks the memory for the keys of the first requests.
fn prefetch(queue: &Queue, keys: &Keys<'_>) {
    let mut ahead = Ahead::default();
    for request in queue.requests.iter().filter(|request| request.hash != 0) {
        if ahead.is_full() {
            break;
        }
        ahead.push(AheadKey {
            shard: request.mask.trailing_zeros() as u8,
            hash: request.hash,
            ..AheadKey::default()
        });
    }
    let _ = ahead.run(keys);
}
