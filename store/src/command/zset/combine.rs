//! Union, intersection and difference of scored members, without keys or replies.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use super::operands::{Aggregate, Members, Operand, not_nan, with_bytes};
use crate::command::Breath;
use crate::hash::{Seed, hash_key};
use crate::types::{EncodingLimits, Item, Set};

/// A result's member, borrowed from the operand it came from unless that one never spelled it out.
pub(super) type Scored<'s> = (Cow<'s, [u8]>, f64);

/// Parts of a union's table: each is small enough to grow in one go.
const PARTS: usize = 256;
/// A union of fewer members has one part.
const MEMBERS_TO_PART: usize = 4096;

/// The members of any operand, in no order.
pub(super) fn union<'s>(
    seed: &Seed,
    mut operands: Vec<Operand<'s>>,
    aggregate: Aggregate,
    mut breath: Breath,
) -> Vec<Scored<'s>> {
    // Sums of floats depend on the order of adding: smaller operands go first.
    operands.sort_by_key(|operand| operand.members.len());
    let most: usize = operands.iter().map(|operand| operand.members.len()).sum();
    let parts = if most < MEMBERS_TO_PART { 1 } else { PARTS };
    let mut totals: Vec<HashMap<Cow<'s, [u8]>, f64>> = Vec::new();
    totals.resize_with(parts, HashMap::new);
    for operand in operands {
        for (item, score) in operand.members.iter() {
            breath.element();
            let (member, score) = (to_bytes(item), not_nan(score * operand.weight));
            let part = match parts {
                1 => 0,
                parts => hash_key(seed, &member) as usize % parts,
            };
            totals[part]
                .entry(member)
                .and_modify(|total| *total = aggregate.combine(*total, score))
                .or_insert(score);
        }
    }
    let mut result = Vec::with_capacity(totals.iter().map(HashMap::len).sum());
    for member in totals.into_iter().flatten() {
        breath.element();
        result.push(member);
    }
    result
}

/// Shows each member that all operands have, with its score, to `f` until it breaks.
pub(super) fn for_each_common<'s>(
    seed: &Seed,
    mut operands: Vec<Operand<'s>>,
    aggregate: Aggregate,
    mut breath: Breath,
    mut f: impl FnMut(Item<'s>, f64) -> ControlFlow<()>,
) {
    // The smallest is walked, the next smaller ones refuse soonest.
    operands.sort_by_key(|operand| operand.members.len());
    let Some((smallest, others)) = operands.split_first() else {
        return;
    };
    for (item, score) in smallest.members.iter() {
        breath.element();
        let first = not_nan(score * smallest.weight);
        let total = with_bytes(item, |member| {
            others.iter().try_fold(first, |total, other| {
                Some(aggregate.combine(total, other.weighted_score(seed, member)?))
            })
        });
        if total.is_some_and(|total| f(item, total).is_break()) {
            return;
        }
    }
}

/// The members all operands have, in no order.
pub(super) fn inter<'s>(
    seed: &Seed,
    operands: Vec<Operand<'s>>,
    aggregate: Aggregate,
    breath: Breath,
) -> Vec<Scored<'s>> {
    let mut result = Vec::new();
    for_each_common(seed, operands, aggregate, breath, |item, score| {
        result.push((to_bytes(item), score));
        ControlFlow::Continue(())
    });
    result
}

/// The members of the first operand that no other has, in no order.
pub(super) fn diff<'s>(
    seed: &Seed,
    limits: &EncodingLimits,
    operands: &[Operand<'s>],
    mut breath: Breath,
) -> Vec<Scored<'s>> {
    let Some((first, others)) = operands.split_first() else {
        return Vec::new();
    };
    let mut others: Vec<Members<'_>> = others.iter().map(|operand| operand.members).collect();
    let merged;
    if asking_costs_more(first.members, &others) {
        merged = merge(seed, limits, &others, breath);
        others = vec![Members::Set(&merged)];
    }
    // The largest is the likeliest to have a member.
    others.sort_by_key(|members| std::cmp::Reverse(members.len()));
    let unknown = |(item, _): &(Item<'s>, f64)| {
        with_bytes(*item, |member| {
            !others.iter().any(|other| other.contains(seed, member))
        })
    };
    first
        .members
        .iter()
        .inspect(|_| breath.element())
        .filter(unknown)
        .map(|(item, score)| (to_bytes(item), score))
        .collect()
}

/// Whether asking every other operand about every member costs more than merging the others first. Asking stops early and is given some advantage for it.
fn asking_costs_more(first: Members<'_>, others: &[Members<'_>]) -> bool {
    let asking = first.len().saturating_mul(others.len()) / 2;
    let merging = first.len() + others.iter().map(|members| members.len()).sum::<usize>();
    asking > merging
}

fn merge(
    seed: &Seed,
    limits: &EncodingLimits,
    operands: &[Members<'_>],
    mut breath: Breath,
) -> Set {
    let mut merged = Set::new();
    for (item, _) in operands.iter().flat_map(|members| members.iter()) {
        breath.element();
        with_bytes(item, |member| merged.insert(seed, member, limits));
    }
    merged
}

/// Puts a result in a sorted set's order.
pub(super) fn sort(members: &mut [Scored<'_>], mut breath: Breath) {
    members.sort_unstable_by(|(a, a_score), (b, b_score)| {
        breath.element();
        a_score
            .partial_cmp(b_score)
            .expect("scores are never NaN")
            .then_with(|| a.cmp(b))
    });
}

fn to_bytes(item: Item<'_>) -> Cow<'_, [u8]> {
    match item {
        Item::Int(_) => Cow::Owned(item.to_vec()),
        Item::Bytes(bytes) => Cow::Borrowed(bytes),
    }
}
