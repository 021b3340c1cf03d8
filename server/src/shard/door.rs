//! The one door to data: [`with_slices`] locks a tenant's slices, runs a closure on them and unlocks.
//!
//! The fast way, [`try_with_slices`], does not wait: it tries all locks in ascending order and gives up at the first that is taken. The slow way waits *holding
//! nothing* and tries again; after [`TRIES`] refusals one slice is queued for fairly, and several are taken through the tenant's gate, see [`Holding`].

use super::gate::{Gate, Ticket};
use super::held::{Fitness, Held, MAX_SHARDS, Slices, shards_of};
use super::slice_lock::SliceCell;
use super::task::TaskNode;

/// Refusals before a task stops trying its luck and queues.
const TRIES: u32 = if cfg!(all(test, loom)) { 2 } else { 3 };

/// What the door must know of a slice's data.
pub trait SliceState {
    /// Whether a change has begun and not been finished: asked when a closure has panicked. A slice that says yes is not used again before [`Self::repair`].
    fn write_begun(&self) -> bool;

    /// Audits or rebuilds a slice that was left in the middle of a change; true when it is fit for use again, and then [`Self::write_begun`] is false.
    /// Runs under the lock, before the next use.
    fn repair(&mut self) -> bool;

    /// Called under the lock whenever a closure has run on the slice.
    #[inline]
    fn settle(&mut self) {}

    /// Shards that a change of this slice may lead to: where the waiters on its keys want elements moved. They are locked together with it, transitively.
    #[inline]
    fn reach(&self) -> u64 {
        0
    }
}

/// Why a closure was not run, or not finished. Display is the wire text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// The task was killed while it waited; the closure was not run.
    #[error("ERR the connection was killed while its command waited")]
    Killed,
    /// The tenant's slices were taken out of service: look the tenant up again. The closure was not run.
    #[error("ERR the tenant's data is being removed")]
    Dead,
    /// A slice was left in the middle of a change by an earlier panic, and could not be repaired. The closure was not run.
    #[error("ERR this part of the data is out of service after an internal error")]
    Poisoned,
    /// The closure panicked, with this message. Locks are released; slices it had begun to change are repaired before their next use.
    #[error("ERR internal error, the command was not completed")]
    Panicked(String),
}

/// Why [`try_with_slices`] did not run its closure to the end.
pub enum Refused<F> {
    /// A slice is taken: here is the closure again, for [`with_slices`].
    Busy {
        /// The shard whose slice is taken.
        shard: usize,
        /// What must be locked: the mask asked for, or more.
        mask: u64,
        /// The closure, which was not run.
        f: F,
    },
    /// It cannot be done.
    Failed(DoorError),
}

/// One tenant's slices and its gate. Shared by all cores.
pub struct TenantSlices<T> {
    cells: Box<[SliceCell<T>]>,
    gate: Gate,
}

impl<T: SliceState> TenantSlices<T> {
    /// A tenant's slices, one for each shard, in shard order.
    ///
    /// # Panics
    /// With more than [`MAX_SHARDS`].
    pub fn new(values: impl IntoIterator<Item = T>) -> Self {
        let cells: Box<[SliceCell<T>]> = values.into_iter().map(SliceCell::new).collect();
        assert!(cells.len() <= MAX_SHARDS, "at most {MAX_SHARDS} shards");
        Self {
            cells,
            gate: Gate::new(),
        }
    }

    /// The gate itself, for the model check.
    #[cfg(all(test, loom))]
    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// How many shards there are.
    pub fn shard_count(&self) -> usize {
        self.cells.len()
    }

    /// Nobody spins for the slices of these shards from now on, until they are unlocked. Their holder alone calls it.
    pub fn begin_breathing(&self, mask: u64) {
        shards_of(mask).for_each(|shard| self.cells[shard].begin_breathing());
    }

    /// All shards.
    pub fn mask_of_all(&self) -> u64 {
        u64::MAX
            .checked_shr((MAX_SHARDS - self.cells.len()) as u32)
            .unwrap_or(0)
    }
}

/// Runs `f` on the slices of `mask` if all of them are free; otherwise gives `f` back. Never waits.
///
/// # Errors
/// [`Refused::Busy`] when a slice is taken, [`Refused::Failed`] when one cannot be used or `f` panicked.
#[inline]
pub fn try_with_slices<T: SliceState, R, F: FnOnce(&mut Slices<'_, T>) -> R>(
    tenant: &TenantSlices<T>,
    mut mask: u64,
    f: F,
) -> Result<R, Refused<F>> {
    loop {
        let mut held = match Held::try_all(&tenant.cells, mask) {
            Ok(held) => held,
            Err(shard) => return Err(Refused::Busy { shard, mask, f }),
        };
        match held.look_over() {
            Ok(Fitness::Ready) => return held.run(f).map_err(Refused::Failed),
            Ok(Fitness::Needs(more)) => mask = more,
            Err(error) => return Err(Refused::Failed(error)),
        }
    }
}

