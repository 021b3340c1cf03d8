//! TENANT: making, changing, looking at and removing tenants.

use std::sync::Arc;

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec};

use super::{Account, CloseError, NameError, QuotaError, QuotaOption, Quotas, removal};
use crate::acl::{NewChannels, disconnect_users};
use crate::command::{ServerCommand, ServerCtx, help, subcommand};
use crate::shard::TaskNode;
use crate::snapshot::file_of;

pub(crate) static COMMANDS: &[&ServerCommand] = &[&TENANT];

const DEFAULT: Spec = Spec {
    since: "7.0.0",
    group: Group::Server,
    arity: -3,
    flags: Flags::ADMIN
        .union(Flags::NOSCRIPT)
        .union(Flags::NO_MULTI)
        .union(Flags::LOADING)
        .union(Flags::STALE),
    ..Spec::DEFAULT
};

static TENANT: ServerCommand = ServerCommand {
    spec: Spec {
        name: "tenant",
        summary: "A container for commands about tenants: name spaces with quotas.",
        complexity: "Depends on subcommand.",
        arity: -2,
        flags: Flags::empty(),
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        subcommand(
            Spec {
                name: "create",
                summary: "Creates a tenant, and with a password its first user, of the same name.",
                complexity: "O(log N) where N is the number of tenants",
                syntax: "name [MAXMEMORY bytes] [MIN-MEMORY bytes] [POLICY policy] [OPS n] [BURST n] [OPS-ACTION <WAIT | REPLY>] [MAXCLIENTS n] [MAX-VALUE bytes] [WEIGHT n] [WASM-TIME-LIMIT ms] [WASM-MEMORY-MAX bytes] [WASM-MODULE-MAX-SIZE bytes] [WASM-MODULE-MAX-FUNCTIONS n] [PASSWORD password]",
                ..DEFAULT
            },
            create,
        ),
        subcommand(
            Spec {
                name: "set",
                summary: "Changes quotas of a tenant, all that are named or none.",
                complexity: "O(N) where N is the number of tenants",
                arity: -5,
                syntax: "name option value [option value ...]",
                ..DEFAULT
            },
            set,
        ),
        subcommand(
            Spec {
                name: "get",
                summary: "Returns quotas of a tenant, all or those that are named.",
                complexity: "O(log N) where N is the number of tenants",
                syntax: "name [option [option ...]]",
                ..DEFAULT
            },
            get,
        ),
        subcommand(
            Spec {
                name: "list",
                summary: "Returns the names of all tenants.",
                complexity: "O(N) where N is the number of tenants",
                arity: 2,
                ..DEFAULT
            },
            list,
        ),
        subcommand(
            Spec {
                name: "stats",
                summary: "Returns what a tenant uses and what happened to it.",
                complexity: "O(N) where N is the number of commands and shards",
                arity: 3,
                ..DEFAULT
            },
            stats,
        ),
        subcommand(
            Spec {
                name: "del",
                summary: "Removes a tenant and its users; one with keys or clients only when forced.",
                complexity: "O(N) where N is the number of clients and users; data is freed in the background.",
                syntax: "name [FORCE]",
                ..DEFAULT
            },
            del,
        ),
        subcommand(
            Spec {
                name: "whoami",
                summary: "Returns the tenant of this connection.",
                complexity: "O(1)",
                arity: 2,
                flags: Flags::LOADING.union(Flags::STALE),
                ..DEFAULT
            },
            whoami,
        ),
        help::subcommand(Group::Server, "7.0.0", Categories::empty()),
    ],
};

impl From<QuotaError> for CommandError {
    fn from(error: QuotaError) -> Self {
        CommandError::Text(error.to_string().into())
    }
}

impl From<NameError> for CommandError {
    fn from(error: NameError) -> Self {
        CommandError::Text(error.to_string().into())
    }
}

impl From<CloseError> for CommandError {
    fn from(error: CloseError) -> Self {
        CommandError::Text(error.to_string().into())
    }
}

fn no_such_tenant(name: &[u8]) -> CommandError {
    CommandError::quoting("ERR No such tenant '", &name[..name.len().min(128)], "'")
}

