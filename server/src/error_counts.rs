//! Error replies by their code word (`WRONGTYPE`, `ERR`, …), for INFO errorstats. Each core counts its own, so that the lock is free
//! but for the moment in which INFO reads.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Code words kept apart by one core; what clients make up beyond these is not counted by word.
const CODES_MAX: usize = 128;
/// The word of a text that does not begin with one.
const DEFAULT_CODE: &str = "ERR";
/// Within so many bytes a code word has to end.
const CODE_LEN_MAX: usize = 31;

/// Counts by code word.
#[derive(Debug, Default)]
pub struct ErrorCounts(Mutex<BTreeMap<Box<str>, u64>>);

impl ErrorCounts {
    /// Counts an error reply, given its text without the `-`.
    pub fn add(&self, text: &str) {
        let code = code_of(text);
        let mut counts = self.counts();
        if let Some(count) = counts.get_mut(code) {
            *count += 1;
        } else if counts.len() < CODES_MAX {
            counts.insert(code.into(), 1);
        }
    }

    /// Adds these counts to `sum`.
    pub fn add_to(&self, sum: &mut BTreeMap<Box<str>, u64>) {
        for (code, count) in self.counts().iter() {
            *sum.entry(code.clone()).or_default() += count;
        }
    }

    /// Forgets all of them.
    pub fn reset(&self) {
        self.counts().clear();
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<Box<str>, u64>> {
        // Nothing panics while it holds the lock, and the map would be whole all the same.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn code_of(text: &str) -> &str {
    match text.split_once(' ') {
        Some((code, _)) if code.len() < CODE_LEN_MAX => code,
        Some(_) | None => DEFAULT_CODE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(counts: &ErrorCounts) -> Vec<(String, u64)> {
        let mut sum = BTreeMap::new();
        counts.add_to(&mut sum);
        sum.into_iter().map(|(code, n)| (code.into(), n)).collect()
    }

    #[test]
    fn errors_are_counted_by_their_first_word() {
        let counts = ErrorCounts::default();
        for text in ["ERR no such key", "WRONGTYPE Operation", "ERR x", "single"] {
            counts.add(text);
        }
        counts.add(&format!("{} y", "A".repeat(CODE_LEN_MAX)));
        assert_eq!(
            sum(&counts),
            [("ERR".to_owned(), 4), ("WRONGTYPE".to_owned(), 1)]
        );
        counts.reset();
        assert!(sum(&counts).is_empty());
    }

    #[test]
    fn made_up_codes_are_bounded() {
        let counts = ErrorCounts::default();
        for n in 0..2 * CODES_MAX {
            counts.add(&format!("CODE{n} x"));
        }
        assert_eq!(sum(&counts).len(), CODES_MAX);
    }
}
