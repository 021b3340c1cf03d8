//! Ranges of a sorted set: by score and by member, each end inclusive, exclusive or open.
//!
//! Parsing follows the commands' argument grammar: `1.5`, `(1.5`, `-inf`, `+inf` for scores; `[a`, `(a`, `-`, `+` for members.

/// One end of a [`ScoreRange`]. Never holds NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScoreBound {
    /// Scores equal to the bound belong to the range.
    Inclusive(f64),
    /// Scores equal to the bound do not.
    Exclusive(f64),
}

/// Scores from `min` to `max`. Empty when they cross.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRange {
    /// The lower end.
    pub min: ScoreBound,
    /// The upper end.
    pub max: ScoreBound,
}

/// One end of a [`LexRange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// `-`: below every member.
    Min,
    /// `+`: above every member.
    Max,
    /// `[m`: the member itself belongs to the range.
    Inclusive(&'a [u8]),
    /// `(m`: the member itself does not.
    Exclusive(&'a [u8]),
}

/// Members from `min` to `max` in byte order; meaningful where all scores are equal. Empty when they cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexRange<'a> {
    /// The lower end.
    pub min: LexBound<'a>,
    /// The upper end.
    pub max: LexBound<'a>,
}

impl ScoreBound {
    /// Reads `1.5` or `(1.5`; none for NaN or anything that is no number.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        match text.strip_prefix(b"(") {
            Some(rest) => parse_score(rest).map(ScoreBound::Exclusive),
            None => parse_score(text).map(ScoreBound::Inclusive),
        }
    }
}

impl ScoreRange {
    /// Whether `score` lies at or above the lower end.
    #[must_use]
    pub fn above_min(&self, score: f64) -> bool {
        match self.min {
            ScoreBound::Inclusive(min) => score >= min,
            ScoreBound::Exclusive(min) => score > min,
        }
    }

    /// Whether `score` lies at or below the upper end.
    #[must_use]
    pub fn below_max(&self, score: f64) -> bool {
        match self.max {
            ScoreBound::Inclusive(max) => score <= max,
            ScoreBound::Exclusive(max) => score < max,
        }
    }

    /// Whether `score` lies in the range.
    #[must_use]
    pub fn contains(&self, score: f64) -> bool {
        self.above_min(score) && self.below_max(score)
    }
}

impl<'a> LexBound<'a> {
    /// Reads `-`, `+`, `[m` or `(m`.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        match text {
            b"-" => Some(LexBound::Min),
            b"+" => Some(LexBound::Max),
            [b'[', rest @ ..] => Some(LexBound::Inclusive(rest)),
            [b'(', rest @ ..] => Some(LexBound::Exclusive(rest)),
            _ => None,
        }
    }
}

impl LexRange<'_> {
    /// Whether `member` lies at or above the lower end.
    #[must_use]
    pub fn above_min(&self, member: &[u8]) -> bool {
        match self.min {
            LexBound::Min => true,
            LexBound::Max => false,
            LexBound::Inclusive(min) => member >= min,
            LexBound::Exclusive(min) => member > min,
        }
    }

    /// Whether `member` lies at or below the upper end.
    #[must_use]
    pub fn below_max(&self, member: &[u8]) -> bool {
        match self.max {
            LexBound::Min => false,
            LexBound::Max => true,
            LexBound::Inclusive(max) => member <= max,
            LexBound::Exclusive(max) => member < max,
        }
    }

    /// Whether `member` lies in the range.
    #[must_use]
    pub fn contains(&self, member: &[u8]) -> bool {
        self.above_min(member) && self.below_max(member)
    }
}

/// A score as commands spell it: a decimal number, `inf`, `+inf`, `-inf` or `infinity` in any case. None for NaN, for empty text and for blanks.
#[must_use]
pub fn parse_score(text: &[u8]) -> Option<f64> {
    let score: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (!score.is_nan()).then_some(score)
}