/// Runs `f` on the slices of `mask`, waiting for them as long as it takes.
///
/// `f` runs once, to its end, without any other task seeing the slices in between. It does no I/O, waits for nothing and opens no other door.
/// Never drop the future half-way; to stop the task, kill it ([`super::TaskRef::kill`]) and go on polling.
///
/// # Errors
/// See [`DoorError`].
pub async fn with_slices<T: SliceState, R, F: FnOnce(&mut Slices<'_, T>) -> R>(
    tenant: &TenantSlices<T>,
    task: &TaskNode,
    mask: u64,
    f: F,
) -> Result<R, DoorError> {
    match try_with_slices(tenant, mask, f) {
        Ok(result) => Ok(result),
        Err(Refused::Failed(error)) => Err(error),
        Err(Refused::Busy { shard, mask, f }) => contended(tenant, task, mask, shard).await?.run(f),
    }
}

/// Locks the slices of `mask` for as long as the value lives, awaits included, waiting for them as long as it takes.
///
/// # Errors
/// [`DoorError::Killed`], [`DoorError::Dead`], [`DoorError::Poisoned`].
pub async fn hold<'a, T: SliceState>(
    tenant: &'a TenantSlices<T>,
    task: &'a TaskNode,
    mut mask: u64,
) -> Result<Holding<'a, T>, DoorError> {
    loop {
        let mut held = match Held::try_all(&tenant.cells, mask) {
            Ok(held) => held,
            Err(shard) => return contended(tenant, task, mask, shard).await,
        };
        match held.look_over()? {
            Fitness::Ready => return Ok(Holding::new(tenant, task, held, None)),
            Fitness::Needs(more) => mask = more,
        }
    }
}

/// The slow way: `refused` was taken a moment ago, and nothing is held.
async fn contended<'a, T: SliceState>(
    tenant: &'a TenantSlices<T>,
    task: &'a TaskNode,
    mut mask: u64,
    mut refused: usize,
) -> Result<Holding<'a, T>, DoorError> {
    let mut ticket: Option<Ticket<'_>> = None;
    let mut tries = 1;
    loop {
        if tries >= TRIES && mask.is_power_of_two() && ticket.is_none() {
            if !tenant.cells[refused].acquire(task).await {
                return Err(DoorError::Killed);
            }
            let mut held = Held::none(&tenant.cells);
            held.add_locked(refused);
            match held.look_over()? {
                Fitness::Ready => return Ok(Holding::new(tenant, task, held, None)),
                Fitness::Needs(more) => mask = more,
            }
        } else {
            if tries >= TRIES && ticket.is_none() {
                ticket = Some(tenant.gate.enqueue(task));
            }
            if !ticket.as_ref().is_some_and(Ticket::holds)
                && let Some(_parked) = tenant.cells[refused].park(task)
            {
                task.woken().await;
            }
            if task.is_killed() {
                return Err(DoorError::Killed);
            }
        }
        if ticket.as_ref().is_some_and(Ticket::holds) {
            let mut gated = Holding::new(tenant, task, Held::none(&tenant.cells), ticket);
            gated.lock_one(refused).await?;
            gated.lock(mask).await?;
            return Ok(gated);
        }
        match Held::try_all(&tenant.cells, mask) {
            Ok(mut held) => match held.look_over()? {
                Fitness::Ready => {
                    drop(ticket);
                    return Ok(Holding::new(tenant, task, held, None));
                }
                Fitness::Needs(more) => mask = more,
            },
            Err(shard) => {
                refused = shard;
                tries += 1;
            }
        }
    }
}

/// Slices that a task has locked, and the tenant's gate if it has that too. It may be held across awaits, so what takes long can breathe. Dropping it unlocks all
/// and passes the gate on.
///
/// The gate's holder is the one task of a tenant that may lock slices as it comes to them ([`Holding::lock`]), waiting for each while it holds others: for what may
/// touch undeclared keys (scripts, SORT BY), and for whole-tenant commands.
pub struct Holding<'a, T: SliceState> {
    // Fields are dropped in this order: slices first, then the gate.
    held: Held<'a, T>,
    tenant: &'a TenantSlices<T>,
    task: &'a TaskNode,
    gate: Option<Ticket<'a>>,
}

/// Takes the tenant's gate. The task holds no slice.
///
/// # Errors
/// [`DoorError::Killed`].
pub async fn gated<'a, T: SliceState>(
    tenant: &'a TenantSlices<T>,
    task: &'a TaskNode,
) -> Result<Holding<'a, T>, DoorError> {
    let ticket = tenant.gate.enqueue(task);
    if !ticket.granted().await || task.is_killed() {
        return Err(DoorError::Killed);
    }
    let held = Held::none(&tenant.cells);
    Ok(Holding::new(tenant, task, held, Some(ticket)))
}

