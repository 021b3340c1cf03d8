//! XADD: an entry at a stream's end.

use resp::Args;

use super::id::NewId;
use super::reply::reply_id;
use super::trim::{Trim, TrimOptions};
use super::{KEY_RW_UPDATE, STREAM};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, DataConfig, EventClass, Flags, KeySpec, Spec,
};
use crate::types::stream::{BLOCK_BYTES_MAX, Id};

pub(super) static XADD: DataCommand = DataCommand {
    spec: Spec {
        name: "xadd",
        summary: "Adds an entry at the end of a stream, creating it when absent.",
        complexity: "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
        arity: -5,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
        keys: &[KEY.noted("UPDATE instead of INSERT because of the optional trimming feature")],
        syntax: "key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [<MAXLEN | MINID [= | ~] threshold [LIMIT count]>] <* | id> <field value> [<field value> ...]",
        ..STREAM
    },
    run: xadd,
    subcommands: &[],
};

const KEY: KeySpec = KEY_RW_UPDATE[0];

const WRONG_ARITY: CommandError = CommandError::Arity(std::borrow::Cow::Borrowed("xadd"));
const ID_IS_ZERO: CommandError =
    CommandError::text("ERR The ID specified in XADD must be greater than 0-0");
const EXHAUSTED: CommandError = CommandError::text(
    "ERR The stream has exhausted the last possible ID, unable to add more items",
);
const ID_TOO_SMALL: CommandError = CommandError::text(
    "ERR The ID specified in XADD is equal or smaller than the target stream top item",
);
const TOO_LARGE: CommandError = CommandError::text("ERR Elements are too large to be stored");

/// Whether a missing stream is created.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Create,
    Leave,
}

struct XaddArgs<'a> {
    missing: Missing,
    trim: Option<Trim>,
    id: NewId,
    fields: Fields<'a>,
}

impl<'a> XaddArgs<'a> {
    fn parse(args: Args<'a>, config: &DataConfig) -> Result<Self, CommandError> {
        let mut cursor = ArgCursor::new(args, 2);
        let mut missing = Missing::Create;
        let mut trim = TrimOptions::default();
        // The ID ends the options.
        let id = loop {
            match cursor.peek() {
                Some(b"*") => break Some(NewId::Now),
                Some(_) if trim.take(&mut cursor)? => {}
                Some(_) if cursor.keyword("NOMKSTREAM") => missing = Missing::Leave,
                Some(id) => break Some(NewId::parse(id)?),
                None => break None,
            }
        };
        let trim = trim.finish(config)?;
        let fields = Fields(args.tail(cursor.position() + 1));
        let id = id
            .filter(|_| fields.len() > 0 && fields.0.len().is_multiple_of(2))
            .ok_or(WRONG_ARITY)?;
        match id {
            NewId::Exactly(Id::MIN) => Err(ID_IS_ZERO),
            NewId::Exactly(_) | NewId::NextOf(_) | NewId::Now => Ok(XaddArgs {
                missing,
                trim,
                id,
                fields,
            }),
        }
    }
}

/// Arguments as fields with values.
#[derive(Clone)]
struct Fields<'a>(Args<'a>);

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.len() < 2 {
            return None;
        }
        let field = (self.0.get(0), self.0.get(1));
        self.0 = self.0.tail(2);
        Some(field)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.0.len() / 2;
        (len, Some(len))
    }
}

impl ExactSizeIterator for Fields<'_> {}

fn xadd(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let parsed = XaddArgs::parse(args, ctx.config)?;
    let key = ctx.keys.arg(args, 1);
    if parsed.missing == Missing::Leave && ctx.keys.edit_stream(key)?.is_none() {
        ctx.reply.null();
        return Ok(());
    }
    let mut stream = ctx.keys.stream_or_create(key)?;
    let id = choose_id(parsed.id, stream.last_id(), ctx.now_ms)?;
    let size: usize = parsed
        .fields
        .clone()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > BLOCK_BYTES_MAX {
        return Err(TOO_LARGE);
    }
    stream.append(id, parsed.fields, &ctx.config.encoding);
    let trimmed = match parsed.trim {
        Some(trim) => trim.run(&mut stream),
        None => 0,
    };
    drop(stream);
    reply_id(&mut ctx.reply, id);
    ctx.keys.changed(EventClass::STREAM, "xadd", key);
    if trimmed > 0 {
        ctx.keys.event(EventClass::STREAM, "xtrim", key);
    }
    Ok(())
}

/// The ID of an entry that follows `last`.
fn choose_id(wanted: NewId, last: Id, now_ms: u64) -> Result<Id, CommandError> {
    if last == Id::MAX {
        return Err(EXHAUSTED);
    }
    let id = match wanted {
        NewId::Now => last.next_at(now_ms).ok_or(EXHAUSTED)?,
        NewId::NextOf(ms) if ms == last.ms => {
            Id::new(ms, last.seq.checked_add(1).ok_or(ID_TOO_SMALL)?)
        }
        NewId::NextOf(ms) => Id::new(ms, 0),
        NewId::Exactly(id) => id,
    };
    if id > last { Ok(id) } else { Err(ID_TOO_SMALL) }
}
