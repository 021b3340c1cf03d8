//! XDELEX and XACKDEL: entries out of a stream, with a say in what becomes of what consumer groups hold of them.

use resp::Args;

use super::id::parse_id;
use super::trim::take_references;
use super::{KEY_RW_DELETE, STREAM};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, EventClass, Flags, Spec, parse_at_least,
};
use crate::types::stream::{Deleted, Id, References};

pub(super) static XDELEX: DataCommand = DataCommand {
    spec: Spec {
        name: "xdelex",
        summary: "Removes entries from a stream, or those no consumer group holds, and says of each what became of it.",
        since: "8.2.0",
        complexity: "O(1) for each single item to delete in the stream, regardless of the stream size.",
        arity: -5,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: KEY_RW_DELETE,
        syntax: "key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
        ..STREAM
    },
    run: xdelex,
    subcommands: &[],
};

pub(super) static XACKDEL: DataCommand = DataCommand {
    spec: Spec {
        name: "xackdel",
        summary: "Acknowledges entries for a consumer group, removes them from the stream, and says of each what became of it.",
        since: "8.2.0",
        complexity: "O(1) for each message ID processed.",
        arity: -6,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: KEY_RW_DELETE,
        syntax: "key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
        ..STREAM
    },
    run: xackdel,
    subcommands: &[],
};

const NO_COUNT: CommandError = CommandError::text("ERR Number of IDs must be a positive integer");
const WRONG_COUNT: CommandError =
    CommandError::text("ERR The `numids` parameter must match the number of arguments");

/// Replies for one ID.
const MISSING: i64 = -1;
const GONE: i64 = 1;
const HELD: i64 = 2;

/// Which entries, and what becomes of what groups hold of them.
struct Targets {
    references: References,
    ids: Vec<Id>,
}

impl Targets {
    fn parse(mut args: ArgCursor<'_>) -> Result<Self, CommandError> {
        let mut references = None;
        while !args.keyword("IDS") {
            let word = take_references(&mut args).ok_or(CommandError::Syntax)?;
            if references.replace(word).is_some() {
                return Err(CommandError::Syntax);
            }
        }
        let count = parse_at_least(args.expect()?, 1, NO_COUNT)?;
        if count != args.remaining() {
            return Err(WRONG_COUNT);
        }
        let texts = std::iter::from_fn(|| args.next_arg());
        Ok(Targets {
            references: references.unwrap_or_default(),
            ids: texts
                .map(|text| parse_id(text, 0))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn xdelex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let targets = Targets::parse(ArgCursor::new(args, 2))?;
    let mut stream = ctx.keys.edit_stream(key)?;
    ctx.reply.array(targets.ids.len());
    let mut removed = 0;
    for id in targets.ids {
        let deleted = match &mut stream {
            Some(stream) => stream.delete(id, targets.references),
            None => Deleted::Missing,
        };
        ctx.reply.integer(match deleted {
            Deleted::Missing => MISSING,
            Deleted::Gone => GONE,
            Deleted::Held => HELD,
        });
        removed += u64::from(deleted == Deleted::Gone);
    }
    drop(stream);
    if removed > 0 {
        ctx.keys.changed(EventClass::STREAM, "xdel", key);
        ctx.keys.add_dirty(removed - 1);
    }
    Ok(())
}

fn xackdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let targets = Targets::parse(ArgCursor::new(args, 3))?;
    let mut stream = ctx.keys.edit_stream(key)?;
    ctx.reply.array(targets.ids.len());
    let (mut acknowledged, mut removed) = (0, 0);
    for id in targets.ids {
        let group = stream.as_mut().and_then(|stream| {
            let mut group = stream.groups_mut().edit(args.get(2))?;
            group.acknowledge(id).then_some(())
        });
        let (Some(()), Some(stream)) = (group, &mut stream) else {
            ctx.reply.integer(MISSING);
            continue;
        };
        acknowledged += 1;
        let deleted = stream.delete(id, targets.references);
        removed += u64::from(deleted == Deleted::Gone);
        ctx.reply.integer(match deleted {
            Deleted::Missing | Deleted::Gone => GONE,
            Deleted::Held => HELD,
        });
    }
    drop(stream);
    if removed > 0 {
        ctx.keys.changed(EventClass::STREAM, "xdel", key);
        ctx.keys.add_dirty(acknowledged - 1);
    } else {
        ctx.keys.add_dirty(acknowledged);
    }
    Ok(())
}
