//! Publishing: to this core's subscribers at once, to the others' by parcel.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use store::glob::glob_match;

use super::parcel::Piece;
use super::wire::Payload;
use super::{Kind, Parcel};
use crate::core::Core;
use crate::tracking;

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// [`Kind::Channel`] or [`Kind::Shard`].
    pub kind: Kind,
    /// Where.
    pub channel: &'a [u8],
    /// What.
    pub message: &'a [u8],
}

/// Publishes; how many subscribers, on all cores, the message is for. With no subscribers at all this is a few loads.
#[inline]
pub fn publish(core: &Core, publication: &Publication<'_>) -> usize {
    match core.server.pubsub.is_silent() {
        true => 0,
        false => publish_loudly(core, publication),
    }
}

fn publish_loudly(core: &Core, publication: &Publication<'_>) -> usize {
    let &Publication {
        kind,
        channel,
        message,
    } = publication;
    let hash = core.pubsub.hash(channel);
    let big = Payload::is_big(message.len()).then(|| Bytes::copy_from_slice(message));
    let payload = match &big {
        None => Payload::Copied(message),
        Some(big) => Payload::Shared(big),
    };
    let mut receivers = core.pubsub.deliver(kind, hash, channel, payload);
    if core.server.pubsub.reaches_beyond(core.index) {
        let (others, cores) = beyond(core, kind, hash, channel);
        receivers += others;
        for target in crate::shard::shards_of(cores) {
            core.outbox
                .fill(target, |parcel| parcel.add(kind, hash, channel, payload));
        }
    }
    receivers
}

/// The subscribers on other cores, and which cores those are, as a mask.
fn beyond(core: &Core, kind: Kind, hash: u64, channel: &[u8]) -> (usize, u64) {
    let directory = &core.server.pubsub;
    let (mut receivers, mut cores) = (0, 0);
    let mut see = |other: usize, count: usize| {
        if count > 0 && other != core.index {
            receivers += count;
            cores |= 1 << other;
        }
    };
    if directory.len(kind) > 0 {
        directory.for_each_core(kind, hash, channel, &mut see);
    }
    if kind == Kind::Channel && directory.len(Kind::Pattern) > 0 {
        let mut cached = core.patterns.borrow_mut();
        directory.patterns(&mut cached);
        let patterns = Arc::clone(&cached.1);
        for pattern in patterns.iter() {
            if glob_match(&pattern.bytes, channel) {
                let counts = pattern.counts.iter().enumerate();
                counts.for_each(|(core, count)| see(core, count.load(Relaxed)));
            }
        }
    }
    (receivers, cores)
}

/// Does what another core sent.
pub fn open_parcel(core: &Core, parcel: &Parcel) {
    let mut changed = Vec::new();
    for piece in parcel.pieces() {
        match piece {
            Piece::Message {
                kind,
                hash,
                channel,
                payload,
            } => {
                core.pubsub.deliver(kind, hash, channel, payload);
            }
            Piece::Invalid { client, by, key } => tracking::invalidate(core, client, by, key),
            Piece::Redirected { client, keys } => {
                tracking::redirected(core, client, keys.as_deref());
            }
            Piece::Changed { by, key } => changed.push((by, key)),
            Piece::Flushed => tracking::flushed(core),
        }
    }
    if !changed.is_empty() {
        tracking::broadcast(core, &changed);
    }
    if core.outbox.has_any() {
        core.outbox.send_now(&core.server.net);
    }
}
