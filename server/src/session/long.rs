//! Requests that may take long run on a fiber, where they can breathe; and those that find slices taken wait for them.

use std::rc::Rc;

use resp::{Args, OutputBuffer};
use store::keyspace::Slice;

use super::execute::{FLUSH_BYTES, Progress, Step};
use super::plan::Planned;
use super::{Job, Session, Verdict};
use crate::breathing;
use crate::core::Core;
use crate::registry::{Command, Run};
use crate::shard::{self, DoorError, Holding, Slices, TaskNode};
use crate::tenant::Membership;

/// How long calls go on under the locks of the first of them.
const LOCKED_NS: u64 = 100_000;

impl Session {
    /// Runs request `at`, which may take long, on a fiber, and those after it as long as their slices are free. Says which is next; none when `at`
    /// has to wait for its slices.
    pub(super) async fn run_while_free(
        &mut self,
        core: &Core,
        job: &mut Job<'_>,
        at: usize,
        out: &mut OutputBuffer,
    ) -> Option<usize> {
        let tenant = Rc::clone(&self.tenant);
        // With several shards this was done as the batch came.
        if core.server.shard_map.shards() == 1 && job.plans.len() - at > 1 {
            job.prefetch_only_slice(&tenant.slices, self.db, at);
        }
        breathing::run_unlocked(core, tenant.id(), &tenant.slices, || {
            let Step::Next(mut next) = self.run_if_free(core, job, at, out) else {
                return None;
            };
            while self.goes_on(core, job, next, out) {
                breathing::note_locked(0);
                match self.step(core, job, next, out) {
                    Step::Next(at) => next = at,
                    Step::Waits => break,
                }
            }
            Some(next)
        })
        .await
    }

    /// Whether request `next` may run on the fiber of those before it.
    fn goes_on(&self, core: &Core, job: &Job<'_>, next: usize, out: &OutputBuffer) -> bool {
        let Some(planned) = job.plans.get(next) else {
            return false;
        };
        if planned.verdict != Verdict::Run || out.len() >= FLUSH_BYTES {
            return false;
        }
        let command = planned.known_command(&core.server.registry);
        // What changes the session itself may change its tenant.
        let stays = command.spec.breathes || matches!(command.run, Run::Data(_));
        stays && !command.is_prepared && !self.is_blocked() && !self.closing && !self.must_let_go()
    }

    /// Whether `next`, a call of a script or function, may run under the locks of the calls before it, the first of which began at `begun`.
    pub(super) fn may_call_on(
        &self,
        core: &Core,
        job: &Job<'_>,
        next: usize,
        begun: u64,
        out: &OutputBuffer,
    ) -> bool {
        let planned = job.planned(next);
        let command = planned.known_command(&core.server.registry);
        core.meter.nanos_before_lap(begun) < LOCKED_NS
            && self.mask_of(core, planned, command, job.args(next)) == planned.mask
            && !self.tenant.memory.is_set()
            && self.goes_on(core, job, next, out)
    }

    /// Runs request `at` once all that it needs is locked: alone when it may take long, else with the run of requests on one slice that it starts.
    /// Says where to go on.
    pub(super) async fn run_locked(
        &mut self,
        core: &Core,
        task: &TaskNode,
        job: &mut Job<'_>,
        at: usize,
        is_long: bool,
        out: &mut OutputBuffer,
    ) -> usize {
        let planned = job.planned(at);
        let command = planned.known_command(&core.server.registry);
        let end = match is_long {
            true => at + 1,
            false => self.run_end(core, job, at),
        };
        let mut progress = Progress::new(at, out);
        let tenant = Rc::clone(&self.tenant);
        let holding = self.lock(core, &tenant, task, planned, command, job.args(at));
        let Some(holding) = tenant.scripts.unless_busy(command, holding).await else {
            self.refuse(core, Some(command), &tenant.scripts.busy_error(), out);
            return at + 1;
        };
        let work =
            |held: &mut Slices<'_, Slice>| self.run_held(core, job, end, held, &mut progress, out);
        let result = match holding {
            Err(error) => Err(error),
            Ok(holding) if is_long => breathing::run(core, tenant.id(), holding, work).await,
            Ok(mut holding) => holding.run(work),
        };
        self.settle(core, command, at, result, &progress, out)
    }

    /// The shards whose slices a request needs.
    #[inline]
    pub(super) fn mask_of(
        &self,
        core: &Core,
        planned: &Planned,
        command: &Command,
        args: Args<'_>,
    ) -> u64 {
        let all = self.tenant.slices.mask_of_all();
        // Whatever it calls, it gets no more than all.
        match planned.mask != all && self.calls_lua(core, command, args) {
            true => all,
            false => planned.mask,
        }
    }

    /// Locks the slices that a request needs, waiting for them.
    async fn lock<'t>(
        &self,
        core: &Core,
        tenant: &'t Membership,
        task: &'t TaskNode,
        planned: &Planned,
        command: &Command,
        args: Args<'_>,
    ) -> Result<Holding<'t, Slice>, DoorError> {
        match planned.whole_tenant || self.calls_lua(core, command, args) {
            true => shard::hold_all(&tenant.slices, task).await,
            false => shard::hold(&tenant.slices, task, planned.mask).await,
        }
    }
}
