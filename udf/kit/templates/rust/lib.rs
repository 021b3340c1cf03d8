//! A rate limiter: so many calls a window of time, for each key.
//!
//! `FCALL {{name}} 1 user:42 10 60000` → [allowed 0|1, calls left, ms until the window ends]
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{functions, reply, Call, Error};

/// One key, the calls allowed and the window in ms.
fn limit(call: &Call) -> Result<(), Error> {
    call.expects(1, 2)?;
    let (key, allowed, window_ms) = (call.key(0)?, call.int(0)?, call.int(1)?);
    if allowed < 1 || window_ms < 1 {
        return Err(Error::Text("ERR limit and window must be positive"));
    }
    let calls = key.incr_by(1)?;
    if calls == 1 {
        key.pexpire(window_ms)?;
    }
    reply::array(3);
    reply::int(i64::from(calls <= allowed));
    reply::int((allowed - calls).max(0));
    reply::int(key.pttl()?.unwrap_or(0));
    Ok(())
}

functions! {
    "{{name}}" [] => limit as export_limit,
}

#[cfg(test)]
mod tests {
    use redoxcache_udf::mock::{self, Value};

    /// Runs natively, on the SDK's own host: `cargo test`.
    #[test]
    fn the_first_call_is_allowed() {
        mock::reset();
        let reply = mock::invoke(super::export_limit, &[b"user:1"], &[b"2", b"1000"]);
        assert_eq!(reply, Value::Array(vec![Value::Int(1), Value::Int(1), Value::Int(1000)]));
    }
}
