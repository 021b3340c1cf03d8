//! A sorted set: members with scores, in order of score, then of member bytes. Packed while small, a table and a counted tree beyond.

mod iter;
mod packed;
pub mod range;
#[cfg(test)]
mod tests;

pub use iter::ZsetIter;
pub use range::{LexBound, LexRange, ScoreBound, ScoreRange};

use crate::encoding::packed::{Packed, PackedRef};
use crate::encoding::ranked::{Ranked, Ranking};
use crate::encoding::tagged::Choice::{First as AsPacked, Second as AsRanked};
use crate::encoding::tagged::{Never, Tagged};
use crate::hash::Seed;
use crate::mem::IsSparse;
use crate::random::scale;
use crate::relocate::reboxed;
use crate::types::{Direction, EncodingLimits, End};
use iter::Walk;
use packed::{Record, find, records};
use std::ops::Range;

/// Most bytes a packed record takes besides its member.
const RECORD_OVERHEAD_MAX: usize = 14;

/// A sorted set. Scores are never NaN; -0.0 and 0.0 are one place in the order.
#[derive(Default)]
pub struct Zset(Tagged<Packed, Box<Ranked>, Never>);

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

impl Zset {
    /// An empty sorted set; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds from members in any order; the last score of a repeated member counts. A set too big for the packed
    /// form is as if it had never been in it, down to the sign of its zeros.
    pub fn from_unsorted<M: AsRef<[u8]>>(
        seed: &Seed,
        members: impl IntoIterator<Item = (M, f64)>,
        limits: &EncodingLimits,
    ) -> Self {
        let mut zset = Self::new();
        // The packed form has no -0.
        let mut unsigned = Vec::new();
        for (member, score) in members {
            zset.insert(seed, member.as_ref(), score, limits);
            if score == 0.0 && score.is_sign_negative() && zset.is_packed() {
                unsigned.push(member);
            }
        }
        if let AsRanked(ranked) = zset.0.view_mut() {
            for member in unsigned {
                let member = member.as_ref();
                if ranked.remove(member, |_, score| score) == Some(0.0) {
                    ranked.insert(member, -0.0);
                }
            }
        }
        zset
    }

    /// Builds by inserting one member after the other.
    pub fn from_each<M: AsRef<[u8]>>(
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

    /// Moves what lies sparsely: all of a small sorted set, of a large one the part that `within` stands for, 0 at first.
    /// Gives where the next part begins, 0 at the end.
    pub(crate) fn relocate(&mut self, within: u64, is_sparse: IsSparse<'_>) -> u64 {
        if within == 0 && is_sparse(self.0.address()) {
            self.0.replace_with(|owner| match owner {
                AsPacked(packed) => AsPacked(packed.clone()),
                AsRanked(ranked) => AsRanked(reboxed(ranked)),
            });
        }
        match self.0.view_mut() {
            AsPacked(_) => 0,
            AsRanked(ranked) => ranked.relocate(within, is_sparse),
        }
    }

    /// Asks the memory for the first lines of the value.
    #[inline]
    pub fn prefetch(&self) {
        self.0.prefetch();
    }

    /// Asks for where a big zset looks for `member`; its hash, for [`Self::prefetch_cell`].
    #[inline]
    #[must_use]
    pub fn prefetch_member(&self, member: &[u8]) -> Option<u64> {
        match self.0.view() {
            AsRanked(table) => Some(table.prefetch_bucket(member)),
            _ => None,
        }
    }

    /// Asks for the members of a hash, when [`Self::prefetch_member`] has had time to work.
    #[inline]
    pub fn prefetch_cell(&self, hash: u64) {
        if let AsRanked(table) = self.0.view() {
            table.prefetch_cell(hash);
        }
    }

    /// Whether it is in its packed form.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        matches!(self.0.view(), AsPacked(_))
    }

