//! Runs a batch of requests strictly in order.
//!
//! ```text
//! plan all ──▶ next request ──▶ one slice?  ──▶ lock it once for the whole run of requests on it,
//!                   ▲                           prefetch their entries, run them, unlock
//!                   │           several?    ──▶ lock them, run the one request, unlock
//!                   └────────── none?       ──▶ run it
//! ```
//!
//! The locks are nearly always free. So [`Session::execute`] is a plain function, and what has to wait is left to
//! [`Session::run_waiting`], which is asynchronous and rare.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use resp::{Args, Batch, Mark, OutputBuffer, ReplyWriter};
use store::command::{
    CommandError, Ctx, Effects, Keys, KeysEnv, Lookups, Patience, SliceSet, serve_ready,
};
use store::keyspace::Slice;

use super::job::Job;
use super::plan::{Planned, Verdict, plan_batch};
use super::{ReplyMode, Session, refuse};
use crate::breathing;
use crate::command::ServerCtx;
use crate::core::{Core, now_ms};
use crate::memory::{Admission, OOM};
use crate::registry::{Command, Run};
use crate::shard::{self, DoorError, Slices, TaskNode};
use crate::transaction::{InMulti, Queueing};

/// Output beyond which a batch pauses so that the connection can send.
pub const FLUSH_BYTES: usize = 256 * 1024;

/// How a batch went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Every request has been run.
    Done,
    /// Enough output or time for now: send what there is, then go on with this request.
    Paused(usize),
    /// This request has to wait: see [`Session::run_waiting`].
    Waits(usize),
    /// Close the connection once the output is sent.
    Close,
}

/// Where a batch goes on after a step.
pub(super) enum Step {
    /// With this request.
    Next(usize),
    /// Nowhere before this request has waited for what it needs.
    Waits,
}

/// The part of a batch that runs on slices held: which request is next, and
/// where its reply starts. It outlives a panic of the request.
pub(super) struct Progress {
    pub(super) next: usize,
    pub(super) mark: Mark,
}

impl Progress {
    /// At request `at`.
    pub(super) fn new(at: usize, out: &OutputBuffer) -> Self {
        Progress {
            next: at,
            mark: out.mark(),
        }
    }
}

impl Session {
    /// Finds out what the requests of `batch`, which were decoded from `buf`, need.
    pub fn plan(&mut self, core: &Core, batch: &mut Batch, buf: &[u8], plans: &mut Vec<Planned>) {
        plan_batch(&core.server, &mut self.last_named, batch, buf, plans);
    }

    /// Runs the requests of `job` from `from` on, as far as nothing has to be waited for.
    pub fn execute(
        &mut self,
        core: &Core,
        job: &mut Job<'_>,
        from: usize,
        out: &mut OutputBuffer,
    ) -> Flow {
        core.refresh_settings();
        self.refresh_user(core);
        if core.server.shard_map.shards() > 1 && job.plans.len() - from > 1 {
            job.prefetch_across(&self.tenant.slices, self.db, from);
        }
        let mut next = from;
        loop {
            if self.closing {
                return Flow::Close;
            }
            if self.is_blocked() {
                // What was answered before is sent before it waits.
                return match out.is_empty() {
                    true => Flow::Waits(next),
                    false => Flow::Paused(next),
                };
            }
            if next == job.batch.len() {
                return Flow::Done;
            }
            if out.len() >= FLUSH_BYTES || core.meter.turn_is_over() {
                return Flow::Paused(next);
            }
            if self.must_let_go() || self.goes_long {
                return Flow::Waits(next);
            }
            match self.step(core, job, next, out) {
                Step::Next(at) => next = at,
                Step::Waits => return Flow::Waits(next),
            }
        }
    }

