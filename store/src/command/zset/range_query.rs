//! What a range command asks for: by rank, score or member, from which end, how much of it.
//!
//! ZRANGE, ZRANGESTORE and the older commands ZRANGE replaced differ only in what is
//! fixed by the command's name, so one parser serves them all.

use std::ops::Range;

use resp::Args;

use super::scored_reply::Scores;
use crate::command::{ArgCursor, CommandError, c_string, parse_f64_lenient, parse_i64};
use crate::types::zset::{LexBound, LexRange, ScoreBound, ScoreRange};
use crate::types::{Direction, Zset};

/// What the two bounds are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeBy {
    Rank,
    Score,
    Lex,
}

/// What a command's name fixes; the options fill in the rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct RangeGrammar {
    /// Bounds of one kind only, or chosen by BYSCORE and BYLEX.
    pub(super) by: Option<RangeBy>,
    /// One direction only, or chosen by REV.
    pub(super) direction: Option<Direction>,
    /// The argument the source key is at; the bounds follow.
    pub(super) key_index: usize,
    /// Whether WITHSCORES may be asked for.
    pub(super) allows_scores: bool,
}

/// A range of members.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds<'a> {
    /// From the end the direction starts at; negative ones from the other.
    Rank(i64, i64),
    Score(ScoreRange),
    Lex(LexRange<'a>),
}

/// A parsed range command.
#[derive(Clone, Copy, Debug)]
pub(super) struct RangeQuery<'a> {
    pub(super) bounds: Bounds<'a>,
    pub(super) direction: Direction,
    pub(super) scores: Scores,
    /// LIMIT's offset; a negative one leaves nothing.
    offset: i64,
    /// LIMIT's count; negative for all.
    limit: i64,
}

