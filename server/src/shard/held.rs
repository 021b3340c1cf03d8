//! A set of locked slices: looking them over, running a closure on them, giving them all back.

use super::door::{DoorError, SliceState};
use super::slice_lock::{Health, SliceCell};
use super::sync::model_failed;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most shards a tenant's slices may be spread over: one bit each in a mask.
pub const MAX_SHARDS: usize = 64;

/// The shards in `mask`, ascending.
pub fn shards_of(mask: u64) -> impl Iterator<Item = usize> {
    let mut rest = mask;
    std::iter::from_fn(move || {
        let shard = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
        rest &= rest - 1;
        Some(shard)
    })
}

/// The locked slices that a closure gets, in ascending shard order. Dereferences to `[&mut T]`.
pub struct Slices<'s, T> {
    mask: u64,
    refs: &'s mut [&'s mut T],
}

impl<'s, T> Slices<'s, T> {
    /// Which shards' slices these are. It covers the mask asked for, and more when a slice's [`SliceState::reach`] asked for more.
    pub fn mask(&self) -> u64 {
        self.mask
    }

    /// The slice of `shard`.
    ///
    /// # Panics
    /// When the shard is not in [`Slices::mask`].
    pub fn at(&mut self, shard: usize) -> &mut T {
        let bit = 1u64 << shard;
        assert!(self.mask & bit != 0, "shard {shard} is not locked");
        self.refs[(self.mask & (bit - 1)).count_ones() as usize]
    }
}

impl<'s, T> std::ops::Deref for Slices<'s, T> {
    type Target = [&'s mut T];
    fn deref(&self) -> &Self::Target {
        self.refs
    }
}

impl<T> std::ops::DerefMut for Slices<'_, T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.refs
    }
}

/// Slices this task has locked. Dropping it unlocks them.
pub(super) struct Held<'a, T> {
    cells: &'a [SliceCell<T>],
    mask: u64,
}

#[inline]
fn run_and_settle<'s, T: SliceState, R>(
    f: impl FnOnce(&mut Slices<'_, T>) -> R,
    mask: u64,
    refs: &'s mut [&'s mut T],
) -> R {
    let mut slices = Slices { mask, refs };
    let result = f(&mut slices);
    slices.refs.iter_mut().for_each(|slice| slice.settle());
    result
}

/// What a look at freshly locked slices says.
pub(super) enum Fitness {
    /// Go on.
    Ready,
    /// These are needed too.
    Needs(u64),
}

impl<'a, T: SliceState> Held<'a, T> {
    pub(super) fn none(cells: &'a [SliceCell<T>]) -> Self {
        Self { cells, mask: 0 }
    }

    /// Locks all of `mask` at once, or nothing.
    ///
    /// # Errors
    /// The shard that was taken.
    #[inline]
    pub(super) fn try_all(cells: &'a [SliceCell<T>], mask: u64) -> Result<Self, usize> {
        let mut held = Self::none(cells);
        for shard in shards_of(mask) {
            if !cells[shard].try_lock() {
                return Err(shard);
            }
            held.mask |= 1 << shard;
        }
        Ok(held)
    }

    pub(super) fn mask(&self) -> u64 {
        self.mask
    }

    /// Adds a slice that the caller has just locked.
    pub(super) fn add_locked(&mut self, shard: usize) {
        debug_assert!(self.mask & (1 << shard) == 0, "a slice is locked once");
        self.mask |= 1 << shard;
    }

    /// Looks the slices over before anything is done to them: out of service? left half changed? do their waiters lead to other slices?
    #[inline]
    pub(super) fn look_over(&mut self) -> Result<Fitness, DoorError> {
        let mut needs = self.mask;
        for shard in shards_of(self.mask) {
            // SAFETY: this set holds the lock; the reference ends with this turn of the loop.
            let guarded = unsafe { self.cells[shard].guarded() };
            if guarded.health != Health::Sound {
                restore(&mut guarded.health, &mut guarded.value)?;
            }
            needs |= guarded.value.reach();
        }
        Ok(if needs == self.mask {
            Fitness::Ready
        } else {
            Fitness::Needs(needs)
        })
    }

