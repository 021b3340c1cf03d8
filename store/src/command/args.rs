//! Typed reading of arguments: a cursor for option lists, and Redis's own rules
//! for numbers.

use resp::Args;

use super::CommandError;
use super::float::parse_float;

/// Walks over a command's arguments, front to back.
#[derive(Clone, Copy, Debug)]
pub struct ArgCursor<'a> {
    args: Args<'a>,
    at: usize,
}

impl<'a> ArgCursor<'a> {
    /// Starts at argument `at` (0 is the command's name).
    pub fn new(args: Args<'a>, at: usize) -> Self {
        ArgCursor { args, at }
    }

    /// The index of the next argument.
    pub fn position(&self) -> usize {
        self.at
    }

    /// How many arguments are left.
    pub fn remaining(&self) -> usize {
        self.args.len().saturating_sub(self.at)
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.remaining() == 0
    }

    /// The next argument without taking it.
    pub fn peek(&self) -> Option<&'a [u8]> {
        (!self.is_done()).then(|| self.args.get(self.at))
    }

    /// Takes the next argument.
    pub fn next_arg(&mut self) -> Option<&'a [u8]> {
        let arg = self.peek()?;
        self.at += 1;
        Some(arg)
    }

    /// Takes the next argument; a syntax error when there is none.
    pub fn expect(&mut self) -> Result<&'a [u8], CommandError> {
        self.next_arg().ok_or(CommandError::Syntax)
    }

    /// Takes the next argument as an integer.
    pub fn expect_i64(&mut self) -> Result<i64, CommandError> {
        parse_i64(self.expect()?)
    }

    /// Takes the next argument as a float.
    pub fn expect_f64(&mut self) -> Result<f64, CommandError> {
        parse_f64(self.expect()?)
    }

    /// Takes the next argument when it is this keyword, in any case.
    pub fn keyword(&mut self, keyword: &str) -> bool {
        let matched = self
            .peek()
            .is_some_and(|arg| arg.eq_ignore_ascii_case(keyword.as_bytes()));
        self.at += usize::from(matched);
        matched
    }
}

/// An integer as Redis reads it: canonical decimal, no sign `+`, no spaces, no leading zeros.
#[inline]
pub fn parse_i64(text: &[u8]) -> Result<i64, CommandError> {
    resp::parse_integer(text).ok_or(CommandError::NotInteger)
}

/// An integer of at least `min`, such as a count or a number of keys; whatever else is `error`.
pub fn parse_at_least(text: &[u8], min: usize, error: CommandError) -> Result<usize, CommandError> {
    let number = parse_i64(text)
        .ok()
        .and_then(|number| usize::try_from(number).ok());
    number.filter(|number| *number >= min).ok_or(error)
}

/// A float as Redis reads scores: what C's strtod takes as a whole, without
/// leading space; NaN and what does not fit are refused; `inf`, `+inf`, `-infinity`
/// and hexadecimal floats count.
pub fn parse_f64(text: &[u8]) -> Result<f64, CommandError> {
    parse_float(text)
        .filter(|parsed| !parsed.out_of_range || parsed.value.is_subnormal())
        .map(|parsed| parsed.value)
        .ok_or(CommandError::NotFloat)
}

/// A float as Redis reads the bounds of score ranges: like [`parse_f64`], but leading
/// space is skipped, nothing at all is 0, and what does not fit is infinite or 0.
pub fn parse_f64_lenient(text: &[u8]) -> Option<f64> {
    match text.trim_ascii_start() {
        [] => text.is_empty().then_some(0.0),
        text => parse_float(text).map(|parsed| parsed.value),
    }
}
