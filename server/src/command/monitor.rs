//! MONITOR: every command of every client, as it is run, on this connection.

use std::sync::atomic::Ordering::Relaxed;

use resp::Args;
use store::command::{CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx};
use crate::core::Core;
use crate::session::Session;

pub(super) static COMMANDS: &[&ServerCommand] = &[&MONITOR];

static MONITOR: ServerCommand = ServerCommand {
    spec: Spec {
        name: "monitor",
        summary: "Sends this connection every command that any client runs.",
        since: "1.0.0",
        complexity: "",
        group: Group::Server,
        arity: 1,
        flags: Flags::ADMIN
            .union(Flags::NOSCRIPT)
            .union(Flags::LOADING)
            .union(Flags::STALE),
        ..Spec::DEFAULT
    },
    run: monitor,
    subcommands: &[],
};

fn monitor(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let client = &ctx.session.client;
    if client.multi_len.load(Relaxed) >= 0 {
        return Err(CommandError::text(
            "ERR MONITOR isn't allowed for DENY BLOCKING client",
        ));
    }
    // Who monitors already gets no second answer.
    if !client.monitors.swap(true, Relaxed) {
        ctx.core.server.monitors.insert(client);
        ctx.core.server.config.republish();
        ctx.reply.ok();
    }
    Ok(())
}

/// Ends MONITOR on a session's connection, if it was on.
pub(crate) fn stop(core: &Core, session: &Session) {
    if session.client.monitors.swap(false, Relaxed) {
        core.server.monitors.remove(&session.client);
        core.server.config.republish();
    }
}
