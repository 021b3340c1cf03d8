//! One bounded mailbox per core: the only way anything gets from one core to another, apart from the slices themselves.
//!
//! Two lanes. **Wakes** are an intrusive stack of task nodes: they coalesce, take no memory and cannot fail. **Data** is a queue of messages bounded by entries
//! and by bytes: a full one gives the message back, and who wants to wait for room does so holding no slice.
//!
//! The owning core sleeps only after raising `sleeping` and looking again; who finds the flag up after a push takes it down and rings the bell. So there is one
//! ring per sleep, however many messages arrive, and none is left unread:
//!
//! ```text
//! sender    push;             fence;  if sleeping.swap(false): ring
//! owner     sleeping = true;  fence;  look again: anything → sleeping = false, go on;  else wait for the bell
//! ```

use super::bell::{Bell, BellReader};
use super::sync::{
    AtomicBool, AtomicPtr, Fault, Leaf, Ordering, ThreadId, current_thread, fence, seeded,
};
use super::task::{Node, TaskNode, TaskRef};
use std::collections::VecDeque;
use std::io;
use std::marker::PhantomData;
use std::ptr;
use std::sync::{Arc, OnceLock};

/// How much one core's data lane may hold before it refuses.
///
/// What the owner has taken out and is working through comes on top: at most one more lane full.
#[derive(Clone, Copy, Debug)]
pub struct MailboxLimits {
    /// Messages.
    pub entries: usize,
    /// Bytes, as declared by the senders.
    pub bytes: usize,
}

impl Default for MailboxLimits {
    fn default() -> Self {
        Self {
            entries: 64 * 1024,
            bytes: 64 * 1024 * 1024,
        }
    }
}

/// Messages handed over at a time, before the lanes are looked at again.
const MESSAGES_PER_DRAIN: usize = 64;

/// The wake lane of one core, and the bell that both lanes ring.
pub struct WakeLane {
    /// Top of the stack of woken nodes; each was leaked from an `Arc` by `push`.
    head: AtomicPtr<Node>,
    /// The owner waits for the bell, or is about to after one more look.
    sleeping: AtomicBool,
    bell: Bell,
    owner: OnceLock<ThreadId>,
    /// The owner runs its runtime, so it can wake its own tasks without the lane.
    in_runtime: AtomicBool,
}

impl WakeLane {
    fn new(bell: Bell) -> Self {
        Self {
            head: AtomicPtr::new(ptr::null_mut()),
            sleeping: AtomicBool::new(false),
            bell,
            owner: OnceLock::new(),
            in_runtime: AtomicBool::new(false),
        }
    }

    /// Says that this thread, the owner, runs its runtime until the scope is dropped: wakes of its own tasks then reach them directly, without a ring.
    ///
    /// Hold it inside the future that the runtime blocks on. Outside the runtime its wakers must not be called: tasks that are dropped with it may still wake
    /// others, and those wakes stay in the lane.
    pub fn enter_runtime(self: &Arc<Self>) -> RuntimeScope {
        self.assert_owner();
        self.in_runtime.store(true, Ordering::Relaxed);
        RuntimeScope {
            lane: Arc::clone(self),
            not_send: PhantomData,
        }
    }

    /// Whether this is the owner, in its runtime.
    pub(super) fn is_in_reach(&self) -> bool {
        self.in_runtime.load(Ordering::Relaxed) && self.owner.get() == Some(&current_thread().id())
    }

    /// Checks that this is the owning thread. The first caller becomes the owner.
    pub(super) fn assert_owner(&self) {
        let here = current_thread().id();
        assert!(
            *self.owner.get_or_init(|| here) == here,
            "a core's tasks and its mailbox stay on the core's own thread"
        );
    }

