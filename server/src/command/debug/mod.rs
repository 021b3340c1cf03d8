//! DEBUG: a few looks inside, for tests and the curious, behind `enable-debug-command`. A subcommand does its work or
//! is not there: none answers OK for nothing.

mod data;
mod digest;
mod protocol;
mod reload;
mod switches;

pub(crate) use reload::reloaded_libraries;

use std::time::{Duration, Instant};

use resp::Args;
use store::command::{
    Categories, CommandError, Flags, Group, KeyFlags, KeySpec, Routing, Spec, parse_f64,
};
use store::glob::glob_match;
use store::slot::slot_of;

use super::access::is_local;
use super::{ServerCommand, ServerCtx, config, help};
use crate::config::Extent;

pub(super) static COMMANDS: &[&ServerCommand] = &[&DEBUG];

const NOT_ALLOWED: CommandError = CommandError::text(
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
);

/// How much longer the other cores sleep: what waits for this one's slices goes first.
const LATER: Duration = Duration::from_millis(5);
/// The longest DEBUG SLEEP.
const SLEEP_MAX_SECONDS: f64 = 3600.0;

const DEFAULT: Spec = Spec {
    group: Group::Server,
    arity: 3,
    flags: Flags::ADMIN
        .union(Flags::NOSCRIPT)
        .union(Flags::LOADING)
        .union(Flags::STALE)
        .union(Flags::PROTECTED),
    ..Spec::DEFAULT
};

const ONE_KEY: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RO)];

static DEBUG: ServerCommand = ServerCommand {
    spec: Spec {
        name: "debug",
        summary: "A container for debugging commands.",
        complexity: "Depends on subcommand.",
        arity: -2,
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        ServerCommand {
            spec: Spec {
                name: "sleep",
                summary: "Stops the server for that many seconds.",
                routing: Routing::All,
                syntax: "seconds",
                ..DEFAULT
            },
            run: sleep,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "object",
                summary: "Describes how a key's value is kept.",
                keys: ONE_KEY,
                syntax: "key",
                ..DEFAULT
            },
            run: object,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "shard",
                summary: "Returns the slot, the shard and the owning core of a key.",
                syntax: "key",
                ..DEFAULT
            },
            run: shard,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "set-active-expire",
                summary: "Switches the removal of due keys in the background on (1) or off (0); lookups still remove them.",
                syntax: "0|1",
                ..DEFAULT
            },
            run: switches::set_active_expire,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "set-disable-deny-scripts",
                summary: "Lets scripts call DEBUG (1) or not (0).",
                syntax: "0|1",
                ..DEFAULT
            },
            run: switches::set_disable_deny_scripts,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "pause-cron",
                summary: "Stops (1) or resumes (0) what cores do by the clock: expiry, timeouts, soft limits, tidying.",
                syntax: "0|1",
                ..DEFAULT
            },
            run: switches::pause_cron,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "replybuffer",
                summary: "RESIZING 0 lets quiet cores keep their spare buffers, 1 has them give them back as always.",
                arity: 4,
                syntax: "RESIZING 0|1",
                ..DEFAULT
            },
            run: switches::reply_buffer,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "digest",
                summary: "Returns a hash of all keys of all databases; equal data has equal digests, here and in Redis.",
                arity: 2,
                routing: Routing::All,
                ..DEFAULT
            },
            run: digest::dataset,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "digest-value",
                summary: "Returns a hash of each key's value and of whether it expires; zeroes for an absent key.",
                arity: -3,
                keys: &[KeySpec::range(2, -1, 1, KeyFlags::RO)],
                syntax: "key [key ...]",
                ..DEFAULT
            },
            run: digest::values,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "populate",
                summary: "Creates that many strings, named by their number, as far as they do not exist.",
                arity: -3,
                routing: Routing::All,
                syntax: "count [prefix [size]]",
                ..DEFAULT
            },
            run: data::populate,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "reload",
                summary: "Writes all data to the snapshot file and reads it back.",
                arity: -2,
                routing: Routing::All,
                // So that it runs where what it loads can be prepared.
                breathes: true,
                syntax: "[MERGE] [NOFLUSH] [NOSAVE]",
                ..DEFAULT
            },
            run: reload::reload,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "htstats",
                summary: "Returns figures of a database's table.",
                routing: Routing::All,
                syntax: "dbid",
                ..DEFAULT
            },
            run: data::htstats,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "panic",
                summary: "Panics, once it has changed these keys: only the client that asks gets to know.",
                arity: -2,
                flags: DEFAULT.flags.union(Flags::NO_MANDATORY_KEYS),
                keys: &[KeySpec::range(2, -1, 1, KeyFlags::RW)],
                syntax: "[key [key ...]]",
                ..DEFAULT
            },
            run: data::panic,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "stringmatch-len",
                summary: "Replies whether the pattern fits the text.",
                arity: 4,
                syntax: "pattern text",
                ..DEFAULT
            },
            run: stringmatch,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "change-repl-id",
                summary: "Gives the data set a new replication id.",
                arity: 2,
                ..DEFAULT
            },
            run: change_replication_id,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "config-rewrite-force-all",
                summary: "Writes all directives to the configuration file, those at their defaults as well.",
                arity: 2,
                ..DEFAULT
            },
            run: config_rewrite,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "protocol",
                summary: "Replies with a sample of that type of reply.",
                syntax: "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
                ..DEFAULT
            },
            run: protocol::sample,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "error",
                summary: "Replies with that text as an error.",
                syntax: "text",
                ..DEFAULT
            },
            run: error,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "log",
                summary: "Writes that text to the server's log.",
                syntax: "text",
                ..DEFAULT
            },
            run: log,
            subcommands: &[],
        },
        ServerCommand {
            run: help,
            ..help::subcommand(Group::Server, "5.0.0", Categories::empty())
        },
    ],
};

