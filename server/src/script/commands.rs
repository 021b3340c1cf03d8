//! The declarations of EVAL and SCRIPT, and SCRIPT's handlers.

use std::rc::Rc;

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, KeyFlags, KeySpec, Routing, Spec};
use udf::lua::sha1_hex;

use super::eval;
use crate::command::{ServerCommand, ServerCtx, help, subcommand};

pub(crate) static COMMANDS: &[&ServerCommand] = &[&EVAL, &EVALSHA, &EVAL_RO, &EVALSHA_RO, &SCRIPT];

const FLUSH_MODE: CommandError =
    CommandError::text("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
const NO_DEBUGGER: CommandError = CommandError::text(
    "ERR The debugger of scripts is not available: every script runs atomically, on the core that serves its client",
);

const SCRIPTS: Spec = Spec {
    group: Group::Scripting,
    categories: Categories::SCRIPTING,
    ..Spec::DEFAULT
};

const WRITING: KeyFlags = KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE);
const READING: KeyFlags = KeyFlags::RO.union(KeyFlags::ACCESS);

const CALL: Spec = Spec {
    since: "2.6.0",
    complexity: "Depends on the script that is executed.",
    arity: -3,
    flags: Flags::NOSCRIPT
        .union(Flags::STALE)
        .union(Flags::SKIP_MONITOR)
        .union(Flags::NO_MANDATORY_KEYS)
        .union(Flags::MOVABLEKEYS),
    routing: Routing::All,
    breathes: true,
    ..SCRIPTS
};

static EVAL: ServerCommand = ServerCommand {
    spec: Spec {
        name: "eval",
        summary: "Runs a Lua script.",
        keys: &[KeySpec::counted(2, WRITING).noted(
            "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE",
        )],
        syntax: "script numkeys [key [key ...]] [arg [arg ...]]",
        flags: CALL.flags.union(Flags::MAY_REPLICATE),
        ..CALL
    },
    run: eval::eval,
    subcommands: &[],
};

static EVALSHA: ServerCommand = ServerCommand {
    spec: Spec {
        name: "evalsha",
        summary: "Runs a Lua script that is known, by its SHA1 digest.",
        keys: &[KeySpec::counted(2, WRITING)],
        syntax: "sha1 numkeys [key [key ...]] [arg [arg ...]]",
        flags: CALL.flags.union(Flags::MAY_REPLICATE),
        ..CALL
    },
    run: eval::evalsha,
    subcommands: &[],
};

static EVAL_RO: ServerCommand = ServerCommand {
    spec: Spec {
        name: "eval_ro",
        summary: "Runs a Lua script that may not write.",
        since: "7.0.0",
        flags: CALL.flags.union(Flags::READONLY),
        keys: &[KeySpec::counted(2, READING).noted(
            "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS",
        )],
        syntax: "script numkeys [key [key ...]] [arg [arg ...]]",
        ..CALL
    },
    run: eval::eval_ro,
    subcommands: &[],
};

static EVALSHA_RO: ServerCommand = ServerCommand {
    spec: Spec {
        name: "evalsha_ro",
        summary: "Runs a Lua script that is known and may not write, by its SHA1 digest.",
        since: "7.0.0",
        flags: CALL.flags.union(Flags::READONLY),
        keys: &[KeySpec::counted(2, READING)],
        syntax: "sha1 numkeys [key [key ...]] [arg [arg ...]]",
        ..CALL
    },
    run: eval::evalsha_ro,
    subcommands: &[],
};

const SUB: Spec = Spec {
    since: "2.6.0",
    arity: 2,
    flags: Flags::NOSCRIPT,
    ..SCRIPTS
};

