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

    /// The end of the run of requests that starts at `at` and may share its locks: data requests on the same one slice, or calls of scripts and
    /// functions on the same slices.
    pub fn run_end(&self, core: &Core, at: usize) -> usize {
        let first = self.planned(at);
        let command_of = |planned: &Planned| planned.known_command(&core.server.registry);
        let is_data = |planned: &Planned| matches!(command_of(planned).run, Run::Data(_));
        let joins = |planned: &Planned| {
            planned.mask == first.mask && planned.verdict == Verdict::Run && is_data(planned)
        };
        let joins_call = |planned: &Planned| {
            planned.mask == first.mask
                && planned.verdict == Verdict::Run
                && command_of(planned).spec.breathes
                && !is_data(planned)
        };
        let rest = &self.plans[at..];
        let end = match first.mask.is_power_of_two() && joins(first) {
            true => rest.iter().position(|planned| !joins(planned)),
            false if joins_call(first) => rest.iter().position(|planned| !joins_call(planned)),
            false => Some(1),
        };
        at + end.unwrap_or(rest.len())
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

    /// Does so for the requests with one key from `from` on, where there is but one slice; it is locked for a moment, if it is free.
    pub fn prefetch_only_slice(&self, slices: &TenantSlices<Slice>, db: usize, from: usize) {
        let _ = shard::try_with_slices(slices, slices.mask_of_all(), |held| {
            let hashes = || self.single_keys(from).map(|planned| planned.hash);
            hashes().for_each(|hash| held[0].prefetch_bucket(db, hash));
            hashes().for_each(|hash| held[0].prefetch_entry(db, hash));
        });
    }

    /// The next requests from `from` on that have one key.
    fn single_keys(&self, from: usize) -> impl Iterator<Item = &'b Planned> {
        let next = self.plans[from..].iter().take(prefetch::KEYS_MAX);
        next.filter(|planned| planned.hash != 0)
    }

    /// Does the same for requests from `from` on that go to many slices: each is locked for a moment, left
    /// out when it is taken, and locked again when the requests run.
    pub fn prefetch_across(&self, slices: &TenantSlices<Slice>, db: usize, from: usize) {
        let single_keys = || self.single_keys(from);
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
