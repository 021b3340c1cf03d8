//! Reading a string: GET and its kin.

use resp::Args;

use super::options::{Dialect, ExpiryOption, Options, expire_at_ms};
use super::{KEY_RO_ACCESS, KEY_RW_UPDATE, STRING, input};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, EventClass, Expiry, Flags, KeyFlags, KeySpec, Spec,
    parse_i64,
};
use crate::value::IntText;

pub(super) static GET: DataCommand = DataCommand {
    spec: Spec {
        name: "get",
        summary: "Returns the string a key holds.",
        arity: 2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO_ACCESS,
        syntax: "key",
        ..STRING
    },
    run: get,
    subcommands: &[],
};

fn get(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    match ctx.keys.read_string(key)? {
        Some(value) => value.reply(&mut ctx.reply),
        None => ctx.reply.null(),
    }
    Ok(())
}

pub(super) static GETDEL: DataCommand = DataCommand {
    spec: Spec {
        name: "getdel",
        summary: "Returns the string a key holds and deletes the key.",
        since: "6.2.0",
        arity: 2,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
        )],
        syntax: "key",
        ..STRING
    },
    run: getdel,
    subcommands: &[],
};

fn getdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    get(ctx, args)?;
    let key = ctx.keys.arg(args, 1);
    if ctx.keys.delete(key) {
        ctx.keys.changed(EventClass::GENERIC, "del", key);
    }
    Ok(())
}

pub(super) static GETEX: DataCommand = DataCommand {
    spec: Spec {
        name: "getex",
        summary: "Returns the string a key holds and sets, changes or removes the key's expiry.",
        since: "6.2.0",
        arity: -2,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE),
        )
        .noted("RW and UPDATE because it changes the TTL")],
        syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
        ..STRING
    },
    run: getex,
    subcommands: &[],
};

fn getex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let options = Options::parse(ArgCursor::new(args, 2), Dialect::GetEx)?;
    let key = ctx.keys.arg(args, 1);
    let Some(value) = ctx.keys.read_string(key)? else {
        ctx.reply.null();
        return Ok(());
    };
    value.reply(&mut ctx.reply);
    match options.expiry {
        ExpiryOption::Time(unit, text) => {
            let at_ms = expire_at_ms(unit, text, ctx.now_ms, "getex")?;
            if unit.is_absolute() && at_ms <= ctx.now_ms {
                ctx.keys.delete(key);
                ctx.keys.changed(EventClass::GENERIC, "del", key);
            } else {
                ctx.keys.set_expire(key, at_ms);
                ctx.keys.changed(EventClass::GENERIC, "expire", key);
            }
        }
        ExpiryOption::Persist => {
            if ctx.keys.persist(key) {
                ctx.keys.changed(EventClass::GENERIC, "persist", key);
            }
        }
        ExpiryOption::None | ExpiryOption::Keep => {}
    }
    Ok(())
}

pub(super) static GETSET: DataCommand = DataCommand {
    spec: Spec {
        name: "getset",
        summary: "Sets a key to a string and returns the one it held before.",
        arity: 3,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
        keys: KEY_RW_UPDATE,
        syntax: "key value",
        ..STRING
    },
    run: getset,
    subcommands: &[],
};

fn getset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    get(ctx, args)?;
    let key = ctx.keys.arg(args, 1);
    ctx.keys.set_string(key, input(args, 2), Expiry::Clear);
    ctx.keys.changed(EventClass::STRING, "set", key);
    Ok(())
}

pub(super) static GETRANGE: DataCommand = DataCommand {
    spec: Spec {
        name: "getrange",
        summary: "Returns a part of the string a key holds.",
        since: "2.4.0",
        complexity: "O(N) with N the length of the part.",
        arity: 4,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key start end",
        ..STRING
    },
    run: getrange,
    subcommands: &[],
};

pub(super) static SUBSTR: DataCommand = DataCommand {
    spec: Spec {
        name: "substr",
        summary: "The old name of GETRANGE.",
        complexity: "O(N) with N the length of the part.",
        arity: 4,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key start end",
        ..STRING
    },
    run: getrange,
    subcommands: &[],
};

fn getrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (start, end) = (parse_i64(args.get(2))?, parse_i64(args.get(3))?);
    let key = ctx.keys.arg(args, 1);
    let mut text = IntText::new();
    let value = ctx.keys.read_string(key)?;
    let bytes = value.map_or(&b""[..], |value| value.as_bytes(&mut text));
    ctx.reply.bulk(part(bytes, start, end));
    Ok(())
}

/// The bytes from `start` to `end`, both included, negative ones counted from the end.
fn part(bytes: &[u8], start: i64, end: i64) -> &[u8] {
    let len = bytes.len() as i64;
    if start < 0 && end < 0 && start > end {
        return b"";
    }
    let absolute = |index: i64| {
        if index < 0 {
            (len.saturating_add(index)).max(0)
        } else {
            index
        }
    };
    let (start, end) = (absolute(start), absolute(end).min(len - 1));
    if start > end {
        b""
    } else {
        &bytes[start as usize..=end as usize]
    }
}

pub(super) static STRLEN: DataCommand = DataCommand {
    spec: Spec {
        name: "strlen",
        summary: "Returns the length of the string a key holds.",
        since: "2.2.0",
        arity: 2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        syntax: "key",
        ..STRING
    },
    run: strlen,
    subcommands: &[],
};

fn strlen(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let len = ctx.keys.read_string(key)?.map_or(0, |value| value.len());
    ctx.reply.integer(len as i64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_of_a_string() {
        for (start, end, expected) in [
            (0, 3, "Hell"),
            (0, -1, "Hello"),
            (-3, -1, "llo"),
            (5, 9, ""),
            (3, 1, ""),
            (-100, 1, "He"),
            (0, -100, "H"),
            (-1, -3, ""),
            (i64::MIN, i64::MAX, "Hello"),
        ] {
            assert_eq!(
                part(b"Hello", start, end),
                expected.as_bytes(),
                "{start} {end}"
            );
        }
        assert_eq!(part(b"", 0, -1), b"");
    }
}
