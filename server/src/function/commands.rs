//! FUNCTION and its subcommands, but for those that run something.

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, KeyFlags, KeySpec, Spec};
use udf::library::LibraryError;

use super::{fcall, list, restore};
use crate::command::{ServerCommand, ServerCtx, help, subcommand, syntax_of_subcommand};
use crate::memory::OOM;
use crate::script::Mode;

/// All that has to do with functions.
pub(crate) static COMMANDS: &[&ServerCommand] = &[&FUNCTION, &FCALL, &FCALL_RO];

/// What the declarations have in common.
const SCRIPTING: Spec = Spec {
    since: "7.0.0",
    group: Group::Scripting,
    ..Spec::DEFAULT
};

/// A subcommand that shows something.
const SHOWS: Spec = Spec {
    flags: Flags::NOSCRIPT,
    categories: Categories::SCRIPTING,
    ..SCRIPTING
};

/// A subcommand that changes the libraries.
const CHANGES: Spec = Spec {
    flags: Flags::NOSCRIPT.union(Flags::WRITE),
    ..SHOWS
};

static FUNCTION: ServerCommand = ServerCommand {
    spec: Spec {
        name: "function",
        summary: "A container for function commands.",
        complexity: "Depends on subcommand.",
        arity: -2,
        ..SCRIPTING
    },
    run: help::container,
    subcommands: &[
        subcommand(
            Spec {
                name: "load",
                summary: "Takes a library in.",
                complexity: "O(1) for the other clients, who do not wait for its compilation.",
                arity: -3,
                flags: CHANGES.flags.union(Flags::DENYOOM),
                syntax: "[REPLACE] function-code",
                ..CHANGES
            },
            load,
        ),
        subcommand(
            Spec {
                name: "list",
                summary: "Lists the libraries.",
                complexity: "O(N) where N is the number of functions.",
                arity: -2,
                syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
                ..SHOWS
            },
            list::list,
        ),
        subcommand(
            Spec {
                name: "delete",
                summary: "Removes a library and its functions.",
                arity: 3,
                syntax: "library-name",
                ..CHANGES
            },
            delete,
        ),
        subcommand(
            Spec {
                name: "flush",
                summary: "Removes all libraries.",
                complexity: "O(N) where N is the number of libraries.",
                arity: -2,
                syntax: "[ASYNC | SYNC]",
                ..CHANGES
            },
            flush,
        ),
        subcommand(
            Spec {
                name: "dump",
                summary: "Returns all libraries as one payload.",
                complexity: "O(N) where N is the number of functions.",
                arity: 2,
                ..SHOWS
            },
            restore::dump,
        ),
        subcommand(
            Spec {
                name: "restore",
                summary: "Takes the libraries of a payload in.",
                complexity: "O(N) where N is the number of functions in the payload.",
                arity: -3,
                flags: CHANGES.flags.union(Flags::DENYOOM),
                syntax: "serialized-value [FLUSH | APPEND | REPLACE]",
                ..CHANGES
            },
            restore::restore,
        ),
        subcommand(
            Spec {
                name: "stats",
                summary: "Shows the function that runs, and how many there are of each engine.",
                arity: 2,
                flags: SHOWS.flags.union(Flags::ALLOW_BUSY),
                ..SHOWS
            },
            list::stats,
        ),
        subcommand(
            Spec {
                name: "kill",
                summary: "Ends functions that run for long and have not written yet.",
                arity: 2,
                flags: SHOWS.flags.union(Flags::ALLOW_BUSY),
                ..SHOWS
            },
            kill,
        ),
        help::subcommand(Group::Scripting, "7.0.0", Categories::SCRIPTING),
    ],
};

/// What FCALL and FCALL_RO have in common.
const CALLS: Spec = Spec {
    complexity: "Depends on the function that is executed.",
    arity: -3,
    syntax: "function numkeys [key [key ...]] [arg [arg ...]]",
    categories: Categories::SCRIPTING,
    breathes: true,
    ..SCRIPTING
};

const CALL_FLAGS: Flags = Flags::NOSCRIPT
    .union(Flags::STALE)
    .union(Flags::SKIP_MONITOR)
    .union(Flags::NO_MANDATORY_KEYS)
    .union(Flags::MOVABLEKEYS);

static FCALL: ServerCommand = ServerCommand {
    spec: Spec {
        name: "fcall",
        summary: "Calls a function.",
        flags: CALL_FLAGS.union(Flags::MAY_REPLICATE),
        keys: &[KeySpec::counted(
            2,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE),
        )
        .noted("We cannot tell how the keys will be used so we assume the worst, RW and UPDATE")],
        ..CALLS
    },
    run: |ctx, args| fcall::fcall(ctx, args, Mode::Any),
    subcommands: &[],
};