    /// Puts a node that was just marked woken on the lane.
    pub(super) fn push(&self, node: Arc<Node>) {
        let node = Arc::into_raw(node).cast_mut();
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: `into_raw` above keeps the node alive until `deliver_all` takes it back.
            unsafe { &*node }.next.store(head, Ordering::Relaxed);
            match self
                .head
                .compare_exchange_weak(head, node, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        self.alert();
    }

    /// Wakes the owner if it sleeps. Called after every push, on either lane.
    fn alert(&self) {
        fence(Ordering::SeqCst);
        if self.sleeping.load(Ordering::Relaxed) && self.sleeping.swap(false, Ordering::AcqRel) {
            self.bell.ring();
        }
    }

    /// Runs the wakers of all woken tasks, in the order of their wakes. Returns how many.
    fn deliver_all(&self) -> usize {
        if self.head.load(Ordering::Relaxed).is_null() {
            return 0;
        }
        self.assert_owner();
        let mut first = reversed(self.head.swap(ptr::null_mut(), Ordering::Acquire));
        let mut delivered = 0;
        while !first.is_null() {
            // SAFETY: leaked by `push`; the swap made this thread the only one to take it back.
            let node = unsafe { Arc::from_raw(first) };
            // Read before the node is marked unwoken: from then on another core may push it again.
            first = node.next.load(Ordering::Relaxed);
            node.deliver();
            delivered += 1;
        }
        delivered
    }
}

/// While it lives, the owner of a [`WakeLane`] is in its runtime.
pub struct RuntimeScope {
    lane: Arc<WakeLane>,
    not_send: PhantomData<*const ()>,
}

impl Drop for RuntimeScope {
    fn drop(&mut self) {
        self.lane.in_runtime.store(false, Ordering::Relaxed);
    }
}

/// Turns a stack around, newest-first into oldest-first.
fn reversed(mut top: *mut Node) -> *mut Node {
    let mut done = ptr::null_mut();
    while !top.is_null() {
        // SAFETY: the nodes of a stack that was swapped out are alive and nobody else's: each is still marked woken, so nobody pushes it.
        let next = unsafe { &*top }.next.swap(done, Ordering::Relaxed);
        done = top;
        top = next;
    }
    done
}

/// Messages waiting for the owner, and the tasks that wait for room.
struct DataLane<M> {
    messages: VecDeque<M>,
    bytes: usize,
    waiting: Vec<TaskRef>,
    /// The owner is gone.
    closed: bool,
}

struct Shared<M> {
    lane: Arc<WakeLane>,
    data: Leaf<DataLane<M>>,
    limits: MailboxLimits,
}

/// A core's mailbox, from any core. Cheap to clone.
pub struct Mailbox<M>(Arc<Shared<M>>);

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> Mailbox<M> {
    /// A mailbox, and the end of it that goes to the core that owns it.
    ///
    /// # Errors
    /// When the bell's socket pair cannot be made.
    pub fn new(limits: MailboxLimits) -> io::Result<(Self, Inbox<M>)> {
        let (bell, reader) = super::bell::pair()?;
        let mailbox = Self(Arc::new(Shared {
            lane: Arc::new(WakeLane::new(bell)),
            data: Leaf::new(DataLane {
                messages: VecDeque::new(),
                bytes: 0,
                waiting: Vec::new(),
                closed: false,
            }),
            limits,
        }));
        Ok((
            mailbox.clone(),
            Inbox {
                mailbox,
                reader,
                batch: VecDeque::new(),
            },
        ))
    }

    /// The lane that tasks of this core are woken through.
    pub fn wake_lane(&self) -> &Arc<WakeLane> {
        &self.0.lane
    }

    /// Sends `message`, which stands for `bytes` of memory; gives it back when the lane is full. Never waits, so it may be called under slice locks.
    ///
    /// # Errors
    /// The message, when it does not fit or the core has stopped. A lane that is empty takes a message of any size.
    pub fn try_send(&self, message: M, bytes: usize) -> Result<(), M> {
        self.offer(message, bytes, None)
            .map_err(|(message, _)| message)
    }

    /// Sends `message`, waiting for room. Call it holding no slice.
    ///
    /// # Errors
    /// The message, when the task was killed while it waited, or the core has stopped.
    pub async fn send(&self, task: &TaskNode, mut message: M, bytes: usize) -> Result<(), M> {
        loop {
            match self.offer(message, bytes, Some(task.handle())) {
                Ok(()) => return Ok(()),
                Err((refused, Refusal::Full)) if !task.is_killed() => message = refused,
                Err((refused, _)) => return Err(refused),
            }
            task.woken().await;
        }
    }

    fn offer(
        &self,
        message: M,
        bytes: usize,
        waiter: Option<&TaskRef>,
    ) -> Result<(), (M, Refusal)> {
        let Shared { lane, data, limits } = &*self.0;
        {
            let mut data = data.lock();
            if data.closed {
                return Err((message, Refusal::Closed));
            }
            let fits = data.messages.len() < limits.entries
                && data.bytes.saturating_add(bytes) <= limits.bytes;
            if !fits && !data.messages.is_empty() {
                if let Some(task) = waiter
                    && !data.waiting.iter().any(|known| known.is(task))
                {
                    data.waiting.push(task.clone());
                }
                return Err((message, Refusal::Full));
            }
            data.messages.push_back(message);
            data.bytes = data.bytes.saturating_add(bytes);
        }
        lane.alert();
        Ok(())
    }
}

/// Why a message was not taken.
enum Refusal {
    Full,
    Closed,
}

/// The owning core's end of its mailbox. Dropping it closes the mailbox.
pub struct Inbox<M> {
    mailbox: Mailbox<M>,
    pub(super) reader: BellReader,
    /// What was taken from the lane and not yet worked off. Swapped with the lane's queue, so draining allocates nothing.
    batch: VecDeque<M>,
}

impl<M> Inbox<M> {
    /// Delivers what has arrived: runs the wakers of all woken tasks, hands over messages in the order they were sent, [`MESSAGES_PER_DRAIN`] at most.
    /// Returns how many of both.
    pub(super) fn drain(&mut self, on_message: &mut impl FnMut(M)) -> usize {
        let wakes = self.mailbox.0.lane.deliver_all();
        if self.batch.is_empty() {
            let mut data = self.mailbox.0.data.lock();
            std::mem::swap(&mut data.messages, &mut self.batch);
            data.bytes = 0;
            let waiting = std::mem::take(&mut data.waiting);
            drop(data);
            waiting.iter().for_each(TaskRef::wake);
        }
        let messages = self.batch.len().min(MESSAGES_PER_DRAIN);
        self.batch.drain(..messages).for_each(on_message);
        wakes + messages
    }

