//! Cache entries that one client fills, while the others wait or take what is stale: no stampede on what they are computed from.
//!
//! Who finds nothing, or something stale, gets a lease with a token, one client at a time and for a limited time; only that token may fill
//! the entry. The hash at the key has `meta`, which is `fresh_until_ms leased_until_ms token`, and `value` once there is one.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{functions, now_ms, parse_int, reply, Call, Error, Key, Text};

/// Bytes of a longest value, which passes through the guest's memory.
const VALUE_MAX: usize = 32_768;
/// Values that need no more are sent from a smaller room: clearing a large one takes time.
const SMALL: usize = 1024;
/// Bytes of `meta`: three numbers and the spaces between them.
const META_MAX: usize = 62;
const TTL_MAX_MS: i64 = 1_000_000_000_000;
/// How long a dropped entry remembers its last token.
const REMEMBERED_MS: i64 = 60_000;
const FOREIGN: Error = Error::Text("ERR the key does not hold a cache entry");

/// What is known of an entry besides its value.
#[derive(Clone, Copy)]
struct Meta {
    /// 0 when there is no value.
    fresh_until_ms: i64,
    /// 0 when nobody has it.
    leased_until_ms: i64,
    /// The last lease's.
    token: i64,
}

impl Meta {
    fn read(key: Key) -> Result<Option<Self>, Error> {
        let mut room = [0; META_MAX];
        match key.hget(b"meta", &mut room)? {
            Some(text) => Meta::parse(text).map(Some).ok_or(FOREIGN),
            None => Ok(None),
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut numbers = text.split(|byte| *byte == b' ').map(parse_int);
        let meta = Meta {
            fresh_until_ms: numbers.next()??,
            leased_until_ms: numbers.next()??,
            token: numbers.next()??,
        };
        numbers.next().is_none().then_some(meta)
    }

    fn write(&self, key: Key) -> Result<(), Error> {
        let mut text = Text::<META_MAX>::int(self.fresh_until_ms);
        for number in [self.leased_until_ms, self.token] {
            text.push(b" ");
            text.push_int(number);
        }
        key.hset(b"meta", text.as_bytes()).map(|_| ())
    }
}

/// FCALL cache_get 1 key lease_ms →
/// fresh, value · stale, value (another one refreshes it) · refresh, value, token (you do) · fill, token (you do) · wait, ms
fn get(call: &Call) -> Result<(), Error> {
    call.expects(1, 1)?;
    let (key, lease_ms) = (call.key(0)?, call.int_in(0, 1..=TTL_MAX_MS)?);
    let now_ms = now_ms();
    let meta = Meta::read(key)?.unwrap_or(Meta {
        fresh_until_ms: 0,
        leased_until_ms: 0,
        token: 0,
    });
    let (has_value, is_leased) = (meta.fresh_until_ms > 0, meta.leased_until_ms > now_ms);
    match (has_value, is_leased) {
        (true, _) if meta.fresh_until_ms > now_ms => send_value(key, b"fresh", None),
        (true, true) => send_value(key, b"stale", None),
        (true, false) => {
            let token = lease(key, meta, now_ms, lease_ms)?;
            send_value(key, b"refresh", Some(token))
        }
        (false, true) => {
            word_and(b"wait", meta.leased_until_ms - now_ms);
            Ok(())
        }
        (false, false) => {
            word_and(b"fill", lease(key, meta, now_ms, lease_ms)?);
            Ok(())
        }
    }
}

fn word_and(word: &[u8], number: i64) {
    reply::array(2);
    reply::bulk(word);
    reply::int(number);
}

/// Gives the lease out; its token. Tokens rise, even past a lost key unless the clock goes back.
fn lease(key: Key, meta: Meta, now_ms: i64, lease_ms: i64) -> Result<i64, Error> {
    let token = now_ms.max(meta.token + 1);
    let leased_until_ms = now_ms + lease_ms;
    let meta = Meta {
        leased_until_ms,
        token,
        ..meta
    };
    meta.write(key)?;
    // The entry outlives the lease, so that it can be filled.
    if key.pttl()?.unwrap_or(0) < lease_ms {
        key.pexpire(lease_ms)?;
    }
    Ok(token)
}

/// Replies with the word, the value, and the token if there is one.
fn send_value(key: Key, word: &[u8], token: Option<i64>) -> Result<(), Error> {
    match send_from::<SMALL>(key, word, token) {
        Err(Error::TooLong(_)) => send_from::<VALUE_MAX>(key, word, token),
        done => done,
    }
}

fn send_from<const ROOM: usize>(key: Key, word: &[u8], token: Option<i64>) -> Result<(), Error> {
    let mut room = [0; ROOM];
    let value = key.hget(b"value", &mut room)?.ok_or(FOREIGN)?;
    reply::array(2 + usize::from(token.is_some()));
    reply::bulk(word);
    reply::bulk(value);
    if let Some(token) = token {
        reply::int(token);
    }
    Ok(())
}

/// FCALL cache_fill 1 key token value fresh_ms stale_ms → 1; or 0 when the lease is not the last one, was used, or the entry was dropped
fn fill(call: &Call) -> Result<(), Error> {
    call.expects(1, 4)?;
    let (key, token, value) = (call.key(0)?, call.int_in(0, 0..=i64::MAX)?, call.arg(1)?);
    let fresh_ms = call.int_in(2, 1..=TTL_MAX_MS)?;
    let stale_ms = call.int_in(3, 0..=TTL_MAX_MS)?;
    if value.len() > VALUE_MAX {
        return Err(Error::TooLong(value.len()));
    }
    let meta = Meta::read(key)?;
    let is_leased = meta.map_or(false, |meta| {
        meta.token == token && meta.leased_until_ms > 0
    });
    if is_leased {
        let meta = Meta {
            fresh_until_ms: now_ms() + fresh_ms,
            leased_until_ms: 0,
            token,
        };
        meta.write(key)?;
        key.hset(b"value", value)?;
        key.pexpire(fresh_ms + stale_ms)?;
    }
    reply::int(i64::from(is_leased));
    Ok(())
}

/// FCALL cache_drop 1 key → 1; or 0 when there was nothing. Whoever has a lease cannot fill the entry any more.
fn drop_entry(call: &Call) -> Result<(), Error> {
    call.expects(1, 0)?;
    let key = call.key(0)?;
    let meta = Meta::read(key)?;
    if let Some(meta) = meta {
        let dropped = Meta {
            fresh_until_ms: 0,
            leased_until_ms: 0,
            ..meta
        };
        dropped.write(key)?;
        key.hdel(b"value")?;
        key.pexpire(REMEMBERED_MS)?;
    }
    reply::int(i64::from(meta.is_some()));
    Ok(())
}

functions! {
    "cache_get" [] => get as export_get,
    "cache_fill" [] => fill as export_fill,
    "cache_drop" [ALLOW_OOM] => drop_entry as export_drop,
}
