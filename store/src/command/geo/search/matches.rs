//! Running a search: the cells around the centre, the members in them, the order asked for.

use std::cmp::Ordering;

use super::super::partial_sort::sort_first;
use super::query::{Order, Query};
use crate::types::geo::{Position, Shape};
use crate::types::zset::{ScoreBound, ScoreRange};
use crate::types::{Direction, Zset};

/// A member inside the area.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match<'z> {
    pub(super) member: &'z [u8],
    pub(super) score: f64,
    pub(super) position: Position,
    pub(super) distance_m: f64,
}

impl Query {
    /// The members inside `shape`, as many as are asked for.
    pub(super) fn run<'z>(&self, zset: &'z Zset, shape: &Shape) -> Vec<Match<'z>> {
        let enough = if self.any { self.count } else { None };
        let mut matches = find(zset, shape, enough.unwrap_or(usize::MAX));
        let wanted = self.count.unwrap_or(usize::MAX).min(matches.len());
        // Counting off makes no sense without an order, unless any will do.
        let order = match self.order {
            Order::None if self.count.is_some() && !self.any => Order::Nearest,
            order => order,
        };
        match order {
            Order::None => {}
            Order::Nearest => sort(&mut matches, wanted, by_distance),
            Order::Farthest => sort(&mut matches, wanted, |a, b| by_distance(b, a)),
        }
        matches.truncate(wanted);
        matches
    }
}

fn by_distance(a: &Match<'_>, b: &Match<'_>) -> Ordering {
    a.distance_m.total_cmp(&b.distance_m)
}

fn sort(
    matches: &mut [Match<'_>],
    wanted: usize,
    compare: impl Fn(&Match<'_>, &Match<'_>) -> Ordering,
) {
    if wanted == matches.len() {
        matches.sort_by(compare);
    } else {
        sort_first(matches, wanted, compare);
    }
}

/// The members inside `shape`, cell by cell, until there are `enough`.
fn find<'z>(zset: &'z Zset, shape: &Shape, enough: usize) -> Vec<Match<'z>> {
    let mut matches = Vec::new();
    for cell in shape.cells() {
        let (min, end) = cell.scores();
        let range = ScoreRange {
            min: ScoreBound::Inclusive(min),
            max: ScoreBound::Exclusive(end),
        };
        let ranks = zset.rank_range_by_score(&range);
        for (member, score) in zset.iter_range(ranks, Direction::Forward) {
            let position = Position::of_score(score);
            if let Some(distance_m) = shape.distance_m_inside(position) {
                matches.push(Match {
                    member,
                    score,
                    position,
                    distance_m,
                });
                if matches.len() >= enough {
                    return matches;
                }
            }
        }
    }
    matches
}
