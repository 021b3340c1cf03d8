//! The grammar of SORT.

use std::ops::Range;

use super::pattern::Pattern;
use crate::command::{ArgCursor, CommandError};

/// Which of the two commands is parsing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SORT: also `STORE destination`.
    Storing,
    /// SORT_RO.
    ReadOnly,
}

/// `ASC` or `DESC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// How weights compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// As numbers.
    Numeric,
    /// `ALPHA`: as bytes.
    Alphabetic,
}

/// What elements are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By<'a> {
    /// Themselves.
    Element,
    /// A value they name.
    Pattern(Pattern<'a>),
    /// Nothing: a pattern without `*` leaves the order as it is.
    Nothing,
}

/// `LIMIT offset count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    offset: i64,
    count: i64,
}

impl Limit {
    /// The places meant, of `len`. A negative count means all that are left.
    pub(super) fn range(self, len: usize) -> Range<usize> {
        let clamp = |number: i64| usize::try_from(number).unwrap_or(0).min(len);
        let start = clamp(self.offset);
        if self.count < 0 {
            start..len
        } else {
            start..(start + clamp(self.count)).min(len)
        }
    }
}

/// Parsed options.
#[derive(Debug)]
pub(super) struct SortOptions<'a> {
    pub(super) direction: Direction,
    pub(super) comparison: Comparison,
    pub(super) by: By<'a>,
    pub(super) limit: Limit,
    /// What is shown of each element; nothing stands for the element itself.
    pub(super) get: Vec<Pattern<'a>>,
    /// The argument with the key to store at.
    pub(super) store: Option<usize>,
}

impl<'a> SortOptions<'a> {
    /// Reads options to the end of the arguments; the last of a kind counts.
    pub(super) fn parse(mut args: ArgCursor<'a>, dialect: Dialect) -> Result<Self, CommandError> {
        let mut options = SortOptions {
            direction: Direction::Ascending,
            comparison: Comparison::Numeric,
            by: By::Element,
            limit: Limit {
                offset: 0,
                count: -1,
            },
            get: Vec::new(),
            store: None,
        };
        while !args.is_done() {
            let values = args.remaining() - 1;
            if args.keyword("ASC") {
                options.direction = Direction::Ascending;
            } else if args.keyword("DESC") {
                options.direction = Direction::Descending;
            } else if args.keyword("ALPHA") {
                options.comparison = Comparison::Alphabetic;
            } else if values >= 2 && args.keyword("LIMIT") {
                options.limit = Limit {
                    offset: args.expect_i64()?,
                    count: args.expect_i64()?,
                };
            } else if dialect == Dialect::Storing && values >= 1 && args.keyword("STORE") {
                options.store = Some(args.position());
                args.expect()?;
            } else if values >= 1 && args.keyword("BY") {
                options.set_by(args.expect()?);
            } else if values >= 1 && args.keyword("GET") {
                options.get.push(Pattern::parse(args.expect()?));
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(options)
    }

    /// One pattern without `*` turns sorting off for good.
    fn set_by(&mut self, text: &'a [u8]) {
        self.by = match (self.by, Pattern::parse(text)) {
            (By::Nothing, _) | (_, Pattern::Element | Pattern::Constant) => By::Nothing,
            (_, pattern @ Pattern::Lookup { .. }) => By::Pattern(pattern),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp::Args;

    #[test]
    fn limits_are_clamped() {
        for (offset, count, expected) in [
            (0, -1, 0..4),
            (1, 2, 1..3),
            (1, 0, 1..1),
            (3, 5, 3..4),
            (4, 1, 4..4),
            (9, -1, 4..4),
            (-5, 2, 0..2),
            (i64::MAX, i64::MAX, 4..4),
            (i64::MIN, i64::MIN, 0..4),
        ] {
            assert_eq!(
                Limit { offset, count }.range(4),
                expected,
                "{offset} {count}"
            );
        }
    }

    #[test]
    fn constants_turn_sorting_off_for_good() {
        for (line, off) in [
            ("by nosort", true),
            ("by #", true),
            ("by w_*", false),
            ("by nosort by w_*", true),
            ("by w_* by nosort", true),
        ] {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let args = ArgCursor::new(Args::from_slices(&words), 0);
            let options = SortOptions::parse(args, Dialect::ReadOnly).expect("a valid line");
            assert_eq!(options.by == By::Nothing, off, "{line}");
        }
    }

    #[test]
    fn incomplete_options_are_syntax_errors() {
        for line in ["limit 1", "by", "get", "store", "limit", "store x", "foo"] {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let args = ArgCursor::new(Args::from_slices(&words), 0);
            let error = SortOptions::parse(args, Dialect::ReadOnly).expect_err(line);
            assert_eq!(error, CommandError::Syntax, "{line}");
        }
    }
}
