//! Tasks as the rest of the server sees them: something that can be woken or killed from any core.
//!
//! Every connection (and every other task that may wait) has one [`TaskNode`], which lives on the task's own core. Others hold [`TaskRef`]s: in a slice's lists,
//! in the gate's queue, in a waiter on a key. A wake goes through the wake lane of the task's core and runs the task's waker *there*: no waker ever crosses
//! threads, because the runtime's wakers are not made for it. The waker sits in a cell of the node that only the owning core touches, so no table of tasks and
//! no generation numbers are needed: a reference keeps its node alive, and a node is never used for a second task.
//!
//! **A kill is a flag plus a wake**, never a drop of the future: the task runs on, sees the flag wherever it waits, gives back what it holds and returns.

use super::mailbox::WakeLane;
use super::sync::{AtomicBool, AtomicPtr, Fault, Ordering, OwnerCell, seeded};
use std::future::poll_fn;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// What cores share about one task.
pub(super) struct Node {
    lane: Arc<WakeLane>,
    /// Link of the wake lane's stack; meaningful only while `woken`.
    pub(super) next: AtomicPtr<Node>,
    /// In the wake lane already: a second wake has nothing to add.
    woken: AtomicBool,
    /// A slice was handed over to this task.
    pub(super) granted: AtomicBool,
    /// The gate is this task's.
    pub(super) gate: AtomicBool,
    killed: AtomicBool,
    local: OwnerCell<Local>,
}

/// What only the owning core touches.
struct Local {
    waker: Option<Waker>,
    /// A wake arrived that [`TaskNode::woken`] has not reported yet.
    signalled: bool,
}

// SAFETY: every field but `local` is Sync by itself. `local` holds a waker that must not leave its thread: it is touched only by `TaskNode`, which is not Send
// and is made on the lane's owning thread, and by `Node::deliver`, which runs on that thread only (both checked). `TaskNode::drop` empties it, so the last
// `TaskRef`, wherever it is dropped, finds no waker.
unsafe impl Send for Node {}
// SAFETY: as for Send.
unsafe impl Sync for Node {}

impl Node {
    /// Runs the task's waker. Called on the owning core, with the node off the lane.
    pub(super) fn deliver(&self) {
        // An exchange, not a store: it also reads what an earlier waker published before its coalesced wake.
        if !seeded(Fault::WokenClearedLate) {
            self.woken.swap(false, Ordering::AcqRel);
        }
        // SAFETY: the owning thread; the borrow ends before the waker runs.
        let waker = unsafe {
            self.local.with_mut(|local| {
                local.signalled = true;
                local.waker.take()
            })
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        if seeded(Fault::WokenClearedLate) {
            self.woken.store(false, Ordering::Release);
        }
    }
}

impl Wake for Node {
    fn wake(self: Arc<Self>) {
        TaskRef(self).wake();
    }
}

/// A task, from any core: wake it, kill it, or keep it in a list.
#[derive(Clone)]
pub struct TaskRef(pub(super) Arc<Node>);

impl TaskRef {
    /// Wakes the task: it will be polled again on its own core. Never fails, never blocks; wakes that were not yet delivered coalesce.
    /// Whatever the caller wrote before is visible to the task when it runs.
    pub fn wake(&self) {
        if self.0.woken.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.0.lane.is_in_reach() {
            self.0.deliver();
        } else {
            self.0.lane.push(Arc::clone(&self.0));
        }
    }

    /// Asks the task to end: sets its flag and wakes it. The task gives back its locks itself.
    pub fn kill(&self) {
        self.0.killed.store(true, Ordering::Release);
        self.wake();
    }

    /// Whether the task was asked to end.
    pub fn is_killed(&self) -> bool {
        self.0.killed.load(Ordering::Acquire)
    }

    /// What others hold who know nothing of tasks.
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }

    /// Whether both are the same task.
    pub fn is(&self, other: &TaskRef) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The task's own end of its node. Stays on the core it was made on; one per task, made once and used for all its waits.
pub struct TaskNode {
    handle: TaskRef,
    not_send: PhantomData<*const ()>,
}

impl TaskNode {
    /// A node for a task of the core that owns `lane`. Call it on that core's thread.
    ///
    /// # Panics
    /// On any other thread.
    pub fn new(lane: &Arc<WakeLane>) -> Self {
        lane.assert_owner();
        Self {
            handle: TaskRef(Arc::new(Node {
                lane: Arc::clone(lane),
                next: AtomicPtr::new(ptr::null_mut()),
                woken: AtomicBool::new(false),
                granted: AtomicBool::new(false),
                gate: AtomicBool::new(false),
                killed: AtomicBool::new(false),
                local: OwnerCell::new(Local {
                    waker: None,
                    signalled: false,
                }),
            })),
            not_send: PhantomData,
        }
    }

    /// What other cores may hold of this task.
    pub fn handle(&self) -> &TaskRef {
        &self.handle
    }

    /// Whether the task was asked to end.
    pub fn is_killed(&self) -> bool {
        self.handle.is_killed()
    }

    /// Waits for the next wake. A wake that arrived since the last call counts, so check your condition in a loop: `while !ready() { task.woken().await }`.
    /// Wakes may be spurious. A kill is a wake too.
    pub async fn woken(&self) {
        poll_fn(|context| {
            if self.take_signal(context) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Waits until `ready` says so; it is asked again at every wake.
    pub async fn wait_until(&self, mut ready: impl FnMut() -> bool) {
        poll_fn(|context| {
            self.take_signal(context);
            if ready() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Leaves the waker for the next wake and reports whether one came already.
    fn take_signal(&self, context: &mut Context<'_>) -> bool {
        let fresh = context.waker();
        // SAFETY: the owning thread, since `TaskNode` is not Send; comparing wakers runs nothing that could come back here.
        let known = unsafe {
            self.handle
                .0
                .local
                .with_mut(|local| local.waker.as_ref().is_some_and(|old| old.will_wake(fresh)))
        };
        if !known {
            let mut waker = Some(fresh.clone());
            // SAFETY: as above; the old waker is dropped after the access.
            unsafe {
                self.handle
                    .0
                    .local
                    .with_mut(|local| std::mem::swap(&mut local.waker, &mut waker))
            };
        }
        // SAFETY: as above.
        unsafe {
            self.handle
                .0
                .local
                .with_mut(|local| std::mem::take(&mut local.signalled))
        }
    }
}

impl Drop for TaskNode {
    fn drop(&mut self) {
        if super::sync::model_failed() {
            return;
        }
        // SAFETY: the owning thread, as above. From here on nobody finds a waker in the node.
        let waker = unsafe { self.handle.0.local.with_mut(|local| local.waker.take()) };
        drop(waker);
    }
}
