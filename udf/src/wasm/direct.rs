//! Calls without a fiber of wasmtime's, which is most of what a short call would cost.
//!
//! Such a call runs on the caller's stack. When the clock ticks in the middle of it, the host breathes from within wasmtime, which may suspend
//! that whole stack and run others on this thread. For wasmtime that is a call that takes long, as long as it ends before any call that
//! began earlier and after any that began later: it keeps its calls of a thread in a list, the latest in front. So at most one call of a
//! thread is without a fiber at a time, from its beginning to its end; until then all others get fibers, which take themselves off that list
//! whenever they are suspended.
//!
//! A command that the function calls may breathe for the same reason; one called from a fiber may not, as that would leave wasmtime's own stack behind.
//!
//! That holds whatever happens in between, because [`enter`] gives out one [`Entered`] at a time and only its end lets the next one in: an
//! error, a kill and a panic end it on their way out; a stack that is left as it is when its core shuts down never ends it, so that the
//! thread's last calls get fibers; and a function that came to call another from within would be one of the others.

use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    /// A call without a fiber has begun on this thread and not ended.
    static IS_TAKEN: Cell<bool> = const { Cell::new(false) };
}

/// The only call of this thread without a fiber, as long as this lives.
pub(super) struct Entered {
    /// It ends where it began.
    stays: PhantomData<*const ()>,
}

/// Lets a call do without a fiber, if no other does.
#[inline]
pub(super) fn enter() -> Option<Entered> {
    // Made only if it is given out: its end is the call's.
    (!IS_TAKEN.replace(true)).then(|| Entered { stays: PhantomData })
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        IS_TAKEN.set(false);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::enter;

    #[test]
    fn one_is_let_in_at_a_time_and_another_once_it_is_gone() {
        let first = enter().expect("nobody is inside");
        assert!(enter().is_none() && enter().is_none());
        let elsewhere = std::thread::spawn(|| enter().is_some());
        assert!(elsewhere.join().expect("it does not panic"));
        drop(first);
        let panicked = catch_unwind(|| {
            let _inside = enter().expect("nobody is inside");
            panic!("inside");
        });
        assert!(panicked.is_err() && enter().is_some());
    }
}
