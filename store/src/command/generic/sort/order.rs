//! The order of elements: by what they weigh.

use std::cmp::Ordering;
use std::ops::Range;

use super::elements::Elements;
use super::options::{By, Comparison, Direction};
use super::pattern::Pattern;
use crate::command::float::parse_float;
use crate::command::{Breath, CommandError, Keys};
use crate::value::IntText;

/// What each element weighs, by its place.
pub(super) enum Weights {
    /// A number. Elements of equal weight are in the order of their bytes.
    Numbers(Vec<f64>),
    /// Its own bytes.
    Elements,
    /// The bytes of a value it names, perhaps missing, which comes first.
    Texts(Vec<Option<Box<[u8]>>>),
}

/// How texts compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Collation {
    /// By all their bytes: what is stored.
    Bytes,
    /// As C strings, by the bytes before the first zero: what is replied.
    CStrings,
}

impl Collation {
    fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Collation::Bytes => a.cmp(b),
            Collation::CStrings => c_string(a).cmp(c_string(b)),
        }
    }
}

fn c_string(text: &[u8]) -> &[u8] {
    memchr::memchr(0, text).map_or(text, |end| &text[..end])
}

impl Weights {
    /// Weighs the elements.
    pub(super) fn of(
        elements: &Elements,
        by: By<'_>,
        comparison: Comparison,
        keys: &mut Keys<'_>,
        breath: Breath,
    ) -> Result<Self, CommandError> {
        let pattern = match by {
            By::Pattern(pattern) => pattern,
            By::Element | By::Nothing => Pattern::Element,
        };
        let mut name = Vec::new();
        let mut text = IntText::new();
        let mut named = breath
            .over(0..elements.len())
            .map(|index| elements.get(index));
        match comparison {
            Comparison::Alphabetic if pattern == Pattern::Element => Ok(Weights::Elements),
            Comparison::Alphabetic => Ok(Weights::Texts(
                named
                    .map(|element| {
                        let value = pattern.value(keys, element, &mut name)?;
                        Some(value.as_bytes(&mut text).into())
                    })
                    .collect(),
            )),
            Comparison::Numeric => named
                .try_fold(
                    Vec::with_capacity(elements.len()),
                    |mut numbers, element| {
                        numbers.push(match pattern.value(keys, element, &mut name) {
                            Some(value) => parse_weight(value.as_bytes(&mut text))?,
                            None => 0.0,
                        });
                        Ok(numbers)
                    },
                )
                .map(Weights::Numbers),
        }
    }

    fn compare(&self, elements: &Elements, collation: Collation, a: usize, b: usize) -> Ordering {
        match self {
            Weights::Numbers(numbers) => numbers[a]
                .partial_cmp(&numbers[b])
                .expect("no weight is NaN")
                .then_with(|| elements.get(a).cmp(elements.get(b))),
            Weights::Elements => collation.compare(elements.get(a), elements.get(b)),
            Weights::Texts(texts) => match (&texts[a], &texts[b]) {
                (Some(a), Some(b)) => collation.compare(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            },
        }
    }

    /// The places of the elements that `range` has once they are in order. Equals keep their order.
    pub(super) fn order(
        &self,
        elements: &Elements,
        direction: Direction,
        collation: Collation,
        range: Range<usize>,
        mut breath: Breath,
    ) -> Vec<usize> {
        let mut compare = |&a: &usize, &b: &usize| {
            breath.element();
            let ordering = self.compare(elements, collation, a, b);
            let ordering = match direction {
                Direction::Ascending => ordering,
                Direction::Descending => ordering.reverse(),
            };
            ordering.then(a.cmp(&b))
        };
        let mut places: Vec<usize> = (0..elements.len()).collect();
        if range.is_empty() {
            return Vec::new();
        }
        if range.end < places.len() {
            // Only what comes before the range's end needs sorting.
            places.select_nth_unstable_by(range.end, &mut compare);
            places.truncate(range.end);
        }
        places.sort_unstable_by(compare);
        places.drain(..range.start);
        places
    }
}

/// A weight as `strtod` reads it: up to the first zero byte, leading space is skipped and nothing at all is 0.
fn parse_weight(text: &[u8]) -> Result<f64, CommandError> {
    let text = c_string(text);
    if text.is_empty() {
        return Ok(0.0);
    }
    parse_float(text.trim_ascii_start())
        .filter(|weight| !weight.out_of_range)
        .map(|weight| weight.value)
        .ok_or(CommandError::text(
            "ERR One or more scores can't be converted into double",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_as_strtod_does() {
        for (text, weight) in [
            ("", Some(0.0)),
            ("1", Some(1.0)),
            (" -1.5", Some(-1.5)),
            ("inf", Some(f64::INFINITY)),
            ("0x10", Some(16.0)),
            ("2\0x", Some(2.0)),
            ("\0", Some(0.0)),
            (" ", None),
            ("1 ", None),
            ("1a", None),
            ("nan", None),
            ("1e999", None),
        ] {
            assert_eq!(parse_weight(text.as_bytes()).ok(), weight, "{text:?}");
        }
    }
}
