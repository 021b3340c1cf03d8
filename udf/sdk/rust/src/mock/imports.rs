//! The imports of `redox1` on the mock, with the signatures they have on wasm.
//!
//! # Safety
//! Of all of them: pointers and lengths are those of slices, or of numbers, that are there during the call.
#![allow(clippy::missing_safety_doc)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::{ptr, slice};

use super::state::{with, Data, BAD_ARGUMENT, NIL, OVERFLOW, WRONG_TYPE};
use super::Value;
use crate::call::Pair;
use crate::room::{parse_f64, parse_int};

use super::several::words;
pub use super::several::{hmget, hmset, push_all, zcard, zrange, zrank, zrem, zremrange};

const SET_NX: u32 = 1;
const SET_XX: u32 = 2;
const SET_KEEP_TTL: u32 = 4;
/// Answers that one call may hold.
const ANSWERS_MAX: usize = 1024;

pub(super) unsafe fn bytes<'a>(ptr: *const u8, len: usize) -> &'a [u8] {
    Pair { ptr, len }.bytes()
}

/// Copies what fits; gives the full length.
pub(super) unsafe fn copy(value: &[u8], room: *mut u8, capacity: usize) -> i32 {
    ptr::copy_nonoverlapping(value.as_ptr(), room, value.len().min(capacity));
    value.len() as i32
}

pub(super) fn status<T>(result: Result<T, i32>, code: impl FnOnce(T) -> i32) -> i32 {
    result.map_or_else(|status| status, code)
}

/// What a key holds, if it is of this type.
macro_rules! of_type {
    ($data:expr, $variant:ident) => {
        match $data {
            Data::$variant(inner) => Ok(inner),
            _ => Err(WRONG_TYPE),
        }
    };
}
pub(super) use of_type;

pub unsafe fn register(n: *const u8, nl: usize, flags: u32) -> i32 {
    let name = String::from_utf8_lossy(bytes(n, nl)).into_owned();
    with(|state| {
        let registered = state.registered.as_mut();
        let registered = registered.expect("register is legal in redox_load only");
        registered.push((name, flags));
    });
    0
}

pub unsafe fn get(k: *const u8, kl: usize, o: *mut u8, oc: usize) -> i32 {
    let value = with(|state| state.string(bytes(k, kl)));
    status(value, |value| {
        value.map_or(NIL, |value| copy(&value, o, oc))
    })
}

pub unsafe fn getrange(k: *const u8, kl: usize, off: usize, o: *mut u8, oc: usize) -> i32 {
    let value = with(|state| state.string(bytes(k, kl)));
    status(value, |value| {
        value.map_or(NIL, |value| copy(value.get(off..).unwrap_or(&[]), o, oc))
    })
}

pub unsafe fn strlen(k: *const u8, kl: usize) -> i32 {
    let value = with(|state| state.string(bytes(k, kl)));
    status(value, |value| value.map_or(0, |value| value.len() as i32))
}

pub unsafe fn exists(k: *const u8, kl: usize) -> i32 {
    let found = with(|state| state.data(bytes(k, kl)).map(|data| data.is_some()));
    status(found, i32::from)
}

pub unsafe fn r#type(k: *const u8, kl: usize) -> i32 {
    let number = |data: &mut Data| match data {
        Data::String(_) => 1,
        Data::List(_) => 2,
        Data::Set(_) => 3,
        Data::Zset(_) => 4,
        Data::Hash(_) => 5,
    };
    let kind = with(|state| state.data(bytes(k, kl)).map(|data| data.map_or(0, number)));
    status(kind, |kind| kind)
}

pub unsafe fn set(
    k: *const u8,
    kl: usize,
    v: *const u8,
    vl: usize,
    flags: u32,
    ttl_ms: i64,
) -> i32 {
    let (nx, xx) = (flags & SET_NX != 0, flags & SET_XX != 0);
    let keeps = flags & SET_KEEP_TTL != 0;
    if flags > 7 || nx && xx || keeps && ttl_ms != 0 || ttl_ms < 0 {
        return BAD_ARGUMENT;
    }
    let key = bytes(k, kl);
    let done = with(|state| {
        let old = state.expires_at_ms(key)?;
        if (nx || xx) && old.is_some() != xx {
            return Ok(NIL);
        }
        let expires_at_ms = match ttl_ms {
            0 if keeps => old.flatten(),
            0 => None,
            _ => Some(state.now_ms + ttl_ms),
        };
        state.put_string(key, bytes(v, vl).to_vec(), expires_at_ms);
        Ok(0)
    });
    status(done, |done| done)
}

