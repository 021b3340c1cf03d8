//! XACK: entries that a consumer is done with.

use resp::Args;

use super::id::parse_id;
use super::{KEY_RW_UPDATE, STREAM};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};

pub(super) static XACK: DataCommand = DataCommand {
    spec: Spec {
        name: "xack",
        summary: "Takes entries off a consumer group's list of what is pending and gives the number of those that were on it.",
        complexity: "O(1) for each message ID processed.",
        arity: -4,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: KEY_RW_UPDATE,
        syntax: "key group id [id ...]",
        ..STREAM
    },
    run: xack,
    subcommands: &[],
};

fn xack(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let mut stream = ctx.keys.read_stream_to_edit(key)?;
    let Some(mut group) = stream
        .as_mut()
        .and_then(|stream| stream.groups_mut().edit(args.get(2)))
    else {
        ctx.reply.integer(0);
        return Ok(());
    };
    // All IDs are checked before anything is acknowledged.
    for text in args.iter().skip(3) {
        parse_id(text, 0)?;
    }
    let mut acknowledged = 0;
    for text in args.iter().skip(3) {
        acknowledged += u64::from(group.acknowledge(parse_id(text, 0)?));
    }
    drop(group);
    drop(stream);
    ctx.keys.add_dirty(acknowledged);
    ctx.reply.integer(acknowledged as i64);
    Ok(())
}
