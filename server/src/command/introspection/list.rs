//! COMMAND LIST and its filters.

use resp::Args;
use store::command::{ArgCursor, CommandError};
use store::glob::glob_match_ignore_case;

use super::super::ServerCtx;
use crate::acl::category;
use crate::registry::{Command, Registry};

/// Which commands are listed.
enum Filter<'a> {
    All,
    /// Those of a module: none.
    Module,
    Category(&'a [u8]),
    Pattern(&'a [u8]),
}

impl<'a> Filter<'a> {
    fn parse(mut args: ArgCursor<'a>) -> Result<Self, CommandError> {
        if args.is_done() {
            return Ok(Filter::All);
        }
        if !args.keyword("filterby") || args.remaining() != 2 {
            return Err(CommandError::Syntax);
        }
        let (kind, value) = (args.expect()?, args.expect()?);
        match kind.to_ascii_lowercase().as_slice() {
            b"module" => Ok(Filter::Module),
            b"aclcat" => Ok(Filter::Category(value)),
            b"pattern" => Ok(Filter::Pattern(value)),
            _ => Err(CommandError::Syntax),
        }
    }

    fn fits(&self, command: &Command) -> bool {
        match self {
            Filter::All => true,
            Filter::Module => false,
            Filter::Category(wanted) => category::names_of(command.spec)
                .any(|name| name.as_bytes().eq_ignore_ascii_case(wanted)),
            Filter::Pattern(pattern) => {
                glob_match_ignore_case(pattern, command.full_name.as_bytes())
            }
        }
    }
}

pub(super) fn list(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let filter = Filter::parse(ArgCursor::new(args, 2))?;
    let mut names = Vec::new();
    for (_, command) in super::named(ctx) {
        collect(&ctx.core.server.registry, command, &filter, &mut names);
    }
    ctx.reply.array(names.len());
    for name in names {
        ctx.reply.bulk(name.as_bytes());
    }
    Ok(())
}

fn collect<'c>(
    registry: &'c Registry,
    command: &'c Command,
    filter: &Filter<'_>,
    names: &mut Vec<&'c str>,
) {
    if filter.fits(command) {
        names.push(&command.full_name);
    }
    for id in &command.subcommands {
        collect(registry, &registry.all()[*id], filter, names);
    }
}