#[allow(clippy::too_many_arguments)]
pub unsafe fn cas(
    k: *const u8,
    kl: usize,
    h: *const u8,
    hl: usize,
    v: *const u8,
    vl: usize,
    flags: u32,
    ttl_ms: i64,
) -> i32 {
    let keeps = flags == SET_KEEP_TTL;
    if flags & !SET_KEEP_TTL != 0 || keeps && ttl_ms != 0 || ttl_ms < 0 {
        return BAD_ARGUMENT;
    }
    let is_held = with(|state| match state.data(bytes(k, kl))? {
        None => Ok(None),
        Some(Data::String(now)) => Ok(Some(*now == *bytes(h, hl))),
        Some(_) => Err(WRONG_TYPE),
    });
    match is_held {
        Err(status) => status,
        Ok(None) => NIL,
        Ok(Some(false)) => 0,
        Ok(Some(true)) => match set(k, kl, v, vl, flags, ttl_ms) {
            0 => 1,
            status => status,
        },
    }
}

pub unsafe fn del(k: *const u8, kl: usize) -> i32 {
    status(with(|state| state.remove(bytes(k, kl))), i32::from)
}

pub unsafe fn append(k: *const u8, kl: usize, v: *const u8, vl: usize) -> i32 {
    let len = with(|state| {
        let data = state.data_or(bytes(k, kl), Data::String(Vec::new()))?;
        let string = of_type!(data, String)?;
        string.extend_from_slice(bytes(v, vl));
        Ok(string.len())
    });
    status(len, |len| len as i32)
}

/// Adds to the number that `old` is, 0 if there is none.
fn sum_of(old: Option<&[u8]>, by: i64) -> Result<i64, i32> {
    let old = old.map_or(Some(0), parse_int).ok_or(BAD_ARGUMENT)?;
    old.checked_add(by).ok_or(OVERFLOW)
}

pub unsafe fn incrby(k: *const u8, kl: usize, by: i64, out: *mut i64) -> i32 {
    let key = bytes(k, kl);
    let sum = with(|state| {
        let sum = sum_of(state.string(key)?.as_deref(), by)?;
        let expires_at_ms = state.expires_at_ms(key)?.flatten();
        state.put_string(key, sum.to_string().into_bytes(), expires_at_ms);
        Ok(sum)
    });
    status(sum, |sum| {
        *out = sum;
        0
    })
}

pub unsafe fn pexpire(k: *const u8, kl: usize, ms: i64) -> i32 {
    let done = with(|state| match ms <= 0 {
        true => state.remove(bytes(k, kl)),
        false => state.expire_at_ms(bytes(k, kl), state.now_ms + ms),
    });
    status(done, i32::from)
}

pub unsafe fn pttl(k: *const u8, kl: usize) -> i64 {
    let left = with(|state| {
        let at_ms = state.expires_at_ms(bytes(k, kl))?;
        Ok(match at_ms {
            None => -2,
            Some(None) => -1,
            Some(Some(at_ms)) => at_ms - state.now_ms,
        })
    });
    left.unwrap_or_else(|status: i32| i64::from(status))
}

pub unsafe fn hget(k: *const u8, kl: usize, f: *const u8, fl: usize, o: *mut u8, oc: usize) -> i32 {
    let value = with(|state| match state.data(bytes(k, kl))? {
        None => Ok(None),
        Some(data) => Ok(of_type!(data, Hash)?.get(bytes(f, fl)).cloned()),
    });
    status(value, |value| {
        value.map_or(NIL, |value| copy(&value, o, oc))
    })
}

pub unsafe fn hset(
    k: *const u8,
    kl: usize,
    f: *const u8,
    fl: usize,
    v: *const u8,
    vl: usize,
) -> i32 {
    let (field, value) = (bytes(f, fl).to_vec(), bytes(v, vl).to_vec());
    let new = with(|state| {
        let data = state.data_or(bytes(k, kl), Data::Hash(BTreeMap::new()))?;
        Ok(of_type!(data, Hash)?.insert(field, value).is_none())
    });
    status(new, i32::from)
}

pub unsafe fn hdel(k: *const u8, kl: usize, f: *const u8, fl: usize) -> i32 {
    let gone = with(|state| {
        let gone = match state.data(bytes(k, kl))? {
            None => false,
            Some(data) => of_type!(data, Hash)?.remove(bytes(f, fl)).is_some(),
        };
        state.tidy(bytes(k, kl));
        Ok(gone)
    });
    status(gone, i32::from)
}

pub unsafe fn hincrby(
    k: *const u8,
    kl: usize,
    f: *const u8,
    fl: usize,
    by: i64,
    out: *mut i64,
) -> i32 {
    let field = bytes(f, fl);
    let sum = with(|state| {
        let data = state.data_or(bytes(k, kl), Data::Hash(BTreeMap::new()))?;
        let hash = of_type!(data, Hash)?;
        let sum = sum_of(hash.get(field).map(Vec::as_slice), by);
        if let Ok(sum) = sum {
            hash.insert(field.to_vec(), sum.to_string().into_bytes());
        }
        state.tidy(bytes(k, kl));
        sum
    });
    status(sum, |sum| {
        *out = sum;
        0
    })
}

