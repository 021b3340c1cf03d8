//! ACL SETUSER, DELUSER, GETUSER, LIST, USERS, LOAD, SAVE.

use std::path::PathBuf;
use std::sync::Arc;

use resp::{Args, ReplyWriter};
use store::command::CommandError;

use super::check_deletable;
use crate::acl::catalog::Catalog;
use crate::acl::describe;
use crate::acl::revoke::revoke;
use crate::acl::selector::Selector;
use crate::acl::{SetUserError, User};
use crate::command::ServerCtx;

const NO_FILE: CommandError = CommandError::text(
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.",
);

pub(super) fn setuser(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let channels = ctx.core.settings().acl_pubsub_default;
    let rules = args.iter().skip(3);
    let set = ctx.core.server.acl.set(args.get(2), rules, channels);
    let (before, now) = set.map_err(refusal)?;
    if before.is_some_and(|before| before.may_have_lost_channels(&now)) {
        revoke(ctx.core, &now);
    }
    ctx.session.refresh_user(ctx.core);
    ctx.reply.ok();
    Ok(())
}

fn refusal(error: SetUserError) -> CommandError {
    match error {
        SetUserError::Name => {
            CommandError::text("ERR Usernames can't contain spaces or null characters")
        }
        SetUserError::Unmatched(word) => CommandError::quoting(
            "ERR Unmatched parenthesis in acl selector starting at '",
            &word,
            "'.",
        ),
        SetUserError::Rule { rule, reason } => CommandError::quoting(
            "ERR Error in ACL SETUSER modifier '",
            &rule,
            &format!("': {reason}"),
        ),
    }
}

pub(super) fn deluser(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let names = || args.iter().skip(2);
    names().try_for_each(check_deletable)?;
    let acl = &ctx.core.server.acl;
    let gone: Vec<Arc<User>> = names().filter_map(|name| acl.remove(name)).collect();
    disconnect(ctx, &gone);
    ctx.reply.integer(gone.len() as i64);
    Ok(())
}

/// Closes the connections of users who are gone; the caller's own after the reply.
pub(crate) fn disconnect(ctx: &mut ServerCtx<'_>, gone: &[Arc<User>]) {
    let clients = &ctx.core.server.clients;
    let own = ctx.session.client.id;
    for client in clients.snapshot() {
        let is_gone = gone.iter().any(|user| client.is_user(&user.identity));
        if is_gone && client.id != own {
            clients.kill(client.id);
        }
    }
    ctx.session.refresh_user(ctx.core);
}

pub(super) fn getuser(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let acl = &ctx.core.server.acl;
    let Some(user) = acl.get(args.get(2)) else {
        ctx.reply.null();
        return Ok(());
    };
    let reply = &mut ctx.reply;
    let (root, others) = user
        .selectors
        .split_first()
        .expect("a user has a root selector");
    reply.map(if user.is_of_default_tenant() { 6 } else { 7 });
    reply.bulk(b"flags");
    reply.set(describe::flags(&user).count());
    describe::flags(&user).for_each(|flag| reply.bulk(flag.as_bytes()));
    reply.bulk(b"passwords");
    reply.array(user.passwords.len());
    for hash in &user.passwords {
        reply.bulk(hash.to_string().as_bytes());
    }
    write_selector(reply, root, &acl.catalog);
    reply.bulk(b"selectors");
    reply.array(others.len());
    for selector in others {
        reply.map(3);
        write_selector(reply, selector, &acl.catalog);
    }
    if !user.is_of_default_tenant() {
        reply.bulk(b"tenant");
        reply.bulk(&user.tenant);
    }
    Ok(())
}

/// Three pairs of a map.
fn write_selector(reply: &mut ReplyWriter<'_>, selector: &Selector, catalog: &Catalog) {
    reply.bulk(b"commands");
    reply.bulk(&describe::commands(selector, catalog));
    reply.bulk(b"keys");
    reply.bulk(&describe::keys(selector));
    reply.bulk(b"channels");
    reply.bulk(&describe::channels(selector));
}

pub(super) fn list(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let lines = ctx.core.server.acl.lines();
    ctx.reply.array(lines.len());
    lines.iter().for_each(|line| ctx.reply.bulk(line));
    Ok(())
}

pub(super) fn users(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let users = ctx.core.server.acl.all();
    ctx.reply.array(users.len());
    users.iter().for_each(|user| ctx.reply.bulk(user.name()));
    Ok(())
}

fn file_of(ctx: &ServerCtx<'_>) -> Result<PathBuf, CommandError> {
    ctx.core.settings().aclfile.clone().ok_or(NO_FILE)
}

pub(super) fn load(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let path = file_of(ctx)?;
    let channels = ctx.core.settings().acl_pubsub_default;
    let gone = ctx
        .core
        .server
        .acl
        .load(&path, channels)
        .map_err(|error| CommandError::quoting("ERR ", &error, ""))?;
    disconnect(ctx, &gone);
    ctx.reply.ok();
    Ok(())
}

pub(super) fn save(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let path = file_of(ctx)?;
    ctx.core.server.acl.save(&path).map_err(|error| {
        tracing::warn!("Writing ACL file for ACL SAVE: {error}");
        CommandError::text(
            "ERR There was an error trying to save the ACLs. Please check the server logs for more information",
        )
    })?;
    ctx.reply.ok();
    Ok(())
}
