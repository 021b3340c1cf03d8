//! Runs a batch of requests strictly in order.
//!
//! ```text
//! plan all ──▶ next request ──▶ one slice?  ──▶ lock it once for the whole run of requests on it,
//!                   ▲                           prefetch their entries, run them, unlock
//!                   │           several?    ──▶ lock them, run the one request, unlock
//!                   └────────── none?       ──▶ run it
//! ```
//!
//! The locks are nearly always free, and then nothing here awaits.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;

use resp::{Args, Batch, Mark, OutputBuffer, ReplyWriter};
use store::command::{CommandError, Ctx, DataConfig, Effects, Flags, Keys, KeysEnv, SliceSet};
use store::keyspace::Slice;
use store::random::Rng;
use store::slot::ShardMap;

use super::plan::{Plan, Planned, plan};
use super::prefetch::{self, Ahead, AheadKey};
use super::{ReplyMode, Session, refuse};
use crate::command::ServerCtx;
use crate::core::{Core, now_ms};
use crate::registry::{Command, Run};
use crate::shard::{self, DoorError, Slices, TaskNode, TenantSlices};
use crate::transaction::{InMulti, Queueing};

/// Output beyond which a batch pauses so that the connection can send.
pub const FLUSH_BYTES: usize = 256 * 1024;

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Every request has been run.
    Done,
    /// Enough output for now: send it, then go on with this request.
    Paused(usize),
    /// Close the connection once the output is sent.
    Close,
}

/// The part of a batch that runs on slices held: which request is next, and
/// where its reply starts. It outlives a panic of the request.
struct Progress {
    next: usize,
    mark: Mark,
}

/// One batch: the requests, their plans, and where they came from.
struct Job<'b> {
    batch: &'b Batch,
    buf: &'b [u8],
    from: usize,
    plans: &'b [Planned<'b>],
}

impl<'b> Job<'b> {
    fn args(&self, at: usize) -> Args<'b> {
        self.batch.args(self.buf, at)
    }

    fn planned(&self, at: usize) -> &Planned<'b> {
        &self.plans[at - self.from]
    }

    /// Asks the memory for what the next requests will touch; says up to which request it got.
    #[inline]
    fn prefetch(
        &self,
        range: Range<usize>,
        held: &mut Slices<'_, Slice>,
        map: ShardMap,
        db: usize,
    ) -> usize {
        let mut ahead = Ahead::default();
        let mut at = range.start;
        while at < range.end && !ahead.is_full() {
            let planned = self.planned(at);
            if planned.hash != 0 {
                let Plan::Run(command) = planned.plan else {
                    unreachable!("only a request that runs has a key")
                };
                let member = command.spec.member;
                ahead.push(AheadKey {
                    shard: planned.mask.trailing_zeros() as u8,
                    hash: planned.hash,
                    collection: command.on_collections,
                    member: member.and_then(|member| self.args(at).try_get(member)),
                });
            } else if !planned.whole_tenant {
                let args = self.args(at);
                for arg in (1..args.len()).filter(|&arg| args.hash(arg) != 0) {
                    ahead.push(AheadKey {
                        shard: map.shard_of(args.get(arg)) as u8,
                        hash: args.hash(arg),
                        ..AheadKey::default()
                    });
                }
            }
            at += 1;
        }
        ahead.run(held, db);
        at
    }

    /// Does the same for requests that go to many slices: each is locked for a moment, left
    /// out when it is taken, and locked again when the requests run.
    fn prefetch_across(&self, slices: &TenantSlices<Slice>, db: usize) {
        let single_keys = || {
            self.plans
                .iter()
                .take(prefetch::KEYS_MAX)
                .filter(|planned| planned.hash != 0)
        };
        for planned in single_keys() {
            let _ = shard::try_with_slices(slices, planned.mask, |held| {
                held[0].prefetch_bucket(db, planned.hash)
            });
        }
        for planned in single_keys() {
            let _ = shard::try_with_slices(slices, planned.mask, |held| {
                held[0].prefetch_entry(db, planned.hash)
            });
        }
    }

    /// The end of the run of data requests on the same one slice that starts at `at`.
    fn run_end(&self, at: usize) -> usize {
        let mask = self.planned(at).mask;
        let joins = |at: &usize| {
            let planned = self.planned(*at);
            planned.mask == mask
                && matches!(
                    planned.plan,
                    Plan::Run(Command {
                        run: Run::Data(_),
                        ..
                    })
                )
        };
        if !mask.is_power_of_two() || !joins(&at) {
            return at + 1;
        }
        (at + 1..self.batch.len())
            .find(|at| !joins(at))
            .unwrap_or(self.batch.len())
    }
}

