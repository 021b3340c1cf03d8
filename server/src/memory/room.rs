//! Making room: freeing what waits to be freed, evicting keys. One slice at a time, only if it is free, holding nothing
//! else, for a time slice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::command::{Effects, EventClass};
use store::keyspace::{Access, Eviction, Order, Scope, Slice};
use store::random::Rng;

use crate::blocking::Bereaved;
use crate::config::EvictionPolicy;
use crate::core::{Core, now_ms};
use crate::memory::compaction;
use crate::shard::try_with_slices;
use crate::tenant::Tenant;

/// Keys evicted under one hold of a slice's lock.
const KEYS_PER_HOLD: usize = 16;
/// Items freed under one hold of a slice's lock.
const ITEMS_PER_HOLD: usize = 200;
/// Slices that may be found taken before others get a turn.
const REFUSALS_MAX: usize = 64;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// The limit holds.
    Enough,
    /// Not yet, but there is more that can go.
    Crowded,
    /// Nothing can go.
    Full,
}

impl EvictionPolicy {
    /// Which keys may go, and which of them first; none under `noeviction`.
    fn rule(self) -> Option<(Scope, Order)> {
        Some(match self {
            EvictionPolicy::NoEviction => return None,
            EvictionPolicy::AllKeysLru | EvictionPolicy::AllKeysLfu => {
                (Scope::AllKeys, Order::Access)
            }
            EvictionPolicy::AllKeysRandom => (Scope::AllKeys, Order::Random),
            EvictionPolicy::VolatileLru | EvictionPolicy::VolatileLfu => {
                (Scope::Volatile, Order::Access)
            }
            EvictionPolicy::VolatileRandom => (Scope::Volatile, Order::Random),
            EvictionPolicy::VolatileTtl => (Scope::Volatile, Order::Deadline),
        })
    }
}

/// How long one command may evict, as Redis documents `maxmemory-eviction-tenacity`: up to half a millisecond for 0 to
/// 10, from there on 15 % more a step, for 100 as long as it takes.
pub(super) fn time_slice(tenacity: u32) -> Duration {
    const STEP: Duration = Duration::from_micros(50);
    match tenacity {
        0..=10 => STEP * tenacity,
        11..=99 => (STEP * 10).mul_f64(1.15f64.powi(tenacity as i32 - 10)),
        _ => Duration::MAX,
    }
}

/// Makes room for so many bytes more of a tenant, for about so long, and tells those who listen what went. The caller
/// holds no slice.
pub fn make_room(core: &Core, tenant: &Arc<Tenant>, more: usize, time: Duration) -> Room {
    let memory = &tenant.memory;
    if memory.is_known_to_all() {
        core.recount_clients_again();
    } else {
        core.recount_clients();
        memory.make_known(&tenant.slices);
    }
    if memory.excess(more) > 0 {
        let room = evict_and_tell(core, tenant, || memory.excess(more), time);
        if room != Room::Enough {
            return room;
        }
    }
    match memory.whole_excess(more) {
        0 => Room::Enough,
        _ => make_room_in_whole(core, tenant, more, time),
    }
}

/// Makes room below the server's limit: from the tenant furthest above its minimum, then the next.
fn make_room_in_whole(core: &Core, tenant: &Arc<Tenant>, more: usize, time: Duration) -> Room {
    let started = Instant::now();
    let tenants = core.tenants();
    let mut spent: Vec<u64> = Vec::new();
    let goal = || tenant.memory.whole_excess(more);
    while goal() > 0 {
        let candidates = tenants.iter().filter(|one| !spent.contains(&one.id()));
        let Some(victim) = candidates
            .filter(|one| one.memory.surplus() > 0)
            .max_by_key(|one| one.memory.surplus())
        else {
            return Room::Full;
        };
        victim.memory.make_known(&victim.slices);
        let left = time.saturating_sub(started.elapsed());
        let part = || goal().min(victim.memory.surplus());
        match evict_and_tell(core, victim, part, left) {
            Room::Crowded => return Room::Crowded,
            // It has come down to its minimum, or has nothing that may go.
            Room::Enough | Room::Full => spent.push(victim.id()),
        }
    }
    Room::Enough
}

fn evict_and_tell(
    core: &Core,
    tenant: &Arc<Tenant>,
    goal: impl Fn() -> usize,
    time: Duration,
) -> Room {
    let mut effects = core.effects(tenant);
    let room = evict(core, tenant, goal, time, &mut effects);
    if effects.has_news() {
        core.note_effects(tenant, 0, effects);
        core.deliver_effects();
    }
    room
}