fn account(ctx: &ServerCtx<'_>, name: &[u8]) -> Result<Arc<Account>, CommandError> {
    let accounts = &ctx.core.server.tenants.accounts;
    accounts.get(name).ok_or_else(|| no_such_tenant(name))
}

/// The index of PASSWORD among the options of CREATE, which come in pairs from argument 3 on.
fn password_at(args: Args<'_>) -> Option<usize> {
    let mut options = (3..args.len().saturating_sub(1)).step_by(2);
    options.find(|&at| args.get(at).eq_ignore_ascii_case(b"password"))
}

fn create(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let server = &ctx.core.server;
    let name = args.get(2);
    let password = password_at(args);
    let is_password = |at: usize| password.is_some_and(|found| at == found || at == found + 1);
    let mut quotas = Quotas::default();
    let options = (3..args.len()).filter(|at| !is_password(*at));
    quotas.set_all(options.map(|at| args.get(at)))?;
    if password.is_some() && server.acl.get(name).is_some() {
        return Err(CommandError::quoting(
            "ERR User '",
            name,
            "' already exists",
        ));
    }
    server
        .tenants
        .check_reserved(name, &quotas, ctx.core.settings().maxmemory)?;
    server.tenants.accounts.create(name, quotas)?;
    if let Some(at) = password {
        let password = [b">", args.get(at + 1)].concat();
        let tenant = [b"tenant=", name].concat();
        let rules: [&[u8]; 7] = [
            b"on", &password, b"~*", b"&*", b"+@all", b"-@admin", &tenant,
        ];
        server
            .acl
            .set(name, rules.into_iter(), NewChannels::None)
            .map_err(|error| CommandError::Text(format!("ERR {error}").into()))?;
    }
    ctx.reply.ok();
    Ok(())
}

fn set(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let account = account(ctx, args.get(2))?;
    let mut quotas = account.quotas();
    quotas.set_all(args.iter().skip(3))?;
    let (tenants, settings) = (&ctx.core.server.tenants, ctx.core.settings());
    tenants.check_reserved(&account.name, &quotas, settings.maxmemory)?;
    tenants.change_quotas(&account, quotas);
    ctx.reply.ok();
    Ok(())
}

fn get(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let quotas = account(ctx, args.get(2))?.quotas();
    let named: Vec<QuotaOption> = match args.len() {
        3 => QuotaOption::all().collect(),
        _ => args
            .iter()
            .skip(3)
            .map(QuotaOption::named)
            .collect::<Result<_, _>>()?,
    };
    ctx.reply.map(named.len());
    for option in named {
        ctx.reply.bulk(option.name().as_bytes());
        ctx.reply.bulk(quotas.show(option).as_bytes());
    }
    Ok(())
}

fn list(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let accounts = ctx.core.server.tenants.accounts.all();
    ctx.reply.array(accounts.len());
    accounts
        .iter()
        .for_each(|account| ctx.reply.bulk(&account.name));
    Ok(())
}

fn stats(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let account = account(ctx, args.get(2))?;
    let figures = ctx.core.server.tenants.figures(&ctx.core.server, &account);
    let fields = figures.fields();
    ctx.reply.map(fields.len() + 1);
    ctx.reply.bulk(b"name");
    ctx.reply.bulk(&account.name);
    for (name, value) in fields {
        ctx.reply.bulk(name.as_bytes());
        ctx.reply.integer(value as i64);
    }
    Ok(())
}

fn del(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let force = match args.try_get(3) {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"force") && args.len() == 4 => true,
        Some(_) => return Err(CommandError::Syntax),
    };
    let account = account(ctx, args.get(2))?;
    let server = &ctx.core.server;
    let tenant = server.tenants.close(&account, force)?;
    // What was saved must not come back under its name.
    let _ = std::fs::remove_file(file_of(&ctx.core.settings().dbfilename, &account));
    let gone = server.acl.remove_of_tenant(&account.name);
    disconnect_users(ctx, &gone);
    if let Some(tenant) = tenant {
        removal::disconnect(server, account.id);
        let lane = server.net.mailboxes[ctx.core.index].wake_lane();
        let task = TaskNode::new(lane);
        monoio::spawn(removal::clear(Arc::clone(server), tenant, task));
    }
    ctx.reply.ok();
    Ok(())
}

fn whoami(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.bulk(&ctx.session.tenant.account.name);
    Ok(())
}
