//! Jobs that wait in a sorted set, by the time they are due, and then move to a list that workers take them from.
//!
//! A move takes the jobs that are due, in order, so many at most, and says when the next one is due: whoever moves them knows how long to
//! sleep. Any number may do so at once, and a job still moves once.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{
    command, functions, now_ms, reply, Answer, Call, Error, Key, Kind, Side, Text,
};

/// Bytes of a job: an id, or a small payload.
const JOB_MAX: usize = 4096;
/// Jobs of one move, which the server waits for.
const MOVES_MAX: i64 = 1000;
const DELAY_MAX_MS: i64 = 1_000_000_000_000;

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
    let most = Text::<20>::int(call.int_in(0, 1..=MOVES_MAX)?);
    let now_ms = now_ms();
    let now = Text::<20>::int(now_ms);
    let (name, most) = (schedule.name(), most.as_bytes());
    let due = list(&[
        b"ZRANGEBYSCORE",
        name,
        b"-inf",
        now.as_bytes(),
        b"LIMIT",
        b"0",
        most,
    ])?;
    let mut moved = 0;
    let pushed = push_all(queue, &due, &mut moved);
    // What was pushed goes from the schedule, whatever came after it.
    if moved > 0 {
        let last = Text::<20>::int(moved - 1);
        command(&[b"ZREMRANGEBYRANK", name, b"0", last.as_bytes()])?;
    }
    pushed?;
    let next_ms = next_due(schedule)?.map_or(-1, |at_ms| (at_ms - now_ms).max(0));
    reply::array(2);
    reply::int(moved);
    reply::int(next_ms);
    Ok(())
}

/// An answer that is a list.
fn list(args: &[&[u8]]) -> Result<Answer, Error> {
    let answer = command(args)?;
    match answer.kind() {
        Kind::Array => Ok(answer),
        _ => Err(Error::WrongType),
    }
}

/// Pushes jobs up to one that is longer than this library makes them, and counts them.
fn push_all(queue: Key, jobs: &Answer, pushed: &mut i64) -> Result<(), Error> {
    let mut room = [0; JOB_MAX];
    for index in 0..jobs.len() {
        queue.push(Side::Right, jobs.at(index)?.bytes(&mut room)?)?;
        *pushed += 1;
    }
    Ok(())
}

/// When the first job is due.
fn next_due(schedule: Key) -> Result<Option<i64>, Error> {
    let first = list(&[b"ZRANGE", schedule.name(), b"0", b"0"])?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut room = [0; JOB_MAX];
    let score = schedule.zscore(first.at(0)?.bytes(&mut room)?)?;
    Ok(score.map(|at_ms| at_ms as i64))
}

functions! {
    "due_jobs_add" [] => add as export_add,
    "due_jobs_move" [] => move_due as export_move,
}
