//! The primitives this folder is built from: std's in the server, loom's in the model check.
//!
//! The locks, the gate and the mailbox import atomics, leaf mutexes and owner cells from here and from nowhere else, so the checker runs the very code the
//! server runs. [`Fault`] names the mistakes the checker must be able to see; outside the model [`seeded`] is a constant `false` and costs nothing.

#[cfg(all(test, loom))]
pub use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, fence},
    thread::{ThreadId, current as current_thread},
};
#[cfg(not(all(test, loom)))]
pub use std::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, fence},
    thread::{ThreadId, current as current_thread},
};

#[cfg(all(test, loom))]
use loom::sync::{Mutex, MutexGuard};
#[cfg(not(all(test, loom)))]
use std::sync::{Mutex, MutexGuard};

/// A leaf lock: held for a few instructions, never across an await, and nothing else is locked under it.
pub struct Leaf<T>(Mutex<T>);

impl<T> Leaf<T> {
    /// A leaf around `value`.
    pub fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Locks. A panic inside a leaf would have left the protocol's lists half changed, so there is nothing to recover.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().expect("no code panics inside a leaf lock")
    }
}

/// A cell that one thread touches; which one is the user's proof.
pub struct OwnerCell<T>(
    #[cfg(all(test, loom))] loom::cell::UnsafeCell<T>,
    #[cfg(not(all(test, loom)))] std::cell::UnsafeCell<T>,
);

impl<T> OwnerCell<T> {
    /// A cell around `value`.
    pub fn new(value: T) -> Self {
        #[cfg(all(test, loom))]
        return Self(loom::cell::UnsafeCell::new(value));
        #[cfg(not(all(test, loom)))]
        return Self(std::cell::UnsafeCell::new(value));
    }

    /// Runs `f` on the value.
    ///
    /// # Safety
    /// No other access may be going on, on this thread or any other, and earlier ones must happen before this one.
    pub unsafe fn with_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(all(test, loom))]
        // SAFETY: exclusive by this function's contract (and loom checks it).
        return self.0.with_mut(|value| f(unsafe { &mut *value }));
        #[cfg(not(all(test, loom)))]
        // SAFETY: exclusive by this function's contract.
        return f(unsafe { &mut *self.0.get() });
    }
}

/// Lets the model checker see accesses to a slice's data: two touches that no lock orders are reported as a race. Nothing at all outside the model.
pub struct RaceProbe(#[cfg(all(test, loom))] loom::cell::UnsafeCell<()>);

impl RaceProbe {
    /// A probe.
    pub fn new() -> Self {
        Self(
            #[cfg(all(test, loom))]
            loom::cell::UnsafeCell::new(()),
        )
    }

    /// Marks an exclusive access.
    #[inline(always)]
    pub fn touch(&self) {
        #[cfg(all(test, loom))]
        self.0.with_mut(|_| ());
    }
}

/// Whether a failed model run is being torn down: its locks are gone with it, so guards must not use them.
#[inline(always)]
pub fn model_failed() -> bool {
    cfg!(all(test, loom)) && std::thread::panicking()
}

/// A mistake the model check plants to prove that it would be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A slice is unlocked without publishing what was written under it.
    UnlockRelaxed,
    /// Unlock looks at the word, then stores: a task that parks in between is forgotten.
    UnlockByStore,
    /// A task parks without looking again whether the slice is still locked.
    ParkUnchecked,
    /// A killed waiter drops a slice that was handed to it just before.
    KillDropsGrant,
    /// A task that leaves the gate's queue does not notice that it has become the holder.
    TicketLost,
    /// The mailbox goes to sleep without looking again.
    SleepUnchecked,
    /// A node is marked unwoken after its task has run, and what its wakers wrote is not read.
    WokenClearedLate,
}

#[cfg(not(all(test, loom)))]
/// Whether `fault` is planted in this run: never, outside the model.
#[inline(always)]
pub const fn seeded(_fault: Fault) -> bool {
    false
}

#[cfg(all(test, loom))]
mod planted {
    use super::Fault;
    use std::cell::Cell;

    thread_local!(static PLANTED: Cell<Option<Fault>> = const { Cell::new(None) });

    /// Whether `fault` is planted in this run.
    pub fn seeded(fault: Fault) -> bool {
        PLANTED.get() == Some(fault)
    }

    /// Plants `fault` in everything this test runs (loom runs all its threads on the test's own).
    pub fn plant(fault: Option<Fault>) {
        PLANTED.set(fault);
    }
}
#[cfg(all(test, loom))]
pub use planted::{plant, seeded};
