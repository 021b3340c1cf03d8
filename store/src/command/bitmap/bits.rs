//! Counting and finding bits in bytes, a word at a time where whole words are asked for.

use std::ops::Range;

use crate::command::Breath;

/// How many bits of `range` are set. The range ends within the bytes.
pub(super) fn count(bytes: &[u8], range: Range<u64>, breath: Breath) -> u64 {
    let Some((first, last)) = edges(&range) else {
        return 0;
    };
    let before = bytes[first] & !head_mask(range.start);
    let after = bytes[last] & !tail_mask(range.end);
    let outside = before.count_ones() + after.count_ones();
    let all: u64 = breath.pieces(&bytes[first..=last]).map(count_all).sum();
    all - u64::from(outside)
}

fn count_all(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let in_words = words
        .iter()
        .map(|word| u64::from(u64::from_ne_bytes(*word).count_ones()));
    let in_rest = rest.iter().map(|byte| u64::from(byte.count_ones()));
    in_words.sum::<u64>() + in_rest.sum::<u64>()
}

/// The first bit of `range` that is `bit`. The range ends within the bytes.
pub(super) fn find(bytes: &[u8], range: Range<u64>, bit: bool) -> Option<u64> {
    let (first, last) = edges(&range)?;
    // Looking for a clear bit is looking for a set one in the complement.
    let flip = if bit { 0 } else { 0xFF };
    let head = (bytes[first] ^ flip) & head_mask(range.start);
    let (at, byte) = if head != 0 {
        (first, head)
    } else {
        let rest = &bytes[first + 1..=last];
        let at = first + 1 + find_other(rest, flip)?;
        (at, bytes[at] ^ flip)
    };
    let found = at as u64 * 8 + u64::from(byte.leading_zeros());
    (found < range.end).then_some(found)
}

/// The place of the first byte that is not `skipped`.
fn find_other(bytes: &[u8], skipped: u8) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let same = words.iter().take_while(|&&word| word == [skipped; 8]);
    let from = same.count() * 8;
    let other = bytes[from..].iter().position(|&byte| byte != skipped)?;
    Some(from + other)
}

/// The first and the last byte that a range of bits has a part in.
fn edges(range: &Range<u64>) -> Option<(usize, usize)> {
    (range.start < range.end).then(|| {
        let last = (range.end - 1) / 8;
        ((range.start / 8) as usize, last as usize)
    })
}

/// The bits of the first byte from `start` on.
fn head_mask(start: u64) -> u8 {
    0xFF >> (start % 8)
}

/// The bits of the last byte before `end`.
fn tail_mask(end: u64) -> u8 {
    !(0x7F >> ((end - 1) % 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_set(bytes: &[u8], at: u64) -> bool {
        bytes[(at / 8) as usize] & (0x80 >> (at % 8)) != 0
    }

    /// Long runs of one value, so that whole words are skipped.
    fn bitmap() -> impl Strategy<Value = Vec<u8>> {
        let run = (prop_oneof![Just(0u8), Just(0xFF), any::<u8>()], 0..40usize);
        prop::collection::vec(run, 1..5).prop_map(|runs| {
            let bytes = runs.into_iter().map(|(byte, len)| vec![byte; len]);
            bytes.collect::<Vec<_>>().concat()
        })
    }

    proptest! {
        #[test]
        fn a_loop_over_single_bits_agrees(bytes in bitmap(), a: prop::sample::Index, b: prop::sample::Index, bit: bool) {
            let len = bytes.len() as u64 * 8;
            let (a, b) = (a.index(len as usize + 1) as u64, b.index(len as usize + 1) as u64);
            let range = a.min(b)..a.max(b);
            let expected = range.clone().filter(|&at| is_set(&bytes, at)).count() as u64;
            prop_assert_eq!(count(&bytes, range.clone(), Breath::held()), expected);
            let expected = range.clone().find(|&at| is_set(&bytes, at) == bit);
            prop_assert_eq!(find(&bytes, range, bit), expected);
        }
    }
}
