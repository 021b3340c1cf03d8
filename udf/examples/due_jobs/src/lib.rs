//! Jobs that wait in a sorted set, by the time they are due, and then move to a list that workers take them from.
//!
//! A move takes the jobs that are due, in order, so many at most, and says when the next one is due: whoever moves them knows how long to
//! sleep. Any number may do so at once, and a job still moves once.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{command, functions, now_ms, reply, Call, Error, Key, Kind, Rows, Side, Text};

/// Bytes of a job: an id, or a small payload.
const JOB_MAX: usize = 4096;
/// Jobs of one move, which the server waits for.
const MOVES_MAX: i64 = 1000;
const DELAY_MAX_MS: i64 = 1_000_000_000_000;
/// Bytes of jobs that are read at once: the longest, and what a row has besides.
const ROOM: usize = 12 + JOB_MAX;
const PUSHED_AT_ONCE: usize = 32;

/// FCALL due_jobs_add 1 schedule job delay_ms → 1, or 0 when it waited already and now has the new time
fn add(call: &Call) -> Result<(), Error> {
    call.expects(1, 2)?;
    let (schedule, job) = (call.key(0)?, call.arg(0)?);
    let delay_ms = call.int_in(1, 0..=DELAY_MAX_MS)?;
    if !(1..=JOB_MAX).contains(&job.len()) {
        return Err(Error::BadArgument);
    }
    let is_new = schedule.zadd((now_ms() + delay_ms) as f64, job)?;
    reply::int(i64::from(is_new));
    Ok(())
}

/// FCALL due_jobs_move 2 schedule queue most → how many moved, ms until the next one is due or -1 when none waits
fn move_due(call: &Call) -> Result<(), Error> {
    call.expects(2, 1)?;
    let (schedule, queue) = (call.key(0)?, call.key(1)?);
    let most = call.int_in(0, 1..=MOVES_MAX)? as i32;
    let (now_ms, mut moved) = (now_ms(), 0);
    let pushed = push_due(schedule, queue, (now_ms as f64, most), &mut moved);
    // What was pushed goes from the schedule, whatever came after it.
    if moved > 0 {
        schedule.zremrange(0, moved - 1)?;
    }
    let next_ms = pushed?.map_or(-1, |at_ms| (at_ms as i64).saturating_sub(now_ms).max(0));
    reply::ints(&[i64::from(moved), next_ms]);
    Ok(())
}

/// Pushes what is due and counts it, up to so many; when the next job is due, if there is one.
///
/// A job that is longer than this library makes them ends it with an error.
fn push_due(
    schedule: Key,
    queue: Key,
    (now_ms, most): (f64, i32),
    pushed: &mut i32,
) -> Result<Option<f64>, Error> {
    let mut rows = Rows::<ROOM>::new();
    loop {
        // One more than may be moved: it says when the next one is due.
        if let Err(error) = schedule.zrange(*pushed, most, &mut rows) {
            return match score_at(schedule, *pushed)? {
                at_ms if at_ms > now_ms || *pushed == most => Ok(Some(at_ms)),
                _ => Err(error),
            };
        }
        let (mut jobs, mut count, mut next) = ([&[][..]; PUSHED_AT_ONCE], 0, None);
        for (at_ms, job) in rows.iter() {
            if at_ms > now_ms || *pushed + count as i32 == most {
                next = Some(at_ms);
                break;
            }
            match jobs.get_mut(count) {
                Some(place) => *place = job,
                None => break,
            }
            count += 1;
        }
        if count > 0 {
            queue.push_all(Side::Right, &jobs[..count])?;
            *pushed += count as i32;
        }
        if next.is_some() || rows.is_empty() {
            return Ok(next);
        }
    }
}

/// The score at a place, whatever is there.
fn score_at(key: Key, place: i32) -> Result<f64, Error> {
    let place = Text::<20>::int(i64::from(place));
    let (name, place) = (key.name(), place.as_bytes());
    let rows = command(&[b"ZRANGE", name, place, place, b"WITHSCORES"])?;
    match rows.kind() {
        Kind::Array => Ok(rows.at(0)?.at(1)?.float()),
        _ => Err(Error::WrongType),
    }
}

functions! {
    "due_jobs_add" [] => add as export_add,
    "due_jobs_move" [] => move_due as export_move,
}
