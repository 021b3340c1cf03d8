//! MODULE: there are none, and none can be loaded.

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx, help};

pub(super) static COMMANDS: &[&ServerCommand] = &[&MODULE];

const NO_MODULES: CommandError =
    CommandError::text("ERR Error loading the extension. This server does not load modules.");
const NOT_LOADED: CommandError =
    CommandError::text("ERR Error unloading module: no such module with that name");

const DEFAULT: Spec = Spec {
    since: "4.0.0",
    group: Group::Server,
    arity: -3,
    flags: Flags::ADMIN.union(Flags::NOSCRIPT),
    ..Spec::DEFAULT
};

const LOAD: Flags = DEFAULT
    .flags
    .union(Flags::NO_ASYNC_LOADING)
    .union(Flags::PROTECTED);

static MODULE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "module",
        summary: "A container for module commands.",
        complexity: "Depends on subcommand.",
        arity: -2,
        flags: Flags::empty(),
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        ServerCommand {
            spec: Spec {
                name: "list",
                summary: "Returns the loaded modules: none.",
                complexity: "O(N) where N is the number of loaded modules.",
                arity: 2,
                ..DEFAULT
            },
            run: list,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "load",
                summary: "Refuses to load a module.",
                flags: LOAD,
                syntax: "path [arg [arg ...]]",
                ..DEFAULT
            },
            run: load,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "loadex",
                summary: "Refuses to load a module.",
                since: "7.0.0",
                flags: LOAD,
                syntax: "path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]",
                ..DEFAULT
            },
            run: load,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "unload",
                summary: "Finds no module to unload.",
                arity: 3,
                flags: LOAD,
                syntax: "name",
                ..DEFAULT
            },
            run: unload,
            subcommands: &[],
        },
        help::subcommand(Group::Server, "5.0.0", Categories::empty()),
    ],
};

fn list(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.array(0);
    Ok(())
}

fn load(_: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    Err(NO_MODULES)
}

fn unload(_: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    Err(NOT_LOADED)
}
