//! The imports of `redox1` that do several things at once, and those about places in sorted sets.
//!
//! # Safety
//! As of [`super::imports`].
#![allow(clippy::missing_safety_doc)]

use std::collections::{BTreeMap, VecDeque};
use std::slice;

use super::imports::{bytes, copy, of_type, status};
use super::state::{with, Data, BAD_ARGUMENT, NIL, WRONG_TYPE};
use crate::call::Pair;

/// Most parts of one call.
const PARTS_MAX: usize = 1024;
/// The length of a value that is not there.
const ABSENT: u32 = u32::MAX;

/// The words of a list.
pub(super) unsafe fn words<'a>(list: *const Pair, count: usize) -> Vec<&'a [u8]> {
    match count {
        0 => Vec::new(),
        _ => slice::from_raw_parts(list, count)
            .iter()
            .map(|pair| pair.bytes())
            .collect(),
    }
}

pub unsafe fn hmget(
    k: *const u8,
    kl: usize,
    fv: *const Pair,
    n: usize,
    o: *mut u8,
    oc: usize,
) -> i32 {
    if n > PARTS_MAX {
        return BAD_ARGUMENT;
    }
    let mut values = Vec::new();
    let read = with(|state| {
        let data = state.data(bytes(k, kl))?;
        let hash = match data {
            None => None,
            Some(data) => Some(of_type!(data, Hash)?),
        };
        for field in words(fv, n) {
            match hash.as_ref().and_then(|hash| hash.get(field)) {
                Some(value) => {
                    values.extend_from_slice(&(value.len() as u32).to_le_bytes());
                    values.extend_from_slice(value);
                }
                None => values.extend_from_slice(&ABSENT.to_le_bytes()),
            }
        }
        Ok(())
    });
    status(read, |()| copy(&values, o, oc))
}

pub unsafe fn hmset(k: *const u8, kl: usize, fv: *const Pair, n: usize) -> i32 {
    if !(1..=PARTS_MAX).contains(&n) {
        return BAD_ARGUMENT;
    }
    let new = with(|state| {
        let data = state.data_or(bytes(k, kl), Data::Hash(BTreeMap::new()))?;
        let hash = of_type!(data, Hash)?;
        let list = words(fv, 2 * n);
        let set = |pair: &[&[u8]]| hash.insert(pair[0].to_vec(), pair[1].to_vec());
        Ok(list.chunks(2).map(set).filter(Option::is_none).count())
    });
    status(new, |new| new as i32)
}

pub unsafe fn push_all(k: *const u8, kl: usize, vv: *const Pair, n: usize, left: i32) -> i32 {
    if !(1..=PARTS_MAX).contains(&n) {
        return BAD_ARGUMENT;
    }
    let len = with(|state| {
        let data = state.data_or(bytes(k, kl), Data::List(VecDeque::new()))?;
        let list = of_type!(data, List)?;
        for element in words(vv, n) {
            match left {
                0 => list.push_back(element.to_vec()),
                _ => list.push_front(element.to_vec()),
            }
        }
        Ok(list.len())
    });
    status(len, |len| len as i32)
}

pub unsafe fn zrem(k: *const u8, kl: usize, m: *const u8, ml: usize) -> i32 {
    let gone = with(|state| {
        let gone = match state.data(bytes(k, kl))? {
            None => false,
            Some(data) => of_type!(data, Zset)?.remove(bytes(m, ml)).is_some(),
        };
        state.tidy(bytes(k, kl));
        Ok(gone)
    });
    status(gone, i32::from)
}

/// The members in order, from the end that is asked for.
unsafe fn ordered(k: *const u8, kl: usize, reverse: i32) -> Result<Vec<(Vec<u8>, f64)>, i32> {
    with(|state| {
        let key = bytes(k, kl);
        if let Some(data) = state.data(key)? {
            of_type!(data, Zset)?;
        }
        let mut members = state.sorted_set(key).unwrap_or_default();
        if reverse != 0 {
            members.reverse();
        }
        Ok(members)
    })
}

pub unsafe fn zcard(k: *const u8, kl: usize) -> i32 {
    status(ordered(k, kl, 0), |members| members.len() as i32)
}

pub unsafe fn zrank(k: *const u8, kl: usize, m: *const u8, ml: usize, reverse: i32) -> i32 {
    status(ordered(k, kl, reverse), |members| {
        let wanted = bytes(m, ml);
        let place = members.iter().position(|(member, _)| member == wanted);
        place.map_or(NIL, |place| place as i32)
    })
}

/// The places that are meant, as indices.
fn places(first: i32, last: i32, len: usize) -> std::ops::Range<usize> {
    let len = len as i64;
    let index = |place: i32| i64::from(place) + if place < 0 { len } else { 0 };
    let first = index(first).clamp(0, len);
    let end = (index(last) + 1).clamp(first, len);
    first as usize..end as usize
}

pub unsafe fn zrange(
    k: *const u8,
    kl: usize,
    first: i32,
    last: i32,
    reverse: i32,
    o: *mut u8,
    oc: usize,
) -> i32 {
    status(ordered(k, kl, reverse), |members| {
        let mut rows = Vec::new();
        for (member, score) in &members[places(first, last, members.len())] {
            let before = rows.len();
            rows.extend_from_slice(&score.to_le_bytes());
            rows.extend_from_slice(&(member.len() as u32).to_le_bytes());
            rows.extend_from_slice(member);
            if rows.len() > oc {
                if before == 0 {
                    return rows.len() as i32;
                }
                rows.truncate(before);
                break;
            }
        }
        copy(&rows, o, oc)
    })
}

pub unsafe fn zremrange(k: *const u8, kl: usize, first: i32, last: i32) -> i32 {
    status(ordered(k, kl, 0), |members| {
        let gone = &members[places(first, last, members.len())];
        for (member, _) in gone {
            zrem(k, kl, member.as_ptr(), member.len());
        }
        gone.len() as i32
    })
}
