//! A slice's lock: one word that is free, locked, or locked with somebody waiting, and the lists of those who wait.
//!
//! ```text
//! word    0 | LOCKED | LOCKED+PARKED, and the hint BREATHING while LOCKED
//! lists   plain  tasks that hold nothing and will try again: all are woken when the slice is free
//!         fair   tasks that get the slice handed over, first come first served: the word never shows 0 in between
//! ```
//!
//! Taking and giving back a slice that nobody else wants is one exchange each. PARKED is set and cleared only under the lists' mutex, and only while the slice is
//! locked; so the holder's exchange LOCKED → 0 fails whenever there is somebody to look after.
//!
//! Nothing here decides who may wait: see [`super::door`].

use super::sync::{AtomicU32, Fault, Leaf, Ordering, RaceProbe, model_failed, seeded, spin_loop};
use super::task::{TaskNode, TaskRef};
use std::cell::UnsafeCell;
use std::collections::VecDeque;

const FREE: u32 = 0;
const LOCKED: u32 = 1;
const PARKED: u32 = 2;
const BREATHING: u32 = 4;

/// Looks at a locked word before giving up: about as long as a short command holds a slice.
const SPINS: u32 = if cfg!(all(test, loom)) { 0 } else { 24 };

/// What may be wrong with a slice. Read and written under its lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// Fit for use.
    Sound,
    /// A command panicked after its first write: to be repaired before the next use.
    Poisoned,
    /// The slice was taken out of service; whoever still refers to it must look its tenant up again.
    Dead,
}

/// Who waits for a slice. A leaf.
struct Lists {
    plain: Vec<TaskRef>,
    fair: VecDeque<TaskRef>,
}

/// One slice and its lock. The data is reached through [`super::door`] only. Two cache lines apart from its neighbours, because processors fetch lines in pairs.
#[repr(C, align(128))]
pub struct SliceCell<T> {
    word: AtomicU32,
    guarded: UnsafeCell<Guarded<T>>,
    probe: RaceProbe,
    lists: Leaf<Lists>,
}

/// What the lock protects. The health lies beside the word, so that looking at it costs no cache line.
#[repr(C)]
pub(super) struct Guarded<T> {
    pub(super) health: Health,
    pub(super) value: T,
}

// SAFETY: the value is reached only through `guarded`, by the holder of the lock, one at a time and each after the one before (unlock releases, every way of taking
// acquires), possibly from different threads: so T must be Send, and need not be Sync.
unsafe impl<T: Send> Sync for SliceCell<T> {}

impl<T> SliceCell<T> {
    /// A free slice.
    pub fn new(value: T) -> Self {
        Self {
            word: AtomicU32::new(FREE),
            guarded: UnsafeCell::new(Guarded {
                health: Health::Sound,
                value,
            }),
            probe: RaceProbe::new(),
            lists: Leaf::new(Lists {
                plain: Vec::new(),
                fair: VecDeque::new(),
            }),
        }
    }

    /// The data.
    ///
    /// # Safety
    /// The caller holds the lock, and no other reference to the data is in use.
    #[expect(clippy::mut_from_ref, reason = "the lock makes it exclusive")]
    pub(super) unsafe fn guarded(&self) -> &mut Guarded<T> {
        self.probe.touch();
        // SAFETY: exclusive by this function's contract.
        unsafe { &mut *self.guarded.get() }
    }

    /// Takes the slice if it is free, or gets free within a short spin. A breathing holder is not worth spinning for.
    #[inline]
    pub(super) fn try_lock(&self) -> bool {
        match self
            .word
            .compare_exchange(FREE, LOCKED, Ordering::Acquire, Ordering::Relaxed)
        {
            Ok(_) => true,
            Err(seen) => self.spin_lock(seen),
        }
    }

    #[cold]
    fn spin_lock(&self, mut seen: u32) -> bool {
        let mut looks = SPINS;
        while looks > 0 {
            looks -= 1;
            if seen & BREATHING != 0 {
                return false;
            }
            spin_loop();
            seen = self.word.load(Ordering::Relaxed);
            if seen == FREE {
                match self
                    .word
                    .compare_exchange(FREE, LOCKED, Ordering::Acquire, Ordering::Relaxed)
                {
                    Ok(_) => return true,
                    Err(now) => seen = now,
                }
            }
        }
        false
    }

    /// Gives the slice back: to the first in the fair queue, or else to whoever is quickest, waking all that parked.
    ///
    /// The caller holds the lock, and no reference to the data is in use.
    #[inline]
    pub(super) fn unlock(&self) {
        if seeded(Fault::UnlockByStore) {
            return self.unlock_by_store();
        }
        let publish = if seeded(Fault::UnlockRelaxed) {
            Ordering::Relaxed
        } else {
            Ordering::Release
        };
        if self
            .word
            .compare_exchange(LOCKED, FREE, publish, Ordering::Relaxed)
            .is_err()
        {
            self.unlock_waited_for();
        }
    }

