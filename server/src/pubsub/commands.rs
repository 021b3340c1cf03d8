//! SUBSCRIBE, PUBLISH and their relatives.

use std::sync::atomic::Ordering::Relaxed;

use resp::{Args, OutputBuffer, ReplyWriter};
use store::command::{Channels, CommandError, Flags, Group, KeyFlags, KeySpec, Spec};

use super::{Kind, Publication, Subscriptions, introspect, publish, push};
use crate::command::{ServerCommand, ServerCtx};
use crate::session::ReplyMode;

const SUBSCRIBING: Flags = Flags::PUBSUB
    .union(Flags::NOSCRIPT)
    .union(Flags::LOADING)
    .union(Flags::STALE);
const PUBLISHING: Flags = Flags::PUBSUB
    .union(Flags::MAY_REPLICATE)
    .union(Flags::LOADING)
    .union(Flags::STALE)
    .union(Flags::FAST);

const DEFAULT: Spec = Spec {
    group: Group::PubSub,
    since: "2.0.0",
    flags: SUBSCRIBING,
    ..Spec::DEFAULT
};

pub(crate) static COMMANDS: &[&ServerCommand] = &[
    &SUBSCRIBE,
    &UNSUBSCRIBE,
    &PSUBSCRIBE,
    &PUNSUBSCRIBE,
    &PUBLISH,
    &SSUBSCRIBE,
    &SUNSUBSCRIBE,
    &SPUBLISH,
    &introspect::PUBSUB,
];

static SUBSCRIBE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "subscribe",
        summary: "Sends the messages of these channels to this connection.",
        complexity: "O(N) where N is the number of channels to subscribe to.",
        arity: -2,
        channels: Channels::All,
        syntax: "channel [channel ...]",
        ..DEFAULT
    },
    run: |ctx, args| subscribe(ctx, args, Kind::Channel),
    subcommands: &[],
};

static UNSUBSCRIBE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "unsubscribe",
        summary: "Sends the messages of these channels, or any, no more.",
        complexity: "O(N) where N is the number of clients already subscribed to a channel.",
        arity: -1,
        syntax: "[channel [channel ...]]",
        ..DEFAULT
    },
    run: |ctx, args| unsubscribe(ctx, args, Kind::Channel),
    subcommands: &[],
};

static PSUBSCRIBE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "psubscribe",
        summary: "Sends the messages of all channels that match these patterns.",
        complexity: "O(N) where N is the number of patterns the client is already subscribed to.",
        arity: -2,
        channels: Channels::Patterns,
        syntax: "pattern [pattern ...]",
        ..DEFAULT
    },
    run: |ctx, args| subscribe(ctx, args, Kind::Pattern),
    subcommands: &[],
};

static PUNSUBSCRIBE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "punsubscribe",
        summary: "Forgets these patterns, or all.",
        complexity: "O(N+M) where N is the number of patterns the client is already subscribed and M is the number of total patterns subscribed in the system (by any client).",
        arity: -1,
        syntax: "[pattern [pattern ...]]",
        ..DEFAULT
    },
    run: |ctx, args| unsubscribe(ctx, args, Kind::Pattern),
    subcommands: &[],
};

static PUBLISH: ServerCommand = ServerCommand {
    spec: Spec {
        name: "publish",
        summary: "Sends a message to all who subscribe to a channel.",
        complexity: "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).",
        arity: 3,
        flags: PUBLISHING,
        channels: Channels::First,
        syntax: "channel message",
        ..DEFAULT
    },
    run: |ctx, args| publish_to(ctx, args, Kind::Channel),
    subcommands: &[],
};

static SSUBSCRIBE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "ssubscribe",
        summary: "Sends the messages of these shard channels to this connection.",
        since: "7.0.0",
        complexity: "O(N) where N is the number of shard channels to subscribe to.",
        arity: -2,
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::NOT_KEY)],
        channels: Channels::All,
        syntax: "shardchannel [shardchannel ...]",
        ..DEFAULT
    },
    run: |ctx, args| subscribe(ctx, args, Kind::Shard),
    subcommands: &[],
};

static SUNSUBSCRIBE: ServerCommand = ServerCommand {
    spec: Spec {
        name: "sunsubscribe",
        summary: "Sends the messages of these shard channels, or any, no more.",
        since: "7.0.0",
        complexity: "O(N) where N is the number of clients already subscribed to a shard channel.",
        arity: -1,
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::NOT_KEY)],
        syntax: "[shardchannel [shardchannel ...]]",
        ..DEFAULT
    },
    run: |ctx, args| unsubscribe(ctx, args, Kind::Shard),
    subcommands: &[],
};