pub unsafe fn sadd(k: *const u8, kl: usize, m: *const u8, ml: usize) -> i32 {
    let member = bytes(m, ml).to_vec();
    let new = with(|state| {
        let data = state.data_or(bytes(k, kl), Data::Set(BTreeSet::new()))?;
        Ok(of_type!(data, Set)?.insert(member))
    });
    status(new, i32::from)
}

pub unsafe fn srem(k: *const u8, kl: usize, m: *const u8, ml: usize) -> i32 {
    let gone = with(|state| {
        let gone = match state.data(bytes(k, kl))? {
            None => false,
            Some(data) => of_type!(data, Set)?.remove(bytes(m, ml)),
        };
        state.tidy(bytes(k, kl));
        Ok(gone)
    });
    status(gone, i32::from)
}

pub unsafe fn sismember(k: *const u8, kl: usize, m: *const u8, ml: usize) -> i32 {
    let found = with(|state| match state.data(bytes(k, kl))? {
        None => Ok(false),
        Some(data) => Ok(of_type!(data, Set)?.contains(bytes(m, ml))),
    });
    status(found, i32::from)
}

pub unsafe fn push(k: *const u8, kl: usize, v: *const u8, vl: usize, left: i32) -> i32 {
    let element = bytes(v, vl).to_vec();
    let len = with(|state| {
        let data = state.data_or(bytes(k, kl), Data::List(VecDeque::new()))?;
        let list = of_type!(data, List)?;
        match left {
            0 => list.push_back(element),
            _ => list.push_front(element),
        }
        Ok(list.len())
    });
    status(len, |len| len as i32)
}

pub unsafe fn pop(k: *const u8, kl: usize, left: i32, o: *mut u8, oc: usize) -> i32 {
    let element = with(|state| {
        let element = match state.data(bytes(k, kl))? {
            None => None,
            Some(data) => {
                let list = of_type!(data, List)?;
                let next = if left == 0 { list.back() } else { list.front() };
                let next = next.cloned();
                if next.as_ref().map_or(false, |next| next.len() <= oc) {
                    let _ = if left == 0 {
                        list.pop_back()
                    } else {
                        list.pop_front()
                    };
                }
                next
            }
        };
        state.tidy(bytes(k, kl));
        Ok(element)
    });
    status(element, |element| {
        element.map_or(NIL, |element| copy(&element, o, oc))
    })
}

pub unsafe fn llen(k: *const u8, kl: usize) -> i32 {
    let len = with(|state| match state.data(bytes(k, kl))? {
        None => Ok(0),
        Some(data) => Ok(of_type!(data, List)?.len()),
    });
    status(len, |len| len as i32)
}

pub unsafe fn zadd(k: *const u8, kl: usize, score: f64, m: *const u8, ml: usize) -> i32 {
    if score.is_nan() {
        return BAD_ARGUMENT;
    }
    let member = bytes(m, ml).to_vec();
    let new = with(|state| {
        let data = state.data_or(bytes(k, kl), Data::Zset(BTreeMap::new()))?;
        Ok(of_type!(data, Zset)?.insert(member, score).is_none())
    });
    status(new, i32::from)
}

pub unsafe fn zscore(k: *const u8, kl: usize, m: *const u8, ml: usize, out: *mut f64) -> i32 {
    let score = with(|state| match state.data(bytes(k, kl))? {
        None => Err(NIL),
        Some(data) => of_type!(data, Zset)?.get(bytes(m, ml)).copied().ok_or(NIL),
    });
    status(score, |score| {
        *out = score;
        0
    })
}

pub unsafe fn zincrby(
    k: *const u8,
    kl: usize,
    by: f64,
    m: *const u8,
    ml: usize,
    out: *mut f64,
) -> i32 {
    if by.is_nan() {
        return BAD_ARGUMENT;
    }
    let member = bytes(m, ml).to_vec();
    let sum = with(|state| {
        let data = state.data_or(bytes(k, kl), Data::Zset(BTreeMap::new()))?;
        let zset = of_type!(data, Zset)?;
        let sum = zset.get(&member).copied().unwrap_or(0.0) + by;
        match sum.is_nan() {
            true => Err(OVERFLOW),
            false => {
                zset.insert(member, sum);
                Ok(sum)
            }
        }
    });
    status(sum, |sum| {
        *out = sum;
        0
    })
}

pub unsafe fn call(argv: *const Pair, argc: usize, _raise: i32) -> i32 {
    let args: Vec<&[u8]> = slice::from_raw_parts(argv, argc)
        .iter()
        .map(|pair| pair.bytes())
        .collect();
    let commands = with(|state| state.commands.clone());
    let commands = commands.expect("mock::answer_commands says what commands answer");
    keep(commands(&args))
}

