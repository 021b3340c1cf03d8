//! MULTI, DISCARD, WATCH, UNWATCH: what a session notes. EXEC does its work in `exec`; here is only its error without MULTI.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, KeyFlags, KeySpec, Spec};

use crate::command::{ServerCommand, ServerCtx};

const DEFAULT: Spec = Spec {
    group: Group::Transactions,
    categories: Categories::TRANSACTION,
    flags: Flags::NOSCRIPT
        .union(Flags::LOADING)
        .union(Flags::STALE)
        .union(Flags::FAST)
        .union(Flags::ALLOW_BUSY),
    ..Spec::DEFAULT
};

pub(crate) static COMMANDS: &[&ServerCommand] = &[&MULTI, &EXEC, &DISCARD, &WATCH, &UNWATCH];

static MULTI: ServerCommand = ServerCommand {
    spec: Spec {
        name: "multi",
        summary: "Begins a transaction: what follows is queued until EXEC.",
        since: "1.2.0",
        ..DEFAULT
    },
    run: multi,
    subcommands: &[],
};

static EXEC: ServerCommand = ServerCommand {
    spec: Spec {
        name: "exec",
        summary: "Runs the transaction unless a watched key has changed.",
        since: "1.2.0",
        complexity: "Depends on commands in the transaction",
        flags: Flags::NOSCRIPT
            .union(Flags::LOADING)
            .union(Flags::STALE)
            .union(Flags::SKIP_SLOWLOG),
        ..DEFAULT
    },
    run: exec,
    subcommands: &[],
};

static DISCARD: ServerCommand = ServerCommand {
    spec: Spec {
        name: "discard",
        summary: "Forgets the transaction and all watched keys.",
        since: "2.0.0",
        complexity: "O(N), when N is the number of queued commands",
        ..DEFAULT
    },
    run: discard,
    subcommands: &[],
};

static WATCH: ServerCommand = ServerCommand {
    spec: Spec {
        name: "watch",
        summary: "Lets the next EXEC run only if these keys stay as they are.",
        since: "2.2.0",
        complexity: "O(1) for every key.",
        arity: -2,
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::RO)],
        syntax: "key [key ...]",
        ..DEFAULT
    },
    run: watch,
    subcommands: &[],
};

static UNWATCH: ServerCommand = ServerCommand {
    spec: Spec {
        name: "unwatch",
        summary: "Forgets all watched keys.",
        since: "2.2.0",
        ..DEFAULT
    },
    run: unwatch,
    subcommands: &[],
};

fn multi(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    if ctx.session.is_queueing() {
        return Err(CommandError::text("ERR MULTI calls can not be nested"));
    }
    ctx.session.transaction.get_or_insert_default().open();
    ctx.session.client.note_queue(Some((0, 0)));
    ctx.reply.ok();
    Ok(())
}

fn exec(_: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    Err(CommandError::text("ERR EXEC without MULTI"))
}

fn discard(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let session = &mut *ctx.session;
    match &mut session.transaction {
        Some(transaction) if transaction.is_open() => transaction.discard(&session.client),
        _ => return Err(CommandError::text("ERR DISCARD without MULTI")),
    }
    ctx.reply.ok();
    Ok(())
}

fn watch(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let session = &mut *ctx.session;
    if session.is_queueing() {
        return Err(CommandError::text("ERR WATCH inside MULTI is not allowed"));
    }
    // Once something has changed, more keys change nothing.
    if !session.client.watch_is_dirty() {
        let flag = Arc::clone(session.client.watch_flag());
        let keys = ctx.keys.as_mut().expect("the key spec asks for the slices");
        let transaction = session.transaction.get_or_insert_default();
        for index in 1..args.len() {
            let key = keys.arg(args, index);
            transaction.watch(ctx.core, &session.tenant, keys, key, &flag)?;
        }
        let bytes = transaction.watched_bytes;
        session.client.watch_bytes.store(bytes, Relaxed);
    }
    ctx.reply.ok();
    Ok(())
}

fn unwatch(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let session = &mut *ctx.session;
    if let Some(transaction) = &mut session.transaction {
        transaction.discard(&session.client);
    }
    ctx.reply.ok();
    Ok(())
}
