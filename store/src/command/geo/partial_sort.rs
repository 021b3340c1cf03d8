//! Sorting just enough for the first few, in the very order Redis gives.
//!
//! Members at one distance have no order of their own. With COUNT, which of them are among the first follows from the
//! sorting algorithm, so it is the same one: quicksort after Bentley and McIlroy, "Engineering a Sort Function"
//! (1993), that leaves alone the parts nobody asks for.

use std::cmp::Ordering;

/// Below this length insertion sort takes over.
const INSERTION_LEN: usize = 7;
/// Above this length the pivot is the median of nine.
const NINTHER_LEN: usize = 40;

/// Puts the `wanted` first items in order; the others come behind them in some order.
pub(super) fn sort_first<T: Copy>(
    items: &mut [T],
    wanted: usize,
    compare: impl Fn(&T, &T) -> Ordering,
) {
    sort_part(items, wanted, &compare);
}

fn sort_part<T: Copy>(
    mut items: &mut [T],
    mut wanted: usize,
    compare: &impl Fn(&T, &T) -> Ordering,
) {
    loop {
        let len = items.len();
        if len < INSERTION_LEN {
            return insertion_sort(items, compare);
        }
        let pivot = pick_pivot(items, compare);
        items.swap(0, pivot);
        let (less, greater) = partition(items, compare);
        if less > 1 && wanted > 0 {
            sort_part(&mut items[..less], wanted, compare);
        }
        // The part behind the pivots goes on in the loop, which keeps the stack small.
        let start = len - greater;
        if greater <= 1 || wanted <= start {
            return;
        }
        items = &mut items[start..];
        wanted -= start;
    }
}

fn insertion_sort<T>(items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && compare(&items[at - 1], &items[at]).is_gt() {
            items.swap(at, at - 1);
            at -= 1;
        }
    }
}

fn pick_pivot<T>(items: &[T], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let (len, middle) = (items.len(), items.len() / 2);
    if len == INSERTION_LEN {
        return middle;
    }
    let median = |a, b, c| median_of(items, [a, b, c], compare);
    if len <= NINTHER_LEN {
        return median(0, middle, len - 1);
    }
    let step = len / 8;
    let low = median(0, step, 2 * step);
    let mid = median(middle - step, middle, middle + step);
    let high = median(len - 1 - 2 * step, len - 1 - step, len - 1);
    median(low, mid, high)
}

fn median_of<T>(
    items: &[T],
    [a, b, c]: [usize; 3],
    compare: &impl Fn(&T, &T) -> Ordering,
) -> usize {
    let order = |x: usize, y: usize| compare(&items[x], &items[y]);
    if order(a, b).is_lt() {
        if order(b, c).is_lt() {
            b
        } else if order(a, c).is_lt() {
            c
        } else {
            a
        }
    } else if order(b, c).is_gt() {
        b
    } else if order(a, c).is_lt() {
        a
    } else {
        c
    }
}

/// Moves what is less than the first item to the front and what is greater to the back; how many each are.
/// Equal ones are gathered at both ends first, then swapped into the middle.
fn partition<T>(items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) -> (usize, usize) {
    let len = items.len();
    // Equal: ..equal_low and equal_high.. Less: equal_low..low Greater: high..equal_high (ends exclusive).
    let (mut equal_low, mut low, mut high, mut equal_high) = (1, 1, len, len);
    loop {
        while low < high {
            match compare(&items[low], &items[0]) {
                Ordering::Greater => break,
                Ordering::Equal => {
                    items.swap(equal_low, low);
                    equal_low += 1;
                }
                Ordering::Less => {}
            }
            low += 1;
        }
        while low < high {
            match compare(&items[high - 1], &items[0]) {
                Ordering::Less => break,
                Ordering::Equal => {
                    equal_high -= 1;
                    items.swap(high - 1, equal_high);
                }
                Ordering::Greater => {}
            }
            high -= 1;
        }
        if low >= high {
            break;
        }
        items.swap(low, high - 1);
        low += 1;
        high -= 1;
    }
    let (less, greater) = (low - equal_low, equal_high - high);
    swap_ranges(items, 0, low, equal_low.min(less));
    swap_ranges(items, low, len, greater.min(len - equal_high));
    (less, greater)
}

/// Swaps `len` items from `start` on with the `len` ones before `end`.
fn swap_ranges<T>(items: &mut [T], start: usize, end: usize, len: usize) {
    for index in 0..len {
        items.swap(start + index, end - len + index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_are_in_order(mut items in prop::collection::vec(0u8..60, 0..200), wanted: prop::sample::Index) {
            let wanted = wanted.index(items.len() + 1);
            let mut sorted = items.clone();
            sorted.sort_unstable();
            sort_first(&mut items, wanted, Ord::cmp);
            prop_assert_eq!(&items[..wanted], &sorted[..wanted]);
            items.sort_unstable();
            prop_assert_eq!(items, sorted);
        }
    }
}
