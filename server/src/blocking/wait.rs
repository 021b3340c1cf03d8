//! WAIT and WAITAOF: for replicas, or files, to have what was written. There are none, so that they wait out their time.

use resp::Args;
use store::command::{
    Categories, CommandError, Flags, Group, Patience, Spec, parse_i64, parse_timeout_ms,
};

use super::TooLate;
use crate::command::{ServerCommand, ServerCtx};

/// Replicas that have what was written.
const REPLICAS: i64 = 0;

pub(crate) static COMMANDS: &[&ServerCommand] = &[&WAIT, &WAITAOF];

const WAIT_SPEC: Spec = Spec {
    group: Group::Generic,
    flags: Flags::NOSCRIPT,
    categories: Categories::CONNECTION,
    ..Spec::DEFAULT
};

static WAIT: ServerCommand = ServerCommand {
    spec: Spec {
        name: "wait",
        summary: "Waits until so many replicas have what this connection wrote, and returns how many do.",
        since: "3.0.0",
        arity: 3,
        syntax: "numreplicas timeout",
        ..WAIT_SPEC
    },
    run: wait,
    subcommands: &[],
};

static WAITAOF: ServerCommand = ServerCommand {
    spec: Spec {
        name: "waitaof",
        summary: "Waits until the append-only files of so many servers have what this connection wrote, and returns how many do.",
        since: "7.2.0",
        arity: 4,
        syntax: "numlocal numreplicas timeout",
        ..WAIT_SPEC
    },
    run: wait_for_files,
    subcommands: &[],
};

const WRONG_LOCAL: CommandError =
    CommandError::text("ERR value is out of range, must be between 0 and 1");
const NO_FILE: CommandError = CommandError::text(
    "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
);

fn wait(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let wanted = parse_i64(args.get(1))?;
    let until_ms = parse_timeout_ms(args.get(2), ctx.now_ms)?;
    let may_wait = matches!(ctx.session.patience(), Patience::MayWait);
    if wanted <= REPLICAS || !may_wait {
        ctx.reply.integer(REPLICAS);
        return Ok(());
    }
    wait_out(ctx, &WAIT, until_ms, TooLate::Acknowledged(REPLICAS));
    Ok(())
}

fn wait_for_files(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let local = parse_i64(args.get(1))
        .ok()
        .filter(|local| (0..=1).contains(local));
    let local = local.ok_or(WRONG_LOCAL)?;
    let wanted = parse_i64(args.get(2)).ok().filter(|wanted| *wanted >= 0);
    let wanted = wanted.ok_or(CommandError::text(
        "ERR value is out of range, must be positive",
    ))?;
    let until_ms = parse_timeout_ms(args.get(3), ctx.now_ms)?;
    if local > 0 {
        return Err(NO_FILE);
    }
    let may_wait = matches!(ctx.session.patience(), Patience::MayWait);
    if wanted <= REPLICAS || !may_wait {
        ctx.reply.array(2);
        ctx.reply.integer(0);
        ctx.reply.integer(REPLICAS);
        return Ok(());
    }
    wait_out(ctx, &WAITAOF, until_ms, TooLate::Persisted);
    Ok(())
}

/// Waits for nothing, until the time is over.
fn wait_out(
    ctx: &mut ServerCtx<'_>,
    own: &'static ServerCommand,
    until_ms: Option<u64>,
    too_late: TooLate,
) {
    let registry = &ctx.core.server.registry;
    let command = registry
        .all()
        .iter()
        .find(|command| std::ptr::eq(command.spec, &own.spec))
        .expect("the command that runs is registered");
    ctx.session
        .begin_wait_for_nothing(command.id, until_ms, too_late);
}
