//! A tenant's gate: of all its tasks only the gate's holder may wait for a slice while it holds one.
//!
//! Handed over first come, first served, like a slice. Nobody waits for the gate while holding a slice, and single-slice commands never come here.

use super::sync::{Fault, Leaf, Ordering, model_failed, seeded};
use super::task::{TaskNode, TaskRef};
use std::collections::VecDeque;

/// One tenant's gate.
pub(super) struct Gate(Leaf<Queue>);

struct Queue {
    holder: Option<TaskRef>,
    waiting: VecDeque<TaskRef>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self(Leaf::new(Queue {
            holder: None,
            waiting: VecDeque::new(),
        }))
    }

    /// Takes the gate, or queues for it. The task holds no slice.
    pub(super) fn enqueue<'a>(&'a self, task: &'a TaskNode) -> Ticket<'a> {
        let mut queue = self.0.lock();
        debug_assert!(
            !task.handle().0.gate.load(Ordering::Relaxed),
            "a task holds one ticket at a time"
        );
        if queue.holder.is_none() {
            queue.holder = Some(task.handle().clone());
            task.handle().0.gate.store(true, Ordering::Release);
        } else {
            queue.waiting.push_back(task.handle().clone());
        }
        Ticket { gate: self, task }
    }
}

/// A place in the gate's queue, or the gate itself. Dropping it leaves the queue or passes the gate on.
pub(super) struct Ticket<'a> {
    gate: &'a Gate,
    task: &'a TaskNode,
}

impl Ticket<'_> {
    /// Whether the gate is this task's.
    pub(super) fn holds(&self) -> bool {
        self.task.handle().0.gate.load(Ordering::Acquire)
    }

    /// Waits until the gate is this task's; false when it was killed first.
    pub(super) async fn granted(&self) -> bool {
        self.task
            .wait_until(|| self.holds() || self.task.is_killed())
            .await;
        self.holds()
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if model_failed() {
            return;
        }
        let me = self.task.handle();
        if seeded(Fault::TicketLost) && !self.holds() {
            self.gate.0.lock().waiting.retain(|task| !task.is(me));
            return;
        }
        let mut queue = self.gate.0.lock();
        // Looked at under the mutex: the gate may have been handed over a moment ago.
        if !me.0.gate.load(Ordering::Relaxed) {
            queue.waiting.retain(|task| !task.is(me));
            return;
        }
        debug_assert!(
            queue.holder.as_ref().is_some_and(|holder| holder.is(me)),
            "the flag and the queue agree"
        );
        me.0.gate.store(false, Ordering::Relaxed);
        queue.holder = queue.waiting.pop_front();
        let next = queue.holder.clone();
        if let Some(next) = &next {
            next.0.gate.store(true, Ordering::Release);
        }
        drop(queue);
        if let Some(next) = next {
            next.wake();
        }
    }
}