    /// Announces that the owner is about to wait for the bell; false when there is something to do, and it must drain first.
    pub(super) fn prepare_sleep(&self) -> bool {
        if !self.batch.is_empty() {
            return false;
        }
        let lane = &self.mailbox.0.lane;
        // Exchanges, not stores: after a waker's own exchange a store could, to the model checker, come before it.
        lane.sleeping.swap(true, Ordering::Relaxed);
        if seeded(Fault::SleepUnchecked) {
            return true;
        }
        fence(Ordering::SeqCst);
        let idle = lane.head.load(Ordering::Relaxed).is_null()
            && self.mailbox.0.data.lock().messages.is_empty();
        if !idle {
            lane.sleeping.swap(false, Ordering::Relaxed);
        }
        idle
    }

    /// Rings the core's own bell: the next wait for it returns at once, after the reactor has had its turn.
    #[cfg(not(all(test, loom)))]
    pub(super) fn ring_own(&self) {
        self.mailbox.0.lane.bell.ring();
    }
}

impl<M> Drop for Inbox<M> {
    /// Refuses further messages, drops those that came too late, and takes back the nodes of wakes that nobody will deliver.
    fn drop(&mut self) {
        if super::sync::model_failed() {
            return;
        }
        let (messages, waiting) = {
            let mut data = self.mailbox.0.data.lock();
            data.closed = true;
            (
                std::mem::take(&mut data.messages),
                std::mem::take(&mut data.waiting),
            )
        };
        drop(messages);
        waiting.iter().for_each(TaskRef::wake);
        let mut first = self
            .mailbox
            .0
            .lane
            .head
            .swap(ptr::null_mut(), Ordering::Acquire);
        while !first.is_null() {
            // SAFETY: as in `deliver_all`.
            let node = unsafe { Arc::from_raw(first) };
            first = node.next.load(Ordering::Relaxed);
        }
    }
}
