//! Long work breathes: it runs on a fiber, and about every millisecond gives its core back for a turn, its slices still locked.
//!
//! A fiber is a stack of its own. What runs on it is plain code that calls [`breathe`] now and then; when its time is up, that call
//! suspends the whole stack, and the task that drives it ([`on_fiber`]) sleeps and resumes it. So a command stays atomic for its own
//! tenant, and costs everybody else one step at most.
//!
//! ```text
//! task:   on_fiber ──resume──▶ body … breathe() ─┐            ┌─▶ … body ends
//!             ◀────────────── suspended ─────────┘            │
//!             sleep: the core serves others ────── resume ────┘
//! ```
//!
//! It knows nothing of slices or commands. A fiber is driven to its end: its task may be told to hurry, never dropped. When a core
//! shuts down in the middle, the stack is left as it is, not unwound: there may be foreign frames on it.

mod fiber;

use std::cell::Cell;
use std::time::{Duration, Instant};

use fiber::Fiber;

use crate::core::Core;
use crate::shard::{DoorError, Holding, SliceState, Slices};

/// How long a fiber runs between two suspensions.
pub const STEP: Duration = Duration::from_millis(1);
/// Calls of [`breathe`] between two looks at the clock; the work between two calls takes some microseconds.
const CALLS_PER_LOOK: u32 = 4;

/// Why a fiber is suspended, for whoever drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Its step is over.
    Breath,
    /// It goes on when the slices of these shards, by bits, are locked too.
    Needs(u64),
}

thread_local! {
    /// When the fiber that runs now was resumed; none outside of fibers.
    static RESUMED: Cell<Option<Instant>> = const { Cell::new(None) };
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// Suspends the fiber that runs now if its step is over. Costs a load or two otherwise, and outside of fibers.
///
/// The caller must be able to stand still: no borrow of what other tasks of this core use.
#[inline]
pub fn breathe() {
    let calls = CALLS.get().wrapping_add(1);
    CALLS.set(calls);
    if calls.is_multiple_of(CALLS_PER_LOOK) {
        look();
    }
}

/// [`breathe`] that looks at the clock each time: for who calls it seldom.
#[cold]
pub fn look() {
    if RESUMED.get().is_some_and(|since| since.elapsed() >= STEP) {
        fiber::suspend(Pause::Breath);
    }
}

/// Suspends the fiber that runs now until the slices of `mask` are locked; false when they will not be.
///
/// # Panics
/// Outside of a fiber.
pub fn wait_for_slices(mask: u64) -> bool {
    fiber::suspend(Pause::Needs(mask))
}

/// Whether the calling code runs on a fiber.
pub fn is_on_fiber() -> bool {
    RESUMED.get().is_some()
}

/// Runs `f`, during which [`breathe`] does nothing: for foreign code that must not be suspended.
pub fn holding_breath<R>(f: impl FnOnce() -> R) -> R {
    let _step = Step::enter(None);
    f()
}

/// Since when the code that runs now is on a fiber's step; what was before comes back at the end, after a panic too.
struct Step(Option<Instant>);

impl Step {
    fn enter(since: Option<Instant>) -> Self {
        Step(RESUMED.replace(since))
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        RESUMED.set(self.0);
    }
}

/// Runs `body` on a fiber to its end. Whenever the fiber is suspended, `paused` is told and awaited; it says whether what was needed is
/// there. A panic of `body` goes on here.
pub async fn on_fiber<R>(
    core: &Core,
    body: impl FnOnce() -> R,
    mut paused: impl AsyncFnMut(Pause) -> bool,
) -> R {
    let mut fiber = Fiber::new(body);
    let mut granted = true;
    loop {
        let step = Step::enter(Some(Instant::now()));
        let resumed = fiber.resume(granted);
        drop(step);
        match resumed {
            Ok(result) => return result,
            Err(pause) => {
                // What others do meanwhile is not this command's time.
                let spent = core.meter.hold();
                granted = paused(pause).await;
                core.meter.go_on(spent);
            }
        }
    }
}

/// Runs `work` on the slices held, on a fiber: what takes long in it calls [`breathe`].
///
/// # Errors
/// Those of [`Holding::run`].
pub async fn run<T: SliceState, R>(
    core: &Core,
    mut holding: Holding<'_, T>,
    work: impl FnOnce(&mut Slices<'_, T>) -> R,
) -> Result<R, DoorError> {
    let breathing = holding.breathing();
    on_fiber(
        core,
        || holding.run(work),
        async |_| {
            breathing.begin();
            rest().await;
            true
        },
    )
    .await
}

/// Lets the other tasks of the core run, until its timers' next tick.
pub async fn rest() {
    // Rounded up to the next whole millisecond; no time at all would not even yield.
    monoio::time::sleep(Duration::from_micros(1)).await;
}

#[cfg(test)]
mod tests;
