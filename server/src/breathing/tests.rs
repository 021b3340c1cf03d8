//! Fibers by themselves: suspended, resumed, nested, panicking.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::fiber::{Fiber, suspend};
use super::{breathe, holding_breath, is_on_fiber};

#[test]
fn a_fiber_goes_on_where_it_was_suspended() {
    let mut seen = Vec::new();
    {
        let mut fiber = Fiber::new(|| {
            seen.push(1);
            suspend();
            seen.push(2);
            suspend();
            seen.push(3);
            "done"
        });
        assert_eq!(fiber.resume(), None);
        assert_eq!(fiber.resume(), None);
        assert_eq!(fiber.resume(), Some("done"));
    }
    assert_eq!(seen, [1, 2, 3]);
}

#[test]
fn fibers_take_turns_in_any_order() {
    let counting = |from: usize| {
        move || {
            (from..from + 3).fold(0, |sum, number| {
                suspend();
                sum + number
            })
        }
    };
    let mut fibers = [10, 20, 30].map(|from| Fiber::new(counting(from)));
    for _ in 0..3 {
        for fiber in fibers.iter_mut().rev() {
            assert_eq!(fiber.resume(), None);
        }
    }
    let sums = fibers.each_mut().map(Fiber::resume);
    assert_eq!(sums, [33, 63, 93].map(Some));
}

#[test]
fn a_fiber_may_drive_another() {
    let mut outer = Fiber::new(|| {
        let mut inner = Fiber::new(|| {
            suspend();
            7
        });
        assert_eq!(inner.resume(), None);
        suspend();
        inner.resume()
    });
    assert_eq!(outer.resume(), None);
    assert_eq!(outer.resume(), Some(Some(7)));
}

#[test]
fn a_panic_comes_out_and_leaves_nothing_behind() {
    let mut fiber = Fiber::new(|| -> u32 {
        suspend();
        panic!("inside");
    });
    assert_eq!(fiber.resume(), None);
    let panicked = catch_unwind(AssertUnwindSafe(|| fiber.resume()));
    assert_eq!(
        panicked.unwrap_err().downcast_ref::<&str>(),
        Some(&"inside")
    );
    let lost = catch_unwind(suspend);
    assert!(lost.is_err(), "nothing can be suspended any more");
}

#[test]
fn a_fiber_dropped_in_the_middle_is_not_unwound() {
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            panic!("unwound");
        }
    }
    let mut fiber = Fiber::new(|| {
        let loud = Loud;
        suspend();
        std::mem::forget(loud);
    });
    assert_eq!(fiber.resume(), None);
    drop(fiber);
}

#[test]
fn outside_of_fibers_breathing_does_nothing() {
    (0..1000).for_each(|_| breathe());
    assert!(!is_on_fiber());
    assert_eq!(holding_breath(|| 5), 5);
}
