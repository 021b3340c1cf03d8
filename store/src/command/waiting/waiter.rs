//! One command that waits, as everybody who may end its wait sees it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use resp::{OutputBuffer, Protocol};

use super::{Serve, Wait, WaitKind};
use crate::command::CommandError;
use crate::keyspace::LeadsTo;

/// How a wait ended.
#[derive(Debug)]
pub enum Outcome {
    /// A key had something: the reply as it goes over the wire, or an error.
    Served(Result<OutputBuffer, CommandError>),
    /// Its time is over.
    TimedOut,
    /// CLIENT UNBLOCK ERROR.
    Unblocked,
    /// Its connection is over.
    Gone,
}

/// What a waiter on keys asked for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) kind: WaitKind,
    pub(super) protocol: Protocol,
    /// Whether reads touch the access clock.
    pub(super) touch: bool,
    leads_to: u64,
    pub(super) serve: Box<dyn Serve>,
}

#[derive(Debug, Default)]
struct End {
    outcome: Option<Outcome>,
    sleeper: Option<Waker>,
}

/// A command that waits. Shared by its session, the queues of its keys, and whoever can end its wait.
#[derive(Debug)]
pub struct Waiter {
    claimed: AtomicBool,
    /// A leaf lock: nothing is done under it but moving values.
    end: Mutex<End>,
    /// When it gives up, ms since the epoch; never without.
    pub until_ms: Option<u64>,
    request: Option<Request>,
}

impl LeadsTo for Waiter {
    fn leads_to(&self) -> u64 {
        self.request.as_ref().map_or(0, |request| request.leads_to)
    }
}

impl Waiter {
    /// One that waits for keys, for a session with these settings.
    pub fn for_keys(wait: Wait, protocol: Protocol, touch: bool) -> Self {
        let request = Request {
            kind: wait.kind,
            protocol,
            touch,
            leads_to: wait.leads_to,
            serve: wait.serve,
        };
        Waiter {
            request: Some(request),
            ..Waiter::for_nothing(wait.until_ms)
        }
    }

    /// One that waits for no key.
    pub fn for_nothing(until_ms: Option<u64>) -> Self {
        Waiter {
            claimed: AtomicBool::new(false),
            end: Mutex::default(),
            until_ms,
            request: None,
        }
    }

    pub(super) fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// Whether a key is worth a look at it that does not hold what it waits for.
    pub(in crate::command) fn minds_loss(&self) -> bool {
        let request = self.request.as_ref();
        request.is_some_and(|request| request.serve.minds_loss())
    }

    /// Whether its end is decided.
    pub fn is_claimed(&self) -> bool {
        self.claimed.load(Ordering::Acquire)
    }

    /// Takes the right to decide its end; false when somebody has. A claim that is dropped undecided ends the wait with an error.
    pub(super) fn claim(&self) -> Option<Claim<'_>> {
        let first = !self.claimed.swap(true, Ordering::AcqRel);
        first.then(|| Claim {
            waiter: self,
            outcome: None,
        })
    }

    /// Ends the wait this way, unless its end is decided already.
    pub fn end(&self, outcome: Outcome) -> bool {
        self.claim().map(|claim| claim.decide(outcome)).is_some()
    }

    /// Says whom to wake at the end, which may have come.
    pub fn set_sleeper(&self, sleeper: Waker) {
        self.lock().sleeper = Some(sleeper);
    }

    /// Whether it is known how the wait ended.
    pub fn is_over(&self) -> bool {
        self.lock().outcome.is_some()
    }

    /// How the wait ended, once.
    pub fn take_outcome(&self) -> Option<Outcome> {
        self.lock().outcome.take()
    }

    fn lock(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to decide a wait's end.
pub(super) struct Claim<'w> {
    waiter: &'w Waiter,
    outcome: Option<Outcome>,
}

impl Claim<'_> {
    pub(super) fn decide(mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        const FAILED: CommandError =
            CommandError::text("ERR internal error, the command was not completed");
        let outcome = self.outcome.take().unwrap_or(Outcome::Served(Err(FAILED)));
        let sleeper = {
            let mut end = self.waiter.lock();
            end.outcome = Some(outcome);
            end.sleeper.take()
        };
        if let Some(sleeper) = sleeper {
            sleeper.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn one_end_only() {
        let waiter = Waiter::for_nothing(None);
        let woken = Arc::new(Woken::default());
        waiter.set_sleeper(Arc::clone(&woken).into());
        assert!(!waiter.is_claimed() && !waiter.is_over());
        assert!(waiter.end(Outcome::TimedOut));
        assert!(woken.0.load(Ordering::Relaxed));
        assert!(!waiter.end(Outcome::Gone) && waiter.claim().is_none());
        assert!(matches!(waiter.take_outcome(), Some(Outcome::TimedOut)));
        assert!(waiter.take_outcome().is_none() && waiter.is_claimed());
    }

    #[test]
    fn a_claim_that_is_lost_in_a_panic_ends_the_wait() {
        let waiter = Waiter::for_nothing(None);
        drop(waiter.claim().expect("nobody claimed it"));
        let outcome = waiter.take_outcome();
        assert!(matches!(outcome, Some(Outcome::Served(Err(_)))));
    }

    #[test]
    fn of_many_who_claim_at_once_one_gets_it() {
        for _ in 0..200 {
            let waiter = Waiter::for_nothing(None);
            let won: usize = std::thread::scope(|scope| {
                let tries: Vec<_> = (0..4)
                    .map(|_| scope.spawn(|| usize::from(waiter.end(Outcome::TimedOut))))
                    .collect();
                tries.into_iter().map(|one| one.join().unwrap()).sum()
            });
            assert_eq!(won, 1);
        }
    }
}
