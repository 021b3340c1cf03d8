//! XREAD and XREADGROUP: the next entries of several streams.

use resp::{Args, Protocol, ReplyWriter};

use super::block::wish;
use super::read_args::{From, ReadArgs, Reading, keys_behind_values};
use super::read_group::serve_group;
use super::reply::reply_entries;
use super::{STREAM, no_group};
use crate::command::{
    Begin, CommandError, Ctx, DataCommand, Find, Flags, Key, KeyFlags, KeySpec, Spec,
};
use crate::types::stream::{Id, Log};

/// The keys behind STREAMS, which is looked for from argument `start` on: the first half of what follows.
const fn streams_from(start: i32) -> KeySpec {
    KeySpec {
        begin: Begin::Keyword("STREAMS", start),
        find: Find::Range {
            last: -1,
            step: 1,
            limit: 2,
        },
        flags: KeyFlags::RO.union(KeyFlags::ACCESS),
        notes: "",
    }
}

pub(super) static XREAD: DataCommand = DataCommand {
    spec: Spec {
        name: "xread",
        summary: "Gives the entries of several streams that come after an ID each, and waits for them if asked to.",
        complexity: "For each stream mentioned: O(N) with N being the number of elements being returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time in order to serve the M clients blocked on the stream getting new data.",
        arity: -4,
        flags: Flags::READONLY
            .union(Flags::BLOCKING)
            .union(Flags::MOVABLEKEYS),
        keys: &[streams_from(1)],
        more_keys: Some(|args, visit| keys_behind_values(args, 1, visit)),
        syntax: "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
        ..STREAM
    },
    run: |ctx, args| read(ctx, args, Reading::Plain),
    subcommands: &[],
};

pub(super) static XREADGROUP: DataCommand = DataCommand {
    spec: Spec {
        name: "xreadgroup",
        summary: "Hands the next entries of several streams to a consumer of a group, or shows what is pending with it; waits if asked to.",
        complexity: "For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data.",
        arity: -7,
        flags: Flags::WRITE
            .union(Flags::BLOCKING)
            .union(Flags::MOVABLEKEYS),
        keys: &[streams_from(4)],
        more_keys: Some(|args, visit| keys_behind_values(args, 4, visit)),
        syntax: "GROUP <group consumer> [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]",
        ..STREAM
    },
    run: |ctx, args| read(ctx, args, Reading::ForGroup),
    subcommands: &[],
};

fn read(ctx: &mut Ctx<'_>, args: Args<'_>, reading: Reading) -> Result<(), CommandError> {
    let parsed = ReadArgs::parse(args, reading, ctx.now_ms)?;
    let from = resolve(ctx, args, &parsed)?;
    let mut replies = Replies::default();
    for (index, from) in parsed.keys.clone().zip(&from) {
        let key = ctx.keys.arg(args, index);
        let count = parsed.count.unwrap_or(usize::MAX);
        match (*from, parsed.reader) {
            (from, Some(reader)) => {
                serve_group(ctx, key, &reader, from, count, &mut replies)?;
            }
            (From::After(after), None) => serve(ctx, key, after, count, &mut replies)?,
            (From::New, None) => unreachable!("XREAD has no such ID"),
        }
    }
    let waits = match parsed.block {
        Some(until_ms) if replies.is_empty() => ctx.wait(wish(&parsed, &from, until_ms)),
        Some(_) | None => false,
    };
    if !waits {
        replies.finish(ctx);
    }
    Ok(())
}

/// Looks every stream up once, with its group, and finds out from where on it is read.
fn resolve(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    parsed: &ReadArgs<'_>,
) -> Result<Vec<From>, CommandError> {
    let streams = parsed.keys.len();
    let mut from = Vec::with_capacity(streams);
    for index in parsed.keys.clone() {
        let key = ctx.keys.arg(args, index);
        let stream = ctx.keys.read_stream(key)?;
        let text = args.get(index + streams);
        from.push(match parsed.reader {
            Some(reader) => {
                let group = stream.and_then(|stream| stream.groups().get(reader.group));
                if group.is_none() {
                    return Err(no_group_to_read(key.bytes, reader.group));
                }
                From::parse_for_group(text)?
            }
            None => From::parse_plain(text, stream.map(|stream| &**stream))?,
        });
    }
    Ok(from)
}

fn no_group_to_read(key: &[u8], group: &[u8]) -> CommandError {
    no_group(&[
        b"No such key '",
        key,
        b"' or consumer group '",
        group,
        b"' in XREADGROUP with GROUP option",
    ])
}

/// Replies with the entries after `after`, if there are any.
fn serve(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    after: Id,
    count: usize,
    replies: &mut Replies,
) -> Result<(), CommandError> {
    let Some(stream) = ctx.keys.read_stream(key)? else {
        return Ok(());
    };
    if stream.last_entry_id() > Some(after) {
        reply_after(&mut ctx.reply, key, stream, after, count, replies);
    }
    Ok(())
}

/// Replies with the entries after `after`, even if there are none.
pub(super) fn reply_after(
    reply: &mut ReplyWriter<'_>,
    key: Key<'_>,
    log: &Log,
    after: Id,
    count: usize,
    replies: &mut Replies,
) {
    let start = after.successor().unwrap_or(Id::MAX);
    replies.open(reply, key);
    reply_entries(reply, log.range(start, Id::MAX), count);
}

/// The reply: streams with what they have, opened by the first one that has something.
#[derive(Default)]
pub(super) struct Replies {
    outer: Option<resp::DeferredLen>,
    streams: usize,
}

impl Replies {
    /// The next stream; its entries follow.
    pub(super) fn open(&mut self, reply: &mut ReplyWriter<'_>, key: Key<'_>) {
        self.outer.get_or_insert_with(|| reply.array_deferred());
        self.streams += 1;
        if reply.protocol() == Protocol::Resp2 {
            reply.array(2);
        }
        reply.bulk(key.bytes);
    }

    /// Whether no stream had anything.
    fn is_empty(&self) -> bool {
        self.streams == 0
    }

    /// All streams had their turn.
    pub(super) fn finish(self, ctx: &mut Ctx<'_>) {
        match (self.outer, ctx.reply.protocol()) {
            (Some(outer), Protocol::Resp2) => ctx.reply.finish_array(outer, self.streams),
            (Some(outer), Protocol::Resp3) => ctx.reply.finish_map(outer, self.streams),
            (None, _) => ctx.reply.null_array(),
        }
    }
}