impl<'a, T: SliceState> Holding<'a, T> {
    fn new(
        tenant: &'a TenantSlices<T>,
        task: &'a TaskNode,
        held: Held<'a, T>,
        gate: Option<Ticket<'a>>,
    ) -> Self {
        Self {
            held,
            tenant,
            task,
            gate,
        }
    }

    /// Locks what is still missing of `mask`, and what the slices' waiters lead to. Slices locked so far stay locked.
    /// For the gate's holder only, unless nothing is missing.
    ///
    /// # Errors
    /// [`DoorError::Killed`], [`DoorError::Dead`], [`DoorError::Poisoned`]; what is locked stays so until the value is dropped.
    pub async fn lock(&mut self, mask: u64) -> Result<(), DoorError> {
        let mut wanted = mask;
        loop {
            let missing = wanted & !self.held.mask();
            assert!(
                missing == 0 || self.gate.is_some(),
                "only the gate's holder waits for slices while holding some"
            );
            for shard in shards_of(missing) {
                self.lock_one(shard).await?;
            }
            match self.held.look_over()? {
                Fitness::Ready => return Ok(()),
                Fitness::Needs(more) => wanted = more,
            }
        }
    }

    async fn lock_one(&mut self, shard: usize) -> Result<(), DoorError> {
        if !self.tenant.cells[shard].acquire(self.task).await {
            return Err(DoorError::Killed);
        }
        self.held.add_locked(shard);
        Ok(())
    }

    /// Runs `f` on all slices locked so far.
    ///
    /// # Errors
    /// [`DoorError::Panicked`]; also [`DoorError::Poisoned`] when an earlier run on these slices panicked and they could not be repaired.
    pub fn run<R>(&mut self, f: impl FnOnce(&mut Slices<'_, T>) -> R) -> Result<R, DoorError> {
        self.held.look_over()?;
        self.held.run(f)
    }

    /// Which shards' slices are locked.
    pub fn mask(&self) -> u64 {
        self.held.mask()
    }

    /// Whose slices they are.
    pub fn tenant(&self) -> &'a TenantSlices<T> {
        self.tenant
    }

    /// Whether somebody waits for one of the locked slices.
    #[cfg(test)]
    pub(super) fn is_waited_for(&self) -> bool {
        self.held.is_waited_for()
    }
}

/// Runs `f` on all of a tenant's slices, through the gate.
///
/// # Errors
/// See [`DoorError`].
pub async fn whole_tenant<T: SliceState, R>(
    tenant: &TenantSlices<T>,
    task: &TaskNode,
    f: impl FnOnce(&mut Slices<'_, T>) -> R,
) -> Result<R, DoorError> {
    hold_all(tenant, task).await?.run(f)
}

/// Locks all of a tenant's slices, through the gate.
///
/// # Errors
/// [`DoorError::Killed`], [`DoorError::Dead`], [`DoorError::Poisoned`].
pub async fn hold_all<'a, T: SliceState>(
    tenant: &'a TenantSlices<T>,
    task: &'a TaskNode,
) -> Result<Holding<'a, T>, DoorError> {
    let mut gated = gated(tenant, task).await?;
    gated.lock(tenant.mask_of_all()).await?;
    Ok(gated)
}

/// Takes a tenant's slices out of service, poisoned ones too: `f` empties them, and every later use gets [`DoorError::Dead`].
///
/// # Errors
/// [`DoorError::Killed`]; [`DoorError::Dead`] when they were retired before; [`DoorError::Panicked`] when `f` did, and then they are out of service all the same.
pub async fn retire<T: SliceState, R>(
    tenant: &TenantSlices<T>,
    task: &TaskNode,
    f: impl FnOnce(&mut Slices<'_, T>) -> R,
) -> Result<R, DoorError> {
    let mut gated = gated(tenant, task).await?;
    for shard in shards_of(tenant.mask_of_all()) {
        gated.lock_one(shard).await?;
    }
    gated.held.bury(f)
}

#[cfg(debug_assertions)]
thread_local!(static INSIDE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });

/// Debug builds check that a closure under locks opens no second door: it would hold two tenants' locks, or wait for itself.
pub(super) struct Inside;

impl Inside {
    #[inline(always)]
    pub(super) fn enter() -> Self {
        #[cfg(debug_assertions)]
        assert!(
            !INSIDE.replace(true),
            "a closure under slice locks opens no other door"
        );
        Self
    }
}

impl Drop for Inside {
    #[inline(always)]
    fn drop(&mut self) {
        #[cfg(debug_assertions)]
        INSIDE.set(false);
    }
}

/// Work under slice locks is suspended: other work of this thread may open doors until [`inside_again`] is called with what this gives.
#[inline(always)]
pub(crate) fn outside() -> bool {
    #[cfg(debug_assertions)]
    return INSIDE.replace(false);
    #[cfg(not(debug_assertions))]
    false
}

/// The suspended work goes on.
#[inline(always)]
pub(crate) fn inside_again(_was_inside: bool) {
    #[cfg(debug_assertions)]
    INSIDE.set(_was_inside);
}
