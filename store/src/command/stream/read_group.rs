//! Reading for a group: handing out what is new, and showing what is pending.

use resp::ReplyWriter;

use super::group::consumer_created;
use super::read::Replies;
use super::read_args::{From, Reader};
use super::reply::{reply_entry, reply_id};
use crate::command::{CommandError, Ctx, Key};
use crate::types::stream::{ConsumerId, Group, Id, Log};

/// Replies with what is new to the group, if anything is, or with what is pending with the consumer after an ID.
pub(super) fn serve_group(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    reader: &Reader<'_>,
    from: From,
    count: usize,
    replies: &mut Replies,
) -> Result<(), CommandError> {
    let (log, group) = match ctx.keys.read_stream(key)? {
        Some(stream) => (&**stream, stream.groups().get(reader.group)),
        None => return Ok(()),
    };
    let has_new = group.is_some_and(|group| log.last_entry_id() > Some(group.last_id));
    if from == From::New && !has_new {
        return Ok(());
    }
    hand_over(ctx, key, reader, from, count, replies)
}

/// Replies with what is new to the group, even if that is nothing, or with what is pending with the consumer after an ID.
pub(super) fn hand_over(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    reader: &Reader<'_>,
    from: From,
    count: usize,
    replies: &mut Replies,
) -> Result<(), CommandError> {
    let now_ms = ctx.now_ms;
    let mut stream = ctx.keys.edit_stream(key)?;
    let Some((log, mut group)) = stream
        .as_mut()
        .and_then(|stream| stream.log_and_group(reader.group))
    else {
        return Ok(());
    };
    let known = group.consumer_named(reader.consumer);
    let consumer = known.unwrap_or_else(|| group.create_consumer(reader.consumer, now_ms));
    group.consumer_seen(consumer, now_ms);
    let handover = Handover {
        consumer,
        now_ms,
        count,
        no_ack: reader.no_ack,
    };
    replies.open(&mut ctx.reply, key);
    match from {
        From::New => handover.hand_out(&mut ctx.reply, log, &mut group),
        From::After(after) => handover.show_pending(&mut ctx.reply, log, &mut group, after),
    }
    drop(group);
    drop(stream);
    if known.is_none() {
        consumer_created(&mut ctx.keys, key);
    }
    ctx.keys.add_dirty(1);
    Ok(())
}

/// Entries on their way to a consumer.
struct Handover {
    consumer: ConsumerId,
    now_ms: u64,
    count: usize,
    no_ack: bool,
}

impl Handover {
    fn hand_out(&self, reply: &mut ReplyWriter<'_>, log: &Log, group: &mut Group) {
        let start = group.last_id.successor().unwrap_or(Id::MAX);
        let gap = log.last_gap();
        let array = reply.array_deferred();
        let mut len = 0;
        for entry in log.range(start, Id::MAX).take(self.count) {
            group.entries_read = match group.entries_read {
                Some(read) if gap.is_none_or(|gap| entry.id > gap) => Some(read.wrapping_add(1)),
                _ if log.entries_added() > 0 => log.entries_up_to(entry.id),
                unknown => unknown,
            };
            group.last_id = entry.id;
            reply_entry(reply, entry);
            if !self.no_ack {
                group.deliver(entry.id, self.consumer, self.now_ms, 1);
            }
            len += 1;
        }
        group.consumer_active(self.consumer, self.now_ms);
        reply.finish_array(array, len);
    }

    /// What was removed from the stream since is shown without fields.
    fn show_pending(&self, reply: &mut ReplyWriter<'_>, log: &Log, group: &mut Group, after: Id) {
        let pending = group.consumer(self.consumer).pending_len();
        let start = after.successor().filter(|_| pending > 0);
        let ids: Vec<Id> = start.map_or_else(Vec::new, |start| {
            let ids = group.consumer(self.consumer).pending_from(start);
            ids.take(self.count).collect()
        });
        reply.array(ids.len());
        for id in ids {
            match log.get(id) {
                Some(entry) => {
                    reply_entry(reply, entry);
                    group.deliver_again(id, self.now_ms);
                }
                None => {
                    reply.array(2);
                    reply_id(reply, id);
                    reply.null_array();
                }
            }
        }
    }
}
