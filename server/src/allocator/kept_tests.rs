use super::super::Allocator;
use super::*;
use std::alloc::{GlobalAlloc, Layout};

const MIB: usize = 1 << 20;

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 1).expect("a layout")
}

fn alloc(size: usize) -> *mut u8 {
    // SAFETY: the size is not zero.
    let at = unsafe { Allocator.alloc(layout(size)) };
    assert!(!at.is_null());
    at
}

/// As large as a block of `size` bytes that `alloc` gave.
fn free(at: *mut u8, size: usize) {
    // SAFETY: the tests free each block once.
    unsafe { Allocator.dealloc(at, layout(size)) }
}

fn held() -> (usize, usize) {
    KEPT.with_borrow(|kept| (kept.count, kept.bytes))
}

/// Steps until nothing is owed; how many blocks and bytes are left.
fn settle() -> (usize, usize) {
    while give_back() {}
    held()
}

#[test]
fn a_freed_block_serves_the_next_of_its_size() {
    let _keeping = Keeping::begin();
    let first = alloc(5 * MIB);
    free(first, 5 * MIB);
    assert_eq!(held().0, 1);
    let smaller = alloc(3 * MIB);
    assert_ne!(smaller, first, "it is much larger than that");
    let again = alloc(5 * MIB - 100);
    assert_eq!(again, first);
    assert_eq!(held(), (0, 0));
    free(again, 5 * MIB - 100);
    free(smaller, 3 * MIB);
}

#[test]
fn small_blocks_and_other_threads_are_left_to_mimalloc() {
    free(alloc(5 * MIB), 5 * MIB);
    assert_eq!(held().0, 0, "this thread keeps nothing");
    let _keeping = Keeping::begin();
    free(alloc(KEPT_BLOCK_MIN / 2), KEPT_BLOCK_MIN / 2);
    assert_eq!(held().0, 0);
}

#[test]
fn what_is_too_much_is_given_back_and_the_rest_when_nobody_wants_it() {
    let _keeping = Keeping::begin();
    let blocks = [(); 10].map(|()| alloc(4 * MIB));
    for at in blocks {
        free(at, 4 * MIB);
    }
    assert!(held().1 >= 40 * MIB && held_bytes() >= 40 * MIB);
    let (count, bytes) = settle();
    assert!((4..10).contains(&count) && bytes <= KEPT_MAX && bytes > KEPT_MAX - 4 * MIB);
    for _ in 0..STALE_TICKS {
        assert_eq!(settle(), (count, bytes), "they are fresh");
        tick();
    }
    assert_eq!(settle(), (0, 0));
}

#[test]
fn one_that_is_used_now_and_then_stays() {
    let _keeping = Keeping::begin();
    for _ in 0..5 {
        free(alloc(2 * MIB), 2 * MIB);
        tick();
        assert_eq!(settle().0, 1);
    }
}

#[test]
fn what_is_held_is_bounded() {
    let _keeping = Keeping::begin();
    let blocks: Vec<_> = (0..20).map(|_| alloc(6 * MIB)).collect();
    for &at in &blocks {
        free(at, 6 * MIB);
    }
    assert!(held().1 <= HELD_FACTOR * KEPT_MAX + 7 * MIB, "{:?}", held());
    release_all();
    let blocks: Vec<_> = (0..PLACES + 9).map(|_| alloc(KEPT_BLOCK_MIN)).collect();
    for &at in &blocks {
        free(at, KEPT_BLOCK_MIN);
    }
    assert!(held().0 <= PLACES);
}

#[test]
fn a_large_one_goes_in_pieces_and_can_be_taken_in_between() {
    let _keeping = Keeping::begin();
    let size = 40 * MIB;
    let at = alloc(size);
    // SAFETY: the block is that long.
    unsafe { at.write_bytes(7, size) };
    free(at, size);
    let before = held().1;
    KEPT.with_borrow_mut(|kept| kept.give_piece());
    let after = held().1;
    assert!(
        after < before && before - after <= PIECE + 2 * PAGES,
        "{before} {after}"
    );
    let again = alloc(size);
    assert_eq!(again, at);
    // SAFETY: as above; what was given back reads as zeros.
    let (first, last) = unsafe { (*at, *at.add(size - PAGES)) };
    assert_eq!((first, last), (7, 0));
    // SAFETY: as above.
    unsafe { again.write_bytes(9, size) };
    free(again, size);
    assert!(settle().1 <= KEPT_MAX);
}

#[test]
fn growing_and_shrinking_keep_what_is_there() {
    let _keeping = Keeping::begin();
    let sizes = [1000, 300_000, 310_000, 5 * MIB, 20 * MIB, 600_000, 1000];
    let mut at = alloc(sizes[0]);
    // SAFETY: each block is as long as the size it was last asked for with.
    unsafe {
        at.write_bytes(0xA5, 1000);
        for pair in sizes.windows(2) {
            at = Allocator.realloc(at, layout(pair[0]), pair[1]);
            assert!(!at.is_null());
            assert!((0..1000).all(|byte| *at.add(byte) == 0xA5));
        }
    }
    free(at, 1000);
}

#[test]
fn zeroed_blocks_are_zero() {
    let _keeping = Keeping::begin();
    let at = alloc(MIB);
    // SAFETY: the block is that long.
    unsafe { at.write_bytes(7, MIB) };
    free(at, MIB);
    // SAFETY: the size is not zero, and the block is that long.
    unsafe {
        let zeroed = Allocator.alloc_zeroed(layout(MIB));
        assert!((0..MIB).all(|byte| *zeroed.add(byte) == 0));
        free(zeroed, MIB);
    }
}

#[test]
fn under_a_small_limit_less_is_kept() {
    let _keeping = Keeping::begin();
    let fill = || {
        let blocks = [(); 10].map(|()| alloc(MIB));
        for at in blocks {
            free(at, MIB);
        }
    };
    fill();
    assert_eq!(settle().0, 10);
    set_memory_limit(64 * MIB);
    assert!(settle().1 <= 2 * MIB);
    fill();
    assert!(held().1 <= HELD_FACTOR * 2 * MIB + 2 * MIB);
    set_memory_limit(0);
    release_all();
    fill();
    assert_eq!(settle().0, 10);
}
