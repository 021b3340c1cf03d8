//! Intersection, union and difference of sets, without keys or replies.

use std::ops::ControlFlow;

use crate::command::Breath;
use crate::hash::Seed;
use crate::types::{EncodingLimits, Item, ItemBuf, Set};

/// Shows each member common to all `sets` to `f` until it breaks; none when one set is absent.
///
/// Walks the smallest set and asks the others, smaller ones first: they refuse soonest.
pub(super) fn for_each_common<'s>(
    seed: &Seed,
    sets: &[Option<&'s Set>],
    mut breath: Breath,
    mut f: impl FnMut(Item<'s>) -> ControlFlow<()>,
) {
    let Some(mut sets) = sets.iter().copied().collect::<Option<Vec<&Set>>>() else {
        return;
    };
    sets.sort_by_key(|set| set.len());
    let Some((smallest, others)) = sets.split_first() else {
        return;
    };
    for item in smallest.iter() {
        breath.element();
        let mut buf = ItemBuf::default();
        let member = item.as_bytes(&mut buf);
        if others.iter().all(|other| other.contains(seed, member)) && f(item).is_break() {
            return;
        }
    }
}

/// The members of any of `sets`.
pub(super) fn union(
    seed: &Seed,
    limits: &EncodingLimits,
    sets: &[Option<&Set>],
    mut breath: Breath,
) -> Set {
    let mut result = Set::new();
    for item in sets.iter().flatten().flat_map(|set| set.iter()) {
        breath.element();
        result.insert(seed, item.as_bytes(&mut ItemBuf::default()), limits);
    }
    result
}

/// Shows each member of the first of `sets` that none of the others has to `f`.
pub(super) fn for_each_difference<'s>(
    seed: &Seed,
    limits: &EncodingLimits,
    sets: &[Option<&'s Set>],
    mut breath: Breath,
    f: impl FnMut(Item<'s>),
) {
    let Some((Some(first), others)) = sets.split_first() else {
        return;
    };
    let mut others: Vec<&Set> = others.iter().copied().flatten().collect();
    let merged;
    if asking_costs_more(first, &others) {
        let all: Vec<Option<&Set>> = others.into_iter().map(Some).collect();
        merged = union(seed, limits, &all, breath);
        others = vec![&merged];
    }
    // The largest is the likeliest to have a member.
    others.sort_by_key(|set| std::cmp::Reverse(set.len()));
    let unknown = |item: &Item<'s>| {
        let mut buf = ItemBuf::default();
        let member = item.as_bytes(&mut buf);
        !others.iter().any(|other| other.contains(seed, member))
    };
    let members = first.iter().inspect(|_| breath.element());
    members.filter(unknown).for_each(f);
}

/// Whether asking every other set about every member costs more than merging the others first. Asking stops early and is given some advantage for it.
fn asking_costs_more(first: &Set, others: &[&Set]) -> bool {
    let asking = first.len().saturating_mul(others.len()) / 2;
    let merging = first.len() + others.iter().map(|set| set.len()).sum::<usize>();
    asking > merging
}