fn help(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    help::help(ctx, args)
}

fn check_allowed(ctx: &ServerCtx<'_>) -> Result<(), CommandError> {
    match ctx
        .core
        .settings()
        .enable_debug_command
        .allows(is_local(ctx))
    {
        true => Ok(()),
        false => Err(NOT_ALLOWED),
    }
}

/// Blocks this core's thread while it holds every slice; the other cores' threads sleep as well.
fn sleep(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let seconds = parse_f64(args.get(2))?.clamp(0.0, SLEEP_MAX_SECONDS);
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    ctx.core.server.net.sleep(ctx.core.index, until + LATER);
    std::thread::sleep(until.saturating_duration_since(Instant::now()));
    ctx.reply.ok();
    Ok(())
}

fn object(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let keys = ctx.keys.as_mut().expect("the key spec asks for its slice");
    let key = keys.arg(args, 2);
    let entry = keys.entry_even_due(key).ok_or(CommandError::NoSuchKey)?;
    let (encoding, bytes) = (entry.encoding(), entry.mem_bytes());
    let idle = keys.idle_of(entry);
    ctx.reply.simple(&format!(
        "refcount:1 encoding:{encoding} memory:{bytes} lru_seconds_idle:{idle}"
    ));
    Ok(())
}

fn shard(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let server = &ctx.core.server;
    let key = args.get(2);
    let shard = server.shard_map.shard_of(key);
    let core = shard % server.stats.len();
    ctx.reply
        .simple(&format!("slot:{} shard:{shard} core:{core}", slot_of(key)));
    Ok(())
}

fn stringmatch(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let fits = glob_match(args.get(2), args.get(3));
    ctx.reply.integer(fits.into());
    Ok(())
}

fn config_rewrite(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    config::write_down(ctx, Extent::All)
}

fn change_replication_id(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    ctx.core.server.replication_id.change();
    ctx.reply.ok();
    Ok(())
}

/// The reply is an error, the command none: the counters of errors do not see it.
fn error(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    ctx.reply.error_bytes(args.get(2));
    Ok(())
}

fn log(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    tracing::warn!("DEBUG LOG: {}", String::from_utf8_lossy(args.get(2)));
    ctx.reply.ok();
    Ok(())
}
