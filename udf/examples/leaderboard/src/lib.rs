//! Leaderboards with a rank for everyone: most points first, the same points in the order of names.
//!
//! A sorted set whose scores are points below zero: so its own order, by score and then by name, is the board's, and two with the same
//! points never change places. Points are whole numbers.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{functions, reply, Call, Error, Key, Rows};

const NAME_MAX: usize = 256;
const POINTS_MAX: i64 = 1_000_000_000_000;
const ROWS_MAX: i64 = 1000;
const RADIUS_MAX: i64 = 500;
/// Bytes of rows that are read at once.
const ROOM: usize = 2048;

/// The points that a score stands for.
fn points(score: f64) -> i64 {
    -(score as i64)
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
    let rank = key.zrank(member)?.map_or(0, |place| place as i64 + 1);
    reply::ints(&[rank, points(score)]);
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
    match key.zrank(call.arg(0)?)? {
        Some(place) => {
            let place = place as i64;
            rows(key, (place - radius).max(0), place + radius)
        }
        None => {
            reply::array(0);
            Ok(())
        }
    }
}

/// Replies with the rows from one place to another; of a name that is too long only with its rank.
fn rows(key: Key, first: i64, last: i64) -> Result<(), Error> {
    let last = last.min(key.zcard()? as i64 - 1);
    reply::array((last - first + 1).max(0) as usize);
    let (mut rows, mut place) = (Rows::<ROOM>::new(), first);
    while place <= last {
        match key.zrange(place as i32, last as i32, &mut rows) {
            Err(Error::TooLong(_)) => {
                row(place, None);
                place += 1;
            }
            read => read?,
        }
        for (score, name) in rows.iter() {
            let fits = name.len() <= NAME_MAX;
            row(place, fits.then(|| (name, points(score))));
            place += 1;
        }
    }
    Ok(())
}

/// One row; only this library's names are sure to be short enough.
fn row(place: i64, content: Option<(&[u8], i64)>) {
    reply::array(3);
    reply::int(place + 1);
    match content {
        Some((name, points)) => {
            reply::bulk(name);
            reply::int(points);
        }
        None => {
            reply::nil();
            reply::nil();
        }
    }
}

functions! {
    "leaderboard_add" [] => add as export_add,
    "leaderboard_top" [NO_WRITES] => top as export_top,
    "leaderboard_around" [NO_WRITES] => around as export_around,
}