impl<'a> RangeQuery<'a> {
    pub(super) fn parse(args: Args<'a>, grammar: RangeGrammar) -> Result<Self, CommandError> {
        let first = grammar.key_index + 1;
        let options = Options::parse(ArgCursor::new(args, first + 2), grammar)?;
        let by = options.by.unwrap_or(RangeBy::Rank);
        let direction = options.direction.unwrap_or(Direction::Forward);
        if options.limit != -1 && by == RangeBy::Rank {
            return Err(CommandError::text(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if options.scores == Scores::Included && by == RangeBy::Lex {
            return Err(CommandError::text(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        let (start, stop) = (args.get(first), args.get(first + 1));
        // Scores and members walked downwards are given as max, min.
        let (min, max) = match direction {
            Direction::Forward => (start, stop),
            Direction::Reverse => (stop, start),
        };
        let bounds = match by {
            RangeBy::Rank => Bounds::Rank(parse_i64(start)?, parse_i64(stop)?),
            RangeBy::Score => Bounds::Score(parse_score_range(min, max)?),
            RangeBy::Lex => Bounds::Lex(parse_lex_range(min, max)?),
        };
        Ok(RangeQuery {
            bounds,
            direction,
            scores: options.scores,
            offset: options.offset,
            limit: options.limit,
        })
    }

    /// The ranks asked for, counted from the lowest.
    pub(super) fn ranks(&self, zset: &Zset) -> Range<usize> {
        match &self.bounds {
            Bounds::Rank(start, stop) => match self.direction {
                Direction::Forward => rank_range(*start, *stop, zset.len()),
                Direction::Reverse => mirror(rank_range(*start, *stop, zset.len()), zset.len()),
            },
            Bounds::Score(range) => self.limited(zset.rank_range_by_score(range)),
            Bounds::Lex(range) => self.limited(zset.rank_range_by_lex(range)),
        }
    }

    /// Cuts LIMIT's part out of a range, counting from the end the direction starts at.
    fn limited(&self, ranks: Range<usize>) -> Range<usize> {
        let Ok(offset) = usize::try_from(self.offset) else {
            return 0..0;
        };
        let skipped = offset.min(ranks.len());
        let taken = usize::try_from(self.limit)
            .unwrap_or(usize::MAX)
            .min(ranks.len() - skipped);
        match self.direction {
            Direction::Forward => ranks.start + skipped..ranks.start + skipped + taken,
            Direction::Reverse => ranks.end - skipped - taken..ranks.end - skipped,
        }
    }
}

struct Options {
    by: Option<RangeBy>,
    direction: Option<Direction>,
    scores: Scores,
    offset: i64,
    limit: i64,
}

impl Options {
    fn parse(mut args: ArgCursor<'_>, grammar: RangeGrammar) -> Result<Self, CommandError> {
        let mut options = Options {
            by: grammar.by,
            direction: grammar.direction,
            scores: Scores::Omitted,
            offset: 0,
            limit: -1,
        };
        while !args.is_done() {
            if grammar.allows_scores && args.keyword("WITHSCORES") {
                options.scores = Scores::Included;
            } else if args.remaining() >= 3 && args.keyword("LIMIT") {
                options.offset = args.expect_i64()?;
                options.limit = args.expect_i64()?;
            } else if options.direction.is_none() && args.keyword("REV") {
                options.direction = Some(Direction::Reverse);
            } else if options.by.is_none() && args.keyword("BYLEX") {
                options.by = Some(RangeBy::Lex);
            } else if options.by.is_none() && args.keyword("BYSCORE") {
                options.by = Some(RangeBy::Score);
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(options)
    }
}

/// The places `start..=stop` of `len`, negative ones counting from the end.
pub(super) fn rank_range(start: i64, stop: i64, len: usize) -> Range<usize> {
    let len = len as i64;
    let from_end = |index: i64| if index < 0 { index + len } else { index };
    let start = from_end(start).max(0);
    let stop = from_end(stop).min(len - 1);
    if start > stop {
        0..0
    } else {
        start as usize..stop as usize + 1
    }
}

/// The same places counted from the other end.
pub(super) fn mirror(range: Range<usize>, len: usize) -> Range<usize> {
    len - range.end..len - range.start
}

pub(super) fn parse_score_range(min: &[u8], max: &[u8]) -> Result<ScoreRange, CommandError> {
    Ok(ScoreRange {
        min: parse_score_bound(min)?,
        max: parse_score_bound(max)?,
    })
}

/// One end of a score range: `1.5`, or `(1.5` to leave that score itself out. A zero byte ends it.
fn parse_score_bound(text: &[u8]) -> Result<ScoreBound, CommandError> {
    let value = |text| parse_f64_lenient(text).ok_or(CommandError::ScoreRange);
    match c_string(text) {
        [b'(', rest @ ..] => value(rest).map(ScoreBound::Exclusive),
        text => value(text).map(ScoreBound::Inclusive),
    }
}

pub(super) fn parse_lex_range<'a>(
    min: &'a [u8],
    max: &'a [u8],
) -> Result<LexRange<'a>, CommandError> {
    let bound = |text| LexBound::parse(text).ok_or(CommandError::LexRange);
    Ok(LexRange {
        min: bound(min)?,
        max: bound(max)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_ranges_are_clipped() {
        for (start, stop, expected) in [
            (0, -1, 0..5),
            (1, 3, 1..4),
            (-2, -1, 3..5),
            (-100, 1, 0..2),
            (3, 100, 3..5),
            (3, 2, 0..0),
            (5, 9, 0..0),
            (0, -6, 0..0),
            (i64::MIN, i64::MAX, 0..5),
        ] {
            assert_eq!(rank_range(start, stop, 5), expected, "{start} {stop}");
        }
        assert_eq!(rank_range(0, -1, 0), 0..0);
        assert_eq!(mirror(0..2, 5), 3..5);
    }

    #[test]
    fn score_bounds_are_read_as_strtod_does() {
        for (text, expected) in [
            ("1.5", Some(ScoreBound::Inclusive(1.5))),
            ("(1.5", Some(ScoreBound::Exclusive(1.5))),
            ("-inf", Some(ScoreBound::Inclusive(f64::NEG_INFINITY))),
            ("(+inf", Some(ScoreBound::Exclusive(f64::INFINITY))),
            ("", Some(ScoreBound::Inclusive(0.0))),
            ("(", Some(ScoreBound::Exclusive(0.0))),
            ("0x10", Some(ScoreBound::Inclusive(16.0))),
            ("1e400", Some(ScoreBound::Inclusive(f64::INFINITY))),
            ("1\0", Some(ScoreBound::Inclusive(1.0))),
            ("(1\0x", Some(ScoreBound::Exclusive(1.0))),
            (" 2", Some(ScoreBound::Inclusive(2.0))),
            ("2 ", None),
            (" ", None),
            ("((1", None),
            ("nan", None),
            ("x", None),
        ] {
            assert_eq!(
                parse_score_bound(text.as_bytes()).ok(),
                expected,
                "{text:?}"
            );
        }
    }
}
