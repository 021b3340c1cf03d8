//! SAVE and LASTSAVE.

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Routing, Spec};
use tracing::{info, warn};

use super::{ServerCommand, ServerCtx};
use crate::blocking::Blocked;
use crate::snapshot;

pub(super) static COMMANDS: &[&ServerCommand] = &[&SAVE, &LASTSAVE];

static SAVE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "save",
        summary: "Writes all data to the snapshot file while everybody waits.",
        complexity: "O(N) where N is the total number of keys in all databases",
        group: Group::Server,
        arity: 1,
        flags: Flags::ADMIN
            .union(Flags::NOSCRIPT)
            .union(Flags::NO_ASYNC_LOADING)
            .union(Flags::NO_MULTI),
        routing: Routing::All,
        ..Spec::DEFAULT
    },
    run: save,
    subcommands: &[],
};

fn save(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    save_to_file(ctx)?;
    if ctx.core.tenants().len() > 1 {
        // The others follow when this one's slices are free again.
        ctx.session.blocked = Some(Box::new(Blocked::Saves(&SAVE.spec)));
        return Ok(());
    }
    ctx.reply.ok();
    Ok(())
}

/// Writes the snapshot; `ctx.keys` holds all slices.
pub(super) fn save_to_file(ctx: &ServerCtx<'_>) -> Result<(), CommandError> {
    let keys = ctx.keys.as_ref().expect("the routing asks for all slices");
    let path = ctx.core.settings().dbfilename.clone();
    let libraries = ctx.session.tenant.functions.get();
    if let Err(error) = snapshot::save(keys, &libraries, &path, ctx.now_ms) {
        warn!("Failed saving the data set to {}: {error}", path.display());
        return Err(CommandError::text("ERR"));
    }
    let server = &ctx.core.server;
    let changes = server.stats.iter().map(|stats| stats.changes.get()).sum();
    server.last_save.note(ctx.now_ms, changes);
    info!("The data set is saved to {}", path.display());
    Ok(())
}

static LASTSAVE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "lastsave",
        summary: "Returns when the data was last saved, in seconds.",
        group: Group::Server,
        arity: 1,
        flags: Flags::LOADING.union(Flags::STALE).union(Flags::FAST),
        categories: Categories::ADMIN.union(Categories::DANGEROUS),
        ..Spec::DEFAULT
    },
    run: lastsave,
    subcommands: &[],
};

fn lastsave(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.integer(ctx.core.server.last_save.at_s() as i64);
    Ok(())
}
