//! Publishing: to this core's subscribers at once, to the others' by parcel.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use store::glob::glob_match;

use super::parcel::Piece;
use super::wire::Payload;
use super::{Kind, Parcel};
use crate::core::Core;
use crate::tenant::Tenant;
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
pub fn publish(core: &Core, tenant: &Arc<Tenant>, publication: &Publication<'_>) -> usize {
    match tenant.pubsub.is_silent() {
        true => 0,
        false => publish_loudly(core, tenant, publication),
    }
}

fn publish_loudly(core: &Core, tenant: &Arc<Tenant>, publication: &Publication<'_>) -> usize {
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
    let here = core.pubsub.find(tenant.id());
    let mut receivers = here
        .as_ref()
        .map_or(0, |registry| registry.deliver(kind, hash, channel, payload));
    if tenant.pubsub.reaches_beyond(core.index) {
        let (others, cores) = beyond(core, tenant, kind, hash, channel);
        receivers += others;
        for target in crate::shard::shards_of(cores) {
            core.outbox.fill(target, |parcel| {
                parcel.add(tenant.id(), kind, hash, channel, payload)
            });
        }
    }
    receivers
}

/// The subscribers on other cores, and which cores those are, as a mask.
fn beyond(
    core: &Core,
    tenant: &Arc<Tenant>,
    kind: Kind,
    hash: u64,
    channel: &[u8],
) -> (usize, u64) {
    let directory = &tenant.pubsub;
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
        let patterns = core.pubsub.of(tenant).patterns();
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
    let mut changed = BTreeMap::<u64, Vec<tracking::Changed<'_>>>::new();
    for piece in parcel.pieces() {
        match piece {
            Piece::Message {
                tenant,
                kind,
                hash,
                channel,
                payload,
            } => {
                if let Some(registry) = core.pubsub.find(tenant) {
                    registry.deliver(kind, hash, channel, payload);
                }
            }
            Piece::Invalid { client, by, key } => tracking::invalidate(core, client, by, key),
            Piece::Redirected { client, keys } => {
                tracking::redirected(core, client, keys.as_deref());
            }
            Piece::Changed { tenant, by, key } => {
                changed.entry(tenant).or_default().push((by, key));
            }
            Piece::Flushed { tenant } => tracking::flushed(core, tenant),
        }
    }
    for (tenant, keys) in &changed {
        tracking::broadcast(core, *tenant, keys);
    }
    if core.outbox.has_any() {
        core.outbox.send_now(&core.server.net);
    }
}
