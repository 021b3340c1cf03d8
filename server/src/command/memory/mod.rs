//! MEMORY: what a key costs, what all of them cost, and what may be wrong with it.

mod doctor;
mod stats;

use resp::Args;
use store::command::{
    ArgCursor, Categories, CommandError, Flags, Group, KeyFlags, KeySpec, Routing, Spec, parse_i64,
};

use super::{ServerCommand, ServerCtx, help};
use crate::{allocator, process};

pub(super) static COMMANDS: &[&ServerCommand] = &[&MEMORY];

const DEFAULT: Spec = Spec {
    since: "4.0.0",
    group: Group::Server,
    ..Spec::DEFAULT
};

static MEMORY: ServerCommand = ServerCommand {
    spec: Spec {
        name: "memory",
        summary: "A container for memory diagnostics commands.",
        complexity: "Depends on subcommand.",
        arity: -2,
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        ServerCommand {
            spec: Spec {
                name: "doctor",
                summary: "Returns an opinion on the use of memory, for people.",
                arity: 2,
                routing: Routing::All,
                ..DEFAULT
            },
            run: doctor::doctor,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "malloc-stats",
                summary: "Returns the allocator's figures.",
                complexity: "Depends on how much memory is allocated, could be slow",
                arity: 2,
                ..DEFAULT
            },
            run: malloc_stats,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "purge",
                summary: "Has the allocator give back what it does not need.",
                complexity: "Depends on how much memory is allocated, could be slow",
                arity: 2,
                ..DEFAULT
            },
            run: purge,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "stats",
                summary: "Returns figures about the use of memory.",
                arity: 2,
                routing: Routing::All,
                ..DEFAULT
            },
            run: stats::stats,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "usage",
                summary: "Returns the bytes charged for a key and its value.",
                complexity: "O(1)",
                arity: -3,
                flags: Flags::READONLY,
                keys: &[KeySpec::at(2, KeyFlags::RO)],
                syntax: "key [SAMPLES count]",
                ..DEFAULT
            },
            run: usage,
            subcommands: &[],
        },
        help::subcommand(Group::Server, "4.0.0", Categories::empty()),
    ],
};

/// SAMPLES is read and checked, but nothing needs sampling: the size is kept exactly.
fn usage(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut options = ArgCursor::new(args, 3);
    while !options.is_done() {
        if !options.keyword("samples") || parse_i64(options.expect()?)? < 0 {
            return Err(CommandError::Syntax);
        }
    }
    let keys = ctx.keys.as_mut().expect("the key spec asks for its slice");
    let key = keys.arg(args, 2);
    match keys.memory_bytes(key) {
        Some(bytes) => ctx.reply.integer(bytes as i64),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// The figures the system and the allocator's own counters give; Redis's text for allocators other than its own says less.
fn malloc_stats(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let text = format!(
        "___ Begin mimalloc statistics ___\nresident: {}\nresident peak: {}\n--- End mimalloc statistics ---\n",
        process::resident_bytes(),
        process::resident_peak_bytes(),
    );
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// Every thread has its own heap, so every core purges its own: this one now, the others as their clock next ticks.
fn purge(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    allocator::release_unused();
    ctx.core.server.net.purge();
    ctx.reply.ok();
    Ok(())
}