    /// Runs request `at`, at which [`Session::execute`] stopped, and waits for all it needs; says where to go on.
    pub async fn run_waiting(
        &mut self,
        core: &Core,
        task: &TaskNode,
        job: &mut Job<'_>,
        at: usize,
        out: &mut OutputBuffer,
    ) -> usize {
        if self.is_blocked() {
            self.wait(core, task, out).await;
            return at;
        }
        if self.must_let_go() {
            self.let_go(task).await;
            return at;
        }
        let planned = job.planned(at);
        let command = planned.known_command(&core.server.registry);
        if self.tenant.memory.is_set()
            && !self
                .wait_for_memory(core, task, command, job.args(at))
                .await
        {
            self.refuse(core, Some(command), &OOM, out);
            return at + 1;
        }
        if self.is_queueing() && command.in_multi == InMulti::Exec {
            self.exec(core, task, command, job.args(at), out).await;
            core.deliver_effects();
            self.end_caching();
            self.take_own_mail(out);
            return at + 1;
        }
        if command.is_prepared {
            self.prepared = None;
            self.prepare(core, task, command, job.args(at)).await;
            if planned.mask == 0 {
                self.run_alone(core, command, job.args(at), out);
                return at + 1;
            }
        }
        self.runs_again = std::mem::take(&mut self.goes_long);
        let is_long = self.runs_again || command.spec.breathes;
        let while_free = match is_long {
            true => self.run_while_free(core, job, at, out).await,
            false => None,
        };
        let next = match while_free {
            Some(next) => next,
            None => self.run_locked(core, task, job, at, is_long, out).await,
        };
        self.runs_again = false;
        next
    }

    /// Whether keys are watched for a transaction that is over.
    #[inline]
    pub(super) fn must_let_go(&self) -> bool {
        match &self.transaction {
            None => false,
            Some(transaction) => transaction.is_released(),
        }
    }

    /// Runs one request, or the run of requests on one slice that starts with it.
    pub(super) fn step(
        &mut self,
        core: &Core,
        job: &mut Job<'_>,
        at: usize,
        out: &mut OutputBuffer,
    ) -> Step {
        let planned = job.planned(at);
        let registry = &core.server.registry;
        if planned.verdict != Verdict::Run {
            return Step::Next(self.stop(core, job, at, out));
        }
        let command = planned.known_command(registry);
        if !self.access.is_unrestricted()
            && let Some(error) = self.forbids(core, command, job.args(at))
        {
            self.refuse(core, Some(command), &error, out);
            return Step::Next(at + 1);
        }
        if self.subscriptions.is_some()
            && let Some(error) = self.refuse_to_subscriber(command)
        {
            self.refuse(core, Some(command), &error, out);
            return Step::Next(at + 1);
        }
        if self.is_pause_on(core) && self.must_pause(core, command, job.args(at)) {
            return Step::Next(at);
        }
        if self.tenant.scripts.is_busy()
            && let Some(error) = self.refuse_while_busy(command)
        {
            self.refuse(core, Some(command), &error, out);
            return Step::Next(at + 1);
        }
        if self.tenant.is_rationed()
            && let Some(next) = self.ration(core, command, job, at, out)
        {
            return Step::Next(next);
        }
        if self.tenant.memory.is_set() {
            let admission = self.admission(core, command, job.args(at));
            self.take_invalidations(out);
            match admission {
                Admission::Granted => self.is_crowded = false,
                Admission::Single => self.is_crowded = true,
                Admission::Waits => return Step::Waits,
                Admission::Refused => {
                    self.refuse(core, Some(command), &OOM, out);
                    return Step::Next(at + 1);
                }
            }
        }
        if self.is_queueing() {
            match self.queue(core, planned, command, job.args(at), out) {
                Queueing::Answered => return Step::Next(at + 1),
                Queueing::Exec => return Step::Waits,
                Queueing::RunNow => {}
            }
        }
        if planned.mask == 0 && !command.spec.breathes {
            if command.is_prepared {
                return Step::Waits;
            }
            self.run_alone(core, command, job.args(at), out);
            return Step::Next(at + 1);
        }
        if command.spec.breathes && !breathing::is_on_fiber() {
            return Step::Waits;
        }
        self.run_if_free(core, job, at, out)
    }

    /// Runs request `at`, which may run now, or the run of requests on one slice that starts with it, if what they need is free.
    #[inline]
    pub(super) fn run_if_free(
        &mut self,
        core: &Core,
        job: &mut Job<'_>,
        at: usize,
        out: &mut OutputBuffer,
    ) -> Step {
        let planned = job.planned(at);
        let command = planned.known_command(&core.server.registry);
        let mask = self.mask_of(core, planned, command, job.args(at));
        let mut progress = Progress::new(at, out);
        let end = self.run_end(core, job, at);
        let tenant = Rc::clone(&self.tenant);
        let work =
            |held: &mut Slices<'_, Slice>| self.run_held(core, job, end, held, &mut progress, out);
        let result = match shard::try_with_slices(&tenant.slices, mask, work) {
            Ok(()) => Ok(()),
            Err(shard::Refused::Failed(error)) => Err(error),
            Err(shard::Refused::Busy { .. }) => return Step::Waits,
        };
        Step::Next(self.settle(core, command, at, result, &progress, out))
    }

