//! ROLE, REPLICAOF and the cluster's READONLY and READWRITE, as far as a server that
//! neither follows nor clusters can answer.

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx};

pub(super) static COMMANDS: &[&ServerCommand] =
    &[&ROLE, &REPLICAOF, &SLAVEOF, &READONLY, &READWRITE];

const NO_CLUSTER: CommandError =
    CommandError::text("ERR This instance has cluster support disabled");

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

fn no_cluster(_: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    Err(NO_CLUSTER)
}
