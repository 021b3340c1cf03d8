//! Long work breathes: it runs on a fiber, and every quarter of a millisecond gives its core back for a turn, its slices still locked.
//!
//! A fiber is a stack of its own. What runs on it is plain code that calls [`breathe`] now and then; when its time is up, that call
//! suspends the whole stack, and the task that drives it ([`drive`]) lets others have a turn and resumes it. So a command stays atomic for
//! its own tenant, and costs everybody else one step at most.
//!
//! ```text
//! task:   drive ──resume──▶ body … breathe() ─┐               ┌─▶ … body ends
//!             ◀──────────── suspended ────────┘               │
//!             turn: the core serves others  ────── resume ────┘
//! ```
//!
//! It knows nothing of slices or commands. A fiber is driven to its end: its task may be told to hurry, never dropped. When a core
//! shuts down in the middle, the stack is left as it is, not unwound: there may be foreign frames on it.

mod fiber;
mod turn;

use std::cell::Cell;
use std::time::{Duration, Instant};

use fiber::Fiber;
pub use turn::Turnstile;
use udf::Pulse;

use crate::core::Core;
use crate::shard::{DoorError, Holding, SliceState, Slices, TenantSlices};

/// How long a fiber runs between two suspensions.
pub const STEP: Duration = Duration::from_micros(250);

/// One step of a fiber: from when it is resumed to when it is suspended or ends.
#[derive(Clone, Copy, Debug)]
struct Step {
    since: Instant,
    /// Shards whose slices the code on the fiber locked itself, by bits.
    locked: u64,
}

thread_local! {
    /// The step that runs now; none outside of fibers.
    static STEPPING: Cell<Option<Step>> = const { Cell::new(None) };
}

/// Suspends the fiber that runs now if its step is over. Costs a look at the clock otherwise, and a load outside of fibers: to be called
/// every some microseconds.
///
/// The caller must be able to stand still: no borrow of what other tasks of this core use.
#[inline]
pub fn breathe() {
    breathe_after(STEP);
}

/// The same for code that gets to it only about once a step: half of one is enough, as the next chance would come when another is over.
#[inline]
pub fn breathe_at_tick() {
    breathe_after(STEP / 2);
}

#[inline]
fn breathe_after(least: Duration) {
    if STEPPING
        .get()
        .is_some_and(|step| step.since.elapsed() >= least)
    {
        fiber::suspend();
    }
}

/// The same, for engines that ask whether their code goes on: what is not a call yet, or not any more, does.
pub fn pulse() -> Pulse {
    breathe();
    Pulse::Alive
}

/// Whether the calling code runs on a fiber.
pub fn is_on_fiber() -> bool {
    STEPPING.get().is_some()
}

/// Says which slices the calling code has locked until it says otherwise: those of these shards, by bits. Gives whether it runs on a fiber.
#[inline]
pub fn note_locked(mask: u64) -> bool {
    let step = STEPPING.get();
    if let Some(step) = step {
        STEPPING.set(Some(Step {
            locked: mask,
            ..step
        }));
    }
    step.is_some()
}

/// Runs `f`, during which [`breathe`] does nothing: for foreign code that must not be suspended.
pub fn holding_breath<R>(f: impl FnOnce() -> R) -> R {
    let _outer = Outer::enter(None);
    f()
}

/// What stepped before; it does again at the end, after a panic too.
struct Outer(Option<Step>);

impl Outer {
    fn enter(step: Option<Step>) -> Self {
        Outer(STEPPING.replace(step))
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        STEPPING.set(self.0);
    }
}

/// Runs `body` on a fiber to its end. Whenever it is suspended, `suspended` is told what it said to have locked. A panic of `body` goes on here.
async fn drive<R>(
    core: &Core,
    tenant: u64,
    body: impl FnOnce() -> R,
    suspended: impl Fn(u64),
) -> R {
    let mut fiber = Fiber::new(body);
    let mut locked = 0;
    loop {
        let since = Instant::now();
        let outer = Outer::enter(Some(Step { since, locked }));
        let resumed = fiber.resume();
        locked = STEPPING.get().map_or(0, |step| step.locked);
        drop(outer);
        if let Some(result) = resumed {
            return result;
        }
        // What others do meanwhile is not this command's time.
        let spent = core.meter.hold();
        suspended(locked);
        let nanos = since.elapsed().as_nanos() as u64;
        core.shares.pause(tenant, nanos).await;
        core.meter.go_on(spent);
    }
}

/// Runs `work` of the tenant `id` on the slices held, on a fiber: what takes long in it calls [`breathe`].
///
/// # Errors
/// Those of [`Holding::run`].
pub async fn run<T: SliceState, R>(
    core: &Core,
    id: u64,
    mut holding: Holding<'_, T>,
    work: impl FnOnce(&mut Slices<'_, T>) -> R,
) -> Result<R, DoorError> {
    let (tenant, mask) = (holding.tenant(), holding.mask());
    let suspended = |_| tenant.begin_breathing(mask);
    drive(core, id, || holding.run(work), suspended).await
}

/// Runs `body` of the tenant `id` on a fiber. It locks slices of `tenant`, and none of another's, without waiting, and says so with [`note_locked`].
pub async fn run_unlocked<T: SliceState, R>(
    core: &Core,
    id: u64,
    tenant: &TenantSlices<T>,
    body: impl FnOnce() -> R,
) -> R {
    drive(core, id, body, |locked| tenant.begin_breathing(locked)).await
}

#[cfg(test)]
mod tests;