    /// The end of the run of requests that starts at `at`, which its user may run.
    #[inline]
    pub(super) fn run_end(&self, core: &Core, job: &Job<'_>, at: usize) -> usize {
        let end = match self.is_crowded || self.is_pause_on(core) || self.tenant.is_rationed() {
            true => at + 1,
            false => job.run_end(core, at),
        };
        match self.access.is_unrestricted() {
            true => end,
            false => self.permitted_end(core, job, at, end),
        }
    }

    /// Where that run must stop for its user's rights.
    #[cold]
    fn permitted_end(&self, core: &Core, job: &Job<'_>, at: usize, end: usize) -> usize {
        let may_follow = |next: &usize| {
            let command = job.planned(*next).known_command(&core.server.registry);
            self.may_follow(command, job.args(*next))
        };
        (at + 1..end).find(|next| !may_follow(next)).unwrap_or(end)
    }

    /// Counts the requests that ran on the slices held, answers the one that failed there, and says where to go on.
    #[inline]
    pub(super) fn settle(
        &mut self,
        core: &Core,
        command: &Command,
        at: usize,
        result: Result<(), DoorError>,
        progress: &Progress,
        out: &mut OutputBuffer,
    ) -> usize {
        core.stats().commands.add((progress.next - at) as u64);
        core.deliver_effects();
        match result {
            Ok(()) => progress.next,
            Err(error) => {
                self.door_failed(core, command, &error, progress.mark, out);
                progress.next + 1
            }
        }
    }

    /// Answers a request that may not run; says where to go on.
    #[cold]
    fn stop(&mut self, core: &Core, job: &Job<'_>, at: usize, out: &mut OutputBuffer) -> usize {
        let (planned, args) = (job.planned(at), job.args(at));
        if refuse::is_http(args) {
            refuse::warn_of_http(&self.client.addr);
            self.closing = true;
            return job.batch.len();
        }
        let command = planned.command(&core.server.registry);
        if planned.verdict == Verdict::UnknownSubcommand
            && let Some(error) = self.forbids_unknown(core, command, args)
        {
            self.refuse(core, command, &error, out);
            return at + 1;
        }
        let error = refuse::error_of(planned.verdict, command, args);
        let counted = command.filter(|_| planned.verdict == Verdict::WrongArity);
        self.refuse(core, counted, &error, out);
        at + 1
    }

    /// Runs requests on the slices held, from `progress.next` up to `end`, until there is enough output.
    pub(super) fn run_held(
        &mut self,
        core: &Core,
        job: &mut Job<'_>,
        end: usize,
        held: &mut Slices<'_, Slice>,
        progress: &mut Progress,
        out: &mut OutputBuffer,
    ) {
        let now_ms = now_ms();
        self.client.active_at_ms.store(now_ms, Relaxed);
        let registry = &core.server.registry;
        let mut effects = core.effects(&self.tenant);
        let mut command = job.planned(progress.next).known_command(registry);
        let mut env = self.keys_env(core, held.mask(), now_ms);
        env.keeps_due = self.keeps_due(core, command);
        env.may_escalate = !breathing::note_locked(held.mask());
        if std::mem::take(&mut self.runs_again) {
            env.lookups = Lookups::CountedBefore;
        }
        let keys = Keys::new(SliceSet::new(held), env, &mut effects);
        if let Run::Server(_) = command.run {
            core.meter.start();
            let begun = core.meter.lap();
            let mut keys = keys;
            loop {
                let args = job.args(progress.next);
                self.run_server(core, command, args, Some(keys), now_ms, out);
                progress.next += 1;
                if !effects.ready.is_empty() {
                    let mut keys = Keys::new(SliceSet::new(held), env, &mut effects);
                    serve_ready(&mut keys, &core.data_config(), &mut core.rng.borrow_mut());
                }
                if progress.next == end || !self.may_call_on(core, job, progress.next, begun, out) {
                    break;
                }
                command = job.planned(progress.next).known_command(registry);
                progress.mark = out.mark();
                keys = Keys::new(SliceSet::new(held), env, &mut effects);
            }
        } else {
            let config = core.data_config();
            let mut ctx = Ctx {
                keys,
                reply: ReplyWriter::new(out, self.protocol),
                config: &config,
                now_ms,
                seed: core.server.seed,
                rng: &mut core.fork_rng(),
                patience: Patience::MayWait,
            };
            let mut prefetched = progress.next;
            let growth = self.tenant.memory.growth_unasked();
            let most_bytes = growth.map(|bytes| ctx.keys.held_bytes() + bytes);
            // Under CLIENT PAUSE the next command may have to wait.
            let end = if env.keeps_due {
                progress.next + 1
            } else {
                end
            };
            while progress.next < end
                && ctx.reply.output().len() < FLUSH_BYTES
                && !core.meter.turn_is_over()
            {
                if progress.next == prefetched {
                    prefetched = job.prefetch(core, progress.next..end, &ctx.keys);
                    core.meter.start();
                }
                command = job.planned(progress.next).known_command(registry);
                progress.mark = ctx.reply.output().mark();
                ctx.keys.select(self.db);
                self.run_data(
                    core,
                    command,
                    &mut ctx,
                    job.args(progress.next),
                    progress.mark,
                );
                if self.goes_long {
                    break;
                }
                ctx.keys.count_lookups();
                if self.tracking.is_some() {
                    self.note_reads(core, command, &mut ctx.keys, job.args(progress.next));
                }
                progress.next += 1;
                if ctx.keys.makes_ready() {
                    serve_ready(&mut ctx.keys, ctx.config, ctx.rng);
                }
                if self.is_blocked() || ctx.keys.held_bytes_exceed(most_bytes) {
                    break;
                }
            }
        }
        self.client.last_command.store(command.id as u32, Relaxed);
        core.note_effects(&self.tenant, self.client.id, effects);
    }

