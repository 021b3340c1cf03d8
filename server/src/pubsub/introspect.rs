//! PUBSUB: who subscribes to what.

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec};
use store::glob::glob_match;

use super::Kind;
use crate::command::{ServerCommand, ServerCtx, help, subcommand, syntax_of_subcommand};

const DEFAULT: Spec = Spec {
    group: Group::PubSub,
    since: "2.8.0",
    arity: -2,
    flags: Flags::PUBSUB.union(Flags::LOADING).union(Flags::STALE),
    ..Spec::DEFAULT
};

pub(super) static PUBSUB: ServerCommand = ServerCommand {
    spec: Spec {
        name: "pubsub",
        summary: "A container for Pub/Sub commands.",
        complexity: "Depends on subcommand.",
        flags: Flags::empty(),
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        subcommand(
            Spec {
                name: "channels",
                summary: "Lists the channels that have subscribers, or those that match a pattern.",
                complexity: "O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)",
                syntax: "[pattern]",
                ..DEFAULT
            },
            |ctx, args| names(ctx, args, Kind::Channel),
        ),
        subcommand(
            Spec {
                name: "numpat",
                summary: "Counts the different patterns that are subscribed to.",
                complexity: "O(1)",
                arity: 2,
                ..DEFAULT
            },
            numpat,
        ),
        subcommand(
            Spec {
                name: "numsub",
                summary: "Counts the subscribers of each of these channels.",
                complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
                syntax: "[channel [channel ...]]",
                ..DEFAULT
            },
            |ctx, args| counts(ctx, args, Kind::Channel),
        ),
        subcommand(
            Spec {
                name: "shardchannels",
                summary: "Lists the shard channels that have subscribers, or those that match a pattern.",
                since: "7.0.0",
                complexity: "O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).",
                syntax: "[pattern]",
                ..DEFAULT
            },
            |ctx, args| names(ctx, args, Kind::Shard),
        ),
        subcommand(
            Spec {
                name: "shardnumsub",
                summary: "Counts the subscribers of each of these shard channels.",
                since: "7.0.0",
                complexity: "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
                syntax: "[shardchannel [shardchannel ...]]",
                ..DEFAULT
            },
            |ctx, args| counts(ctx, args, Kind::Shard),
        ),
        help::subcommand(Group::PubSub, "6.2.0", Categories::empty()),
    ],
};

fn names(ctx: &mut ServerCtx<'_>, args: Args<'_>, kind: Kind) -> Result<(), CommandError> {
    if args.len() > 3 {
        return Err(syntax_of_subcommand(args));
    }
    let mut names = ctx.session.tenant.pubsub.names(kind);
    if let Some(pattern) = args.try_get(2) {
        names.retain(|name| glob_match(pattern, name));
    }
    ctx.reply.array(names.len());
    names.iter().for_each(|name| ctx.reply.bulk(name));
    Ok(())
}

fn numpat(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let patterns = ctx.session.tenant.pubsub.len(Kind::Pattern);
    ctx.reply.integer(patterns as i64);
    Ok(())
}

fn counts(ctx: &mut ServerCtx<'_>, args: Args<'_>, kind: Kind) -> Result<(), CommandError> {
    ctx.reply.array((args.len() - 2) * 2);
    for name in args.iter().skip(2) {
        let hash = ctx.core.pubsub.hash(name);
        let count = ctx.session.tenant.pubsub.count(kind, hash, name);
        ctx.reply.bulk(name);
        ctx.reply.integer(count as i64);
    }
    Ok(())
}
