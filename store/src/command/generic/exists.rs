//! EXISTS, TOUCH and TYPE: whether a key is there, and what it is.

use resp::Args;

use super::{GENERIC, KEY_RO, KEYS_RO};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};

pub(super) static EXISTS: DataCommand = DataCommand {
    spec: Spec {
        name: "exists",
        summary: "Says how many of the keys exist; one named twice counts twice.",
        complexity: "O(N) where N is the number of keys to check.",
        arity: -2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEYS_RO,
        syntax: "key [key ...]",
        ..GENERIC
    },
    run: exists,
    subcommands: &[],
};

fn exists(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut found = 0;
    for index in 1..args.len() {
        let key = ctx.keys.arg(args, index);
        found += i64::from(ctx.keys.ask(key).is_some());
    }
    ctx.reply.integer(found);
    Ok(())
}

pub(super) static TOUCH: DataCommand = DataCommand {
    spec: Spec {
        name: "touch",
        summary: "Marks keys as accessed just now and says how many exist.",
        since: "3.2.1",
        complexity: "O(N) where N is the number of keys that will be touched.",
        arity: -2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEYS_RO,
        syntax: "key [key ...]",
        ..GENERIC
    },
    run: touch,
    subcommands: &[],
};

fn touch(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut found = 0;
    for index in 1..args.len() {
        let key = ctx.keys.arg(args, index);
        found += i64::from(ctx.keys.read(key).is_some());
    }
    ctx.reply.integer(found);
    Ok(())
}

pub(super) static TYPE: DataCommand = DataCommand {
    spec: Spec {
        name: "type",
        summary: "Names the type of a key's value; `none` when there is no such key.",
        arity: 2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO,
        syntax: "key",
        ..GENERIC
    },
    run: type_of,
    subcommands: &[],
};

fn type_of(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let entry = ctx.keys.ask(key);
    ctx.reply
        .simple(entry.map_or("none", |entry| entry.value().type_name()));
    Ok(())
}
