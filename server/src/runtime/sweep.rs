//! A core's background work on the shards it owns: removing keys whose time has come, freeing what was deleted.
//!
//! It borrows one slice at a time, only if the slice is free, for some 0.3 ms by the clock, and then goes back to the cron, which sleeps
//! before it calls again. So a request waits for one step at most, and a shard under load is never waited for.

use super::pace::Pace;
use crate::blocking::Bereaved;
use crate::connection::Reactor;
use crate::core::Core;
use crate::shard::try_with_slices;
use crate::tenant::Tenant;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use store::command::{Effects, EventClass};
use store::hash::hash_key;
use store::keyspace::{Expired, Slice};

/// Bytes freed in one step: giving them back to the system takes time too, in the next step.
const STEP_BYTES: usize = 2 << 20;
/// Slices visited between two looks at the clock.
const PLACES_PER_ROUND: usize = 1024;

/// Where the sweep of a core's shards stands.
#[derive(Debug)]
pub struct Sweep {
    shards: Vec<usize>,
    next: usize,
    pace: Pace,
}

/// What a round over the shards left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// More to do now.
    More,
    /// Nothing before this time, ms since the epoch.
    Until(u64),
}

impl Sweep {
    /// The shards of `reactor`'s core: every so-and-so-manyth.
    pub fn new(reactor: &Reactor) -> Self {
        let server = &reactor.core.server;
        let shards =
            (reactor.core.index..server.shard_map.shards()).step_by(server.net.mailboxes.len());
        Self {
            shards: shards.collect(),
            next: 0,
            pace: Pace::default(),
        }
    }

    /// Goes over the tenants' shards, one step each, until one has more to do than a step.
    pub fn round(&mut self, reactor: &Reactor, now_ms: u64) -> Left {
        let (tenants, own) = (reactor.core.tenants(), self.shards.len());
        let places = tenants.len() * own;
        let mut until = match places > PLACES_PER_ROUND {
            true => now_ms,
            false => u64::MAX,
        };
        for _ in 0..places.min(PLACES_PER_ROUND) {
            let place = self.next % places;
            // One that has much to do does not keep those behind it waiting.
            self.next = place + 1;
            match step(
                reactor,
                &tenants[place / own],
                self.shards[place % own],
                now_ms,
                &mut self.pace,
            ) {
                Left::More => return Left::More,
                Left::Until(at_ms) => until = until.min(at_ms),
            }
        }
        Left::Until(until)
    }
}

/// One step on one shard. A slice that is taken or broken has nothing to do for now.
fn step(
    reactor: &Reactor,
    tenant: &Arc<Tenant>,
    shard: usize,
    now_ms: u64,
    pace: &mut Pace,
) -> Left {
    let core = &reactor.core;
    let server = &core.server;
    let expires = server.active_expire.load(Relaxed)
        && !server.pause.stops_changes()
        && !tenant.pause.stops_changes();
    let mut effects = core.effects(tenant);
    let stepped = try_with_slices(&tenant.slices, 1 << shard, |slices| {
        let mut step = pace.begin();
        let enough_bytes = slices.at(shard).used_bytes().saturating_sub(STEP_BYTES);
        loop {
            let mut bereaved = Bereaved::default();
            let slice = slices.at(shard);
            let items = step.items();
            let swept =
                !expires || sweep_piece(core, slice, now_ms, items, &mut effects, &mut bereaved);
            bereaved.tell(core, slices, &mut effects, now_ms);
            let slice = slices.at(shard);
            let freed = slice.free_step(items);
            if swept && freed {
                let deadline_ms = slice.next_deadline_ms();
                return Left::Until(if expires { deadline_ms } else { u64::MAX });
            }
            if step.ends() || slice.used_bytes() <= enough_bytes {
                return Left::More;
            }
        }
    });
    let left = stepped.unwrap_or(Left::Until(now_ms));
    if effects.has_news() {
        core.note_effects(tenant, 0, effects);
        core.deliver_effects();
        core.tidy_tracking();
    }
    left
}

/// Looks at about `items_max` entries; true when no due key is left. What expires is recorded for those who listen.
fn sweep_piece(
    core: &Core,
    slice: &mut Slice,
    now_ms: u64,
    items_max: usize,
    effects: &mut Effects,
    bereaved: &mut Bereaved,
) -> bool {
    let waits = !slice.waiting.is_empty();
    let mut gone = Vec::new();
    let is_told = effects.broadcasts || !slice.tracked.is_empty();
    let mut expired = Vec::new();
    let report = slice.sweep_expired(now_ms, items_max, |db, key, what| {
        match what {
            Expired::Key => effects.event(db, EventClass::EXPIRED, "expired", key),
            Expired::Fields => effects.event(db, EventClass::HASH, "hexpired", key),
            Expired::LastFields => {
                effects.event(db, EventClass::HASH, "hexpired", key);
                effects.event(db, EventClass::GENERIC, "del", key);
            }
        }
        if is_told {
            expired.push(key.to_vec());
        }
        if waits && what != Expired::Fields {
            gone.push((db, key.to_vec()));
        }
    });
    for (db, key) in gone {
        bereaved.note(core, slice, db, &key);
    }
    for key in expired {
        let trackers = slice.tracked.take(hash_key(&core.server.seed, &key), &key);
        if effects.broadcasts || !trackers.is_empty() {
            effects.invalid.push((key, trackers));
        }
    }
    report.finished
}
