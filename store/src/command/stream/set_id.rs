//! XSETID: what a stream remembers of its past.

use resp::Args;

use super::id::parse_id;
use super::{KEY_RW_UPDATE, STREAM};
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, EventClass, Flags, Spec};
use crate::types::stream::{Id, Log};

pub(super) static XSETID: DataCommand = DataCommand {
    spec: Spec {
        name: "xsetid",
        summary: "Sets the last ID a stream has given, for whoever rebuilds one.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
        keys: KEY_RW_UPDATE,
        syntax: "key last-id [ENTRIESADDED entries_added] [MAXDELETEDID max_deleted_entry_id]",
        ..STREAM
    },
    run: xsetid,
    subcommands: &[],
};

const NEGATIVE_ADDED: CommandError = CommandError::text("ERR entries_added must be positive");
const BELOW_DELETED: CommandError = CommandError::text(
    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
);
const BELOW_TOP: CommandError =
    CommandError::text("ERR The ID specified in XSETID is smaller than the target stream top item");
const BELOW_LEN: CommandError = CommandError::text(
    "ERR The entries_added specified in XSETID is smaller than the target stream length",
);

struct Past {
    last_id: Id,
    entries_added: Option<u64>,
    max_deleted_id: Id,
}

impl Past {
    fn parse(args: Args<'_>) -> Result<Self, CommandError> {
        let mut past = Past {
            last_id: parse_id(args.get(2), 0)?,
            entries_added: None,
            max_deleted_id: Id::MIN,
        };
        let mut cursor = ArgCursor::new(args, 3);
        while !cursor.is_done() {
            if cursor.remaining() < 2 {
                return Err(CommandError::Syntax);
            } else if cursor.keyword("ENTRIESADDED") {
                let added = cursor.expect_i64()?;
                past.entries_added = Some(u64::try_from(added).map_err(|_| NEGATIVE_ADDED)?);
            } else if cursor.keyword("MAXDELETEDID") {
                past.max_deleted_id = parse_id(cursor.expect()?, 0)?;
                if past.last_id < past.max_deleted_id {
                    return Err(BELOW_DELETED);
                }
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(past)
    }

    fn apply(self, log: &mut Log) -> Result<(), CommandError> {
        if let Some(top) = log.last_entry_id() {
            if self.last_id < top {
                return Err(BELOW_TOP);
            }
            if self.entries_added.is_some_and(|added| added < log.len()) {
                return Err(BELOW_LEN);
            }
        }
        log.set_last_id(self.last_id);
        if let Some(added) = self.entries_added {
            log.set_entries_added(added);
        }
        if self.max_deleted_id != Id::MIN {
            log.set_max_removed_id(self.max_deleted_id);
        }
        Ok(())
    }
}

fn xsetid(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let past = Past::parse(args)?;
    let key = ctx.keys.arg(args, 1);
    let mut stream = ctx.keys.edit_stream(key)?.ok_or(CommandError::NoSuchKey)?;
    past.apply(&mut stream)?;
    drop(stream);
    ctx.keys.event(EventClass::STREAM, "xsetid", key);
    ctx.keys.add_dirty(1);
    ctx.reply.ok();
    Ok(())
}