    #[cold]
    fn unlock_waited_for(&self) {
        let abort = AbortOnPanic;
        let mut lists = self.lists.lock();
        // Under the lists' mutex the holder is the only one who changes a locked word, so plain stores will do.
        let seen = self.word.load(Ordering::Relaxed);
        debug_assert!(seen & LOCKED != 0, "only a holder unlocks");
        debug_assert!(
            seen & PARKED != 0 || lists.fair.is_empty(),
            "who queues sets PARKED"
        );
        if let Some(next) = lists.fair.pop_front() {
            let more = if lists.fair.is_empty() && lists.plain.is_empty() {
                FREE
            } else {
                PARKED
            };
            self.word.store(LOCKED | more, Ordering::Relaxed);
            let already = next.0.granted.swap(true, Ordering::AcqRel);
            debug_assert!(!already, "a task waits for one slice at a time");
            drop(lists);
            next.wake();
        } else {
            let plain = std::mem::take(&mut lists.plain);
            self.word.store(FREE, Ordering::Release);
            drop(lists);
            for task in &plain {
                task.wake();
            }
        }
        std::mem::forget(abort);
    }

    /// [`Fault::UnlockByStore`]: decides from what it saw before it had the lists.
    fn unlock_by_store(&self) {
        let seen = self.word.load(Ordering::Relaxed);
        if seen & PARKED == 0 {
            self.word.store(FREE, Ordering::Release);
            return;
        }
        let plain = std::mem::take(&mut self.lists.lock().plain);
        self.word.store(FREE, Ordering::Release);
        for task in &plain {
            task.wake();
        }
    }

    /// Puts the task on the plain list, to be woken when the slice is free; `None` when it is free already: try again at once.
    /// Dropping what it returns takes the task off the list.
    pub(super) fn park<'a>(&'a self, task: &'a TaskNode) -> Option<Parked<'a, T>> {
        let mut lists = self.lists.lock();
        if !self.mark_parked() && !seeded(Fault::ParkUnchecked) {
            return None;
        }
        lists.plain.push(task.handle().clone());
        Some(Parked { cell: self, task })
    }

    /// Sets PARKED if the slice is locked. Called under the lists' mutex.
    fn mark_parked(&self) -> bool {
        let mut seen = self.word.load(Ordering::Relaxed);
        while seen & LOCKED != 0 {
            if seen & PARKED != 0 {
                return true;
            }
            match self.word.compare_exchange_weak(
                seen,
                seen | PARKED,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }

    /// Takes the slice, waiting in the fair queue if need be; false when the task was killed meanwhile and does not hold it.
    ///
    /// For tasks that hold nothing, and for the gate's holder.
    pub(super) async fn acquire(&self, task: &TaskNode) -> bool {
        {
            let mut lists = self.lists.lock();
            loop {
                if self
                    .word
                    .compare_exchange(FREE, LOCKED, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
                {
                    return true;
                }
                if self.mark_parked() {
                    break;
                }
            }
            debug_assert!(
                !task.handle().0.granted.load(Ordering::Relaxed),
                "a grant is taken up before the next wait"
            );
            lists.fair.push_back(task.handle().clone());
        }
        let mut queued = Queued {
            cell: self,
            task,
            settled: false,
        };
        task.wait_until(|| task.handle().0.granted.load(Ordering::Acquire) || task.is_killed())
            .await;
        queued.settle()
    }

    /// Tells others that the holder is in the middle of something long, between two breaths; unlocking ends it. The holder alone calls it.
    pub(super) fn begin_breathing(&self) {
        self.word.fetch_or(BREATHING, Ordering::Relaxed);
    }

    /// Whether somebody waits for this slice.
    #[cfg(test)]
    pub(super) fn is_waited_for(&self) -> bool {
        self.word.load(Ordering::Relaxed) & PARKED != 0
    }
}

/// A place on a plain list.
pub(super) struct Parked<'a, T> {
    cell: &'a SliceCell<T>,
    task: &'a TaskNode,
}

impl<T> Drop for Parked<'_, T> {
    fn drop(&mut self) {
        if !model_failed() {
            let mut lists = self.cell.lists.lock();
            if let Some(at) = lists
                .plain
                .iter()
                .position(|waiting| waiting.is(self.task.handle()))
            {
                lists.plain.swap_remove(at);
            }
        }
    }
}

/// A place in a fair queue. Dropped before it is settled, it gives back what was handed over.
struct Queued<'a, T> {
    cell: &'a SliceCell<T>,
    task: &'a TaskNode,
    settled: bool,
}

impl<T> Queued<'_, T> {
    /// Leaves the queue; true when the slice was handed over, and is now the task's.
    fn settle(&mut self) -> bool {
        self.settled = true;
        let granted = &self.task.handle().0.granted;
        if granted.load(Ordering::Acquire) {
            granted.store(false, Ordering::Relaxed);
            return !(seeded(Fault::KillDropsGrant) && self.task.is_killed());
        }
        let mut lists = self.cell.lists.lock();
        if granted.load(Ordering::Acquire) {
            // Handed over between the look above and the mutex.
            granted.store(false, Ordering::Relaxed);
            return !seeded(Fault::KillDropsGrant);
        }
        lists.fair.retain(|waiting| !waiting.is(self.task.handle()));
        false
    }
}

impl<T> Drop for Queued<'_, T> {
    fn drop(&mut self) {
        if !self.settled && !model_failed() && self.settle() {
            self.cell.unlock();
        }
    }
}

/// Ends the process when unlocking panics: a slice that stays locked for ever is worse than a restart.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if !model_failed() {
            std::process::abort();
        }
    }
}