static SPUBLISH: ServerCommand = ServerCommand {
    spec: Spec {
        name: "spublish",
        summary: "Sends a message to all who subscribe to a shard channel.",
        since: "7.0.0",
        complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
        arity: 3,
        flags: PUBLISHING,
        channels: Channels::First,
        keys: &[KeySpec::at(1, KeyFlags::NOT_KEY)],
        syntax: "shardchannel message",
        ..DEFAULT
    },
    run: |ctx, args| publish_to(ctx, args, Kind::Shard),
    subcommands: &[],
};

fn subscribe(ctx: &mut ServerCtx<'_>, args: Args<'_>, kind: Kind) -> Result<(), CommandError> {
    let label: &[u8] = match kind {
        Kind::Channel => b"subscribe",
        Kind::Pattern => b"psubscribe",
        Kind::Shard => b"ssubscribe",
    };
    let Some(link) = ctx.core.links.get(ctx.session.client.id) else {
        return Ok(());
    };
    let mut confirmed = OutputBuffer::new();
    for name in args.iter().skip(1) {
        let subscriptions = ctx.session.subscriptions.get_or_insert_with(|| {
            let registry = ctx.core.pubsub.of(&ctx.session.tenant);
            Box::new(Subscriptions::new(registry, std::rc::Rc::clone(&link)))
        });
        subscriptions.add(kind, name);
        let count = subscriptions.count(kind);
        let mut reply = ReplyWriter::new(&mut confirmed, ctx.session.protocol);
        confirm(&mut reply, label, Some(name), count);
    }
    answer(ctx, &mut confirmed);
    Ok(())
}

fn unsubscribe(ctx: &mut ServerCtx<'_>, args: Args<'_>, kind: Kind) -> Result<(), CommandError> {
    let label: &[u8] = match kind {
        Kind::Channel => b"unsubscribe",
        Kind::Pattern => b"punsubscribe",
        Kind::Shard => b"sunsubscribe",
    };
    if let Some(subscriptions) = &ctx.session.subscriptions {
        // What was published before leaves before.
        subscriptions.link().take_mail(ctx.reply.output());
    }
    let mut confirmed = OutputBuffer::new();
    let mut reply = ReplyWriter::new(&mut confirmed, ctx.session.protocol);
    let mut drop_one = |subscriptions: &mut Option<Box<Subscriptions>>, name: &[u8]| {
        let count = subscriptions.as_mut().map_or(0, |subscriptions| {
            subscriptions.remove(kind, name);
            subscriptions.count(kind)
        });
        confirm(&mut reply, label, Some(name), count);
    };
    let subscriptions = &mut ctx.session.subscriptions;
    if args.len() > 1 {
        for name in args.iter().skip(1) {
            drop_one(subscriptions, name);
        }
    } else {
        let names = subscriptions
            .as_ref()
            .map_or_else(Vec::new, |known| known.names(kind));
        for name in &names {
            drop_one(subscriptions, name);
        }
        if names.is_empty() {
            let count = subscriptions.as_ref().map_or(0, |known| known.count(kind));
            confirm(&mut reply, label, None, count);
        }
    }
    if subscriptions.as_ref().is_some_and(|known| known.is_empty()) {
        *subscriptions = None;
    }
    answer(ctx, &mut confirmed);
    Ok(())
}

fn confirm(reply: &mut ReplyWriter<'_>, label: &[u8], name: Option<&[u8]>, count: usize) {
    reply.push(3);
    reply.bulk(label);
    match name {
        Some(name) => reply.bulk(name),
        None => reply.null(),
    }
    reply.integer(count as i64);
}

/// Confirmations are push messages: CLIENT REPLY OFF does not keep them back.
fn answer(ctx: &mut ServerCtx<'_>, confirmed: &mut OutputBuffer) {
    if ctx.session.reply_mode == ReplyMode::On {
        return ctx.reply.output().append(confirmed);
    }
    if let Some(link) = ctx.core.links.get(ctx.session.client.id) {
        push(&ctx.core.server, &link, |mail| mail.append(confirmed));
    }
}

fn publish_to(ctx: &mut ServerCtx<'_>, args: Args<'_>, kind: Kind) -> Result<(), CommandError> {
    let publication = Publication {
        kind,
        channel: args.get(1),
        message: args.get(2),
    };
    let receivers = publish(ctx.core, &ctx.session.tenant, &publication);
    // What it sends itself comes before the reply, but never inside the reply of EXEC.
    if let Some(subscriptions) = &ctx.session.subscriptions
        && ctx.session.reply_mode == ReplyMode::On
        && ctx.session.client.multi_len.load(Relaxed) < 0
    {
        subscriptions.link().take_mail(ctx.reply.output());
    }
    ctx.reply.integer(receivers as i64);
    Ok(())
}
