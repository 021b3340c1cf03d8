//! GCRA, the generic cell rate algorithm: a rate limit that needs one number a key.
//!
//! The number is the *theoretical arrival time*: when a caller who keeps exactly to the rate would come next. It lies in the future by as
//! much as was taken beyond the rate; the burst says how far it may. All times are whole µs, for a rate has seldom whole ms between two.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{functions, now_ms, reply, Call, Error, SetOptions, Text};

/// How far arrival times may lie in the future, µs: about 31 years, far from where sums overflow.
const AHEAD_MAX_US: i64 = 1_000_000_000_000_000;
const US_PER_S: i64 = 1_000_000;

/// A limit, and how much of it a call takes.
struct Limit {
    /// µs between two units at the rate.
    interval_us: i64,
    /// Units that may be taken at once.
    most: i64,
    quantity: i64,
}

impl Limit {
    fn parse(call: &Call) -> Result<Self, Error> {
        call.expects_in(1, 3..=4)?;
        let quantity = match call.arg_count() {
            3 => 1,
            _ => call.int_in(3, 0..=1_000_000)?,
        };
        let most = call.int_in(0, 0..=1_000_000)? + 1;
        let count = call.int_in(1, 1..=1_000_000_000)?;
        let period_us = call.int_in(2, 1..=1_000_000)? * US_PER_S;
        // Rounded up, so that the rate is never exceeded.
        let interval_us = (period_us + count - 1) / count;
        match interval_us * most <= AHEAD_MAX_US {
            true => Ok(Limit {
                interval_us,
                most,
                quantity,
            }),
            false => Err(Error::BadArgument),
        }
    }
}

/// FCALL gcra 1 key max_burst count period_s [quantity] → limited, limit, remaining, retry_after_s, reset_after_s
fn gcra(call: &Call) -> Result<(), Error> {
    let limit = Limit::parse(call)?;
    let (key, now_us) = (call.key(0)?, now_ms() * 1000);
    let arrival_us = key.get_int()?.unwrap_or(0);
    let arrival_us = arrival_us.max(now_us).min(now_us + AHEAD_MAX_US);

    let (room_us, taken_us) = (
        limit.interval_us * limit.most,
        limit.interval_us * limit.quantity,
    );
    let next_us = arrival_us + taken_us;
    let early_us = next_us - room_us - now_us;
    let is_limited = early_us > 0;
    let ahead_us = if is_limited { arrival_us } else { next_us } - now_us;
    if !is_limited && taken_us > 0 {
        let lives = SetOptions::default().ttl_ms(rounded_up(ahead_us, 1000));
        key.set_with(Text::<20>::int(next_us).as_bytes(), lives)?;
    }

    reply::ints(&[
        i64::from(is_limited),
        limit.most,
        (room_us - ahead_us).max(0) / limit.interval_us,
        match is_limited && taken_us <= room_us {
            true => rounded_up(early_us, US_PER_S),
            false => -1,
        },
        rounded_up(ahead_us, US_PER_S),
    ]);
    Ok(())
}

/// How many times `unit` cover `value`, which is not negative.
fn rounded_up(value: i64, unit: i64) -> i64 {
    (value + unit - 1) / unit
}

functions! {
    "gcra" [] => gcra as export_gcra,
}