    /// What commands on the slices of `mask` need to know.
    #[inline]
    pub(crate) fn keys_env(&self, core: &Core, mask: u64, now_ms: u64) -> KeysEnv {
        KeysEnv {
            map: core.server.shard_map,
            mask,
            seed: core.server.seed,
            db: self.db,
            now_ms,
            touch: !self.no_touch,
            access: core.access(&self.tenant, now_ms),
            keeps_due: false,
            breathe: breathing::breathe,
            may_escalate: false,
            lookups: Lookups::Counted,
            scripted: false,
            string_len_max: self.tenant.string_len_max(),
        }
    }

    /// Runs a data command, whose reply starts at `mark`, and counts it, except in the number of all commands.
    #[inline(always)]
    pub(crate) fn run_data(
        &mut self,
        core: &Core,
        command: &Command,
        ctx: &mut Ctx<'_>,
        args: Args<'_>,
        mark: Mark,
    ) {
        let Run::Data(run) = command.run else {
            unreachable!("the caller looked")
        };
        let result = run(ctx, args);
        if let Patience::Waits(_) = ctx.patience {
            return self.begin_wait(core, command, args, ctx);
        }
        if result == Err(CommandError::Long) {
            ctx.reply.output().rollback(mark);
            self.goes_long = true;
            return;
        }
        core.stats().calls[command.id].add(1);
        if let Err(error) = result {
            let error = self.quota_named(error);
            self.count_error_of_tenant(core, Some(command), &error);
            fail(core, command, &error, mark, &mut ctx.reply);
        }
        if self.reply_mode != ReplyMode::On {
            self.apply_reply_mode(mark, ctx.reply.output());
        }
        core.command_ended(self, command, args);
    }

    pub(crate) fn run_server(
        &mut self,
        core: &Core,
        command: &Command,
        args: Args<'_>,
        keys: Option<Keys<'_>>,
        now_ms: u64,
        out: &mut OutputBuffer,
    ) {
        let Run::Server(run) = command.run else {
            unreachable!("the caller looked")
        };
        let mark = out.mark();
        let reply = ReplyWriter::new(out, self.protocol);
        let result = run(
            &mut ServerCtx {
                session: self,
                core,
                keys,
                reply,
                now_ms,
            },
            args,
        );
        if !self.is_blocked() {
            self.finish(core, command, result, mark, out);
        }
        core.command_ended(self, command, args);
    }

