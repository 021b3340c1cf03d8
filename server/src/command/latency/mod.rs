//! LATENCY: how long commands take, and the spikes of the latency monitor.

mod doctor;
mod graph;

use resp::{Args, ReplyWriter};
use store::command::{Categories, CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx, help, subcommand};
use crate::observe::Merged;
use crate::registry::Command;
use crate::server::Server;
use crate::session::Session;

pub(super) static COMMANDS: &[&ServerCommand] = &[&LATENCY];

const DEFAULT: Spec = Spec {
    since: "2.8.13",
    group: Group::Server,
    arity: 2,
    flags: Flags::ADMIN
        .union(Flags::NOSCRIPT)
        .union(Flags::LOADING)
        .union(Flags::STALE),
    ..Spec::DEFAULT
};

static LATENCY: ServerCommand = ServerCommand {
    spec: Spec {
        name: "latency",
        summary: "A container for latency diagnostics commands.",
        complexity: "Depends on subcommand.",
        arity: -2,
        flags: Flags::empty(),
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        subcommand(
            Spec {
                name: "doctor",
                summary: "Returns an analysis of latency for people.",
                ..DEFAULT
            },
            doctor::doctor,
        ),
        subcommand(
            Spec {
                name: "graph",
                summary: "Draws the spikes of an event.",
                arity: 3,
                syntax: "event",
                ..DEFAULT
            },
            graph::graph,
        ),
        subcommand(
            Spec {
                name: "histogram",
                summary: "Returns the distribution of the latencies of these commands, or all.",
                since: "7.0.0",
                complexity: "O(N) where N is the number of commands with latency information being retrieved.",
                arity: -2,
                syntax: "[command [command ...]]",
                ..DEFAULT
            },
            histogram,
        ),
        subcommand(
            Spec {
                name: "history",
                summary: "Returns the spikes of an event: time, milliseconds.",
                arity: 3,
                syntax: "event",
                ..DEFAULT
            },
            history,
        ),
        subcommand(
            Spec {
                name: "latest",
                summary: "Returns the last spike of every event: event, time, milliseconds, worst ever.",
                ..DEFAULT
            },
            latest,
        ),
        subcommand(
            Spec {
                name: "reset",
                summary: "Forgets the spikes of these events, or all.",
                arity: -2,
                syntax: "[event [event ...]]",
                ..DEFAULT
            },
            reset,
        ),
        help::subcommand(Group::Server, "2.8.13", Categories::empty()),
    ],
};

fn histogram(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let server = &ctx.core.server;
    let registry = &server.registry;
    // An unknown name is left out; a container stands for its subcommands.
    let commands: Vec<&Command> = match args.len() {
        2 => registry.all().iter().collect(),
        _ => args
            .iter()
            .skip(2)
            .filter_map(|name| registry.find_full(name))
            .flat_map(|command| {
                let subcommands = command.subcommands.iter().map(|id| &registry.all()[*id]);
                std::iter::once(command).chain(subcommands)
            })
            .collect(),
    };
    let found: Vec<(&Command, Merged)> = commands
        .into_iter()
        .map(|command| (command, latencies(ctx.session, server, command)))
        .filter(|(_, latencies)| latencies.total() > 0)
        .collect();
    ctx.reply.map(found.len());
    for (command, latencies) in &found {
        ctx.reply.bulk(command.full_name.as_bytes());
        write_distribution(&mut ctx.reply, latencies);
    }
    Ok(())
}

/// What all cores have measured of a command.
pub(super) fn latencies(session: &Session, server: &Server, command: &Command) -> Merged {
    let counted = server.registry.counted_as(command);
    let stats = session.shown_stats(server);
    let of_cores = stats
        .iter()
        .flat_map(|core| counted.iter().map(|command| &core.times[command.id]));
    Merged::of(of_cores.filter_map(|time| time.latencies.get().map(|latencies| &**latencies)))
}

fn write_distribution(reply: &mut ReplyWriter<'_>, latencies: &Merged) {
    let buckets = latencies.buckets();
    reply.map(2);
    reply.bulk(b"calls");
    reply.integer(latencies.total() as i64);
    reply.bulk(b"histogram_usec");
    reply.map(buckets.len());
    for (micros, calls) in buckets {
        reply.integer(micros as i64);
        reply.integer(calls as i64);
    }
}

fn history(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let Some((_, series)) = ctx.session.spikes(&ctx.core.server).get(args.get(2)) else {
        ctx.reply.array(0);
        return Ok(());
    };
    ctx.reply.array(series.samples().len());
    for sample in series.samples() {
        ctx.reply.array(2);
        ctx.reply.integer(sample.at_s as i64);
        ctx.reply.integer(sample.ms as i64);
    }
    Ok(())
}

fn latest(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let all = ctx.session.spikes(&ctx.core.server).all();
    ctx.reply.array(all.len());
    for (name, series) in &all {
        let last = series
            .latest()
            .expect("a series begins with its first sample");
        ctx.reply.array(4);
        ctx.reply.bulk(name.as_bytes());
        ctx.reply.integer(last.at_s as i64);
        ctx.reply.integer(last.ms as i64);
        ctx.reply.integer(series.worst_ms() as i64);
    }
    Ok(())
}

fn reset(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let spikes = ctx.session.spikes(&ctx.core.server);
    let forgotten: usize = match args.len() {
        2 => spikes.reset(None),
        _ => args
            .iter()
            .skip(2)
            .map(|name| spikes.reset(Some(name)))
            .sum(),
    };
    ctx.reply.integer(forgotten as i64);
    Ok(())
}
