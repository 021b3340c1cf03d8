//! ROLE, REPLICAOF, FAILOVER and the cluster's READONLY and READWRITE, as far as a server that
//! neither follows nor clusters can answer.

use resp::Args;
use store::command::{ArgCursor, Categories, CommandError, Flags, Group, Spec, parse_i64};

use super::{ServerCommand, ServerCtx, cluster};

pub(super) static COMMANDS: &[&ServerCommand] = &[
    &ROLE, &REPLICAOF, &SLAVEOF, &FAILOVER, &READONLY, &READWRITE,
];

const CLUSTER: Spec = Spec {
    since: "3.0.0",
    group: Group::Connection,
    categories: Categories::CONNECTION,
    arity: 1,
    flags: Flags::LOADING.union(Flags::STALE).union(Flags::FAST),
    ..Spec::DEFAULT
};

const FOLLOW: Spec = Spec {
    group: Group::Server,
    arity: 3,
    flags: Flags::ADMIN
        .union(Flags::NOSCRIPT)
        .union(Flags::STALE)
        .union(Flags::NO_ASYNC_LOADING),
    syntax: "host port",
    ..Spec::DEFAULT
};

static ROLE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "role",
        summary: "Returns the server's part in replication.",
        since: "2.8.12",
        group: Group::Server,
        arity: 1,
        flags: Flags::NOSCRIPT
            .union(Flags::LOADING)
            .union(Flags::STALE)
            .union(Flags::FAST),
        categories: Categories::ADMIN.union(Categories::DANGEROUS),
        ..Spec::DEFAULT
    },
    run: role,
    subcommands: &[],
};

static REPLICAOF: ServerCommand = ServerCommand {
    spec: Spec {
        name: "replicaof",
        summary: "Follows a primary, or stops following with NO ONE.",
        since: "5.0.0",
        ..FOLLOW
    },
    run: replicaof,
    subcommands: &[],
};

static SLAVEOF: ServerCommand = ServerCommand {
    spec: Spec {
        name: "slaveof",
        summary: "The old name of REPLICAOF.",
        since: "1.0.0",
        ..FOLLOW
    },
    run: replicaof,
    subcommands: &[],
};

static FAILOVER: ServerCommand = ServerCommand {
    spec: Spec {
        name: "failover",
        summary: "Hands over to a replica.",
        since: "6.2.0",
        group: Group::Server,
        arity: -1,
        flags: Flags::ADMIN.union(Flags::NOSCRIPT).union(Flags::STALE),
        syntax: "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]",
        ..Spec::DEFAULT
    },
    run: failover,
    subcommands: &[],
};

static READONLY: ServerCommand = ServerCommand {
    spec: Spec {
        name: "readonly",
        summary: "Allows reads from a replica of a cluster.",
        ..CLUSTER
    },
    run: no_cluster,
    subcommands: &[],
};

static READWRITE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "readwrite",
        summary: "Takes READONLY back.",
        ..CLUSTER
    },
    run: no_cluster,
    subcommands: &[],
};

fn role(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.array(3);
    ctx.reply.bulk(b"master");
    ctx.reply.integer(0);
    ctx.reply.array(0);
    Ok(())
}

fn replicaof(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (host, port) = (args.get(1), args.get(2));
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        ctx.reply.ok();
        return Ok(());
    }
    Err(CommandError::text("ERR replication is not supported yet"))
}

/// There is no replica to hand over to, which is an error once the options have been read.
fn failover(_: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut options = ArgCursor::new(args, 1);
    if options.remaining() == 1 && options.keyword("abort") {
        return Err(CommandError::text("ERR No failover in progress."));
    }
    while !options.is_done() {
        if options.remaining() >= 2 && options.keyword("timeout") {
            if parse_i64(options.expect()?)? <= 0 {
                return Err(CommandError::text(
                    "ERR FAILOVER timeout must be greater than 0",
                ));
            }
        } else if options.remaining() >= 3 && options.keyword("to") {
            options.expect()?;
            parse_i64(options.expect()?)?;
        } else if !options.keyword("force") {
            return Err(CommandError::Syntax);
        }
    }
    Err(CommandError::text(
        "ERR FAILOVER requires connected replicas.",
    ))
}

fn no_cluster(_: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    Err(cluster::DISABLED)
}
