//! Requests that are done once, and answered alike however often they come.
//!
//! Whoever begins first does the work; the others are told to wait, and later get the stored response. The string at the key is `R` and the
//! owner while the work runs, and `D` and the response once it is done; its expiry is the time limit of the work, then of the response.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{functions, reply, Call, Error, Key, SetOptions, Text};

const OWNER_MAX: usize = 64;
/// Bytes of a longest response, which passes through the guest's memory.
const RESPONSE_MAX: usize = 32_768;
/// Responses that need no more pass at once, and through a smaller room: clearing a large one takes time.
const SMALL: usize = 1024;
const TTL_MAX_MS: i64 = 1_000_000_000_000;
const FOREIGN: Error = Error::Text("ERR the key does not hold a request");

/// How far a request is.
#[derive(PartialEq)]
enum State {
    New,
    Running { is_own: bool },
    Done,
}

/// What the key holds while an owner works.
type Running = Text<{ 1 + OWNER_MAX }>;

/// Writes it to `room`: a text that is returned is copied.
fn running<'r>(room: &'r mut Running, owner: &[u8]) -> Result<&'r [u8], Error> {
    if !(1..=OWNER_MAX).contains(&owner.len()) {
        return Err(Error::BadArgument);
    }
    room.push(b"R");
    room.push(owner);
    Ok(room.as_bytes())
}

/// How far the request is, as seen by who would put `own` there.
fn state(key: Key, own: &[u8]) -> Result<State, Error> {
    // One byte more than the longest owner has.
    let start = match key.get_start::<{ 2 + OWNER_MAX }>()? {
        Some(start) => start,
        None => return Ok(State::New),
    };
    match start.as_bytes() {
        [b'D', ..] => Ok(State::Done),
        held @ [b'R', ..] => Ok(State::Running {
            is_own: held == own,
        }),
        _ => Err(FOREIGN),
    }
}

/// FCALL idempotency_begin 1 key owner limit_ms → started; or running, ms left; or done, response
///
/// The owner who runs it already starts again, with a new limit: a call whose reply was lost may be repeated.
fn begin(call: &Call) -> Result<(), Error> {
    call.expects(1, 2)?;
    let mut room = Running::new();
    let (key, own) = (call.key(0)?, running(&mut room, call.arg(0)?)?);
    let limit_ms = call.int_in(1, 1..=TTL_MAX_MS)?;
    let options = SetOptions::default().ttl_ms(limit_ms);
    // Mostly it is new, and this is all. What may not be set may still be looked at.
    if key.set_with(own, options.if_absent()) == Ok(true) {
        reply::bulks([b"started"]);
        return Ok(());
    }
    match state(key, own)? {
        State::Done => return send_response(key, |response| reply::bulks([b"done", response])),
        State::Running { is_own: false } => {
            let left_ms = key.pttl()?.unwrap_or(-1);
            reply::array(2);
            reply::bulk(b"running");
            reply::int(left_ms);
        }
        State::New | State::Running { is_own: true } => {
            key.set_with(own, options)?;
            reply::bulks([b"started"]);
        }
    }
    Ok(())
}

/// FCALL idempotency_finish 1 key owner response keep_ms → 1; or 0 when the owner does not run it any longer
fn finish(call: &Call) -> Result<(), Error> {
    call.expects(1, 3)?;
    let mut room = Running::new();
    let (key, own) = (call.key(0)?, running(&mut room, call.arg(0)?)?);
    let (response, keep_ms) = (call.arg(1)?, call.int_in(2, 1..=TTL_MAX_MS)?);
    if response.len() > RESPONSE_MAX {
        return Err(Error::TooLong(response.len()));
    }
    let mut done = Text::<{ 1 + SMALL }>::new();
    done.push(b"D");
    done.push(response);
    let options = SetOptions::default().ttl_ms(keep_ms);
    let set = key.compare_and_set(own, done.as_bytes(), options)?;
    if set == Some(false) {
        // An error if it is not a request at all.
        state(key, own)?;
    } else if set == Some(true) && response.len() > SMALL {
        // The rest, which so needs no room here. The expiry stays.
        key.append(&response[SMALL..])?;
    }
    reply::int(i64::from(set == Some(true)));
    Ok(())
}

/// FCALL idempotency_cancel 1 key owner → 1, and anyone may begin; or 0 when the owner does not run it any longer
fn cancel(call: &Call) -> Result<(), Error> {
    call.expects(1, 1)?;
    let mut room = Running::new();
    let (key, own) = (call.key(0)?, running(&mut room, call.arg(0)?)?);
    let is_own = state(key, own)? == State::Running { is_own: true };
    if is_own {
        key.del()?;
    }
    reply::int(i64::from(is_own));
    Ok(())
}

/// FCALL idempotency_replay 1 key → response; or nil when there is none yet
fn replay(call: &Call) -> Result<(), Error> {
    call.expects(1, 0)?;
    let key = call.key(0)?;
    match state(key, b"")? {
        State::Done => send_response(key, reply::bulk),
        _ => {
            reply::nil();
            Ok(())
        }
    }
}

/// Reads the response and has it sent.
fn send_response(key: Key, send: impl FnOnce(&[u8])) -> Result<(), Error> {
    match key.strlen()? - 1 {
        0..=SMALL => send_from::<SMALL>(key, send),
        _ => send_from::<RESPONSE_MAX>(key, send),
    }
}

fn send_from<const ROOM: usize>(key: Key, send: impl FnOnce(&[u8])) -> Result<(), Error> {
    let mut room = [0; ROOM];
    send(key.get_range(1, &mut room)?.unwrap_or_default());
    Ok(())
}

functions! {
    "idempotency_begin" [] => begin as export_begin,
    "idempotency_finish" [] => finish as export_finish,
    "idempotency_cancel" [ALLOW_OOM] => cancel as export_cancel,
    "idempotency_replay" [NO_WRITES] => replay as export_replay,
}
