//! CLIENT PAUSE: until when clients are held up, and which of their commands.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use store::command::Flags;

use super::sleep::sleep_until;
use crate::core::now_ms;
use crate::registry::Command;
use crate::shard::TaskNode;

/// What is held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// What may change data or tell others.
    Writes,
    /// Everything.
    All,
}

/// The server's pause. While there is none it costs a command one load and one branch.
#[derive(Debug, Default)]
pub struct Pause {
    /// 0 without a pause; else twice the time of its end, ms since the epoch, plus 1 when everything is held up.
    state: AtomicU64,
    sleepers: Mutex<Vec<Waker>>,
}

impl Pause {
    /// Whether there is one, which may be over by the clock.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.state.load(Relaxed) != 0
    }

    /// Whether a command with these flags has to wait.
    #[cold]
    pub fn holds(&self, flags: Flags) -> bool {
        match self.present() {
            None => false,
            Some((_, Scope::All)) => true,
            Some((_, Scope::Writes)) => flags.intersects(Flags::WRITE | Flags::MAY_REPLICATE),
        }
    }

    /// Whether nothing may change at this moment, not even by expiring.
    pub fn stops_changes(&self) -> bool {
        self.is_on() && self.present().is_some()
    }

    /// Whether the keys that a command finds due stay where they are: it does not write, and nothing may change.
    #[cold]
    pub fn keeps_due(&self, command: &Command) -> bool {
        self.stops_changes() && !command.spec.flags.contains(Flags::WRITE)
    }

    /// Begins a pause, or makes the present one longer and wider.
    pub fn begin(&self, until_ms: u64, scope: Scope) {
        let _order = self.lock();
        let (until_ms, scope) = match self.present() {
            Some((end_ms, known)) => (until_ms.max(end_ms), scope.max(known)),
            None => (until_ms, scope),
        };
        let state = until_ms << 1 | u64::from(scope == Scope::All);
        self.state.store(state, Relaxed);
    }

    /// Ends it.
    pub fn end(&self) {
        let sleepers = {
            let mut sleepers = self.lock();
            self.state.store(0, Relaxed);
            std::mem::take(&mut *sleepers)
        };
        sleepers.into_iter().for_each(Waker::wake);
    }

    /// Waits until it is over, or the task is killed.
    pub async fn wait(&self, task: &TaskNode) {
        loop {
            let until_ms = {
                let mut sleepers = self.lock();
                let Some((until_ms, _)) = self.present() else {
                    return;
                };
                sleepers.push(task.handle().waker());
                until_ms
            };
            let mut woken = pin!(task.woken());
            let mut over = pin!(sleep_until(Some(until_ms)));
            poll_fn(|cx| match woken.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => over.as_mut().poll(cx),
            })
            .await;
            let waker = task.handle().waker();
            self.lock().retain(|sleeper| !sleeper.will_wake(&waker));
            if task.is_killed() {
                return;
            }
        }
    }

    /// Its end and what it holds up; forgotten when it is over.
    fn present(&self) -> Option<(u64, Scope)> {
        let state = self.state.load(Relaxed);
        let (until_ms, all) = (state >> 1, state & 1 == 1);
        if until_ms <= now_ms() {
            // Only if nobody has begun another one meanwhile.
            let _ = self.state.compare_exchange(state, 0, Relaxed, Relaxed);
            return None;
        }
        Some((until_ms, if all { Scope::All } else { Scope::Writes }))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_grows_and_ends_by_the_clock_or_at_once() {
        let pause = Pause::default();
        assert!(!pause.is_on() && !pause.stops_changes());
        pause.begin(now_ms() + 100_000, Scope::Writes);
        assert!(pause.holds(Flags::WRITE) && pause.holds(Flags::MAY_REPLICATE));
        assert!(!pause.holds(Flags::READONLY) && pause.stops_changes());
        let long = pause.present();
        pause.begin(now_ms() + 1, Scope::All);
        assert_eq!(pause.present(), long.map(|(end, _)| (end, Scope::All)));
        assert!(pause.holds(Flags::READONLY));
        pause.end();
        assert!(!pause.is_on());
        pause.begin(now_ms().saturating_sub(1), Scope::All);
        assert!(pause.is_on() && !pause.holds(Flags::WRITE) && !pause.is_on());
    }
}
