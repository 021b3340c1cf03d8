//! Stock that is reserved, then given back or sold; it is never oversold, and nothing of it is lost.
//!
//! One hash: `free`, `held`, `sold`, and `hold:ID` for each open reservation. `free + held + sold` is always what was added. A reservation
//! has an id of the caller's, so that a call whose reply was lost may be repeated.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{functions, reply, Call, Error, Key, Text};

const ID_MAX: usize = 64;
const QUANTITY_MAX: i64 = 1_000_000_000_000;
/// Most that is ever added, so that Lua counts it exactly as well.
const ADDED_MAX: i64 = 1_000_000_000_000_000;
const FREE: &[u8] = b"free";
const HELD: &[u8] = b"held";
const SOLD: &[u8] = b"sold";
const OTHER_QUANTITY: Error = Error::Text("ERR the reservation has another quantity");

/// The name of a reservation's field.
type Hold = Text<{ 5 + ID_MAX }>;

/// Writes it to `room`: a text that is returned is copied.
fn hold<'r>(room: &'r mut Hold, id: &[u8]) -> Result<&'r [u8], Error> {
    if !(1..=ID_MAX).contains(&id.len()) {
        return Err(Error::BadArgument);
    }
    room.push(b"hold:");
    room.push(id);
    Ok(room.as_bytes())
}

/// Sets fields to numbers.
fn set<const N: usize>(key: Key, fields: [(&[u8], i64); N]) -> Result<(), Error> {
    let (mut texts, mut pairs) = ([Text::<20>::new(); N], [(FREE, FREE); N]);
    for ((pair, text), (field, number)) in pairs.iter_mut().zip(&mut texts).zip(fields) {
        text.push_int(number);
        *pair = (field, text.as_bytes());
    }
    key.hmset(pairs).map(|_| ())
}

fn sum(one: i64, other: i64) -> Result<i64, Error> {
    one.checked_add(other).ok_or(Error::Overflow)
}

fn pair(first: i64, second: i64) {
    reply::ints(&[first, second]);
}

fn counters(key: Key) -> Result<[i64; 3], Error> {
    let found = key.hmget_int([FREE, HELD, SOLD])?;
    Ok(found.map(Option::unwrap_or_default))
}

/// FCALL stock_add 1 key quantity → free
fn add(call: &Call) -> Result<(), Error> {
    call.expects(1, 1)?;
    let (key, quantity) = (call.key(0)?, call.int_in(0, 1..=QUANTITY_MAX)?);
    let [free, held, sold] = counters(key)?;
    if sum(sum(free, held)?, sum(sold, quantity)?)? > ADDED_MAX {
        return Err(Error::Overflow);
    }
    reply::int(key.hincr_by(FREE, quantity)?);
    Ok(())
}

/// FCALL stock_reserve 1 key id quantity → 1, free; or 0, free when that is too little
fn reserve(call: &Call) -> Result<(), Error> {
    call.expects(1, 2)?;
    let mut room = Hold::new();
    let (key, field) = (call.key(0)?, hold(&mut room, call.arg(0)?)?);
    let quantity = call.int_in(1, 1..=QUANTITY_MAX)?;
    let [free, held, known] = key.hmget_int([FREE, HELD, field])?;
    let (free, held) = (free.unwrap_or(0), held.unwrap_or(0));
    match known {
        Some(known) if known == quantity => pair(1, free),
        Some(_) => return Err(OTHER_QUANTITY),
        None if free < quantity => pair(0, free),
        None => {
            let (held, free) = (sum(held, quantity)?, free - quantity);
            set(key, [(field, quantity), (HELD, held), (FREE, free)])?;
            pair(1, free);
        }
    }
    Ok(())
}

/// FCALL stock_release 1 key id → given back, 0 if there is no such reservation; free
fn release(call: &Call) -> Result<(), Error> {
    close(call, FREE)
}

/// FCALL stock_commit 1 key id → sold, 0 if there is no such reservation; free
fn commit(call: &Call) -> Result<(), Error> {
    close(call, SOLD)
}

/// Ends a reservation: what it held goes to a counter.
fn close(call: &Call, counter: &[u8]) -> Result<(), Error> {
    call.expects(1, 1)?;
    let mut room = Hold::new();
    let (key, field) = (call.key(0)?, hold(&mut room, call.arg(0)?)?);
    let found = key.hmget_int([field, HELD, FREE, counter])?;
    let [known, held, mut free, count] = found.map(Option::unwrap_or_default);
    if known > 0 {
        let count = sum(count, known)?;
        set(key, [(HELD, sum(held, -known)?), (counter, count)])?;
        key.hdel(field)?;
        if counter == FREE {
            free = count;
        }
    }
    pair(known, free);
    Ok(())
}

/// FCALL stock_count 1 key → free, held, sold
fn counts(call: &Call) -> Result<(), Error> {
    call.expects(1, 0)?;
    let key = call.key(0)?;
    reply::ints(&counters(key)?);
    Ok(())
}

functions! {
    "stock_add" [] => add as export_add,
    "stock_reserve" [] => reserve as export_reserve,
    "stock_release" [ALLOW_OOM] => release as export_release,
    "stock_commit" [ALLOW_OOM] => commit as export_commit,
    "stock_count" [NO_WRITES] => counts as export_counts,
}
