//! KEYS and RANDOMKEY: names of keys, all that match or any one.

use resp::Args;

use super::GENERIC;
use crate::command::{Categories, CommandError, Ctx, DataCommand, Flags, Routing, Spec};
use crate::glob::glob_match;

pub(super) static KEYS: DataCommand = DataCommand {
    spec: Spec {
        name: "keys",
        summary: "Gives the names of all keys that match a pattern.",
        complexity: "O(N) with N being the number of keys in the database, under the assumption that the key names in the database and the given pattern have limited length.",
        arity: 2,
        flags: Flags::READONLY,
        categories: Categories::KEYSPACE.union(Categories::DANGEROUS),
        routing: Routing::All,
        breathes: true,
        syntax: "pattern",
        ..GENERIC
    },
    run: keys,
    subcommands: &[],
};

fn keys(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let pattern = args.get(1);
    let all = pattern == b"*";
    let (len, mut found) = (ctx.reply.array_deferred(), 0);
    ctx.keys.for_each_live(|name, _| {
        if all || glob_match(pattern, name) {
            ctx.reply.bulk(name);
            found += 1;
        }
    });
    ctx.reply.finish_array(len, found);
    Ok(())
}

pub(super) static RANDOMKEY: DataCommand = DataCommand {
    spec: Spec {
        name: "randomkey",
        summary: "Gives the name of a key chosen at random.",
        arity: 1,
        flags: Flags::READONLY,
        routing: Routing::All,
        ..GENERIC
    },
    run: randomkey,
    subcommands: &[],
};

fn randomkey(ctx: &mut Ctx<'_>, _args: Args<'_>) -> Result<(), CommandError> {
    match ctx.keys.random_key(ctx.rng) {
        Some(name) => ctx.reply.bulk(&name),
        None => ctx.reply.null(),
    }
    Ok(())
}