impl Session {
    /// Runs the requests of `batch` from `from` on. `buf` is the buffer they were decoded from.
    pub async fn execute(
        &mut self,
        core: &Core,
        task: &TaskNode,
        batch: &mut Batch,
        buf: &[u8],
        from: usize,
        out: &mut OutputBuffer,
    ) -> Flow {
        core.refresh_settings();
        let mut plans = Vec::with_capacity(batch.len() - from);
        plan_batch(core, batch, buf, from, &mut plans);
        let job = Job {
            batch,
            buf,
            from,
            plans: &plans,
        };
        if core.server.shard_map.shards() > 1 && plans.len() > 1 {
            job.prefetch_across(&core.server.slices, self.db);
        }
        let mut next = from;
        let flow = loop {
            if self.closing {
                break Flow::Close;
            }
            if next == job.batch.len() {
                break Flow::Done;
            }
            if out.len() >= FLUSH_BYTES {
                break Flow::Paused(next);
            }
            next = self.step(core, task, &job, next, out).await;
            if let Some(transaction) = &self.transaction
                && transaction.is_released()
            {
                Box::pin(self.let_go(core, task)).await;
            }
        };
        self.client.active_at_ms.store(now_ms(), Relaxed);
        flow
    }

    /// Runs one request, or the run of requests on one slice that starts with it; says where to go on.
    async fn step(
        &mut self,
        core: &Core,
        task: &TaskNode,
        job: &Job<'_>,
        at: usize,
        out: &mut OutputBuffer,
    ) -> usize {
        let planned = job.planned(at);
        let Plan::Run(command) = planned.plan else {
            if refuse::is_http(job.args(at)) {
                refuse::warn_of_http(&self.client.addr);
                self.closing = true;
                return job.batch.len();
            }
            let error = refuse::error_of(&planned.plan, job.args(at));
            let known = match planned.plan {
                Plan::WrongArity(command) => Some(command),
                _ => None,
            };
            self.refuse(core, known, &error, out);
            return at + 1;
        };
        if !self.authenticated && !command.spec.flags.contains(Flags::NO_AUTH) {
            self.refuse(core, Some(command), &NOAUTH, out);
            return at + 1;
        }
        if self.is_queueing() {
            match self.queue(core, planned, command, job.args(at), out) {
                Queueing::Answered => return at + 1,
                Queueing::Exec => {
                    Box::pin(self.exec(core, task, command, out)).await;
                    return at + 1;
                }
                Queueing::RunNow => {}
            }
        }
        if planned.mask == 0 {
            self.run_alone(core, command, job.args(at), out);
            return at + 1;
        }
        let (mask, whole_tenant) = (planned.mask, planned.whole_tenant);
        let mut progress = Progress {
            next: at,
            mark: out.mark(),
        };
        let end = job.run_end(at);
        let slices = &core.server.slices;
        let work =
            |held: &mut Slices<'_, Slice>| self.run_held(core, job, end, held, &mut progress, out);
        let result = match shard::try_with_slices(slices, mask, work) {
            Ok(()) => Ok(()),
            Err(shard::Refused::Failed(error)) => Err(error),
            Err(shard::Refused::Busy { f, .. }) if whole_tenant => {
                shard::whole_tenant(slices, task, f).await
            }
            Err(shard::Refused::Busy { f, mask, .. }) => {
                shard::with_slices(slices, task, mask, f).await
            }
        };
        if let Err(error) = result {
            self.door_failed(core, command, &error, &progress, out);
            return progress.next + 1;
        }
        progress.next
    }

    /// Runs requests on the slices held, from `progress.next` up to `end`, until there is enough output.
    fn run_held(
        &mut self,
        core: &Core,
        job: &Job<'_>,
        end: usize,
        held: &mut Slices<'_, Slice>,
        progress: &mut Progress,
        out: &mut OutputBuffer,
    ) {
        let now_ms = now_ms();
        let mask = held.mask();
        let mut prefetched = progress.next;
        let config = core.data_config.borrow();
        let rng = &mut *core.rng.borrow_mut();
        let mut effects = Effects::default();
        while progress.next < end && out.len() < FLUSH_BYTES {
            let Plan::Run(command) = job.planned(progress.next).plan else {
                unreachable!("a run holds only runnable requests")
            };
            if progress.next == prefetched {
                prefetched = job.prefetch(progress.next..end, held, core.server.shard_map, self.db);
            }
            progress.mark = out.mark();
            let args = job.args(progress.next);
            let set = SliceSet::new(held);
            let env = KeysEnv {
                map: core.server.shard_map,
                mask,
                seed: core.server.seed,
                db: self.db,
                now_ms,
                touch: !self.no_touch,
            };
            let keys = Keys::new(set, env, &mut effects);
            match command.run {
                Run::Data(run) => self.run_data(
                    core,
                    command,
                    run,
                    args,
                    keys,
                    (&config, &mut *rng, now_ms),
                    out,
                ),
                Run::Server(_) => self.run_server(core, command, args, Some(keys), now_ms, out),
            }
            progress.next += 1;
        }
        core.stats().changes.add(effects.dirty);
    }

