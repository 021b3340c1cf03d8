//! XPENDING: what a consumer group has handed out and not heard of again.

use resp::{Args, ReplyWriter};

use super::id::{parse_end, parse_start};
use super::reply::reply_id;
use super::{KEY_RO_ACCESS, STREAM, no_key_or_group};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec, parse_i64};
use crate::types::stream::{Group, Id};

pub(super) static XPENDING: DataCommand = DataCommand {
    spec: Spec {
        name: "xpending",
        summary: "Tells what a consumer group has handed out and nobody has acknowledged: a summary, or entry by entry.",
        complexity: "O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer.",
        arity: -3,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key group [<[IDLE min-idle-time] start end count [consumer]>]",
        ..STREAM
    },
    run: xpending,
    subcommands: &[],
};

/// What is asked for, entry by entry.
struct Listing<'a> {
    idle_min_ms: i64,
    start: Id,
    end: Id,
    count: usize,
    consumer: Option<&'a [u8]>,
}

impl<'a> Listing<'a> {
    /// Reads what follows the group; none when that is nothing.
    fn parse(args: Args<'a>) -> Result<Option<Self>, CommandError> {
        let rest = args.tail(3);
        let idle = match rest.len() {
            0 => return Ok(None),
            3..=6 => rest.get(0).eq_ignore_ascii_case(b"IDLE"),
            _ => return Err(CommandError::Syntax),
        };
        let mut idle_min_ms = 0;
        let mut rest = rest;
        if idle {
            idle_min_ms = parse_i64(rest.get(1))?;
            rest = rest.tail(2);
            if rest.len() < 3 {
                return Err(CommandError::Syntax);
            }
        }
        let count = parse_i64(rest.get(2))?;
        Ok(Some(Listing {
            idle_min_ms,
            start: parse_start(rest.get(0))?,
            end: parse_end(rest.get(1))?,
            count: usize::try_from(count).unwrap_or(0),
            consumer: rest.try_get(3),
        }))
    }
}

fn xpending(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let listing = Listing::parse(args)?;
    let (key, now_ms) = (ctx.keys.arg(args, 1), ctx.now_ms);
    let stream = ctx.keys.read_stream(key)?;
    let group = stream
        .and_then(|stream| stream.groups().get(args.get(2)))
        .ok_or_else(|| no_key_or_group(args.get(1), args.get(2)))?;
    match listing {
        None => summary(&mut ctx.reply, group),
        Some(listing) => list(&mut ctx.reply, group, &listing, now_ms),
    }
    Ok(())
}

fn summary(reply: &mut ReplyWriter<'_>, group: &Group) {
    reply.array(4);
    reply.integer(group.pending_len() as i64);
    let Some((first, last)) = group.pending_bounds() else {
        reply.null();
        reply.null();
        reply.null_array();
        return;
    };
    reply_id(reply, first);
    reply_id(reply, last);
    let busy = || {
        group
            .consumers()
            .filter(|consumer| consumer.pending_len() > 0)
    };
    reply.array(busy().count());
    for consumer in busy() {
        reply.array(2);
        reply.bulk(consumer.name());
        reply.bulk_integer(consumer.pending_len() as i64);
    }
}

fn list(reply: &mut ReplyWriter<'_>, group: &Group, listing: &Listing<'_>, now_ms: u64) {
    let array = reply.array_deferred();
    let mut show = |id: Id| {
        let pending = group.pending(id).expect("both lists name the same entries");
        let idle_ms = now_ms as i64 - pending.delivered_at_ms as i64;
        if listing.idle_min_ms != 0 && idle_ms < listing.idle_min_ms {
            return false;
        }
        reply.array(4);
        reply_id(reply, id);
        reply.bulk(group.consumer(pending.consumer).name());
        reply.integer(idle_ms.max(0));
        reply.integer(pending.deliveries as i64);
        true
    };
    let mut show_all = |ids: &mut dyn Iterator<Item = Id>| {
        let ids = ids.take_while(|id| *id <= listing.end);
        ids.filter(|id| show(*id)).take(listing.count).count()
    };
    let len = match listing.consumer.map(|name| group.consumer_named(name)) {
        // Nothing is pending with somebody unknown.
        Some(None) => 0,
        Some(Some(consumer)) => show_all(&mut group.consumer(consumer).pending_from(listing.start)),
        None => show_all(&mut group.pending_from(listing.start).map(|(id, _)| id)),
    };
    reply.finish_array(array, len);
}
