//! Which end, and which way from it: the words every ordered type shares.

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The head: index 0.
    Left,
    /// The tail: index -1.
    Right,
}

/// An end of a sorted set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The lowest (score, member).
    Min,
    /// The highest (score, member).
    Max,
}

/// Which way an index counts or an iterator walks.
///
/// Positions given together with a direction count from the end the direction starts at: `(0, Reverse)` is the last element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the head, or from the lowest.
    Forward,
    /// From the tail, or from the highest.
    Reverse,
}
