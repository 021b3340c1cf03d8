//! WAIT: for replicas to have what was written. There are none, so that it waits out its time.

use resp::Args;
use store::command::{
    Categories, CommandError, Flags, Group, Patience, Spec, parse_i64, parse_timeout_ms,
};

use super::TooLate;
use crate::command::{ServerCommand, ServerCtx};

/// Replicas that have what was written.
const REPLICAS: i64 = 0;

pub(crate) static COMMANDS: &[&ServerCommand] = &[&WAIT];

static WAIT: ServerCommand = ServerCommand {
    spec: Spec {
        name: "wait",
        summary: "Waits until so many replicas have what this connection wrote, and returns how many do.",
        since: "3.0.0",
        group: Group::Generic,
        arity: 3,
        flags: Flags::NOSCRIPT,
        categories: Categories::CONNECTION,
        syntax: "numreplicas timeout",
        ..Spec::DEFAULT
    },
    run: wait,
    subcommands: &[],
};

fn wait(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let wanted = parse_i64(args.get(1))?;
    let until_ms = parse_timeout_ms(args.get(2), ctx.now_ms)?;
    let may_wait = matches!(ctx.session.patience(), Patience::MayWait);
    if wanted <= REPLICAS || !may_wait {
        ctx.reply.integer(REPLICAS);
        return Ok(());
    }
    let registry = &ctx.core.server.registry;
    let command = registry
        .all()
        .iter()
        .find(|command| std::ptr::eq(command.spec, &WAIT.spec))
        .expect("the command that runs is registered");
    ctx.session
        .begin_wait_for_nothing(command.id, until_ms, TooLate::Acknowledged(REPLICAS));
    Ok(())
}
