//! Noting what tracking clients read, within `tracking-table-max-keys`.

use std::sync::atomic::Ordering::Relaxed;

use resp::Args;
use store::command::{Flags, KeyFlags, Keys, key_positions};
use store::keyspace::Tracker;

use super::deliver::invalidate_all;
use crate::core::Core;
use crate::registry::Command;
use crate::session::Session;
use crate::shard::try_with_slices;
use crate::tenant::Tenant;

/// Keys forgotten at a time when there are too many.
const SHRINK_STEP: usize = 1000;

impl Session {
    /// Notes the keys of a command that has run, if this client wants to be told of their changes.
    #[cold]
    pub(crate) fn note_reads(
        &self,
        core: &Core,
        command: &Command,
        keys: &mut Keys<'_>,
        args: Args<'_>,
    ) {
        let Some(tracking) = &self.tracking else {
            return;
        };
        if command.spec.flags.contains(Flags::READONLY) && tracking.is_noting() {
            let tracker = self.tracker(core);
            let mut added = 0;
            // Arguments that are no keys were refused by the command itself.
            let _ = key_positions(command.spec, args, |index, flags| {
                if !flags.contains(KeyFlags::NOT_KEY) {
                    let key = keys.arg(args, index);
                    added += usize::from(keys.track(key, tracker));
                }
            });
            self.tenant.tracking.keys.fetch_add(added, Relaxed);
        }
        self.end_caching();
    }

    /// Notes the keys that a script was called with, when one of its commands has read something.
    #[cold]
    pub(crate) fn note_reads_of_script(
        &self,
        core: &Core,
        command: &Command,
        keys: &mut Keys<'_>,
        (given, key_count): (Args<'_>, usize),
    ) {
        let Some(tracking) = &self.tracking else {
            return;
        };
        if command.spec.flags.contains(Flags::READONLY) && tracking.is_noting() {
            let tracker = self.tracker(core);
            let declared = 0..key_count;
            let added = declared
                .filter(|index| keys.track(keys.arg(given, *index), tracker))
                .count();
            self.tenant.tracking.keys.fetch_add(added, Relaxed);
        }
    }

    fn tracker(&self, core: &Core) -> Tracker {
        Tracker {
            client: self.client.id,
            core: core.index as u16,
        }
    }

    /// [`end_caching`](Self::end_caching), unless the command is one of CLIENT.
    #[cold]
    pub(crate) fn end_caching_after(&self, command: &Command) {
        if !command.full_name.starts_with("client|") {
            self.end_caching();
        }
    }

    /// Ends what CLIENT CACHING asked for with the command after it; MULTI and what it queues count as one.
    pub(crate) fn end_caching(&self) {
        if let Some(tracking) = &self.tracking
            && self.client.multi_len.load(Relaxed) < 0
        {
            tracking.forget_caching();
        }
    }
}

/// Forgets some keys when there are more than `tracking-table-max-keys`; those who tracked them are told. True when there are still
/// too many.
pub fn shrink(core: &Core, tenant: &Tenant) -> bool {
    let server = &core.server;
    let max = core.settings().tracking_table_max_keys;
    let over = || match max {
        0 => 0,
        max => tenant.tracking.keys.load(Relaxed).saturating_sub(max),
    };
    let mut budget = over().min(SHRINK_STEP);
    let shards = server.shard_map.shards();
    let first = core.rng.borrow_mut().below(shards as u64) as usize;
    for shard in (first..shards).chain(0..first) {
        if budget == 0 {
            break;
        }
        let forgotten = try_with_slices(&tenant.slices, 1 << shard, |slices| {
            let tracked = &mut slices.at(shard).tracked;
            let mut forgotten = Vec::new();
            while budget > 0 && over() > forgotten.len() {
                let random = core.rng.borrow_mut().next_u64();
                let Some(taken) = tracked.take_any(random) else {
                    break;
                };
                budget -= 1;
                forgotten.push(taken);
            }
            tenant.tracking.keys.fetch_sub(forgotten.len(), Relaxed);
            forgotten
        });
        for (key, trackers) in forgotten.unwrap_or_default() {
            invalidate_all(core, 0, &key, &trackers);
        }
    }
    over() > 0
}