    /// Runs `f` on the slices.
    #[inline]
    pub(super) fn run<R>(
        &mut self,
        f: impl FnOnce(&mut Slices<'_, T>) -> R,
    ) -> Result<R, DoorError> {
        let _inside = super::door::Inside::enter();
        match catch_unwind(AssertUnwindSafe(|| self.call(f))) {
            Ok(result) => {
                self.leave();
                Ok(result)
            }
            Err(payload) => Err(self.panicked(payload.as_ref())),
        }
    }

    #[inline]
    fn call<R>(&mut self, f: impl FnOnce(&mut Slices<'_, T>) -> R) -> R {
        if self.mask.is_power_of_two() {
            // SAFETY: this set holds the lock, and `&mut self` keeps others from asking for the same reference.
            let mut one = [unsafe {
                &mut self.cells[self.mask.trailing_zeros() as usize]
                    .guarded()
                    .value
            }];
            return run_and_settle(f, self.mask, &mut one);
        }
        let mut refs = [const { MaybeUninit::<&mut T>::uninit() }; MAX_SHARDS];
        let mut count = 0;
        for shard in shards_of(self.mask) {
            // SAFETY: as above; each shard comes once, so the references are to different slices.
            refs[count].write(unsafe { &mut self.cells[shard].guarded().value });
            count += 1;
        }
        // SAFETY: the first `count` elements were written just above, and MaybeUninit<&mut T> has the layout of &mut T.
        let refs = unsafe { &mut *(&raw mut refs[..count] as *mut [&mut T]) };
        run_and_settle(f, self.mask, refs)
    }

    /// Marks the slices that the panicking closure had begun to change.
    #[cold]
    fn panicked(&mut self, payload: &(dyn std::any::Any + Send)) -> DoorError {
        for shard in shards_of(self.mask) {
            // SAFETY: this set holds the lock, and the closure's references are gone.
            let guarded = unsafe { self.cells[shard].guarded() };
            if guarded.health == Health::Sound && guarded.value.write_begun() {
                guarded.health = Health::Poisoned;
            }
        }
        DoorError::Panicked(payload_text(payload))
    }

    /// Takes the slices out of service, whatever their state, and runs `f` on them for the last time.
    pub(super) fn bury<R>(
        &mut self,
        f: impl FnOnce(&mut Slices<'_, T>) -> R,
    ) -> Result<R, DoorError> {
        for shard in shards_of(self.mask) {
            // SAFETY: this set holds the lock; the reference ends with this turn of the loop.
            let health = &mut unsafe { self.cells[shard].guarded() }.health;
            if std::mem::replace(health, Health::Dead) == Health::Dead {
                return Err(DoorError::Dead);
            }
        }
        self.run(f)
    }

    #[cfg(test)]
    pub(super) fn is_waited_for(&self) -> bool {
        shards_of(self.mask).any(|shard| self.cells[shard].is_waited_for())
    }
}

impl<T> Held<'_, T> {
    /// The model checker's second look at the data, after the closure; nothing outside the model.
    #[inline(always)]
    fn leave(&self) {
        if cfg!(all(test, loom)) {
            for shard in shards_of(self.mask) {
                // SAFETY: this set holds the lock; the reference is not used.
                let _ = unsafe { self.cells[shard].guarded() };
            }
        }
    }
}

impl<T> Drop for Held<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if model_failed() {
            return;
        }
        for shard in shards_of(self.mask) {
            self.cells[shard].unlock();
        }
    }
}

/// Repairs a poisoned slice, or says why it cannot be used.
#[cold]
fn restore<T: SliceState>(health: &mut Health, value: &mut T) -> Result<(), DoorError> {
    if *health == Health::Dead {
        return Err(DoorError::Dead);
    }
    match catch_unwind(AssertUnwindSafe(|| value.repair())) {
        Ok(true) => {
            *health = Health::Sound;
            Ok(())
        }
        Ok(false) | Err(_) => Err(DoorError::Poisoned),
    }
}

/// What a panic said, for the log.
pub fn payload_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
