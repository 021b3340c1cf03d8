//! Fibers by themselves: suspended, resumed, nested, panicking.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::fiber::{Fiber, suspend};
use super::{Pause, breathe, holding_breath, is_on_fiber};

#[test]
fn a_fiber_goes_on_where_it_was_suspended() {
    let mut seen = Vec::new();
    {
        let mut fiber = Fiber::new(|| {
            seen.push(1);
            let granted = suspend(Pause::Needs(0b10));
            seen.push(if granted { 2 } else { -2 });
            let granted = suspend(Pause::Breath);
            seen.push(if granted { 3 } else { -3 });
            "done"
        });
        assert_eq!(fiber.resume(true), Err(Pause::Needs(0b10)));
        assert_eq!(fiber.resume(true), Err(Pause::Breath));
        assert_eq!(fiber.resume(false), Ok("done"));
    }
    assert_eq!(seen, [1, 2, -3]);
}

#[test]
fn fibers_take_turns_in_any_order() {
    let counting = |from: usize| {
        move || {
            (from..from + 3).fold(0, |sum, number| {
                suspend(Pause::Needs(number as u64));
                sum + number
            })
        }
    };
    let mut fibers = [10, 20, 30].map(|from| Fiber::new(counting(from)));
    for round in 0..3 {
        for (nth, fiber) in fibers.iter_mut().enumerate().rev() {
            let wanted = (nth as u64 + 1) * 10 + round;
            assert_eq!(fiber.resume(true), Err(Pause::Needs(wanted)));
        }
    }
    let sums = fibers.each_mut().map(|fiber| fiber.resume(true));
    assert_eq!(sums, [Ok(33), Ok(63), Ok(93)]);
}

#[test]
fn a_fiber_may_drive_another() {
    let mut outer = Fiber::new(|| {
        let mut inner = Fiber::new(|| {
            suspend(Pause::Needs(1));
            7
        });
        assert_eq!(inner.resume(true), Err(Pause::Needs(1)));
        suspend(Pause::Needs(2));
        inner.resume(true)
    });
    assert_eq!(outer.resume(true), Err(Pause::Needs(2)));
    assert_eq!(outer.resume(true), Ok(Ok(7)));
}

#[test]
fn a_panic_comes_out_and_leaves_nothing_behind() {
    let mut fiber = Fiber::new(|| -> u32 {
        suspend(Pause::Breath);
        panic!("inside");
    });
    assert_eq!(fiber.resume(true), Err(Pause::Breath));
    let panicked = catch_unwind(AssertUnwindSafe(|| fiber.resume(true)));
    assert_eq!(
        panicked.unwrap_err().downcast_ref::<&str>(),
        Some(&"inside")
    );
    let lost = catch_unwind(|| suspend(Pause::Breath));
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
        suspend(Pause::Breath);
        std::mem::forget(loud);
    });
    assert_eq!(fiber.resume(true), Err(Pause::Breath));
    drop(fiber);
}

#[test]
fn outside_of_fibers_breathing_does_nothing() {
    (0..1000).for_each(|_| breathe());
    assert!(!is_on_fiber());
    assert_eq!(holding_breath(|| 5), 5);
}
