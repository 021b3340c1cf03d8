//! BLOCK: XREAD and XREADGROUP that wait for entries.

use super::no_group;
use super::read::{Replies, reply_after};
use super::read_args::{From, ReadArgs, Reader};
use super::read_group::hand_over;
use crate::command::{CommandError, Ctx, Key, Keys, Serve, Wait, WaitKind};
use crate::types::Stream;
use crate::types::stream::Id;
use crate::value::ValueRef;

/// Most entries that end a wait, when the client has not said how many it takes.
const COUNT_DEFAULT: usize = 1000;

const KEY_GONE: CommandError = CommandError::text("UNBLOCKED the stream key no longer exists");

/// The wish to wait for the keys that had nothing.
pub(super) fn wish(parsed: &ReadArgs<'_>, from: &[From], until_ms: Option<u64>) -> Wait {
    let count = parsed.count.unwrap_or(COUNT_DEFAULT);
    let serve: Box<dyn Serve> = match parsed.reader {
        Some(reader) => Box::new(ForGroup {
            group: reader.group.into(),
            consumer: reader.consumer.into(),
            no_ack: reader.no_ack,
            count,
        }),
        None => Box::new(Plain {
            after: from.iter().map(|from| from.id()).collect(),
            count,
        }),
    };
    Wait {
        keys: parsed.keys.clone(),
        kind: WaitKind::Stream,
        until_ms,
        leads_to: 0,
        serve,
    }
}

fn stream_of<'k>(keys: &'k Keys<'_>, key: Key<'_>) -> Option<&'k Stream> {
    match keys.view(key)? {
        ValueRef::Stream(stream) => Some(stream),
        ValueRef::String(_)
        | ValueRef::List(_)
        | ValueRef::Set(_)
        | ValueRef::Hash(_)
        | ValueRef::Zset(_) => None,
    }
}

/// XREAD: waits for an ID above the one it has read, of each stream.
#[derive(Debug)]
struct Plain {
    after: Box<[Id]>,
    count: usize,
}

impl Serve for Plain {
    fn is_ready(&self, keys: &mut Keys<'_>, key: Key<'_>, nth: usize) -> bool {
        stream_of(keys, key).is_some_and(|stream| stream.last_id() > self.after[nth])
    }

    fn serve(&self, ctx: &mut Ctx<'_>, key: Key<'_>, nth: usize) -> Result<(), CommandError> {
        let mut replies = Replies::default();
        if let Some(stream) = stream_of(&ctx.keys, key) {
            let after = self.after[nth];
            reply_after(&mut ctx.reply, key, stream, after, self.count, &mut replies);
        }
        replies.finish(ctx);
        Ok(())
    }
}

/// XREADGROUP: waits for what is new to the group, as long as there is one.
#[derive(Debug)]
struct ForGroup {
    group: Box<[u8]>,
    consumer: Box<[u8]>,
    no_ack: bool,
    count: usize,
}

impl Serve for ForGroup {
    fn is_ready(&self, keys: &mut Keys<'_>, key: Key<'_>, _nth: usize) -> bool {
        stream_of(keys, key).is_some_and(|stream| match stream.groups().get(&self.group) {
            Some(group) => stream.last_id() > group.last_id,
            None => true,
        })
    }

    fn minds_loss(&self) -> bool {
        true
    }

    fn serve(&self, ctx: &mut Ctx<'_>, key: Key<'_>, _nth: usize) -> Result<(), CommandError> {
        let stream = stream_of(&ctx.keys, key).ok_or(KEY_GONE)?;
        if stream.groups().get(&self.group).is_none() {
            return Err(no_group(&[
                b"the consumer group this client was blocked on no longer exists",
            ]));
        }
        let reader = Reader {
            group: &self.group,
            consumer: &self.consumer,
            no_ack: self.no_ack,
        };
        let mut replies = Replies::default();
        hand_over(ctx, key, &reader, From::New, self.count, &mut replies)?;
        replies.finish(ctx);
        Ok(())
    }
}
