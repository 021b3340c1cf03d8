//! OBJECT: how a value is kept.

use resp::Args;

use super::GENERIC;
use crate::command::{
    Categories, CommandError, Ctx, DataCommand, Flags, Key, KeyFlags, KeySpec, Spec,
};
use crate::keyspace::Tracking;
use crate::value::{StringRef, ValueRef};

pub(super) static OBJECT: DataCommand = DataCommand {
    spec: Spec {
        name: "object",
        summary: "Holds the commands that look at how a value is kept.",
        since: "2.2.3",
        complexity: "Depends on subcommand.",
        arity: -2,
        categories: Categories::empty(),
        ..GENERIC
    },
    run: |_, _| Err(CommandError::Syntax),
    subcommands: &[ENCODING, FREQ, HELP, IDLETIME, REFCOUNT],
};

/// What the subcommands on a key have in common.
const ON_KEY: Spec = Spec {
    since: "2.2.3",
    arity: 3,
    flags: Flags::READONLY,
    keys: &[KeySpec::at(2, KeyFlags::RO)],
    syntax: "key",
    ..GENERIC
};

/// The key asked about. Asking is a lookup to the counters, not to the access clock.
fn looked_up<'a>(ctx: &mut Ctx<'_>, args: Args<'a>) -> Key<'a> {
    let key = ctx.keys.arg(args, 2);
    ctx.keys.count_lookup(key);
    key
}

const ENCODING: DataCommand = DataCommand {
    spec: Spec {
        name: "encoding",
        summary: "Names the encoding of a key's value.",
        ..ON_KEY
    },
    run: encoding,
    subcommands: &[],
};

fn encoding(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = looked_up(ctx, args);
    match ctx.keys.encoding(key) {
        Some(name) => ctx.reply.bulk(name.as_bytes()),
        None => ctx.reply.null(),
    }
    Ok(())
}

const FREQ: DataCommand = DataCommand {
    spec: Spec {
        name: "freq",
        summary: "Gives the logarithmic access frequency of a key, which only LFU policies track.",
        since: "4.0.0",
        ..ON_KEY
    },
    run: freq,
    subcommands: &[],
};

fn freq(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = looked_up(ctx, args);
    match (ctx.keys.frequency(key), ctx.config.tracking) {
        (None, _) => ctx.reply.null(),
        (Some(_), Tracking::Recency) => return Err(NOT_COUNTED),
        (Some(count), Tracking::Frequency { .. }) => ctx.reply.integer(i64::from(count)),
    }
    Ok(())
}

const NOT_COUNTED: CommandError = CommandError::text(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

const NOT_TIMED: CommandError = CommandError::text(
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

const IDLETIME: DataCommand = DataCommand {
    spec: Spec {
        name: "idletime",
        summary: "Gives the seconds since a key was last accessed.",
        ..ON_KEY
    },
    run: idletime,
    subcommands: &[],
};

fn idletime(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = looked_up(ctx, args);
    match (ctx.keys.idle_seconds(key), ctx.config.tracking) {
        (None, _) => ctx.reply.null(),
        (Some(_), Tracking::Frequency { .. }) => return Err(NOT_TIMED),
        (Some(seconds), Tracking::Recency) => ctx.reply.integer(seconds as i64),
    }
    Ok(())
}

const REFCOUNT: DataCommand = DataCommand {
    spec: Spec {
        name: "refcount",
        summary: "Gives the number of references to a key's value.",
        ..ON_KEY
    },
    run: refcount,
    subcommands: &[],
};

/// Integers below this one are shared objects in Redis, which clients tell by their count.
const SHARED_INTEGERS: i64 = 10_000;
/// The count of a shared object.
const SHARED_REFCOUNT: i64 = i32::MAX as i64;

fn refcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = looked_up(ctx, args);
    match ctx.keys.peek(key) {
        None => ctx.reply.null(),
        Some(ValueRef::String(StringRef::Int(value)))
            if ctx.config.shares_integers && (0..SHARED_INTEGERS).contains(&value) =>
        {
            ctx.reply.integer(SHARED_REFCOUNT)
        }
        Some(_) => ctx.reply.integer(1),
    }
    Ok(())
}

const HELP: DataCommand = DataCommand {
    spec: Spec {
        name: "help",
        summary: "Explains the subcommands of OBJECT.",
        since: "6.2.0",
        arity: 2,
        flags: Flags::LOADING.union(Flags::STALE),
        ..GENERIC
    },
    run: help,
    subcommands: &[],
};

const HELP_LINES: &[&str] = &[
    "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ENCODING <key>",
    "    Names the encoding in which the value of <key> is kept.",
    "FREQ <key>",
    "    Gives the logarithmic access frequency of <key>, under an LFU policy.",
    "IDLETIME <key>",
    "    Gives the seconds since <key> was last accessed, unless under an LFU policy.",
    "REFCOUNT <key>",
    "    Gives the number of references to the value of <key>.",
    "HELP",
    "    Prints this help.",
];

fn help(ctx: &mut Ctx<'_>, _args: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.lines(HELP_LINES);
    Ok(())
}
