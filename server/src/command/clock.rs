//! TIME.

use std::time::{SystemTime, UNIX_EPOCH};

use resp::Args;
use store::command::{CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx};

pub(super) static COMMANDS: &[&ServerCommand] = &[&TIME];

static TIME: ServerCommand = ServerCommand {
    spec: Spec {
        name: "time",
        summary: "Returns the server's clock.",
        since: "2.6.0",
        group: Group::Server,
        arity: 1,
        flags: Flags::LOADING.union(Flags::STALE).union(Flags::FAST),
        ..Spec::DEFAULT
    },
    run: time,
    subcommands: &[],
};

/// Microseconds are wanted here, which the command's own millisecond time does not have.
fn time(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    ctx.reply.array(2);
    ctx.reply.bulk_integer(now.as_secs() as i64);
    ctx.reply.bulk_integer(now.subsec_micros().into());
    Ok(())
}
