//! COMMAND DOCS: summaries and argument grammars, which redis-cli turns into hints.

use resp::{Args, ReplyWriter};
use store::command::CommandError;

use super::super::ServerCtx;
use super::history::{self, Change};
use super::syntax::{self, Argument, Kind};
use crate::registry::{Command, Registry};

pub(super) fn docs(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let registry = &ctx.core.server.registry;
    let commands: Vec<&Command> = match args.len() {
        2 => super::named(ctx)
            .into_iter()
            .map(|(_, command)| command)
            .collect(),
        // A name that is not there is left out.
        _ => args
            .iter()
            .skip(2)
            .filter_map(|name| registry.find_full(name))
            .collect(),
    };
    write_commands(&mut ctx.reply, registry, &commands);
    Ok(())
}

fn write_commands(reply: &mut ReplyWriter<'_>, registry: &Registry, commands: &[&Command]) {
    reply.map(commands.len());
    for command in commands {
        reply.bulk(command.full_name.as_bytes());
        write_command(reply, registry, command);
    }
}

fn write_command(reply: &mut ReplyWriter<'_>, registry: &Registry, command: &Command) {
    let spec = command.spec;
    let arguments = syntax::parse(spec);
    let is_container = !command.subcommands.is_empty();
    let is_internal = history::is_internal(&command.full_name);
    let deprecation = history::deprecation(&command.full_name);
    let changes = history::changes(&command.full_name);
    let optional = [
        is_internal || deprecation.is_some(),
        deprecation.is_some(),
        deprecation.is_some(),
        !changes.is_empty(),
        !arguments.is_empty(),
        is_container,
    ];
    reply.map(4 + optional.into_iter().map(usize::from).sum::<usize>());
    write_text(reply, "summary", spec.summary);
    write_text(reply, "since", spec.since);
    write_text(reply, "group", spec.group.name());
    write_text(reply, "complexity", spec.complexity);
    if is_internal || deprecation.is_some() {
        reply.bulk(b"doc_flags");
        reply.set(1);
        reply.simple(if is_internal { "syscmd" } else { "deprecated" });
    }
    if let Some(deprecation) = deprecation {
        write_text(reply, "deprecated_since", deprecation.since);
        write_text(reply, "replaced_by", deprecation.replaced_by);
    }
    if !changes.is_empty() {
        write_history(reply, changes);
    }
    if !arguments.is_empty() {
        reply.bulk(b"arguments");
        write_arguments(reply, &arguments);
    }
    if is_container {
        let subcommands: Vec<&Command> = command
            .subcommands
            .iter()
            .map(|id| &registry.all()[*id])
            .collect();
        reply.bulk(b"subcommands");
        write_commands(reply, registry, &subcommands);
    }
}

fn write_history(reply: &mut ReplyWriter<'_>, changes: &[Change]) {
    reply.bulk(b"history");
    reply.set(changes.len());
    for (since, change) in changes {
        reply.array(2);
        reply.bulk(since.as_bytes());
        reply.bulk(change.as_bytes());
    }
}

fn write_text(reply: &mut ReplyWriter<'_>, name: &str, text: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(text.as_bytes());
}

fn write_arguments(reply: &mut ReplyWriter<'_>, arguments: &[Argument]) {
    reply.array(arguments.len());
    for argument in arguments {
        write_argument(reply, argument);
    }
}

fn write_argument(reply: &mut ReplyWriter<'_>, argument: &Argument) {
    let has_inner = !argument.inner.is_empty();
    let flags = argument.flags();
    let is_key = matches!(argument.kind, Kind::Key(_));
    reply.map(
        2 + usize::from(is_key)
            + usize::from(argument.token.is_some())
            + usize::from(!flags.is_empty())
            + usize::from(has_inner),
    );
    write_text(reply, "name", &argument.name);
    write_text(reply, "type", argument.kind.name());
    if let Kind::Key(index) = argument.kind {
        reply.bulk(b"key_spec_index");
        reply.integer(index as i64);
    }
    if let Some(token) = argument.token {
        write_text(reply, "token", token);
    }
    if !flags.is_empty() {
        reply.bulk(b"flags");
        reply.array(flags.len());
        for flag in flags {
            reply.simple(flag);
        }
    }
    if has_inner {
        reply.bulk(b"arguments");
        write_arguments(reply, &argument.inner);
    }
}
