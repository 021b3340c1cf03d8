//! XINFO STREAM FULL: entries, groups, consumers and what is pending.

use resp::ReplyWriter;

use super::info::reply_progress;
use super::reply::{reply_entries, reply_id};
use crate::types::Stream;
use crate::types::stream::{Consumer, Group, Id, Log};

/// The two pairs that FULL has where the short form has others; of each list up to `count`.
pub(super) fn reply_full(reply: &mut ReplyWriter<'_>, stream: &Stream, count: usize) {
    reply.bulk(b"entries");
    reply_entries(reply, stream.range(Id::MIN, Id::MAX), count);
    reply.bulk(b"groups");
    reply.array(stream.groups().len());
    for (name, group) in stream.groups().iter() {
        reply_group(reply, stream, name, group, count);
    }
}

fn reply_group(reply: &mut ReplyWriter<'_>, log: &Log, name: &[u8], group: &Group, count: usize) {
    reply.map(7);
    reply.bulk(b"name");
    reply.bulk(name);
    reply_progress(reply, log, group);
    reply.bulk(b"pel-count");
    reply.integer(group.pending_len() as i64);
    reply.bulk(b"pending");
    reply.array(group.pending_len().min(count));
    for (id, pending) in group.pending_from(Id::MIN).take(count) {
        reply.array(4);
        reply_id(reply, id);
        reply.bulk(group.consumer(pending.consumer).name());
        reply.integer(pending.delivered_at_ms as i64);
        reply.integer(pending.deliveries as i64);
    }
    reply.bulk(b"consumers");
    reply.array(group.consumers_len());
    for consumer in group.consumers() {
        reply_consumer(reply, group, consumer, count);
    }
}

fn reply_consumer(reply: &mut ReplyWriter<'_>, group: &Group, consumer: &Consumer, count: usize) {
    reply.map(5);
    reply.bulk(b"name");
    reply.bulk(consumer.name());
    reply.bulk(b"seen-time");
    reply.integer(consumer.seen_at_ms as i64);
    reply.bulk(b"active-time");
    reply.integer(consumer.active_at_ms.map_or(-1, |at_ms| at_ms as i64));
    reply.bulk(b"pel-count");
    reply.integer(consumer.pending_len() as i64);
    reply.bulk(b"pending");
    reply.array(consumer.pending_len().min(count));
    for id in consumer.pending_from(Id::MIN).take(count) {
        let pending = group.pending(id).expect("both lists name the same entries");
        reply.array(3);
        reply_id(reply, id);
        reply.integer(pending.delivered_at_ms as i64);
        reply.integer(pending.deliveries as i64);
    }
}