/// Evicts until `goal`, the bytes there are too many, says 0.
fn evict(
    core: &Core,
    tenant: &Tenant,
    goal: impl Fn() -> usize,
    time: Duration,
    effects: &mut Effects,
) -> Room {
    let (memory, slices) = (&tenant.memory, &tenant.slices);
    let settings = core.settings();
    let (started, now_ms) = (Instant::now(), now_ms());
    let mut rng = Rng::new(core.rng.borrow_mut().next_u64());
    let eviction = tenant
        .policy(&settings)
        .rule()
        .map(|(scope, order)| Eviction {
            scope,
            order,
            samples: settings.maxmemory_samples as usize,
            now_ms,
            access: Access::new(tenant.tracking_of_access(&settings), now_ms, || 0),
        });
    let (mut barren, mut refusals) = (0u64, 0);
    loop {
        let (excess, trash) = (goal(), memory.charge.trash_bytes());
        if excess == 0 {
            return Room::Enough;
        }
        if refusals > 0 && (refusals > REFUSALS_MAX || started.elapsed() >= time) {
            return Room::Crowded;
        }
        // What is on its way out need not be evicted once more.
        let evicts = eviction.as_ref().filter(|_| excess > trash);
        if evicts.is_none() && trash == 0 {
            return Room::Full;
        }
        let drawn = memory.charge.draw(rng.next_u64(), evicts.is_none());
        let fruitful = |shard: &usize| barren & (1 << shard) == 0;
        let Some(shard) = drawn
            .filter(fruitful)
            .or_else(|| (0..slices.shard_count()).find(fruitful))
        else {
            return Room::Full;
        };
        let step = try_with_slices(slices, 1 << shard, |held| {
            let mut bereaved = Bereaved::default();
            let before = held.at(shard).used_bytes();
            let evicted = evicts.is_some_and(|rule| {
                let slice = held.at(shard);
                evict_some(core, slice, rule, excess, &mut rng, effects, &mut bereaved)
            });
            bereaved.tell(core, held, effects, now_ms);
            let slice = held.at(shard);
            let freed = slice.has_trash();
            slice.free_step(ITEMS_PER_HOLD);
            let gone = before.saturating_sub(slice.used_bytes());
            memory.whole.note_evicted(core, gone);
            if memory.whole.holds_back() {
                compaction::follow(slice, gone);
            }
            evicted || freed
        });
        match step {
            Ok(true) if started.elapsed() >= time => refusals = REFUSALS_MAX + 1,
            Ok(true) => {}
            Ok(false) => barren |= 1 << shard,
            Err(_) => refusals += 1,
        }
    }
}

/// Evicts some keys, until the slice uses that much less; whether there was one to evict.
fn evict_some(
    core: &Core,
    slice: &mut Slice,
    eviction: &Eviction,
    excess: usize,
    rng: &mut Rng,
    effects: &mut Effects,
    bereaved: &mut Bereaved,
) -> bool {
    let waits = !slice.waiting.is_empty();
    let is_told = effects.broadcasts || !slice.tracked.is_empty();
    let kept = |slice: &Slice| slice.used_bytes() - slice.trash_bytes();
    let enough = kept(slice).saturating_sub(excess);
    for evicted in 0..KEYS_PER_HOLD {
        let mut gone = None;
        let found = slice.evict(eviction, rng, |db, hash, key| {
            effects.event(db, EventClass::EVICTED, "evicted", key);
            if is_told || waits {
                gone = Some((db, hash, key.to_vec()));
            }
        });
        if !found {
            return evicted > 0;
        }
        if let Some((db, hash, key)) = gone {
            if waits {
                bereaved.note(core, slice, db, &key);
            }
            let trackers = slice.tracked.take(hash, &key);
            if effects.broadcasts || !trackers.is_empty() {
                effects.invalid.push((key, trackers));
            }
        }
        if kept(slice) < enough {
            break;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenacity_is_time() {
        let micros = |tenacity| time_slice(tenacity).as_micros();
        assert_eq!([0, 1, 10, 11].map(micros), [0, 50, 500, 575]);
        assert!((100_000_000..180_000_000).contains(&micros(99)));
        assert_eq!(time_slice(100), Duration::MAX);
    }
}
