//! XINFO: what a stream, its groups and their consumers look like.

use resp::{Args, ReplyWriter};

use super::info_full::reply_full;
use super::radix::node_count;
use super::reply::{reply_entry, reply_id};
use super::{CONTAINER, HELP, STREAM, no_group, subcommand_syntax};
use crate::command::{CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec, parse_i64};
use crate::types::stream::{Group, Id, Log};

pub(super) static XINFO: DataCommand = DataCommand {
    spec: Spec {
        name: "xinfo",
        summary: "Holds the commands that look into streams.",
        ..CONTAINER
    },
    run: |_, _| Err(CommandError::Syntax),
    subcommands: &[CONSUMERS, GROUPS, INFO_HELP, INFO_STREAM],
};

/// What the subcommands on a key have in common.
const ON_KEY: Spec = Spec {
    flags: Flags::READONLY,
    keys: &[KeySpec::at(2, KeyFlags::RO.union(KeyFlags::ACCESS))],
    ..STREAM
};

const CONSUMERS: DataCommand = DataCommand {
    spec: Spec {
        name: "consumers",
        summary: "Lists the consumers of a group.",
        arity: 4,
        syntax: "key groupname",
        ..ON_KEY
    },
    run: consumers,
    subcommands: &[],
};

fn consumers(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (key, now_ms) = (ctx.keys.arg(args, 2), ctx.now_ms);
    let stream = ctx.keys.read_stream(key)?.ok_or(CommandError::NoSuchKey)?;
    let name = args.get(3);
    let group = stream.groups().get(name).ok_or_else(|| {
        no_group(&[
            b"No such consumer group '",
            name,
            b"' for key name '",
            key.bytes,
            b"'",
        ])
    })?;
    let reply = &mut ctx.reply;
    reply.array(group.consumers_len());
    for consumer in group.consumers() {
        reply.map(4);
        reply.bulk(b"name");
        reply.bulk(consumer.name());
        reply.bulk(b"pending");
        reply.integer(consumer.pending_len() as i64);
        reply.bulk(b"idle");
        reply.integer(now_ms.saturating_sub(consumer.seen_at_ms) as i64);
        reply.bulk(b"inactive");
        let inactive_ms = |at_ms| now_ms.saturating_sub(at_ms) as i64;
        reply.integer(consumer.active_at_ms.map_or(-1, inactive_ms));
    }
    Ok(())
}

const GROUPS: DataCommand = DataCommand {
    spec: Spec {
        name: "groups",
        summary: "Lists the consumer groups of a stream.",
        arity: 3,
        syntax: "key",
        ..ON_KEY
    },
    run: groups,
    subcommands: &[],
};

fn groups(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 2);
    let stream = ctx.keys.read_stream(key)?.ok_or(CommandError::NoSuchKey)?;
    let reply = &mut ctx.reply;
    reply.array(stream.groups().len());
    for (name, group) in stream.groups().iter() {
        reply.map(6);
        reply.bulk(b"name");
        reply.bulk(name);
        reply.bulk(b"consumers");
        reply.integer(group.consumers_len() as i64);
        reply.bulk(b"pending");
        reply.integer(group.pending_len() as i64);
        reply_progress(reply, stream, group);
    }
    Ok(())
}

/// How far a group has read: three pairs.
pub(super) fn reply_progress(reply: &mut ReplyWriter<'_>, log: &Log, group: &Group) {
    reply.bulk(b"last-delivered-id");
    reply_id(reply, group.last_id);
    reply.bulk(b"entries-read");
    reply_known(reply, group.entries_read.map(|read| read as i64));
    reply.bulk(b"lag");
    reply_known(reply, lag(log, group));
}

fn reply_known(reply: &mut ReplyWriter<'_>, number: Option<i64>) {
    match number {
        Some(number) => reply.integer(number),
        None => reply.null(),
    }
}

/// How many entries a group has still to read, where that can be told.
fn lag(log: &Log, group: &Group) -> Option<i64> {
    let added = log.entries_added();
    if added == 0 {
        return Some(0);
    }
    let read = match group.entries_read {
        Some(read) if log.last_gap().is_none_or(|gap| group.last_id > gap) => Some(read),
        Some(_) | None => log.entries_up_to(group.last_id),
    };
    read.map(|read| added.wrapping_sub(read) as i64)
}

const INFO_STREAM: DataCommand = DataCommand {
    spec: Spec {
        name: "stream",
        summary: "Describes a stream, with FULL down to its groups and what is pending.",
        arity: -3,
        syntax: "key [FULL [COUNT count]]",
        ..ON_KEY
    },
    run: stream,
    subcommands: &[],
};

/// Entries and pending entries shown unless told otherwise.
const COUNT_DEFAULT: usize = 10;

/// How many of each FULL shows; none when it is not asked for.
fn parse_full(args: Args<'_>) -> Result<Option<usize>, CommandError> {
    let is = |index: usize, word: &str| {
        args.try_get(index)
            .is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
    };
    match args.len() {
        3 => Ok(None),
        4 if is(3, "FULL") => Ok(Some(COUNT_DEFAULT)),
        6 if is(3, "FULL") && is(4, "COUNT") => match parse_i64(args.get(5))? {
            0 => Ok(Some(usize::MAX)),
            count => Ok(Some(usize::try_from(count).unwrap_or(COUNT_DEFAULT))),
        },
        _ => Err(subcommand_syntax(args)),
    }
}

fn stream(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 2);
    let stream = ctx.keys.read_stream(key)?.ok_or(CommandError::NoSuchKey)?;
    let full = parse_full(args)?;
    let reply = &mut ctx.reply;
    reply.map(if full.is_some() { 9 } else { 10 });
    reply.bulk(b"length");
    reply.integer(stream.len() as i64);
    reply.bulk(b"radix-tree-keys");
    reply.integer(stream.blocks() as i64);
    reply.bulk(b"radix-tree-nodes");
    reply.integer(node_count(stream.block_ids()) as i64);
    reply.bulk(b"last-generated-id");
    reply_id(reply, stream.last_id());
    reply.bulk(b"max-deleted-entry-id");
    reply_id(reply, stream.max_removed_id());
    reply.bulk(b"entries-added");
    reply.integer(stream.entries_added() as i64);
    reply.bulk(b"recorded-first-entry-id");
    reply_id(reply, stream.first_id());
    if let Some(count) = full {
        reply_full(reply, stream, count);
        return Ok(());
    }
    reply.bulk(b"groups");
    reply.integer(stream.groups().len() as i64);
    let first = stream.range(Id::MIN, Id::MAX).next();
    let last = stream.range_down(Id::MAX, Id::MIN).next();
    for (name, entry) in [(&b"first-entry"[..], first), (b"last-entry", last)] {
        reply.bulk(name);
        match entry {
            Some(entry) => reply_entry(reply, entry),
            None => reply.null(),
        }
    }
    Ok(())
}

const INFO_HELP: DataCommand = DataCommand {
    spec: Spec {
        summary: "Explains the subcommands of XINFO.",
        ..HELP
    },
    run: help,
    subcommands: &[],
};

const HELP_LINES: &[&str] = &[
    "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CONSUMERS <key> <group>",
    "    Lists the consumers of the group.",
    "GROUPS <key>",
    "    Lists the consumer groups of the stream.",
    "STREAM <key> [FULL [COUNT <count>]]",
    "    Describes the stream; FULL goes down to groups and pending entries.",
    "HELP",
    "    Prints this help.",
];

fn help(ctx: &mut Ctx<'_>, _args: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.lines(HELP_LINES);
    Ok(())
}
