//! SLOWLOG: the commands that took long.

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec, parse_i64};

use super::{ServerCommand, ServerCtx, help};
use crate::observe::SlowEntry;

pub(super) static COMMANDS: &[&ServerCommand] = &[&SLOWLOG];

/// Entries GET returns when it is not told how many.
const GET_DEFAULT: usize = 10;

const WRONG_COUNT: CommandError =
    CommandError::text("ERR count should be greater than or equal to -1");
/// Redis finds GET's number of arguments wrong in its handler, which knows only this text.
const GET_ARITY: CommandError = CommandError::text(
    "ERR unknown subcommand or wrong number of arguments for 'get'. Try SLOWLOG HELP.",
);

const DEFAULT: Spec = Spec {
    since: "2.2.12",
    group: Group::Server,
    arity: 2,
    flags: Flags::ADMIN.union(Flags::LOADING).union(Flags::STALE),
    ..Spec::DEFAULT
};

static SLOWLOG: ServerCommand = ServerCommand {
    spec: Spec {
        name: "slowlog",
        summary: "A container for slow log commands.",
        complexity: "Depends on subcommand.",
        arity: -2,
        flags: Flags::empty(),
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        ServerCommand {
            spec: Spec {
                name: "get",
                summary: "Returns the newest slow commands: id, time, microseconds, arguments, client address, client name.",
                complexity: "O(N) where N is the number of entries returned",
                arity: -2,
                syntax: "[count]",
                ..DEFAULT
            },
            run: get,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "len",
                summary: "Returns how many entries the slow log has.",
                ..DEFAULT
            },
            run: len,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "reset",
                summary: "Empties the slow log.",
                complexity: "O(N) where N is the number of entries in the slowlog",
                ..DEFAULT
            },
            run: reset,
            subcommands: &[],
        },
        help::subcommand(Group::Server, "6.2.0", Categories::empty()),
    ],
};

fn get(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let count = match args.len() {
        2 => GET_DEFAULT,
        3 => match parse_i64(args.get(2)) {
            Ok(-1) => usize::MAX,
            Ok(count) => usize::try_from(count).map_err(|_| WRONG_COUNT)?,
            Err(_) => return Err(WRONG_COUNT),
        },
        _ => return Err(GET_ARITY),
    };
    let entries = ctx.session.slow_log(&ctx.core.server).newest(count);
    ctx.reply.array(entries.len());
    for entry in &entries {
        write_entry(ctx, entry);
    }
    Ok(())
}

fn write_entry(ctx: &mut ServerCtx<'_>, entry: &SlowEntry) {
    let reply = &mut ctx.reply;
    reply.array(6);
    reply.integer(entry.id as i64);
    reply.integer(entry.at_s as i64);
    reply.integer(entry.micros as i64);
    reply.array(entry.args.len());
    for arg in &entry.args {
        reply.bulk(arg);
    }
    reply.bulk(entry.addr.as_bytes());
    reply.bulk(&entry.name);
}

fn len(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.reply
        .integer(ctx.session.slow_log(&ctx.core.server).len() as i64);
    Ok(())
}

fn reset(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.session.slow_log(&ctx.core.server).reset();
    ctx.reply.ok();
    Ok(())
}