static SCRIPT: ServerCommand = ServerCommand {
    spec: Spec {
        name: "script",
        summary: "A container for Lua scripts management commands.",
        since: "2.6.0",
        complexity: "Depends on subcommand.",
        group: Group::Scripting,
        arity: -2,
        ..Spec::DEFAULT
    },
    run: help::container,
    subcommands: &[
        subcommand(
            Spec {
                name: "load",
                summary: "Compiles a script and keeps it; returns its SHA1 digest.",
                complexity: "O(N) with N being the length in bytes of the script body.",
                arity: 3,
                flags: Flags::NOSCRIPT.union(Flags::STALE),
                syntax: "script",
                ..SUB
            },
            load,
        ),
        subcommand(
            Spec {
                name: "exists",
                summary: "Tells which of these digests are those of scripts that are known.",
                complexity: "O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation).",
                arity: -3,
                syntax: "sha1 [sha1 ...]",
                ..SUB
            },
            exists,
        ),
        subcommand(
            Spec {
                name: "flush",
                summary: "Forgets all scripts.",
                complexity: "O(N) with N being the number of scripts in cache",
                arity: -2,
                syntax: "[ASYNC | SYNC]",
                ..SUB
            },
            flush,
        ),
        subcommand(
            Spec {
                name: "kill",
                summary: "Ends the script that runs, if it has not written.",
                flags: Flags::NOSCRIPT.union(Flags::ALLOW_BUSY),
                ..SUB
            },
            kill,
        ),
        subcommand(
            Spec {
                name: "show",
                summary: "Returns the text of a script that is known.",
                since: "8.0.0",
                arity: 3,
                syntax: "sha1",
                ..SUB
            },
            show,
        ),
        subcommand(
            Spec {
                name: "debug",
                summary: "Refuses to debug scripts.",
                since: "3.2.0",
                arity: 3,
                syntax: "YES | SYNC | NO",
                ..SUB
            },
            debug,
        ),
        help::subcommand(Group::Scripting, "5.0.0", Categories::SCRIPTING),
    ],
};

fn load(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let text = args.get(2);
    let sha = sha1_hex(text);
    let tenant = Rc::clone(&ctx.session.tenant);
    let core = ctx.core;
    let mut engine = eval::take_engine(core, &tenant);
    let loaded = match engine.find(&tenant.scripts, &sha) {
        Some(_) => Ok(()),
        None => eval::keep(&mut engine, core, &tenant, sha, text).map(|_| ()),
    };
    core.engines.put(engine, &tenant);
    loaded?;
    ctx.reply.bulk(&sha);
    Ok(())
}

fn exists(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.array(args.len() - 2);
    for index in 2..args.len() {
        let known = eval::digest(args.get(index))
            .is_some_and(|sha| ctx.session.tenant.scripts.contains(&sha));
        ctx.reply.integer(i64::from(known));
    }
    Ok(())
}

fn flush(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mode_is_known = match args.try_get(2) {
        None => true,
        Some(mode) => {
            args.len() == 3
                && (mode.eq_ignore_ascii_case(b"sync") || mode.eq_ignore_ascii_case(b"async"))
        }
    };
    if !mode_is_known {
        return Err(FLUSH_MODE);
    }
    ctx.session.tenant.scripts.flush();
    ctx.core.engines.tidy(&ctx.core.tenants());
    ctx.session.tenant.recount_code();
    ctx.reply.ok();
    Ok(())
}

fn kill(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.session.tenant.scripts.kill()?;
    ctx.reply.ok();
    Ok(())
}

fn show(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let scripts = &ctx.session.tenant.scripts;
    let script = eval::digest(args.get(2)).and_then(|sha| scripts.get(&sha));
    let script = script.ok_or(eval::NOSCRIPT)?;
    ctx.reply.bulk(&script.text);
    Ok(())
}

/// Only switching it off is nothing to refuse.
fn debug(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mode = args.get(2);
    if mode.eq_ignore_ascii_case(b"no") {
        ctx.reply.ok();
        return Ok(());
    }
    let is_mode = mode.eq_ignore_ascii_case(b"yes") || mode.eq_ignore_ascii_case(b"sync");
    Err(match is_mode {
        true => NO_DEBUGGER,
        false => CommandError::text("ERR Use SCRIPT DEBUG YES/SYNC/NO"),
    })
}
