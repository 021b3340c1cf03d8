//! A closure on a stack of its own, and the way out of it and back.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr::NonNull;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

use crate::shard::{inside_again, outside};

/// Size of a fiber's stack; only what is used of it is memory. Lua nests up to 200 C calls, and one of `string.gsub` takes over 8 KiB; JSON nests
/// up to 4000 levels.
const STACK_BYTES: usize = 4 << 20;
/// Stacks a core keeps for later fibers.
const STACKS_KEPT: usize = 16;

type Link = Yielder<(), ()>;

thread_local! {
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
    /// The way out of the fiber that runs now.
    static LINK: Cell<Option<NonNull<Link>>> = const { Cell::new(None) };
}

/// Suspends the fiber that runs now, until it is resumed.
///
/// # Panics
/// Outside of a fiber.
pub(super) fn suspend() {
    let link = LINK.get().expect("only code on a fiber suspends one");
    let was_inside = outside();
    // SAFETY: `resume` takes the link back whenever the fiber stops running, so it is that of the fiber whose stack this runs on; its
    // yielder lives as long as that stack.
    unsafe { link.as_ref() }.suspend(());
    inside_again(was_inside);
    LINK.set(Some(link));
}

/// Takes the link back when a fiber stops running, by a panic too.
struct Outer(Option<NonNull<Link>>);

impl Drop for Outer {
    fn drop(&mut self) {
        LINK.set(self.0);
    }
}

/// A closure that can be suspended; it may borrow for `'a`.
pub(super) struct Fiber<'a, R> {
    /// None once it has ended.
    coroutine: Option<Coroutine<(), (), R>>,
    borrows: PhantomData<&'a mut &'a ()>,
}

impl<'a, R> Fiber<'a, R> {
    /// `body` on a stack of the pool; it does not run yet.
    pub(super) fn new(body: impl FnOnce() -> R + 'a) -> Self {
        let pooled = STACKS.with_borrow_mut(Vec::pop);
        let stack = pooled.unwrap_or_else(|| {
            DefaultStack::new(STACK_BYTES).expect("there is address space for a stack")
        });
        let on_stack = move |link: &Link, ()| {
            LINK.set(Some(NonNull::from(link)));
            body()
        };
        // SAFETY: what `body` borrows outlives `'a`, and so this value. A fiber that is dropped half-way is never resumed and its stack
        // never used again, so nothing touches what it borrowed.
        let coroutine = unsafe { Coroutine::with_stack_unchecked(stack, on_stack) };
        Fiber {
            coroutine: Some(coroutine),
            borrows: PhantomData,
        }
    }

    /// Runs the closure until it suspends itself, or ends and gives its result. A panic of the closure goes on here.
    pub(super) fn resume(&mut self) -> Option<R> {
        let coroutine = self.coroutine.as_mut().expect("it has not ended");
        let _outer = Outer(LINK.get());
        match coroutine.resume(()) {
            CoroutineResult::Yield(()) => None,
            CoroutineResult::Return(result) => {
                self.put_stack();
                Some(result)
            }
        }
    }

    fn put_stack(&mut self) {
        let Some(coroutine) = self.coroutine.take() else {
            return;
        };
        STACKS.with_borrow_mut(|stacks| {
            if stacks.len() < STACKS_KEPT {
                stacks.push(coroutine.into_stack());
            }
        });
    }
}

impl<R> Drop for Fiber<'_, R> {
    fn drop(&mut self) {
        if let Some(coroutine) = self.coroutine.take()
            && coroutine.started()
            && !coroutine.done()
        {
            // Its frames may be foreign ones, which nothing may unwind.
            std::mem::forget(coroutine);
        }
    }
}
