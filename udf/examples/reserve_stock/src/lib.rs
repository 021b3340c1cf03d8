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
const OTHER_QUANTITY: Error = Error::Text("ERR the reservation has another quantity");

/// The field of a reservation.
fn hold(id: &[u8]) -> Result<Text<{ 5 + ID_MAX }>, Error> {
    if !(1..=ID_MAX).contains(&id.len()) {
        return Err(Error::BadArgument);
    }
    let mut field = Text::new();
    field.push(b"hold:");
    field.push(id);
    Ok(field)
}

fn count(key: Key, field: &[u8]) -> Result<i64, Error> {
    key.hget_int(field).map(Option::unwrap_or_default)
}

fn pair(first: i64, second: i64) {
    reply::array(2);
    reply::int(first);
    reply::int(second);
}

/// FCALL stock_add 1 key quantity → free
fn add(call: &Call) -> Result<(), Error> {
    call.expects(1, 1)?;
    let (key, quantity) = (call.key(0)?, call.int_in(0, 1..=QUANTITY_MAX)?);
    let known = count(key, b"free")? + count(key, b"held")? + count(key, b"sold")?;
    if known + quantity > ADDED_MAX {
        return Err(Error::Overflow);
    }
    reply::int(key.hincr_by(b"free", quantity)?);
    Ok(())
}

/// FCALL stock_reserve 1 key id quantity → 1, free; or 0, free when that is too little
fn reserve(call: &Call) -> Result<(), Error> {
    call.expects(1, 2)?;
    let (key, field) = (call.key(0)?, hold(call.arg(0)?)?);
    let quantity = call.int_in(1, 1..=QUANTITY_MAX)?;
    let free = count(key, b"free")?;
    match key.hget_int(field.as_bytes())? {
        Some(held) if held == quantity => pair(1, free),
        Some(_) => return Err(OTHER_QUANTITY),
        None if free < quantity => pair(0, free),
        None => {
            key.hset(field.as_bytes(), Text::<20>::int(quantity).as_bytes())?;
            key.hincr_by(b"held", quantity)?;
            pair(1, key.hincr_by(b"free", -quantity)?);
        }
    }
    Ok(())
}

/// FCALL stock_release 1 key id → given back, 0 if there is no such reservation; free
fn release(call: &Call) -> Result<(), Error> {
    close(call, b"free")
}

/// FCALL stock_commit 1 key id → sold, 0 if there is no such reservation; free
fn commit(call: &Call) -> Result<(), Error> {
    close(call, b"sold")
}

/// Ends a reservation: what it held goes to a counter.
fn close(call: &Call, counter: &[u8]) -> Result<(), Error> {
    call.expects(1, 1)?;
    let (key, field) = (call.key(0)?, hold(call.arg(0)?)?);
    let held = count(key, field.as_bytes())?;
    if held > 0 {
        key.hincr_by(counter, held)?;
        key.hincr_by(b"held", -held)?;
        key.hdel(field.as_bytes())?;
    }
    pair(held, count(key, b"free")?);
    Ok(())
}

/// FCALL stock_count 1 key → free, held, sold
fn counts(call: &Call) -> Result<(), Error> {
    call.expects(1, 0)?;
    let key = call.key(0)?;
    let counts = [
        count(key, b"free")?,
        count(key, b"held")?,
        count(key, b"sold")?,
    ];
    reply::array(counts.len());
    counts.iter().for_each(|count| reply::int(*count));
    Ok(())
}

functions! {
    "stock_add" [] => add as export_add,
    "stock_reserve" [] => reserve as export_reserve,
    "stock_release" [ALLOW_OOM] => release as export_release,
    "stock_commit" [ALLOW_OOM] => commit as export_commit,
    "stock_count" [NO_WRITES] => counts as export_counts,
}
