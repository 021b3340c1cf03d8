//! EXPIRE and its kin, which give a key a time to live, and PERSIST, which takes it away.

use resp::Args;

use super::expire_condition::ExpireCondition;
use super::{GENERIC, KEY_RW_UPDATE};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, EventClass, Flags, Key, Keys, Spec, parse_i64,
};

/// What the four commands have in common.
const EXPIRY: Spec = Spec {
    arity: -3,
    flags: Flags::WRITE.union(Flags::FAST),
    keys: KEY_RW_UPDATE,
    ..GENERIC
};

/// How one of the commands counts time.
struct Dialect {
    name: &'static str,
    unit_ms: i64,
    origin: Origin,
}

/// What a time is counted from.
enum Origin {
    Now,
    Epoch,
}

impl Dialect {
    /// The time that `amount` units stand for, ms since the epoch; perhaps before it.
    fn at_ms(&self, amount: i64, now_ms: u64) -> Result<i64, CommandError> {
        let origin_ms = match self.origin {
            Origin::Now => now_ms as i64,
            Origin::Epoch => 0,
        };
        amount
            .checked_mul(self.unit_ms)
            .and_then(|offset_ms| offset_ms.checked_add(origin_ms))
            .ok_or(CommandError::InvalidExpire(self.name))
    }
}

pub(super) static EXPIRE: DataCommand = DataCommand {
    spec: Spec {
        name: "expire",
        summary: "Lets a key expire after so many seconds.",
        syntax: "key seconds [NX | XX | GT | LT]",
        ..EXPIRY
    },
    run: |ctx, args| {
        let (name, unit_ms, origin) = ("expire", 1000, Origin::Now);
        expire(
            ctx,
            args,
            Dialect {
                name,
                unit_ms,
                origin,
            },
        )
    },
    subcommands: &[],
};

pub(super) static PEXPIRE: DataCommand = DataCommand {
    spec: Spec {
        name: "pexpire",
        summary: "Lets a key expire after so many milliseconds.",
        since: "2.6.0",
        syntax: "key milliseconds [NX | XX | GT | LT]",
        ..EXPIRY
    },
    run: |ctx, args| {
        let (name, unit_ms, origin) = ("pexpire", 1, Origin::Now);
        expire(
            ctx,
            args,
            Dialect {
                name,
                unit_ms,
                origin,
            },
        )
    },
    subcommands: &[],
};

pub(super) static EXPIREAT: DataCommand = DataCommand {
    spec: Spec {
        name: "expireat",
        summary: "Lets a key expire at a Unix time in seconds.",
        since: "1.2.0",
        syntax: "key unix-time-seconds [NX | XX | GT | LT]",
        ..EXPIRY
    },
    run: |ctx, args| {
        let (name, unit_ms, origin) = ("expireat", 1000, Origin::Epoch);
        expire(
            ctx,
            args,
            Dialect {
                name,
                unit_ms,
                origin,
            },
        )
    },
    subcommands: &[],
};

pub(super) static PEXPIREAT: DataCommand = DataCommand {
    spec: Spec {
        name: "pexpireat",
        summary: "Lets a key expire at a Unix time in milliseconds.",
        since: "2.6.0",
        syntax: "key unix-time-milliseconds [NX | XX | GT | LT]",
        ..EXPIRY
    },
    run: |ctx, args| {
        let (name, unit_ms, origin) = ("pexpireat", 1, Origin::Epoch);
        expire(
            ctx,
            args,
            Dialect {
                name,
                unit_ms,
                origin,
            },
        )
    },
    subcommands: &[],
};

fn expire(ctx: &mut Ctx<'_>, args: Args<'_>, dialect: Dialect) -> Result<(), CommandError> {
    let condition = ExpireCondition::parse(ArgCursor::new(args, 3))?;
    let at_ms = dialect.at_ms(parse_i64(args.get(2))?, ctx.now_ms)?;
    let key = ctx.keys.arg(args, 1);
    let current = ctx.keys.expire_at_ms(key);
    let allowed = current.is_some_and(|current| condition.allows(current, at_ms));
    if allowed {
        set_expire(&mut ctx.keys, key, at_ms, ctx.now_ms);
    }
    ctx.reply.integer(i64::from(allowed));
    Ok(())
}

/// PEXPIRE without options: lets a key expire so many milliseconds from now; whether it is there.
pub fn expire_in_ms(ctx: &mut Ctx<'_>, key: Key<'_>, ms: i64) -> Result<bool, CommandError> {
    let at_ms = ms
        .checked_add(ctx.now_ms as i64)
        .ok_or(CommandError::InvalidExpire("pexpire"))?;
    let exists = ctx.keys.exists(key);
    if exists {
        set_expire(&mut ctx.keys, key, at_ms, ctx.now_ms);
    }
    Ok(exists)
}

/// Sets the expiry of a key that is there; a time that has come deletes it at once.
fn set_expire(keys: &mut Keys<'_>, key: Key<'_>, at_ms: i64, now_ms: u64) {
    match u64::try_from(at_ms) {
        Ok(at_ms) if at_ms > now_ms => {
            keys.set_expire(key, at_ms);
            keys.changed(EventClass::GENERIC, "expire", key);
        }
        _ => {
            keys.delete(key);
            keys.changed(EventClass::GENERIC, "del", key);
        }
    }
}

pub(super) static PERSIST: DataCommand = DataCommand {
    spec: Spec {
        name: "persist",
        summary: "Takes a key's expiry away.",
        since: "2.2.0",
        arity: 2,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: KEY_RW_UPDATE,
        syntax: "key",
        ..GENERIC
    },
    run: persist,
    subcommands: &[],
};

fn persist(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let persisted = ctx.keys.persist(key);
    if persisted {
        ctx.keys.changed(EventClass::GENERIC, "persist", key);
    }
    ctx.reply.integer(i64::from(persisted));
    Ok(())
}
