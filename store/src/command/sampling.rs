//! Choosing random members: the count argument SRANDMEMBER, HRANDFIELD and
//! ZRANDMEMBER share, and an unbiased choice of some out of all.

use std::collections::HashSet;
use std::hash::Hash;

use resp::ReplyWriter;

use super::{CommandError, parse_i64};
use crate::random::Rng;

/// Up to this many members a distinct choice walks the whole collection; above, it draws until enough differ.
const WALK_MAX: usize = 1024;
/// When more than one in this many is wanted, walking beats drawing.
const WALK_SHARE: usize = 3;

/// What the count argument asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleCount {
    /// So many different members, or all there are.
    Distinct(usize),
    /// So many draws, each from all members.
    Repeated(usize),
}

impl SampleCount {
    /// Reads the argument; the one number without a positive counterpart is refused.
    pub fn parse(text: &[u8]) -> Result<Self, CommandError> {
        match parse_i64(text)? {
            i64::MIN => Err(CommandError::text(
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
            )),
            count if count < 0 => Ok(SampleCount::Repeated(count.unsigned_abs() as usize)),
            count => Ok(SampleCount::Distinct(count as usize)),
        }
    }

    /// How many are asked for.
    #[must_use]
    pub fn amount(self) -> usize {
        match self {
            SampleCount::Distinct(count) | SampleCount::Repeated(count) => count,
        }
    }
}

/// Shows `wanted` different members to `f`, every choice equally likely; `total` is how
/// many there are and `wanted` is at most that. `all` walks them once, `draw` picks any one
/// of them, `name` tells them apart.
pub fn for_each_distinct<M, N: Eq + Hash>(
    (wanted, total): (usize, usize),
    rng: &mut Rng,
    all: impl Iterator<Item = M>,
    draw: impl Fn(&mut dyn FnMut() -> u64) -> Option<M>,
    name: impl Fn(&M) -> N,
    mut f: impl FnMut(M),
) {
    if wanted == total {
        all.for_each(f);
    } else if walks(wanted, total) {
        let mut selection = Selection::new(wanted, total);
        all.filter(|_| selection.choose(rng)).for_each(f);
    } else {
        let mut seen = HashSet::with_capacity(wanted);
        while seen.len() < wanted {
            let member = draw(&mut || rng.next_u64()).expect("no stored collection is empty");
            if seen.insert(name(&member)) {
                f(member);
            }
        }
    }
}

/// Whether a distinct choice of `wanted` out of `total` should walk all members with a [`Selection`].
fn walks(wanted: usize, total: usize) -> bool {
    total <= WALK_MAX || wanted.saturating_mul(WALK_SHARE) > total
}

/// Chooses `wanted` out of `total` members, every subset equally likely, while they
/// are walked once in any order.
#[derive(Debug)]
struct Selection {
    wanted: u64,
    left: u64,
}

impl Selection {
    /// A choice of `wanted` out of `total`.
    fn new(wanted: usize, total: usize) -> Self {
        Selection {
            wanted: wanted as u64,
            left: total as u64,
        }
    }

    /// Whether the next member is chosen. Called once for each, `total` times at most.
    fn choose(&mut self, rng: &mut Rng) -> bool {
        let chosen = rng.below(self.left) < self.wanted;
        self.left -= 1;
        self.wanted -= u64::from(chosen);
        chosen
    }
}

/// Bounds the reply to repeated draws: a client may ask for 2^63 of them.
#[derive(Clone, Copy, Debug)]
pub struct ReplyBound {
    end: usize,
}

impl ReplyBound {
    /// At most `bytes` more than what is written already.
    #[must_use]
    pub fn new(reply: &mut ReplyWriter<'_>, bytes: u64) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        ReplyBound {
            end: reply.output().len().saturating_add(bytes),
        }
    }

    /// An error once the reply is beyond the bound.
    pub fn check(self, reply: &mut ReplyWriter<'_>) -> Result<(), CommandError> {
        let output = reply.output();
        if output.len() > self.end || output.is_over() {
            return Err(CommandError::text(
                "ERR reply exceeds maximum allowed size (proto-max-bulk-len)",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_choose_the_mode() {
        assert_eq!(SampleCount::parse(b"3"), Ok(SampleCount::Distinct(3)));
        assert_eq!(SampleCount::parse(b"0"), Ok(SampleCount::Distinct(0)));
        assert_eq!(SampleCount::parse(b"-3"), Ok(SampleCount::Repeated(3)));
        assert_eq!(SampleCount::parse(b"x"), Err(CommandError::NotInteger));
        assert!(SampleCount::parse(b"-9223372036854775807").is_ok());
        assert!(SampleCount::parse(b"-9223372036854775808").is_err());
    }

    #[test]
    fn every_pair_is_equally_likely() {
        let mut rng = Rng::new(7);
        let mut seen = [[0u32; 5]; 5];
        for _ in 0..20_000 {
            let mut selection = Selection::new(2, 5);
            let chosen: Vec<usize> = (0..5).filter(|_| selection.choose(&mut rng)).collect();
            let [first, second] = chosen[..] else {
                panic!("exactly two are chosen")
            };
            seen[first][second] += 1;
        }
        let pairs: Vec<u32> = seen.iter().flatten().copied().filter(|n| *n > 0).collect();
        assert_eq!(pairs.len(), 10);
        let chi_square: f64 = pairs
            .iter()
            .map(|n| (f64::from(*n) - 2000.0).powi(2) / 2000.0)
            .sum();
        assert!(
            chi_square < 27.9,
            "9 degrees of freedom, p = 0.001: {chi_square}"
        );
    }
}