/// A handle for an answer.
fn keep(value: Value) -> i32 {
    with(|state| {
        let held = state.answers.iter().filter(|answer| answer.is_some());
        if held.count() >= ANSWERS_MAX {
            return BAD_ARGUMENT;
        }
        state.answers.push(Some(value));
        state.answers.len() as i32 - 1
    })
}

/// Does something with the answer of a handle; `missing` for one that is not held.
fn answer<R>(h: i32, missing: R, work: impl FnOnce(&Value) -> R) -> R {
    with(|state| match state.answers.get(h as usize) {
        Some(Some(value)) => work(value),
        _ => missing,
    })
}

pub unsafe fn r_type(h: i32) -> i32 {
    answer(h, BAD_ARGUMENT, Value::kind)
}

pub unsafe fn r_len(h: i32) -> i32 {
    answer(h, BAD_ARGUMENT, |value| value.len() as i32)
}

pub unsafe fn r_i64(h: i32) -> i64 {
    answer(h, 0, |value| match value {
        Value::Int(number) => *number,
        Value::Float(number) => *number as i64,
        Value::Bool(yes) => i64::from(*yes),
        other => other.bytes().and_then(parse_int).unwrap_or(0),
    })
}

pub unsafe fn r_f64(h: i32) -> f64 {
    answer(h, 0.0, |value| match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Bool(yes) => f64::from(u8::from(*yes)),
        other => other.bytes().and_then(parse_f64).unwrap_or(0.0),
    })
}

pub unsafe fn r_read(h: i32, off: usize, o: *mut u8, oc: usize) -> i32 {
    answer(h, BAD_ARGUMENT, |value| match value.bytes() {
        None => NIL,
        Some(text) => {
            copy(text.get(off..).unwrap_or(&[]), o, oc);
            text.len().saturating_sub(off) as i32
        }
    })
}

pub unsafe fn r_at(h: i32, i: usize) -> i32 {
    match answer(h, None, |value| value.part(i).cloned()) {
        None => BAD_ARGUMENT,
        Some(part) => keep(part),
    }
}

pub unsafe fn r_free(h: i32) {
    with(|state| {
        if let Some(answer) = state.answers.get_mut(h as usize) {
            *answer = None;
        }
    });
}

fn reply(value: Value) {
    with(|state| state.reply(value));
}

pub unsafe fn ret_nil() {
    reply(Value::Nil);
}

pub unsafe fn ret_int(value: i64) {
    reply(Value::Int(value));
}

pub unsafe fn ret_f64(value: f64) {
    reply(Value::Float(value));
}

pub unsafe fn ret_bool(value: i32) {
    reply(Value::Bool(value != 0));
}

pub unsafe fn ret_bulk(v: *const u8, vl: usize) {
    reply(Value::bulk(bytes(v, vl)));
}

pub unsafe fn ret_bulks(vv: *const Pair, n: usize) {
    reply(Value::Array(vec![Value::Nil; n]));
    for text in words(vv, n) {
        reply(Value::bulk(text));
    }
}

pub unsafe fn ret_status(v: *const u8, vl: usize) {
    reply(Value::Status(
        String::from_utf8_lossy(bytes(v, vl)).into_owned(),
    ));
}

pub unsafe fn ret_error(v: *const u8, vl: usize) {
    let text = String::from_utf8_lossy(bytes(v, vl)).into_owned();
    let word = text.split(' ').next().unwrap_or_default();
    let has_code = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
    reply(Value::Error(match has_code {
        true => text,
        false => format!("ERR {text}"),
    }));
}

pub unsafe fn ret_array(n: usize) {
    reply(Value::Array(vec![Value::Nil; n]));
}

pub unsafe fn ret_ints(p: *const i64, n: usize) {
    let numbers = match n {
        0 => &[],
        _ => slice::from_raw_parts(p, n),
    };
    reply(Value::Array(vec![Value::Nil; n]));
    numbers.iter().for_each(|number| reply(Value::Int(*number)));
}

pub unsafe fn ret_map(n: usize) {
    reply(Value::Map(vec![(Value::Nil, Value::Nil); n]));
}

pub unsafe fn ret_set(n: usize) {
    reply(Value::Set(vec![Value::Nil; n]));
}

pub unsafe fn now_ms() -> i64 {
    with(|state| state.now_ms)
}

pub unsafe fn rand() -> i64 {
    with(|state| state.next_random() as i64)
}

pub unsafe fn log(_level: i32, v: *const u8, vl: usize) {
    let text = String::from_utf8_lossy(bytes(v, vl)).into_owned();
    with(|state| state.log.push(text));
}
