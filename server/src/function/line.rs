//! Who waits for the loader's thread: tenants take turns, so that one that has much to load keeps nobody else waiting for more than one piece of it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Jobs by tenant, the tenant whose turn is next in front.
pub(super) struct Line<J> {
    waiting: Mutex<VecDeque<(u64, VecDeque<J>)>>,
    more: Condvar,
}

impl<J> Line<J> {
    /// One in which nobody waits.
    pub(super) fn new() -> Self {
        Line {
            waiting: Mutex::default(),
            more: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, VecDeque<J>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job of a tenant, behind its others.
    pub(super) fn push(&self, tenant: u64, job: J) {
        let mut waiting = self.lock();
        match waiting.iter_mut().find(|(whose, _)| *whose == tenant) {
            Some((_, jobs)) => jobs.push_back(job),
            None => waiting.push_back((tenant, [job].into())),
        }
        self.more.notify_one();
    }

    /// The next job. Waits for one.
    pub(super) fn pop(&self) -> J {
        let mut waiting = self.lock();
        loop {
            if let Some((tenant, mut jobs)) = waiting.pop_front()
                && let Some(job) = jobs.pop_front()
            {
                if !jobs.is_empty() {
                    waiting.push_back((tenant, jobs));
                }
                return job;
            }
            waiting = self
                .more
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn tenants_take_turns() {
        let line = Line::new();
        for (tenant, job) in [
            (1, "a1"),
            (1, "a2"),
            (1, "a3"),
            (2, "b1"),
            (3, "c1"),
            (2, "b2"),
        ] {
            line.push(tenant, job);
        }
        let order = [(); 6].map(|()| line.pop());
        assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "a3"]);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| line.pop());
            line.push(1, "a4");
            assert_eq!(waits.join().expect("it does not panic"), "a4");
        });
    }
}
