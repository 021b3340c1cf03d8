//! The reply of a search that stores nothing.

use resp::ReplyWriter;

use super::super::numbers::{NumberWriter, to_integer};
use super::matches::Match;
use super::query::Query;

/// An array of members, each with what the query wants to know about it.
pub(super) fn reply(reply: &mut ReplyWriter<'_>, query: &Query, matches: &[Match<'_>]) {
    let mut numbers = NumberWriter::default();
    let more = [query.with_distance, query.with_score, query.with_position];
    let more = more.into_iter().filter(|&wanted| wanted).count();
    reply.array(matches.len());
    for found in matches {
        if more > 0 {
            reply.array(1 + more);
        }
        reply.bulk(found.member);
        if query.with_distance {
            numbers.distance(reply, query.in_unit(found.distance_m));
        }
        if query.with_score {
            reply.integer(to_integer(found.score));
        }
        if query.with_position {
            reply.array(2);
            numbers.coordinate(reply, found.position.longitude);
            numbers.coordinate(reply, found.position.latitude);
        }
    }
}
