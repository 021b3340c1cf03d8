//! Replies that list members, with or without their scores.
//!
//! With scores RESP2 gets one flat array, RESP3 an array of pairs; never a map, since
//! the order matters.

use resp::{Protocol, ReplyWriter};

use super::combine::{self, Scored};
use crate::command::Breath;

/// Whether members come with their scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scores {
    /// Members only.
    Omitted,
    /// Each followed by its score, or paired with it.
    Included,
}

impl Scores {
    /// Starts a list of `len` members.
    pub(super) fn begin(self, reply: &mut ReplyWriter<'_>, len: usize) {
        match (self, reply.protocol()) {
            (Scores::Included, Protocol::Resp2) => reply.array(len * 2),
            (Scores::Included, Protocol::Resp3) | (Scores::Omitted, _) => reply.array(len),
        }
    }

    /// Writes one member of the list.
    pub(super) fn member(self, reply: &mut ReplyWriter<'_>, member: &[u8], score: f64) {
        if self == Scores::Included && reply.protocol() == Protocol::Resp3 {
            reply.array(2);
        }
        reply.bulk(member);
        if self == Scores::Included {
            reply.double(score);
        }
    }

    /// Writes a whole result, putting it in order first.
    pub(super) fn reply_sorted(
        self,
        reply: &mut ReplyWriter<'_>,
        mut members: Vec<Scored<'_>>,
        mut breath: Breath,
    ) {
        combine::sort(&mut members, breath);
        self.begin(reply, members.len());
        for (member, score) in &members {
            breath.element();
            self.member(reply, member, *score);
        }
    }
}
