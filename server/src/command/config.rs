//! CONFIG: reading, changing and writing down the configuration of the running server.

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Routing, Spec};

use super::access::is_local;
use super::{ServerCommand, ServerCtx, help};
use crate::config::{Extent, SetError, Settings};
use crate::core::Core;
use crate::logging;
use crate::runtime::{Net, files};
use crate::server::CoreStats;

pub(super) static COMMANDS: &[&ServerCommand] = &[&CONFIG];

const DEFAULT: Spec = Spec {
    since: "2.0.0",
    group: Group::Server,
    arity: 2,
    flags: Flags::ADMIN
        .union(Flags::NOSCRIPT)
        .union(Flags::LOADING)
        .union(Flags::STALE),
    ..Spec::DEFAULT
};

static CONFIG: ServerCommand = ServerCommand {
    spec: Spec {
        name: "config",
        summary: "A container for server configuration commands.",
        complexity: "Depends on subcommand.",
        arity: -2,
        flags: Flags::empty(),
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        ServerCommand {
            spec: Spec {
                name: "get",
                summary: "Returns the directives that match any of the patterns.",
                complexity: "O(N) when N is the number of configuration parameters provided",
                arity: -3,
                syntax: "parameter [parameter ...]",
                ..DEFAULT
            },
            run: get,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "set",
                summary: "Sets directives, all or none.",
                complexity: "O(N) when N is the number of configuration parameters provided",
                arity: -4,
                syntax: "parameter value [parameter value ...]",
                ..DEFAULT
            },
            run: set,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "rewrite",
                summary: "Writes the present configuration to the configuration file.",
                since: "2.8.0",
                ..DEFAULT
            },
            run: rewrite,
            subcommands: &[],
        },
        ServerCommand {
            spec: Spec {
                name: "resetstat",
                summary: "Sets the counters INFO reports back to zero.",
                routing: Routing::All,
                ..DEFAULT
            },
            run: resetstat,
            subcommands: &[],
        },
        help::subcommand(Group::Server, "5.0.0", Categories::empty()),
    ],
};

fn get(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut found = ctx.core.server.config.get(args.iter().skip(2));
    ctx.session.show_config(ctx.core, &mut found);
    ctx.reply.map(found.len());
    for (name, value) in found {
        ctx.reply.bulk(&name);
        ctx.reply.bulk(&value);
    }
    Ok(())
}

fn set(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    if !args.len().is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    let core = ctx.core;
    let pairs = (2..args.len())
        .step_by(2)
        .map(|at| (args.get(at), args.get(at + 1)));
    let may_set_protected = core
        .settings()
        .enable_protected_configs
        .allows(is_local(ctx));
    let changed = core
        .server
        .config
        .set(pairs, may_set_protected, |old, new| apply(core, old, new));
    changed.map_err(refusal)?;
    core.refresh_settings();
    // There may be more tracked keys than are allowed now.
    core.tidy_tracking();
    ctx.reply.ok();
    Ok(())
}

fn refusal(error: SetError) -> CommandError {
    match error {
        SetError::Unknown(name) => CommandError::quoting(
            "ERR Unknown option or number of arguments for CONFIG SET - '",
            &name,
            "'",
        ),
        failed @ SetError::Failed { .. } => CommandError::Text(failed.to_string().into()),
    }
}

/// Carries out what is not simply read from the settings when it is needed.
fn apply(core: &Core, old: &Settings, new: &Settings) -> Result<(), SetError> {
    let net = &core.server.net;
    if old.maxclients != new.maxclients {
        let fitting = files::reserve(new.maxclients.into(), core.server.stats.len() as u64);
        if fitting < new.maxclients.into() {
            let reason = format!(
                "The operating system is not able to handle the specified number of clients, try with {fitting}"
            );
            return Err(SetError::failed("maxclients", reason));
        }
    }
    relisten(net, old, new)?;
    net.census.set_max(new.maxclients as usize);
    net.limits.apply(new);
    if old.maxmemory_clients != new.maxmemory_clients {
        core.server.clients.set_memory_limit(new.maxmemory_clients);
    }
    let tenants = &core.server.tenants;
    tenants
        .check_reserved(b"", &Default::default(), new.maxmemory)
        .map_err(|error| SetError::failed("maxmemory", error))?;
    tenants.set_limit(new.maxmemory);
    core.server.slow_log.truncate(new.observe.slow_log_len);
    if old.loglevel != new.loglevel {
        logging::set_level(new.loglevel);
    }
    if old.requirepass != new.requirepass {
        core.server.acl.set_default_password(&new.requirepass);
    }
    Ok(())
}

/// Listens elsewhere, when the port or the addresses change.
fn relisten(net: &Net, old: &Settings, new: &Settings) -> Result<(), SetError> {
    let refusal = match (old.port == new.port, old.bind == new.bind) {
        (true, true) => return Ok(()),
        (false, _) => ("port", "Unable to listen on this port. Check server logs."),
        (true, false) => ("bind", "Failed to bind to specified addresses."),
    };
    net.relisten(old, new).map_err(|error| {
        tracing::warn!("CONFIG SET: {error}");
        SetError::failed(refusal.0, refusal.1)
    })
}

fn rewrite(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    write_down(ctx, Extent::Changed)
}

/// Rewrites the configuration file and answers.
pub(super) fn write_down(ctx: &mut ServerCtx<'_>, extent: Extent) -> Result<(), CommandError> {
    let core = ctx.core;
    // A file of users keeps them itself.
    let users = match core.settings().aclfile {
        Some(_) => Vec::new(),
        None => core.server.acl.lines(),
    };
    let mut lines = core.server.tenants.accounts.lines();
    lines.extend(users);
    core.server.config.rewrite(lines, extent).map_err(|error| {
        tracing::warn!("CONFIG REWRITE failed: {error}");
        CommandError::Text(error.to_string().into())
    })?;
    tracing::warn!("CONFIG REWRITE executed with success.");
    ctx.reply.ok();
    Ok(())
}

fn resetstat(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.core.server.net.census.reset_totals();
    ctx.core.server.clients.reset_evicted_total();
    ctx.core.server.stats.iter().for_each(CoreStats::reset);
    for tenant in ctx.core.tenants().iter() {
        tenant.stats().for_each(CoreStats::reset);
    }
    ctx.core.server.acl.reset_denied();
    if let Some(keys) = &mut ctx.keys {
        keys.reset_counters();
    }
    ctx.reply.ok();
    Ok(())
}
