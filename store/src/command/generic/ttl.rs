//! TTL, PTTL, EXPIRETIME and PEXPIRETIME: when a key expires.

use resp::Args;

use super::{GENERIC, KEY_RO_ACCESS};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Key, Spec};
use crate::keyspace::Entry;

/// The answer when there is no such key.
const NO_KEY: i64 = -2;
/// The answer when the key does not expire.
const NO_EXPIRY: i64 = -1;

/// What the four commands have in common.
const READ_EXPIRY: Spec = Spec {
    arity: 2,
    flags: Flags::READONLY.union(Flags::FAST),
    keys: KEY_RO_ACCESS,
    syntax: "key",
    ..GENERIC
};

pub(super) static TTL: DataCommand = DataCommand {
    spec: Spec {
        name: "ttl",
        summary: "Gives the seconds a key has to live; -1 without an expiry, -2 without the key.",
        ..READ_EXPIRY
    },
    run: |ctx, args| reply_expiry(ctx, args, |at_ms, now_ms| seconds(at_ms - now_ms)),
    subcommands: &[],
};

pub(super) static PTTL: DataCommand = DataCommand {
    spec: Spec {
        name: "pttl",
        summary: "Gives the milliseconds a key has to live; -1 without an expiry, -2 without the key.",
        since: "2.6.0",
        ..READ_EXPIRY
    },
    run: |ctx, args| reply_expiry(ctx, args, |at_ms, now_ms| at_ms - now_ms),
    subcommands: &[],
};

pub(super) static EXPIRETIME: DataCommand = DataCommand {
    spec: Spec {
        name: "expiretime",
        summary: "Gives the Unix time in seconds at which a key expires; -1 without an expiry, -2 without the key.",
        since: "7.0.0",
        ..READ_EXPIRY
    },
    run: |ctx, args| reply_expiry(ctx, args, |at_ms, _| seconds(at_ms)),
    subcommands: &[],
};

pub(super) static PEXPIRETIME: DataCommand = DataCommand {
    spec: Spec {
        name: "pexpiretime",
        summary: "Gives the Unix time in milliseconds at which a key expires; -1 without an expiry, -2 without the key.",
        since: "7.0.0",
        ..READ_EXPIRY
    },
    run: |ctx, args| reply_expiry(ctx, args, |at_ms, _| at_ms),
    subcommands: &[],
};

/// Replies with what `shown(expire_at_ms, now_ms)` makes of the key's expiry.
fn reply_expiry(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    shown: fn(i64, i64) -> i64,
) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let answer = expiry(ctx, key, shown);
    ctx.reply.integer(answer);
    Ok(())
}

fn expiry(ctx: &mut Ctx<'_>, key: Key<'_>, shown: fn(i64, i64) -> i64) -> i64 {
    match ctx.keys.ask(key).map(Entry::expire_at_ms) {
        None => NO_KEY,
        Some(None) => NO_EXPIRY,
        Some(Some(at_ms)) => shown(at_ms as i64, ctx.now_ms as i64),
    }
}

/// PTTL: ms to live; -1 without an expiry, -2 without the key.
pub fn time_to_live_ms(ctx: &mut Ctx<'_>, key: Key<'_>) -> i64 {
    expiry(ctx, key, |at_ms, now_ms| at_ms - now_ms)
}

/// To the nearest second.
fn seconds(ms: i64) -> i64 {
    ms.saturating_add(500) / 1000
}
