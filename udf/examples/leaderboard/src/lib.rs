//! Leaderboards with a rank for everyone: most points first, the same points in the order of names.
//!
//! A sorted set whose scores are points below zero: so its own order, by score and then by name, is the board's, and two with the same
//! points never change places. Points are whole numbers.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{command, functions, reply, Call, Error, Key, Kind, Text};

const NAME_MAX: usize = 256;
const POINTS_MAX: i64 = 1_000_000_000_000;
const ROWS_MAX: i64 = 1000;
const RADIUS_MAX: i64 = 500;

/// The points that a score stands for.
fn points(score: f64) -> i64 {
    -(score as i64)
}

/// A member's place, from 0; none when it is not on the board.
fn place(key: Key, member: &[u8]) -> Result<Option<i64>, Error> {
    let answer = command(&[b"ZRANK", key.name(), member])?;
    match answer.kind() {
        Kind::Int => Ok(Some(answer.int())),
        Kind::Nil => Ok(None),
        _ => Err(Error::WrongType),
    }
}

/// FCALL leaderboard_add 1 key member points → rank, points: what it has now; points below zero take away
fn add(call: &Call) -> Result<(), Error> {
    call.expects(1, 2)?;
    let (key, member) = (call.key(0)?, call.arg(0)?);
    let more = call.int_in(1, -POINTS_MAX..=POINTS_MAX)?;
    if !(1..=NAME_MAX).contains(&member.len()) {
        return Err(Error::BadArgument);
    }
    let score = key.zincr_by((-more) as f64, member)?;
    let place = place(key, member)?.unwrap_or(-1);
    reply::array(2);
    reply::int(place + 1);
    reply::int(points(score));
    Ok(())
}

/// FCALL leaderboard_top 1 key rows → rank, member, points of each of the first
fn top(call: &Call) -> Result<(), Error> {
    call.expects(1, 1)?;
    rows(call.key(0)?, 0, call.int_in(0, 1..=ROWS_MAX)? - 1)
}

/// FCALL leaderboard_around 1 key member radius → rank, member, points of it and those around it; nothing when it is not there
fn around(call: &Call) -> Result<(), Error> {
    call.expects(1, 2)?;
    let (key, radius) = (call.key(0)?, call.int_in(1, 0..=RADIUS_MAX)?);
    match place(key, call.arg(0)?)? {
        Some(place) => rows(key, (place - radius).max(0), place + radius),
        None => {
            reply::array(0);
            Ok(())
        }
    }
}

/// Replies with the rows from one place to another; of a name that is too long only with its rank.
fn rows(key: Key, first: i64, last: i64) -> Result<(), Error> {
    let (from, to) = (Text::<20>::int(first), Text::<20>::int(last));
    let names = command(&[b"ZRANGE", key.name(), from.as_bytes(), to.as_bytes()])?;
    if names.kind() == Kind::Error {
        return Err(Error::WrongType);
    }
    reply::array(names.len());
    let mut room = [0; NAME_MAX];
    for (index, rank) in (0..names.len()).zip(first + 1..) {
        reply::array(3);
        reply::int(rank);
        match names.at(index)?.bytes(&mut room) {
            Ok(name) => {
                reply::bulk(name);
                reply::int(points(key.zscore(name)?.unwrap_or_default()));
            }
            // A reply that has begun cannot become an error; this library makes no name that does not fit.
            Err(_) => {
                reply::nil();
                reply::nil();
            }
        }
    }
    Ok(())
}

functions! {
    "leaderboard_add" [] => add as export_add,
    "leaderboard_top" [NO_WRITES] => top as export_top,
    "leaderboard_around" [NO_WRITES] => around as export_around,
}
