//! COMMAND GETKEYS and GETKEYSANDFLAGS: the keys of a command given as arguments.

use resp::Args;
use store::command::{CommandError, Flags, KeyFlags, key_positions};

use super::super::ServerCtx;
use super::describe;
use crate::registry::{Command, Registry};

pub(super) fn getkeys(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let inner = args.tail(2);
    let keys = find(&ctx.core.server.registry, inner)?;
    ctx.reply.array(keys.len());
    for (index, _) in keys {
        ctx.reply.bulk(inner.get(index));
    }
    Ok(())
}

pub(super) fn getkeysandflags(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let inner = args.tail(2);
    let keys = find(&ctx.core.server.registry, inner)?;
    ctx.reply.array(keys.len());
    for (index, flags) in keys {
        ctx.reply.array(2);
        ctx.reply.bulk(inner.get(index));
        describe::write_key_flags(&mut ctx.reply, flags);
    }
    Ok(())
}

/// The keys of a whole command: where they are and what happens to them.
fn find(registry: &Registry, args: Args<'_>) -> Result<Vec<(usize, KeyFlags)>, CommandError> {
    let command =
        resolve(registry, args).ok_or(CommandError::text("ERR Invalid command specified"))?;
    if command.spec.keys.is_empty() {
        return Err(CommandError::text("ERR The command has no key arguments"));
    }
    if !command.spec.arity_allows(args.len()) {
        return Err(CommandError::text(
            "ERR Invalid number of arguments specified for command",
        ));
    }
    let mut keys = Vec::new();
    let found = key_positions(command.spec, args, |index, flags| {
        keys.push((index, flags));
    });
    let optional = command.spec.flags.contains(Flags::NO_MANDATORY_KEYS);
    match found {
        Err(_) if !optional => Err(invalid_arguments()),
        _ if keys.is_empty() && !optional => Err(invalid_arguments()),
        _ => Ok(keys),
    }
}

fn invalid_arguments() -> CommandError {
    CommandError::text("ERR Invalid arguments specified for command")
}

fn resolve<'r>(registry: &'r Registry, args: Args<'_>) -> Option<&'r Command> {
    let command = registry.find(args.get(0))?;
    match args.try_get(1) {
        Some(name) if !command.subcommands.is_empty() => registry.find_sub(command, name),
        _ => Some(command),
    }
}
