//! IDs and entries as replies.

use resp::ReplyWriter;

use crate::types::stream::{Entry, Id, IdText};

/// An ID.
#[inline]
pub(super) fn reply_id(reply: &mut ReplyWriter<'_>, id: Id) {
    reply.bulk(IdText::from(id).as_bytes());
}

/// An entry: its ID, then its names and values one after the other.
pub(super) fn reply_entry(reply: &mut ReplyWriter<'_>, entry: Entry<'_>) {
    reply.array(2);
    reply_id(reply, entry.id);
    reply.array(entry.len() * 2);
    for (name, value) in entry.fields() {
        reply.bulk(name);
        reply.bulk(value);
    }
}

/// Up to `count` entries as an array; how many they were.
pub(super) fn reply_entries<'a>(
    reply: &mut ReplyWriter<'_>,
    entries: impl Iterator<Item = Entry<'a>>,
    count: usize,
) {
    let array = reply.array_deferred();
    let mut len = 0;
    for entry in entries.take(count) {
        reply_entry(reply, entry);
        len += 1;
    }
    reply.finish_array(array, len);
}
