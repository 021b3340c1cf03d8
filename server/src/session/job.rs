//! One batch of planned requests, and what can be done for several of them at once: finding those that one lock covers, and
//! asking the memory for what they will touch.

use std::ops::Range;

use arrayvec::ArrayVec;
use resp::{Args, Batch};
use store::command::Keys;
use store::keyspace::Slice;

use super::plan::{Planned, Verdict};
use super::prefetch::{self, Ahead, AheadKey};
use crate::core::Core;
use crate::registry::{Reach, Run};
use crate::shard::{self, TenantSlices};

/// The requests of a batch, their plans, and where they came from.
pub struct Job<'b> {
    /// The requests.
    pub batch: &'b mut Batch,
    /// What they were decoded from.
    pub buf: &'b [u8],
    /// What [`Session::plan`](super::Session::plan) found out about them.
    pub plans: &'b [Planned],
}

impl<'b> Job<'b> {
    /// The arguments of request `at`.
    #[inline]
    pub fn args(&self, at: usize) -> Args<'_> {
        self.batch.args(self.buf, at)
    }

    /// The plan of request `at`.
    #[inline]
    pub fn planned(&self, at: usize) -> &'b Planned {
        &self.plans[at]
    }

    /// The end of the run of data requests on the same one slice that starts at `at`.
    pub fn run_end(&self, core: &Core, at: usize) -> usize {
        let first = self.planned(at);
        let joins = |planned: &Planned| {
            planned.mask == first.mask
                && planned.verdict == Verdict::Run
                && matches!(
                    planned.known_command(&core.server.registry).run,
                    Run::Data(_)
                )
        };
        if !first.mask.is_power_of_two() || !joins(first) {
            return at + 1;
        }
        let rest = &self.plans[at..];
        at + rest
            .iter()
            .position(|planned| !joins(planned))
            .unwrap_or(rest.len())
    }

    /// Asks the memory for what the next requests of a run will touch; says up to which request it got.
    pub fn prefetch(&mut self, core: &Core, range: Range<usize>, keys: &Keys<'_>) -> usize {
        let end = range.end.min(range.start + prefetch::KEYS_MAX);
        let plans = &self.plans[range.start..end];
        let [first, ..] = plans else {
            return end;
        };
        let is_the_same =
            |planned: &Planned| planned.hash == first.hash && planned.reach != Reach::Member;
        if first.hash != 0 && plans.iter().all(is_the_same) {
            // One key, once or again and again: there is nothing to overlap with.
            return end;
        }
        let stops_at_entry = |planned: &Planned| planned.hash != 0 && planned.reach == Reach::Entry;
        if !plans.iter().all(stops_at_entry) {
            return self.prefetch_deep(core, range, keys);
        }
        if let Some(db) = keys.selected_db(first.mask.trailing_zeros() as usize) {
            plans
                .iter()
                .for_each(|planned| db.prefetch_bucket(planned.hash));
            plans
                .iter()
                .for_each(|planned| db.prefetch_entry(planned.hash));
        }
        end
    }

    /// Does so for requests with several keys, or keys of collections. Hashes of members are kept with the arguments.
    fn prefetch_deep(&mut self, core: &Core, range: Range<usize>, keys: &Keys<'_>) -> usize {
        let mut ahead = Ahead::default();
        let mut members = ArrayVec::<(usize, usize), { prefetch::KEYS_MAX }>::new();
        let mut at = range.start;
        while at < range.end && !ahead.is_full() {
            let planned = self.planned(at);
            let args = self.args(at);
            if planned.hash != 0 {
                let member = planned.known_command(&core.server.registry).spec.member;
                members.push((at, member.unwrap_or(0)));
                ahead.push(AheadKey {
                    shard: planned.mask.trailing_zeros() as u8,
                    hash: planned.hash,
                    collection: planned.reach != Reach::Entry,
                    member: member.and_then(|member| args.try_get(member)),
                });
            } else if !planned.whole_tenant {
                for arg in (1..args.len()).filter(|&arg| args.hash(arg) != 0) {
                    if !members.is_full() {
                        members.push((at, 0));
                    }
                    ahead.push(AheadKey {
                        shard: core.server.shard_map.shard_of(args.get(arg)) as u8,
                        hash: args.hash(arg),
                        ..AheadKey::default()
                    });
                }
            }
            at += 1;
        }
        let hashes = ahead.run(keys);
        drop(ahead);
        for ((request, member), hash) in members.into_iter().zip(hashes) {
            if hash != 0 {
                self.batch.set_hash(request, member, hash);
            }
        }
        at
    }

    /// Does the same for requests from `from` on that go to many slices: each is locked for a moment, left
    /// out when it is taken, and locked again when the requests run.
    pub fn prefetch_across(&self, slices: &TenantSlices<Slice>, db: usize, from: usize) {
        let single_keys = || {
            self.plans[from..]
                .iter()
                .take(prefetch::KEYS_MAX)
                .filter(|planned| planned.hash != 0)
        };
        for planned in single_keys() {
            let _ = shard::try_with_slices(slices, planned.mask, |held| {
                held[0].prefetch_bucket(db, planned.hash)
            });
        }
        for planned in single_keys() {
            let _ = shard::try_with_slices(slices, planned.mask, |held| {
                held[0].prefetch_entry(db, planned.hash)
            });
        }
    }
}
