//! CLIENT UNBLOCK, CLIENT PAUSE, CLIENT UNPAUSE.

use resp::Args;
use store::command::{
    Categories, CommandError, Flags, Group, Outcome, Spec, parse_i64, parse_timeout_ms,
};

use super::pause::Scope;
use crate::command::{ServerCommand, ServerCtx};

const ADMIN: Spec = Spec {
    group: Group::Connection,
    categories: Categories::CONNECTION,
    flags: Flags::NOSCRIPT
        .union(Flags::LOADING)
        .union(Flags::STALE)
        .union(Flags::ADMIN),
    ..Spec::DEFAULT
};

pub(crate) const UNBLOCK: ServerCommand = ServerCommand {
    spec: Spec {
        name: "unblock",
        summary: "Ends the wait of a connection, as if its time was over or with an error.",
        since: "5.0.0",
        complexity: "O(log N) where N is the number of client connections",
        arity: -3,
        syntax: "client-id [TIMEOUT | ERROR]",
        ..ADMIN
    },
    run: unblock,
    subcommands: &[],
};

pub(crate) const PAUSE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "pause",
        summary: "Holds up the commands of all clients for a time, or those that write.",
        since: "3.0.0",
        arity: -3,
        syntax: "timeout [WRITE | ALL]",
        ..ADMIN
    },
    run: pause,
    subcommands: &[],
};

pub(crate) const UNPAUSE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "unpause",
        summary: "Lets clients go on that were paused.",
        since: "6.2.0",
        complexity: "O(N) Where N is the number of paused clients",
        arity: 2,
        ..ADMIN
    },
    run: unpause,
    subcommands: &[],
};

fn unblock(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let outcome = match args.try_get(3).map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"timeout") => Outcome::TimedOut,
        Some(b"error") => Outcome::Unblocked,
        Some(_) => {
            return Err(CommandError::text(
                "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
            ));
        }
    };
    let id = parse_i64(args.get(2))?;
    let target = u64::try_from(id)
        .ok()
        .and_then(|id| ctx.core.server.clients.get(id))
        .filter(|client| ctx.session.sees(client));
    let ended = target.is_some_and(|client| client.end_wait(outcome));
    ctx.reply.integer(i64::from(ended));
    Ok(())
}

fn pause(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let scope = match args.try_get(3).map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"all") => Scope::All,
        Some(b"write") => Scope::Writes,
        Some(_) => {
            return Err(CommandError::text(
                "ERR CLIENT PAUSE mode must be WRITE or ALL",
            ));
        }
    };
    let until_ms = parse_timeout_ms(args.get(2), ctx.now_ms)?;
    if let Some(until_ms) = until_ms {
        ctx.session
            .own_pause(&ctx.core.server)
            .begin(until_ms, scope);
    }
    ctx.reply.ok();
    Ok(())
}

fn unpause(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.session.own_pause(&ctx.core.server).end();
    ctx.reply.ok();
    Ok(())
}
