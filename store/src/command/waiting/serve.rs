//! Serving those who wait for keys that a command has changed.

use resp::{OutputBuffer, ReplyWriter};

use super::waiter::{Claim, Outcome, Request, Waiter};
use super::{Patience, WaitKind};
use crate::command::{Ctx, DataConfig, Key, Keys};
use crate::random::Rng;

/// A key that somebody waits for and that has changed.
#[derive(Debug, PartialEq, Eq)]
pub struct ReadyKey {
    pub(crate) db: usize,
    pub(crate) hash: u64,
    pub(crate) shard: usize,
    pub(crate) key: Box<[u8]>,
}

impl ReadyKey {
    fn key(&self) -> Key<'_> {
        Key {
            bytes: &self.key,
            hash: self.hash,
            shard: self.shard,
        }
    }
}

/// Serves everybody who can be served: key after key in the order they became ready, at each first come, first served.
///
/// Call it at the very end of a command, a transaction or a script, still under its locks. What serving changes may make
/// more keys ready, which are served, too.
#[cold]
pub fn serve_ready(keys: &mut Keys<'_>, config: &DataConfig, rng: &mut Rng) {
    while let Some(ready) = keys.next_ready() {
        let mut keys = keys.reborrow();
        keys.select(ready.db);
        serve_key(&mut keys, config, rng, ready.key());
    }
}

fn serve_key(keys: &mut Keys<'_>, config: &DataConfig, rng: &mut Rng, key: Key<'_>) {
    let mut position = 0;
    while let Some((waiter, nth)) = keys.waiter_at(key, position) {
        match look(keys, key, &waiter, nth) {
            Look::Over => keys.dequeue(key, &waiter),
            Look::NotYet => position += 1,
            Look::Ready(claim, request) => {
                keys.dequeue(key, &waiter);
                let mut keys = keys.reborrow();
                keys.set_touch(request.touch);
                let mut out = OutputBuffer::new();
                let mut ctx = Ctx {
                    now_ms: keys.now_ms(),
                    seed: keys.seed(),
                    keys,
                    reply: ReplyWriter::new(&mut out, request.protocol),
                    config,
                    rng,
                    patience: Patience::Never,
                };
                let result = request.serve.serve(&mut ctx, key, nth);
                claim.decide(Outcome::Served(result.map(|()| out)));
            }
        }
    }
}

/// What can be done for a waiter.
enum Look<'w> {
    /// Nothing: its wait has ended.
    Over,
    /// Nothing so far.
    NotYet,
    /// It can be served, and nobody else can end its wait any more.
    Ready(Claim<'w>, &'w Request),
}

fn look<'w>(keys: &mut Keys<'_>, key: Key<'_>, waiter: &'w Waiter, nth: usize) -> Look<'w> {
    let Some(request) = waiter.request().filter(|_| !waiter.is_claimed()) else {
        return Look::Over;
    };
    let ready = match keys.peek(key).and_then(WaitKind::of) == Some(request.kind) {
        true => request.serve.is_ready(keys, key, nth),
        false => request.serve.minds_loss(),
    };
    if !ready {
        return Look::NotYet;
    }
    match waiter.claim() {
        Some(claim) => Look::Ready(claim, request),
        None => Look::Over,
    }
}