    /// Runs a command that needs no slice.
    fn run_alone(
        &mut self,
        core: &Core,
        command: &Command,
        args: Args<'_>,
        out: &mut OutputBuffer,
    ) {
        let mark = out.mark();
        let now_ms = now_ms();
        self.client.active_at_ms.store(now_ms, Relaxed);
        core.meter.start();
        let outcome = catch_unwind(AssertUnwindSafe(|| match command.run {
            Run::Server(_) => self.run_server(core, command, args, None, now_ms, out),
            Run::Data(_) => {
                let mut effects = Effects::default();
                let env = self.keys_env(core, 0, now_ms);
                let mut ctx = Ctx {
                    keys: Keys::new(SliceSet::empty(), env, &mut effects),
                    reply: ReplyWriter::new(out, self.protocol),
                    config: &core.data_config(),
                    now_ms,
                    seed: core.server.seed,
                    rng: &mut core.rng.borrow_mut(),
                    patience: Patience::Never,
                };
                self.run_data(core, command, &mut ctx, args, mark);
            }
        }));
        core.stats().commands.add(1);
        if self.tracking.is_some() {
            self.end_caching_after(command);
        }
        self.client.last_command.store(command.id as u32, Relaxed);
        if let Err(payload) = outcome {
            let error = DoorError::Panicked(shard::payload_text(&*payload));
            self.door_failed(core, command, &error, mark, out);
        }
    }

    /// What a command about the connection or the server ends with: its error, counters, the reply mode.
    pub(crate) fn finish(
        &mut self,
        core: &Core,
        command: &Command,
        result: Result<(), CommandError>,
        mark: Mark,
        out: &mut OutputBuffer,
    ) {
        core.stats().calls[command.id].add(1);
        if let Err(error) = result {
            self.count_error_of_tenant(core, Some(command), &error);
            fail(
                core,
                command,
                &error,
                mark,
                &mut ReplyWriter::new(out, self.protocol),
            );
        }
        self.settle_reply_mode(mark, out);
    }

    /// Keeps back the reply written since `mark` if CLIENT REPLY asked for it.
    #[inline]
    pub(crate) fn settle_reply_mode(&mut self, mark: Mark, out: &mut OutputBuffer) {
        if self.reply_mode != ReplyMode::On {
            self.apply_reply_mode(mark, out);
        }
    }

    #[cold]
    fn apply_reply_mode(&mut self, mark: Mark, out: &mut OutputBuffer) {
        match self.reply_mode {
            ReplyMode::On => {}
            ReplyMode::Off => out.rollback(mark),
            ReplyMode::SkipNext => self.reply_mode = ReplyMode::SkipThis,
            ReplyMode::SkipThis => {
                out.rollback(mark);
                self.reply_mode = ReplyMode::On;
            }
        }
    }

    #[cold]
    fn reply_error(&mut self, core: &Core, out: &mut OutputBuffer, error: &CommandError) {
        let mark = out.mark();
        core.stats().count_error(error);
        self.count_error_of_tenant(core, None, error);
        error.reply(&mut ReplyWriter::new(out, self.protocol));
        self.settle_reply_mode(mark, out);
    }

    /// Answers a request that does not get to run, and so dooms the transaction it is part of. EXEC itself ends it.
    #[cold]
    pub(crate) fn refuse(
        &mut self,
        core: &Core,
        command: Option<&Command>,
        error: &CommandError,
        out: &mut OutputBuffer,
    ) {
        if let Some(command) = command {
            core.stats().rejected_calls[command.id].add(1);
        }
        let ends = command.is_some_and(|command| command.in_multi == InMulti::Exec);
        if let Some(transaction) = &mut self.transaction {
            match ends {
                true => transaction.discard(&self.client),
                false => transaction.doom(),
            }
        }
        match ends {
            true => self.reply_error(core, out, &refuse::exec_aborted(error)),
            false => self.reply_error(core, out, error),
        }
    }

    #[cold]
    fn door_failed(
        &mut self,
        core: &Core,
        command: &Command,
        error: &DoorError,
        mark: Mark,
        out: &mut OutputBuffer,
    ) {
        out.rollback(mark);
        if let DoorError::Panicked(text) = error {
            tracing::error!(command = %command.full_name, panic = %text, "a command panicked; its client got an error");
            core.stats().calls[command.id].add(1);
            core.stats().failed_calls[command.id].add(1);
        }
        self.reply_error(core, out, &CommandError::Text(error.to_string().into()));
    }
}

/// Replaces what a command has written by its error.
#[cold]
fn fail(
    core: &Core,
    command: &Command,
    error: &CommandError,
    mark: Mark,
    reply: &mut ReplyWriter<'_>,
) {
    reply.output().rollback(mark);
    let stats = core.stats();
    stats.count_error(error);
    stats.failed_calls[command.id].add(1);
    error.reply(reply);
}
