//! COMMAND: what the server says about its own commands, all of it read from their declarations.

mod describe;
mod docs;
mod history;
mod keys;
mod list;
mod syntax;
mod tips;

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx, help};
use crate::registry::Command;

pub(super) static COMMANDS: &[&ServerCommand] = &[&COMMAND];

const DEFAULT: Spec = Spec {
    since: "2.8.13",
    group: Group::Server,
    categories: Categories::CONNECTION,
    flags: Flags::LOADING.union(Flags::STALE),
    ..Spec::DEFAULT
};

static COMMAND: ServerCommand = ServerCommand {
    spec: Spec {
        name: "command",
        summary: "Describes every command.",
        complexity: "O(N) where N is the total number of Redis commands",
        arity: -1,
        ..DEFAULT
    },
    run: command,
    subcommands: &[
        ServerCommand {
            spec: Spec {
                name: "count",
                summary: "Counts the commands.",
                arity: 2,
                ..DEFAULT
            },
            run: count,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "info",
                summary: "Describes these commands, or all.",
                complexity: "O(N) where N is the number of commands to look up",
                arity: -2,
                syntax: "[command-name [command-name ...]]",
                ..DEFAULT
            },
            run: info,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "docs",
                summary: "Documents these commands, or all.",
                since: "7.0.0",
                complexity: "O(N) where N is the number of commands to look up",
                arity: -2,
                syntax: "[command-name [command-name ...]]",
                ..DEFAULT
            },
            run: docs::docs,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "list",
                summary: "Lists the names of commands, all or those that fit a filter.",
                since: "7.0.0",
                complexity: "O(N) where N is the total number of Redis commands",
                arity: -2,
                syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
                ..DEFAULT
            },
            run: list::list,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "getkeys",
                summary: "Returns the keys of a whole command.",
                complexity: "O(N) where N is the number of arguments to the command",
                arity: -4,
                syntax: "command [arg [arg ...]]",
                ..DEFAULT
            },
            run: keys::getkeys,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "getkeysandflags",
                summary: "Returns the keys of a whole command, and what it does to each.",
                since: "7.0.0",
                complexity: "O(N) where N is the number of arguments to the command",
                arity: -4,
                syntax: "command [arg [arg ...]]",
                ..DEFAULT
            },
            run: keys::getkeysandflags,
            subcommands: &[],
        },
        help::subcommand(Group::Server, "5.0.0", Categories::CONNECTION),
    ],
};

/// Commands under the names they are called by, in the order of the names.
fn named<'c>(ctx: &ServerCtx<'c>) -> Vec<(&'c [u8], &'c Command)> {
    let core = ctx.core;
    let mut named: Vec<_> = core.server.registry.named().collect();
    named.sort_by_key(|(name, _)| *name);
    named
}

fn command(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    write_all(ctx);
    Ok(())
}

fn write_all(ctx: &mut ServerCtx<'_>) {
    let named = named(ctx);
    ctx.reply.array(named.len());
    for (_, command) in named {
        describe::write(&mut ctx.reply, &ctx.core.server.registry, command);
    }
}

fn count(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let count = ctx.core.server.registry.named().count();
    ctx.reply.integer(count as i64);
    Ok(())
}

fn info(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    if args.len() == 2 {
        write_all(ctx);
        return Ok(());
    }
    let registry = &ctx.core.server.registry;
    ctx.reply.array(args.len() - 2);
    for name in args.iter().skip(2) {
        match registry.find_full(name) {
            Some(command) => describe::write(&mut ctx.reply, registry, command),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}
