//! Calls without a fiber of wasmtime's, which is most of what a short call would cost.
//!
//! Such a call runs on the caller's stack. When the clock ticks in the middle of it, the host breathes from within wasmtime, which may suspend
//! that whole stack and run others on this thread. For wasmtime that is a call that takes long, as long as it ends before any call that
//! began earlier and after any that began later: it keeps its calls of a thread in a list, the latest in front. So at most one call of a
//! thread stands still like this; while it does, all others get fibers, which take themselves off that list whenever they are suspended.

use std::cell::Cell;

thread_local! {
    /// A call without a fiber stands still on this thread.
    static STANDS: Cell<bool> = const { Cell::new(false) };
}

/// Whether a call may do without a fiber now.
#[inline]
pub(super) fn is_free() -> bool {
    !STANDS.get()
}

/// Runs `breathe`, during which other calls may run on this thread, with fibers.
pub(super) fn standing<R>(breathe: impl FnOnce() -> R) -> R {
    struct Stands;
    impl Drop for Stands {
        fn drop(&mut self) {
            STANDS.set(false);
        }
    }
    assert!(
        !STANDS.replace(true),
        "one call at most stands still without a fiber"
    );
    let _stands = Stands;
    breathe()
}
