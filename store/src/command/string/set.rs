//! SET and its older kin.

use resp::Args;

use super::options::{Condition, Dialect, ExpiryOption, ExpiryUnit, Options, expire_at_ms};
use super::{STRING, input};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, EventClass, Expiry, Flags, Key, KeyFlags, KeySpec,
    Spec, StringInput,
};

pub(super) static SET: DataCommand = DataCommand {
    spec: Spec {
        name: "set",
        summary: "Sets a key to a string, whatever it held, with an expiry and a condition if wanted.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW
                .union(KeyFlags::ACCESS)
                .union(KeyFlags::UPDATE)
                .union(KeyFlags::VARIABLE_FLAGS),
        )
        .noted("RW and ACCESS due to the optional `GET` argument")],
        key_flags_of: Some(key_flags),
        syntax: "key value [NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
        ..STRING
    },
    run: set,
    subcommands: &[],
};

/// SET reads only with GET, wherever among the options that word stands.
fn key_flags(args: Args<'_>) -> KeyFlags {
    let mut options = args.iter().skip(3);
    match options.any(|arg| arg.eq_ignore_ascii_case(b"get")) {
        true => KeyFlags::RW | KeyFlags::ACCESS | KeyFlags::UPDATE,
        false => KeyFlags::OW | KeyFlags::UPDATE,
    }
}

fn set(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    if args.len() == 3 {
        store(ctx, args, 2, Expiry::Clear);
        ctx.reply.ok();
        return Ok(());
    }
    let options = Options::parse(ArgCursor::new(args, 3), Dialect::Set)?;
    let expiry = match options.expiry {
        ExpiryOption::Time(unit, text) => Expiry::At(expire_at_ms(unit, text, ctx.now_ms, "set")?),
        ExpiryOption::Keep => Expiry::Keep,
        ExpiryOption::None | ExpiryOption::Persist => Expiry::Clear,
    };
    let key = ctx.keys.arg(args, 1);
    if options.get {
        match ctx.keys.read_string(key)? {
            Some(value) => value.reply(&mut ctx.reply),
            None => ctx.reply.null(),
        }
    }
    let stored = meets(ctx, args, options.condition)?;
    if stored {
        store(ctx, args, 2, expiry);
    }
    match (options.get, stored) {
        (true, _) => {}
        (false, true) => ctx.reply.ok(),
        (false, false) => ctx.reply.null(),
    }
    Ok(())
}

fn meets(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    condition: Condition<'_>,
) -> Result<bool, CommandError> {
    let key = ctx.keys.arg(args, 1);
    Ok(match condition {
        Condition::Always => true,
        Condition::IfAbsent => !ctx.keys.exists(key),
        Condition::IfPresent => ctx.keys.exists(key),
        Condition::If(comparison) => comparison.holds(ctx.keys.edit_string(key)?),
    })
}

/// Stores argument `value` under argument 1.
#[inline]
fn store(ctx: &mut Ctx<'_>, args: Args<'_>, value: usize, expiry: Expiry) {
    let key = ctx.keys.arg(args, 1);
    store_string(ctx, key, input(args, value), expiry);
}

/// SET: stores a string, whatever was there before.
#[inline]
pub fn store_string(ctx: &mut Ctx<'_>, key: Key<'_>, value: StringInput<'_>, expiry: Expiry) {
    ctx.keys.set_string(key, value, expiry);
    ctx.keys.changed(EventClass::STRING, "set", key);
    if matches!(expiry, Expiry::At(_)) {
        ctx.keys.event(EventClass::GENERIC, "expire", key);
    }
}

pub(super) static SETNX: DataCommand = DataCommand {
    spec: Spec {
        name: "setnx",
        summary: "Sets a key to a string if the key is not there.",
        arity: 3,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::OW.union(KeyFlags::INSERT))],
        syntax: "key value",
        ..STRING
    },
    run: setnx,
    subcommands: &[],
};

fn setnx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let stored = meets(ctx, args, Condition::IfAbsent)?;
    if stored {
        store(ctx, args, 2, Expiry::Clear);
    }
    ctx.reply.integer(i64::from(stored));
    Ok(())
}

pub(super) static SETEX: DataCommand = DataCommand {
    spec: Spec {
        name: "setex",
        summary: "Sets a key to a string that expires after a number of seconds.",
        since: "2.0.0",
        arity: 4,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::at(1, KeyFlags::OW.union(KeyFlags::UPDATE))],
        syntax: "key seconds value",
        ..STRING
    },
    run: |ctx, args| set_expiring(ctx, args, ExpiryUnit::Ex, "setex"),
    subcommands: &[],
};

pub(super) static PSETEX: DataCommand = DataCommand {
    spec: Spec {
        name: "psetex",
        summary: "Sets a key to a string that expires after a number of milliseconds.",
        since: "2.6.0",
        arity: 4,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::at(1, KeyFlags::OW.union(KeyFlags::UPDATE))],
        syntax: "key milliseconds value",
        ..STRING
    },
    run: |ctx, args| set_expiring(ctx, args, ExpiryUnit::Px, "psetex"),
    subcommands: &[],
};

fn set_expiring(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    unit: ExpiryUnit,
    name: &'static str,
) -> Result<(), CommandError> {
    let at_ms = expire_at_ms(unit, args.get(2), ctx.now_ms, name)?;
    store(ctx, args, 3, Expiry::At(at_ms));
    ctx.reply.ok();
    Ok(())
}
