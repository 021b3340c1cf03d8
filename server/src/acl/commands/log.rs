//! ACL LOG.

use resp::Args;
use store::command::{CommandError, parse_i64};

use crate::acl::log::{Entry, Log};
use crate::command::{ServerCtx, syntax_of_subcommand};

/// Entries shown when no number is given.
const SHOWN: i64 = 10;

pub(super) fn log(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let acl = &ctx.core.server.acl;
    let count = match args.len() {
        2 => SHOWN,
        3 if args.get(2).eq_ignore_ascii_case(b"reset") => {
            acl.log(Log::clear);
            ctx.reply.ok();
            return Ok(());
        }
        3 => parse_i64(args.get(2))?,
        _ => return Err(syntax_of_subcommand(args)),
    };
    let entries = acl.log(|log| log.latest(usize::try_from(count).unwrap_or(0)));
    ctx.reply.array(entries.len());
    for entry in &entries {
        write(ctx, entry);
    }
    Ok(())
}

fn write(ctx: &mut ServerCtx<'_>, entry: &Entry) {
    let age_ms = ctx.now_ms.saturating_sub(entry.updated_at_ms);
    let denied = &entry.denied;
    let reply = &mut ctx.reply;
    reply.map(10);
    reply.bulk(b"count");
    reply.integer(entry.count as i64);
    for (name, value) in [
        ("reason", denied.reason.name().as_bytes()),
        ("context", denied.context.name().as_bytes()),
        ("object", &denied.object),
        ("username", &denied.user),
    ] {
        reply.bulk(name.as_bytes());
        reply.bulk(value);
    }
    reply.bulk(b"age-seconds");
    reply.double(age_ms as f64 / 1000.0);
    reply.bulk(b"client-info");
    reply.bulk(&entry.client);
    for (name, value) in [
        ("entry-id", entry.id),
        ("timestamp-created", entry.created_at_ms),
        ("timestamp-last-updated", entry.updated_at_ms),
    ] {
        reply.bulk(name.as_bytes());
        reply.integer(value as i64);
    }
}
