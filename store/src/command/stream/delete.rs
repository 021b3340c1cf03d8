//! XDEL: entries out of a stream.

use resp::Args;

use super::id::parse_id;
use super::{KEY_RW_DELETE, STREAM};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, Spec};

pub(super) static XDEL: DataCommand = DataCommand {
    spec: Spec {
        name: "xdel",
        summary: "Removes entries from a stream and gives the number of those that were there.",
        complexity: "O(1) for each single item to delete in the stream, regardless of the stream size.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: KEY_RW_DELETE,
        syntax: "key id [id ...]",
        ..STREAM
    },
    run: xdel,
    subcommands: &[],
};

fn xdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let Some(mut stream) = ctx.keys.edit_stream(key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    // All IDs are checked before anything is removed.
    for text in args.iter().skip(2) {
        parse_id(text, 0)?;
    }
    let mut removed = 0;
    for text in args.iter().skip(2) {
        removed += u64::from(stream.remove(parse_id(text, 0)?));
    }
    drop(stream);
    if removed > 0 {
        ctx.keys.changed(EventClass::STREAM, "xdel", key);
        ctx.keys.add_dirty(removed - 1);
    }
    ctx.reply.integer(removed as i64);
    Ok(())
}
