//! HELP of every container of subcommands, written from the declarations in Redis's shape.

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx};
use crate::registry::{Command, Registry};

/// The HELP subcommand of a container.
pub(crate) const fn subcommand(
    group: Group,
    since: &'static str,
    categories: Categories,
) -> ServerCommand {
    ServerCommand {
        spec: Spec {
            name: "help",
            summary: "Prints this help.",
            since,
            group,
            categories,
            arity: 2,
            flags: Flags::LOADING.union(Flags::STALE),
            ..Spec::DEFAULT
        },
        run: help,
        subcommands: &[],
    }
}

/// What a container runs by itself: nothing, as its arity asks for a subcommand.
pub(crate) fn container(_: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    Err(CommandError::Syntax)
}

/// Writes the help of the container that was called.
pub(super) fn help(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let registry = &ctx.core.server.registry;
    let container = registry
        .find(args.get(0))
        .expect("this subcommand was found through it");
    let name = String::from_utf8_lossy(args.get(0)).to_ascii_uppercase();
    let lines = lines(registry, container, &name);
    ctx.reply.lines(&lines);
    Ok(())
}

/// The lines of a container's help; the HELP subcommand comes last.
fn lines(registry: &Registry, container: &Command, name: &str) -> Vec<String> {
    let mut lines = vec![format!(
        "{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    )];
    let subcommands = container
        .subcommands
        .iter()
        .map(|id| registry.all()[*id].spec);
    for spec in subcommands.filter(|spec| spec.name != "help") {
        let name = spec.name.to_ascii_uppercase();
        lines.push(format!("{name} {}", spec.syntax).trim_end().to_owned());
        lines.push(format!("    {}", spec.summary));
    }
    lines.push("HELP".to_owned());
    lines.push("    Prints this help.".to_owned());
    lines
}
