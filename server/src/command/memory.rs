//! MEMORY USAGE: what a key costs.

use resp::Args;
use store::command::{
    ArgCursor, Categories, CommandError, Flags, Group, KeyFlags, KeySpec, Spec, parse_i64,
};

use super::{ServerCommand, ServerCtx, help};

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
