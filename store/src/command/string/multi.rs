//! Several strings at once: MGET, MSET, MSETNX, MSETEX.

use resp::Args;

use super::options::{Condition, Dialect, ExpiryOption, Options, expire_at_ms};
use super::{STRING, input};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, EventClass, Expiry, Flags, KeyFlags, KeySpec, Spec,
    parse_at_least,
};
use crate::value::ValueRef;

pub(super) static MGET: DataCommand = DataCommand {
    spec: Spec {
        name: "mget",
        summary: "Returns the strings of several keys, null for each that holds none.",
        complexity: "O(N) with N the number of keys.",
        arity: -2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: &[KeySpec::range(
            1,
            -1,
            1,
            KeyFlags::RO.union(KeyFlags::ACCESS),
        )],
        syntax: "key [key ...]",
        ..STRING
    },
    run: mget,
    subcommands: &[],
};

fn mget(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.array(args.len() - 1);
    for index in 1..args.len() {
        let key = ctx.keys.arg(args, index);
        match ctx.keys.read(key).and_then(ValueRef::as_string) {
            Some(value) => value.reply(&mut ctx.reply),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

pub(super) static MSET: DataCommand = DataCommand {
    spec: Spec {
        name: "mset",
        summary: "Sets several keys to strings, all at once.",
        since: "1.0.1",
        complexity: "O(N) with N the number of keys.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::range(
            1,
            -1,
            2,
            KeyFlags::OW.union(KeyFlags::UPDATE),
        )],
        syntax: "key value [key value ...]",
        ..STRING
    },
    run: mset,
    subcommands: &[],
};

fn mset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_pairs(args, "mset")?;
    store_pairs(ctx, args);
    ctx.reply.ok();
    Ok(())
}

pub(super) static MSETNX: DataCommand = DataCommand {
    spec: Spec {
        name: "msetnx",
        summary: "Sets several keys to strings if none of them is there.",
        since: "1.0.1",
        complexity: "O(N) with N the number of keys.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::range(
            1,
            -1,
            2,
            KeyFlags::OW.union(KeyFlags::INSERT),
        )],
        syntax: "key value [key value ...]",
        ..STRING
    },
    run: msetnx,
    subcommands: &[],
};

fn msetnx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_pairs(args, "msetnx")?;
    for index in (1..args.len()).step_by(2) {
        let key = ctx.keys.arg(args, index);
        if ctx.keys.exists(key) {
            ctx.reply.integer(0);
            return Ok(());
        }
    }
    store_pairs(ctx, args);
    ctx.reply.integer(1);
    Ok(())
}

pub(super) static MSETEX: DataCommand = DataCommand {
    spec: Spec {
        name: "msetex",
        summary: "Sets several keys to strings, all at once, with an expiry and a condition if wanted.",
        since: "8.4.0",
        complexity: "O(N) with N the number of keys.",
        arity: -4,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::MOVABLEKEYS),
        keys: &[KeySpec::counted_pairs(
            1,
            KeyFlags::OW.union(KeyFlags::UPDATE),
        )],
        syntax: "numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
        ..STRING
    },
    run: msetex,
    subcommands: &[],
};

fn msetex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    const BAD_COUNT: CommandError = CommandError::text("ERR invalid numkeys value");
    const TOO_FEW: CommandError = CommandError::text("ERR wrong number of key-value pairs");
    let count = parse_at_least(args.get(1), 1, BAD_COUNT)?;
    let end = count.checked_mul(2).and_then(|words| words.checked_add(2));
    let end = end.filter(|end| *end <= args.len()).ok_or(TOO_FEW)?;
    let options = Options::parse(ArgCursor::new(args, end), Dialect::MSetEx)?;
    let expiry = match options.expiry {
        ExpiryOption::Time(unit, text) => {
            Expiry::At(expire_at_ms(unit, text, ctx.now_ms, "msetex")?)
        }
        ExpiryOption::Keep => Expiry::Keep,
        ExpiryOption::None | ExpiryOption::Persist => Expiry::Clear,
    };
    let mut indexes = (2..end).step_by(2);
    let mut is_there = |index| {
        let key = ctx.keys.arg(args, index);
        ctx.keys.exists(key)
    };
    let met = match options.condition {
        Condition::IfAbsent => !indexes.any(&mut is_there),
        Condition::IfPresent => indexes.all(&mut is_there),
        Condition::Always | Condition::If(_) => true,
    };
    if met {
        for index in (2..end).step_by(2) {
            let key = ctx.keys.arg(args, index);
            ctx.keys.set_string(key, input(args, index + 1), expiry);
            ctx.keys.changed(EventClass::STRING, "set", key);
            if matches!(expiry, Expiry::At(_)) {
                ctx.keys.event(EventClass::GENERIC, "expire", key);
            }
        }
    }
    ctx.reply.integer(i64::from(met));
    Ok(())
}

fn check_pairs(args: Args<'_>, name: &'static str) -> Result<(), CommandError> {
    if args.len().is_multiple_of(2) {
        Err(CommandError::Arity(name.into()))
    } else {
        Ok(())
    }
}

fn store_pairs(ctx: &mut Ctx<'_>, args: Args<'_>) {
    for index in (1..args.len()).step_by(2) {
        let key = ctx.keys.arg(args, index);
        ctx.keys
            .set_string(key, input(args, index + 1), Expiry::Clear);
        ctx.keys.changed(EventClass::STRING, "set", key);
    }
}
