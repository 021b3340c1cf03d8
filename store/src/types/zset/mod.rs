//! A sorted set: members with scores, in order of score, then of member bytes.

pub mod range;

pub use range::{LexBound, LexRange, ScoreBound, ScoreRange};

use crate::hash::Seed;
use crate::types::{Direction, EncodingLimits, End};
use std::ops::Range;

/// A sorted set. Scores are never NaN; -0.0 and 0.0 are one place in the order.
#[derive(Clone, Debug, Default)]
pub struct Zset(Box<Vec<(f64, Vec<u8>)>>);

/// What [`Zset::insert`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The member is new.
    Added,
    /// The member was there with another score.
    Updated,
    /// The member was there with this score.
    Unchanged,
}

/// Members with their scores in order, from [`Zset::iter_from`] and [`Zset::iter_range`].
pub struct ZsetIter<'a> {
    zset: &'a Zset,
    range: Range<usize>,
    direction: Direction,
}

impl Zset {
    /// An empty sorted set; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds from members in any order; the last score of a repeated member counts.
    pub fn from_unsorted<M: AsRef<[u8]>>(
        seed: &Seed,
        members: impl IntoIterator<Item = (M, f64)>,
        limits: &EncodingLimits,
    ) -> Self {
        let mut zset = Self::new();
        for (member, score) in members {
            zset.insert(seed, member.as_ref(), score, limits);
        }
        zset
    }

    /// Number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no member is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Heap bytes held, in allocator classes.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        self.0.iter().map(|e| e.1.capacity() + 32).sum()
    }

    /// OBJECT ENCODING's name of the representation.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        if self.len() > 128 {
            "skiplist"
        } else {
            "listpack"
        }
    }

    /// The score of `member`.
    #[must_use]
    pub fn score(&self, _seed: &Seed, member: &[u8]) -> Option<f64> {
        self.0.iter().find(|e| e.1 == member).map(|e| e.0)
    }

    /// Sets the score of `member`, adding it when it is new. `score` is not NaN.
    pub fn insert(
        &mut self,
        seed: &Seed,
        member: &[u8],
        score: f64,
        _limits: &EncodingLimits,
    ) -> Outcome {
        debug_assert!(!score.is_nan(), "commands refuse NaN");
        let outcome = match self.remove(seed, member) {
            None => Outcome::Added,
            Some(old) if old == score => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        let at = self
            .0
            .partition_point(|e| e.0 < score || e.0 == score && e.1.as_slice() < member);
        self.0.insert(at, (score, member.to_vec()));
        outcome
    }

    /// Removes `member`, giving its score when it was there.
    pub fn remove(&mut self, _seed: &Seed, member: &[u8]) -> Option<f64> {
        let at = self.0.iter().position(|e| e.1 == member)?;
        Some(self.0.remove(at).0)
    }

    /// The place of `member`, counted from the lowest (`Forward`) or the highest (`Reverse`).
    #[must_use]
    pub fn rank(&self, _seed: &Seed, member: &[u8], direction: Direction) -> Option<usize> {
        let at = self.0.iter().position(|e| e.1 == member)?;
        Some(match direction {
            Direction::Forward => at,
            Direction::Reverse => self.len() - 1 - at,
        })
    }

    /// Members starting `rank` from the end `direction` starts at: `(0, Reverse)` begins with the highest.
    #[must_use]
    pub fn iter_from(&self, rank: usize, direction: Direction) -> ZsetIter<'_> {
        let len = self.len();
        let range = match direction {
            Direction::Forward => rank.min(len)..len,
            Direction::Reverse => 0..len.saturating_sub(rank),
        };
        ZsetIter {
            zset: self,
            range,
            direction,
        }
    }

    /// The members of `ranks` (counted from the lowest, as the `rank_range_by_*` functions give them), walked in `direction`.
    #[must_use]
    pub fn iter_range(&self, ranks: Range<usize>, direction: Direction) -> ZsetIter<'_> {
        let end = ranks.end.min(self.len());
        ZsetIter {
            zset: self,
            range: ranks.start.min(end)..end,
            direction,
        }
    }

    /// The ranks, from the lowest, whose scores lie in `range`; empty when none does.
    #[must_use]
    pub fn rank_range_by_score(&self, range: &ScoreRange) -> Range<usize> {
        let start = self.0.partition_point(|e| !range.above_min(e.0));
        start..self.0.partition_point(|e| range.below_max(e.0)).max(start)
    }

    /// The ranks, from the lowest, whose members lie in `range`; meaningful where all scores are equal.
    #[must_use]
    pub fn rank_range_by_lex(&self, range: &LexRange<'_>) -> Range<usize> {
        let start = self.0.partition_point(|e| !range.above_min(&e.1));
        start..self.0.partition_point(|e| range.below_max(&e.1)).max(start)
    }

    /// Removes the member at `end`, showing it to `f` first.
    pub fn pop<R>(&mut self, _seed: &Seed, end: End, f: impl FnOnce(&[u8], f64) -> R) -> Option<R> {
        let at = match end {
            End::Min => 0,
            End::Max => self.len().checked_sub(1)?,
        };
        if self.is_empty() {
            return None;
        }
        let (score, member) = self.0.remove(at);
        Some(f(&member, score))
    }

    /// Removes the members of `ranks`, showing each to `on_removed`, and says how many they were.
    pub fn remove_rank_range(
        &mut self,
        _seed: &Seed,
        ranks: Range<usize>,
        on_removed: &mut dyn FnMut(&[u8], f64),
    ) -> usize {
        let end = ranks.end.min(self.len());
        let removed = self.0.drain(ranks.start.min(end)..end);
        removed.map(|e| on_removed(&e.1, e.0)).count()
    }

    /// A member chosen uniformly, with its score; none from an empty set.
    pub fn random(&self, rng: &mut dyn FnMut() -> u64) -> Option<(&[u8], f64)> {
        let at = rng() as usize % self.len().max(1);
        self.iter_from(at, Direction::Forward).next()
    }

    /// One step of SCAN from `cursor` (0 begins): shows some members and returns the next cursor, 0 at the end. Packed sets come whole.
    pub fn scan(&self, _cursor: u64, f: &mut dyn FnMut(&[u8], f64)) -> u64 {
        self.iter_from(0, Direction::Forward)
            .for_each(|(member, score)| f(member, score));
        0
    }

    /// Frees about `items` members; true when nothing is left.
    pub fn free_step(&mut self, items: usize) -> bool {
        let len = self.len().saturating_sub(items);
        self.0.truncate(len);
        self.is_empty()
    }
}

impl<'a> Iterator for ZsetIter<'a> {
    type Item = (&'a [u8], f64);

    fn next(&mut self) -> Option<Self::Item> {
        let at = match self.direction {
            Direction::Forward => self.range.next(),
            Direction::Reverse => self.range.next_back(),
        }?;
        self.zset.0.get(at).map(|e| (e.1.as_slice(), e.0))
    }
}
