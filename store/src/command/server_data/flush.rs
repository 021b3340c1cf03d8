//! FLUSHDB and FLUSHALL. Either way the keys are gone at once and their memory is freed in the background.

use resp::Args;

use super::WHOLE_DB;
use crate::command::{ArgCursor, Categories, CommandError, Ctx, DataCommand, Flags, Spec};

/// What both have in common.
const FLUSH: Spec = Spec {
    arity: -1,
    flags: Flags::WRITE,
    categories: Categories::KEYSPACE.union(Categories::DANGEROUS),
    syntax: "[ASYNC | SYNC]",
    ..WHOLE_DB
};

pub(super) static FLUSHDB: DataCommand = DataCommand {
    spec: Spec {
        name: "flushdb",
        summary: "Deletes all keys of the database.",
        complexity: "O(1). Values are freed in the background.",
        ..FLUSH
    },
    run: flushdb,
    subcommands: &[],
};

fn flushdb(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_mode(args)?;
    let deleted = ctx.keys.flush_db();
    ctx.keys.add_dirty(deleted as u64);
    ctx.reply.ok();
    Ok(())
}

pub(super) static FLUSHALL: DataCommand = DataCommand {
    spec: Spec {
        name: "flushall",
        summary: "Deletes all keys of all databases.",
        complexity: "O(N) where N is the number of databases. Values are freed in the background.",
        ..FLUSH
    },
    run: flushall,
    subcommands: &[],
};

fn flushall(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_mode(args)?;
    let deleted = ctx.keys.flush_all();
    ctx.keys.add_dirty(deleted as u64);
    ctx.reply.ok();
    Ok(())
}

/// Lets through nothing, `ASYNC` or `SYNC`.
fn check_mode(args: Args<'_>) -> Result<(), CommandError> {
    let mut mode = ArgCursor::new(args, 1);
    if mode.is_done() || mode.remaining() == 1 && (mode.keyword("ASYNC") || mode.keyword("SYNC")) {
        Ok(())
    } else {
        Err(CommandError::Syntax)
    }
}