    /// Number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0.view() {
            AsPacked(packed) => packed.records,
            AsRanked(ranked) => ranked.len(),
        }
    }

    /// Whether no member is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes held, in allocator classes.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        match self.0.view() {
            AsPacked(packed) => packed.mem_bytes(),
            AsRanked(ranked) => ranked.mem_bytes(),
        }
    }

    /// OBJECT ENCODING's name of the representation.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self.0.view() {
            AsPacked(_) => "listpack",
            AsRanked(_) => "skiplist",
        }
    }

    /// The score of `member`.
    #[must_use]
    pub fn score(&self, _seed: &Seed, member: &[u8]) -> Option<f64> {
        match self.0.view() {
            AsPacked(packed) => find(packed, member).map(|(_, record)| record.score),
            AsRanked(ranked) => ranked.score(member),
        }
    }

    /// Sets the score of `member`, adding it when it is new. `score` is not NaN.
    ///
    /// # Panics
    /// When it is.
    pub fn insert(
        &mut self,
        seed: &Seed,
        member: &[u8],
        score: f64,
        limits: &EncodingLimits,
    ) -> Outcome {
        assert!(!score.is_nan(), "commands refuse NaN");
        match self.0.view_mut() {
            AsRanked(ranked) => return ranked.insert(member, score).into(),
            AsPacked(mut packed) => {
                if let Some((_, record)) = find(packed.view(), member) {
                    if record.score == score {
                        return Outcome::Unchanged;
                    }
                    let bytes = record.bytes;
                    packed::remove(&mut packed, bytes);
                    packed::insert(&mut packed, member, score);
                    return Outcome::Updated;
                }
                let few = packed.view().records < limits.zset_max_listpack_entries;
                let short = member.len() <= limits.zset_max_listpack_value;
                if few && short && packed.has_room(member.len() + RECORD_OVERHEAD_MAX) {
                    packed::insert(&mut packed, member, score);
                    return Outcome::Added;
                }
            }
        }
        self.convert_to_ranked(seed);
        self.insert(seed, member, score, limits)
    }

    /// Leaves the packed form, for good, if it is still in it.
    pub fn unpack(&mut self, seed: &Seed) {
        if self.is_packed() {
            self.convert_to_ranked(seed);
        }
    }

    fn convert_to_ranked(&mut self, seed: &Seed) {
        let mut ranked = Ranked::new(seed);
        for (member, score) in self.iter_from(0, Direction::Forward) {
            ranked.insert(member, score);
        }
        self.0 = Tagged::new(AsRanked(Box::new(ranked)));
    }

    /// Removes `member`, giving its score when it was there.
    pub fn remove(&mut self, _seed: &Seed, member: &[u8]) -> Option<f64> {
        match self.0.view_mut() {
            AsRanked(ranked) => ranked.remove(member, |_, score| score),
            AsPacked(mut packed) => {
                let (_, Record { score, bytes, .. }) = find(packed.view(), member)?;
                packed::remove(&mut packed, bytes);
                Some(score)
            }
        }
    }

    /// The place of `member`, counted from the lowest (`Forward`) or the highest (`Reverse`).
    #[must_use]
    pub fn rank(&self, _seed: &Seed, member: &[u8], direction: Direction) -> Option<usize> {
        let rank = match self.0.view() {
            AsPacked(packed) => find(packed, member)?.0,
            AsRanked(ranked) => ranked.rank(member)?,
        };
        Some(match direction {
            Direction::Forward => rank,
            Direction::Reverse => self.len() - 1 - rank,
        })
    }

    /// Members starting `rank` from the end `direction` starts at: `(0, Reverse)` begins with the highest.
    #[must_use]
    pub fn iter_from(&self, rank: usize, direction: Direction) -> ZsetIter<'_> {
        let len = self.len();
        let ranks = match direction {
            Direction::Forward => rank.min(len)..len,
            Direction::Reverse => 0..len.saturating_sub(rank),
        };
        self.iter_range(ranks, direction)
    }

    /// The members of `ranks` (counted from the lowest, as the `rank_range_by_*` functions give them), walked in `direction`.
    #[must_use]
    pub fn iter_range(&self, ranks: Range<usize>, direction: Direction) -> ZsetIter<'_> {
        let end = ranks.end.min(self.len());
        let start = ranks.start.min(end);
        ZsetIter(match (self.0.view(), direction) {
            (AsPacked(packed), Direction::Forward) => {
                let mut records = records(packed);
                skip(&mut records, start);
                Walk::Packed(records.take(end - start))
            }
            (AsPacked(packed), Direction::Reverse) => {
                let noted = records(packed)
                    .take(end)
                    .skip(start)
                    .map(|record| (record.member, record.score));
                Walk::PackedReverse(noted.collect::<Vec<_>>().into_iter().rev())
            }
            (AsRanked(ranked), Direction::Forward) => Walk::Tree(ranked.entries(start..end)),
            (AsRanked(ranked), Direction::Reverse) => {
                Walk::TreeReverse(ranked.entries(start..end).rev())
            }
        })
    }

    /// The ranks, from the lowest, whose scores lie in `range`; empty when none does.
    #[must_use]
    pub fn rank_range_by_score(&self, range: &ScoreRange) -> Range<usize> {
        let (start, end) = match self.0.view() {
            AsPacked(packed) => (
                prefix_len(packed, |_, score| !range.above_min(score)),
                prefix_len(packed, |_, score| range.below_max(score)),
            ),
            AsRanked(ranked) => (
                ranked.partition_rank_by_score(|score| !range.above_min(score)),
                ranked.partition_rank_by_score(|score| range.below_max(score)),
            ),
        };
        start..end.max(start)
    }

    /// The ranks, from the lowest, whose members lie in `range`; meaningful where all scores are equal.
    #[must_use]
    pub fn rank_range_by_lex(&self, range: &LexRange<'_>) -> Range<usize> {
        let (start, end) = match self.0.view() {
            AsPacked(packed) => (
                prefix_len(packed, |member, _| !range.above_min(member)),
                prefix_len(packed, |member, _| range.below_max(member)),
            ),
            AsRanked(ranked) => (
                ranked.partition_rank(|member, _| !range.above_min(member)),
                ranked.partition_rank(|member, _| range.below_max(member)),
            ),
        };
        start..end.max(start)
    }

    /// Removes the member at `end`, showing it to `f`.
    pub fn pop<R>(&mut self, _seed: &Seed, end: End, f: impl FnOnce(&[u8], f64) -> R) -> Option<R> {
        let last = self.len().checked_sub(1)?;
        let rank = if end == End::Min { 0 } else { last };
        match self.0.view_mut() {
            AsRanked(ranked) => ranked.remove_rank(rank, f),
            AsPacked(mut packed) => {
                let Record {
                    score,
                    member,
                    bytes,
                } = records(packed.view()).nth(rank)?;
                let result = f(member, score);
                packed::remove(&mut packed, bytes);
                Some(result)
            }
        }
    }

    /// Removes the members of `ranks`, showing each to `on_removed`, and says how many they were.
    pub fn remove_rank_range(
        &mut self,
        _seed: &Seed,
        ranks: Range<usize>,
        on_removed: &mut dyn FnMut(&[u8], f64),
    ) -> usize {
        let end = ranks.end.min(self.len());
        let ranks = ranks.start.min(end)..end;
        match self.0.view_mut() {
            AsRanked(ranked) => {
                for _ in ranks.clone() {
                    ranked.remove_rank(ranks.start, &mut *on_removed);
                }
            }
            AsPacked(mut packed) => {
                let mut records = records(packed.view());
                skip(&mut records, ranks.start);
                let mut bytes: Option<Range<usize>> = None;
                for record in records.take(ranks.len()) {
                    on_removed(record.member, record.score);
                    bytes = Some(
                        bytes.map_or(record.bytes.start, |bytes| bytes.start)..record.bytes.end,
                    );
                }
                if let Some(bytes) = bytes {
                    packed.remove_records(bytes.start, bytes.len(), ranks.len());
                }
            }
        }
        ranks.len()
    }

    /// A member chosen uniformly, with its score; none from an empty set.
    pub fn random(&self, rng: &mut dyn FnMut() -> u64) -> Option<(&[u8], f64)> {
        match self.0.view() {
            AsPacked(packed) if packed.records == 0 => None,
            AsPacked(packed) => records(packed)
                .nth(scale(rng(), packed.records))
                .map(|record| (record.member, record.score)),
            AsRanked(ranked) => ranked.random(rng),
        }
    }

    /// One step of SCAN from `cursor` (0 begins): shows some members and returns the next cursor, 0 at the end. Packed sets come whole.
    pub fn scan(&self, cursor: u64, f: &mut dyn FnMut(&[u8], f64)) -> u64 {
        match self.0.view() {
            AsPacked(packed) => records(packed).for_each(|record| f(record.member, record.score)),
            AsRanked(ranked) => return ranked.scan(cursor, f),
        }
        0
    }

    /// Frees about `items` members; true when nothing is left. After the first step the set is good for nothing else.
    pub fn free_step(&mut self, items: usize) -> bool {
        if let AsRanked(ranked) = self.0.view_mut() {
            return ranked.free_step(items);
        }
        *self = Self::new();
        true
    }
}

fn skip(records: &mut packed::Records<'_>, count: usize) {
    if let Some(last) = count.checked_sub(1) {
        records.nth(last);
    }
}

/// How many records from the lowest satisfy `before`.
fn prefix_len(packed: PackedRef<'_>, before: impl Fn(&[u8], f64) -> bool) -> usize {
    records(packed)
        .take_while(|record| before(record.member, record.score))
        .count()
}

impl From<Ranking> for Outcome {
    fn from(ranking: Ranking) -> Self {
        match ranking {
            Ranking::Added => Outcome::Added,
            Ranking::Moved => Outcome::Updated,
            Ranking::Kept => Outcome::Unchanged,
        }
    }
}

impl Clone for Zset {
    fn clone(&self) -> Self {
        Self(Tagged::new(match self.0.view() {
            AsPacked(packed) => AsPacked(packed.to_packed()),
            AsRanked(ranked) => AsRanked(Box::new(ranked.clone())),
        }))
    }
}

impl std::fmt::Debug for Zset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map()
            .entries(self.iter_from(0, Direction::Forward))
            .finish()
    }
}
