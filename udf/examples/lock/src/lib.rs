//! Locks with an owner, a time limit and a fencing token.
//!
//! The token rises with every owner: whatever the lock protects refuses tokens below the highest it has seen, and so is safe from an owner
//! who went on after its time. It starts at the time in ms, so that it rises even past a lost key, unless the clock goes back.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{functions, now_ms, parse_int, reply, Call, Error, Key, SetOptions, Text};

const OWNER_MAX: usize = 64;
/// Bytes of the string: two numbers, an owner, and the spaces between them.
const STATE_MAX: usize = 2 * 21 + OWNER_MAX;
const TTL_MAX_MS: i64 = 1_000_000_000_000;
/// How long the last token is remembered after the lock is free.
const REMEMBERED_MS: i64 = 86_400_000;
const FOREIGN: Error = Error::Text("ERR the key does not hold a lock");

/// A lock as the key has it: `token until_ms owner`.
struct Lock<'r> {
    token: i64,
    until_ms: i64,
    /// Nobody, once it was released.
    owner: &'r [u8],
}

impl<'r> Lock<'r> {
    /// The lock at a key, if there ever was one.
    fn read(key: Key, room: &'r mut [u8; STATE_MAX]) -> Result<Option<Self>, Error> {
        match key.get(room)? {
            Some(state) => Lock::parse(state).map(Some).ok_or(FOREIGN),
            None => Ok(None),
        }
    }

    fn parse(state: &'r [u8]) -> Option<Self> {
        let mut parts = state.splitn(3, |byte| *byte == b' ');
        Some(Lock {
            token: parse_int(parts.next()?)?,
            until_ms: parse_int(parts.next()?)?,
            owner: parts.next()?,
        })
    }

    fn is_held(&self, now_ms: i64) -> bool {
        self.until_ms > now_ms
    }

    fn is_held_by(&self, owner: &[u8], now_ms: i64) -> bool {
        self.is_held(now_ms) && self.owner == owner
    }

    fn write(&self, key: Key, now_ms: i64) -> Result<(), Error> {
        let mut state = Text::<STATE_MAX>::int(self.token);
        state.push(b" ");
        state.push_int(self.until_ms);
        state.push(b" ");
        state.push(self.owner);
        let held_ms = (self.until_ms - now_ms).max(0);
        let lives = SetOptions::default().ttl_ms(held_ms + REMEMBERED_MS);
        key.set_with(state.as_bytes(), lives).map(|_| ())
    }
}

/// The owner a call names.
fn owner<'a>(call: &Call<'a>) -> Result<&'a [u8], Error> {
    let owner = call.arg(0)?;
    match (1..=OWNER_MAX).contains(&owner.len()) {
        true => Ok(owner),
        false => Err(Error::BadArgument),
    }
}

/// FCALL lock_acquire 1 key owner ttl_ms → 1, token; or 0, ms until it is free
///
/// Who holds it already gets the same token again and the new time limit: a call whose reply was lost may be repeated.
fn acquire(call: &Call) -> Result<(), Error> {
    call.expects(1, 2)?;
    let (key, owner, ttl_ms) = (call.key(0)?, owner(call)?, call.int_in(1, 1..=TTL_MAX_MS)?);
    let (now_ms, mut room) = (now_ms(), [0; STATE_MAX]);
    let last = Lock::read(key, &mut room)?;
    let token = match last {
        Some(lock) if lock.is_held_by(owner, now_ms) => lock.token,
        Some(lock) if lock.is_held(now_ms) => {
            pair(0, lock.until_ms - now_ms);
            return Ok(());
        }
        Some(lock) => now_ms.max(lock.token + 1),
        None => now_ms,
    };
    let until_ms = now_ms + ttl_ms;
    let lock = Lock {
        token,
        until_ms,
        owner,
    };
    lock.write(key, now_ms)?;
    pair(1, token);
    Ok(())
}

fn pair(first: i64, second: i64) {
    reply::ints(&[first, second]);
}

/// FCALL lock_extend 1 key owner ttl_ms → 1, or 0 when the owner does not hold it
fn extend(call: &Call) -> Result<(), Error> {
    call.expects(1, 2)?;
    let ttl_ms = call.int_in(1, 1..=TTL_MAX_MS)?;
    hold_until(call, |now_ms| now_ms + ttl_ms)
}

/// FCALL lock_release 1 key owner → 1, or 0 when the owner does not hold it
fn release(call: &Call) -> Result<(), Error> {
    call.expects(1, 1)?;
    hold_until(call, |_| 0)
}

/// Sets the end of the time of the owner who calls; 0 sets the lock free.
fn hold_until(call: &Call, until_ms: impl FnOnce(i64) -> i64) -> Result<(), Error> {
    let (key, owner) = (call.key(0)?, owner(call)?);
    let (now_ms, mut room) = (now_ms(), [0; STATE_MAX]);
    let mut held = Lock::read(key, &mut room)?.filter(|lock| lock.is_held_by(owner, now_ms));
    if let Some(lock) = &mut held {
        lock.until_ms = until_ms(now_ms);
        if !lock.is_held(now_ms) {
            lock.owner = b"";
        }
        lock.write(key, now_ms)?;
    }
    reply::int(i64::from(held.is_some()));
    Ok(())
}

/// FCALL lock_holder 1 key → owner, token, ms left; or nil
fn holder(call: &Call) -> Result<(), Error> {
    call.expects(1, 0)?;
    let (now_ms, mut room) = (now_ms(), [0; STATE_MAX]);
    match Lock::read(call.key(0)?, &mut room)? {
        Some(lock) if lock.is_held(now_ms) => {
            reply::array(3);
            reply::bulk(lock.owner);
            reply::int(lock.token);
            reply::int(lock.until_ms - now_ms);
        }
        _ => reply::nil(),
    }
    Ok(())
}

functions! {
    "lock_acquire" [] => acquire as export_acquire,
    "lock_extend" [] => extend as export_extend,
    "lock_release" [ALLOW_OOM] => release as export_release,
    "lock_holder" [NO_WRITES] => holder as export_holder,
}