static FCALL_RO: ServerCommand = ServerCommand {
    spec: Spec {
        name: "fcall_ro",
        summary: "Calls a function that writes nothing.",
        flags: CALL_FLAGS.union(Flags::READONLY),
        keys: &[
            KeySpec::counted(2, KeyFlags::RO.union(KeyFlags::ACCESS)).noted(
                "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS",
            ),
        ],
        ..CALLS
    },
    run: |ctx, args| fcall::fcall(ctx, args, Mode::ReadOnly),
    subcommands: &[],
};

/// An error of the library table on the wire.
pub(super) fn wire(error: impl std::fmt::Display) -> CommandError {
    CommandError::Text(format!("ERR {error}").into())
}

/// Whether the libraries that were prepared of these codes fit in, in place of those of their names.
pub(super) fn check_room<'c>(
    ctx: &ServerCtx<'_>,
    codes: impl Iterator<Item = &'c [u8]>,
) -> Result<(), CommandError> {
    let tenant = &ctx.session.tenant;
    let loaded = tenant.functions.get();
    let libraries = codes.filter_map(|code| ctx.session.prepared_library(code));
    let more = libraries.map(|library| {
        let replaced = loaded.get(library.name.as_bytes());
        let replaced = replaced.map_or(0, |library| library.used_bytes());
        library.used_bytes().saturating_sub(replaced)
    });
    match tenant.refuses_code(more.sum(), &ctx.core.settings()) {
        true => Err(OOM),
        false => Ok(()),
    }
}

/// Counts a change of the libraries as one of the data, and charges the tenant for what they are now.
pub(super) fn changed(ctx: &ServerCtx<'_>) {
    ctx.core.stats().changes.add(1);
    ctx.core.shelf.tidy();
    ctx.session.tenant.recount_code();
}

fn load(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut replace = false;
    for option in args.iter().take(args.len() - 1).skip(2) {
        if !option.eq_ignore_ascii_case(b"replace") {
            return Err(CommandError::quoting(
                "ERR Unknown option given: ",
                option,
                "",
            ));
        }
        replace = true;
    }
    let code = args.get(args.len() - 1);
    check_room(ctx, std::iter::once(code))?;
    let outcome = ctx.session.take_prepared(code);
    let name = ctx
        .session
        .tenant
        .functions
        .change(|libraries| {
            let has_engine = !matches!(outcome, Err(LibraryError::NoEngine(_)));
            if !replace && has_engine {
                // Whether there is one already is asked before the code is looked at.
                let header = udf::library::Header::parse(code)?;
                if libraries.get(header.name.as_bytes()).is_some() {
                    return Err(LibraryError::Exists(header.name));
                }
            }
            let library = outcome?;
            let name = library.name.clone();
            libraries.put(library)?;
            Ok(name)
        })
        .map_err(wire)?;
    changed(ctx);
    ctx.reply.bulk(name.as_bytes());
    Ok(())
}

fn delete(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let functions = &ctx.session.tenant.functions;
    functions
        .change(|libraries| match libraries.remove(args.get(2)) {
            true => Ok(()),
            false => Err(LibraryError::NotFound),
        })
        .map_err(wire)?;
    changed(ctx);
    ctx.reply.ok();
    Ok(())
}

fn flush(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    if args.len() > 3 {
        return Err(syntax_of_subcommand(args));
    }
    if let Some(mode) = args.try_get(2)
        && !mode.eq_ignore_ascii_case(b"sync")
        && !mode.eq_ignore_ascii_case(b"async")
    {
        return Err(CommandError::text(
            "ERR FUNCTION FLUSH only supports SYNC|ASYNC option",
        ));
    }
    let functions = &ctx.session.tenant.functions;
    functions
        .change(|libraries| {
            *libraries = Default::default();
            Ok(())
        })
        .map_err(wire)?;
    changed(ctx);
    ctx.reply.ok();
    Ok(())
}

fn kill(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    use std::sync::atomic::Ordering::Relaxed;
    let running = ctx.session.tenant.functions.running();
    if running.is_empty() {
        ctx.session.tenant.scripts.refuse_kill_of_function()?;
        return Err(CommandError::text(
            "NOTBUSY No scripts in execution right now.",
        ));
    }
    let killable = || running.iter().filter(|one| !one.wrote.load(Relaxed));
    if killable().next().is_none() {
        return Err(CommandError::text(
            "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
        ));
    }
    killable().for_each(|one| one.killed.store(true, Relaxed));
    drop(running);
    ctx.core.server.loader.interrupt();
    ctx.reply.ok();
    Ok(())
}