    #[inline]
    #[expect(
        clippy::too_many_arguments,
        reason = "the hot path takes what it needs apart, once"
    )]
    pub(crate) fn run_data(
        &mut self,
        core: &Core,
        command: &Command,
        run: fn(&mut Ctx<'_>, Args<'_>) -> Result<(), CommandError>,
        args: Args<'_>,
        keys: Keys<'_>,
        (config, rng, now_ms): (&DataConfig, &mut Rng, u64),
        out: &mut OutputBuffer,
    ) {
        let mark = out.mark();
        let reply = ReplyWriter::new(out, self.protocol);
        let mut ctx = Ctx {
            keys,
            reply,
            config,
            now_ms,
            seed: core.server.seed,
            rng,
        };
        let result = run(&mut ctx, args);
        self.finish(core, command, result, mark, out);
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
        self.finish(core, command, result, mark, out);
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
        let outcome = catch_unwind(AssertUnwindSafe(|| match command.run {
            Run::Server(_) => self.run_server(core, command, args, None, now_ms, out),
            Run::Data(run) => {
                let mut effects = Effects::default();
                let env = KeysEnv {
                    map: core.server.shard_map,
                    mask: 0,
                    seed: core.server.seed,
                    db: self.db,
                    now_ms,
                    touch: !self.no_touch,
                };
                let keys = Keys::new(SliceSet::empty(), env, &mut effects);
                let config = core.data_config.borrow();
                let rng = &mut *core.rng.borrow_mut();
                self.run_data(core, command, run, args, keys, (&config, rng, now_ms), out);
            }
        }));
        if let Err(payload) = outcome {
            let text = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| payload.downcast_ref::<&str>().copied());
            let error = DoorError::Panicked(text.unwrap_or("no message").to_owned());
            self.door_failed(core, command, &error, &Progress { next: 0, mark }, out);
        }
    }

    /// What every command ends with: its error, counters, the reply mode.
    #[inline]
    pub(crate) fn finish(
        &mut self,
        core: &Core,
        command: &Command,
        result: Result<(), CommandError>,
        mark: Mark,
        out: &mut OutputBuffer,
    ) {
        let stats = core.stats();
        stats.commands.add(1);
        stats.calls[command.id].add(1);
        self.client.last_command.store(command.id as u32, Relaxed);
        if let Err(error) = result {
            out.rollback(mark);
            stats.count_error(&error);
            stats.failed_calls[command.id].add(1);
            error.reply(&mut ReplyWriter::new(out, self.protocol));
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
        progress: &Progress,
        out: &mut OutputBuffer,
    ) {
        out.rollback(progress.mark);
        if let DoorError::Panicked(text) = error {
            tracing::error!(command = %command.full_name, panic = %text, "a command panicked; its client got an error");
        }
        self.reply_error(core, out, &CommandError::Text(error.to_string().into()));
    }
}

/// Plans the requests from `from` on; key hashes are kept in the batch.
fn plan_batch<'c>(
    core: &'c Core,
    batch: &mut Batch,
    buf: &[u8],
    from: usize,
    plans: &mut Vec<Planned<'c>>,
) {
    let mut last = None;
    let mut hashes: [(usize, u64); HASHES_KEPT] = [(0, 0); HASHES_KEPT];
    for at in from..batch.len() {
        let mut kept = 0;
        let named = last.map(|(at, command)| (batch.args(buf, at).get(0), command));
        let planned = plan(&core.server, named, batch.args(buf, at), |arg, hash| {
            if kept < HASHES_KEPT {
                hashes[kept] = (arg, hash);
                kept += 1;
            }
        });
        if let Plan::Run(command) = planned.plan
            && command.is_top_level()
        {
            last = Some((at, command));
        }
        for &(arg, hash) in &hashes[..kept] {
            batch.set_hash(at, arg, hash);
        }
        plans.push(planned);
    }
}

const NOAUTH: CommandError = CommandError::text("NOAUTH Authentication required.");

/// Most key hashes of one request that planning keeps; the handler computes the others again.
const HASHES_KEPT: usize = 16;
