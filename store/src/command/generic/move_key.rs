//! MOVE: a key goes to another database.

use resp::Args;

use super::{GENERIC, SAME_OBJECT};
use crate::command::db_index::parse_db_index;
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Keys, Spec,
};

pub(super) static MOVE: DataCommand = DataCommand {
    spec: Spec {
        name: "move",
        summary: "Moves a key to another database unless that has a key of this name.",
        arity: 3,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE),
        )],
        syntax: "key db",
        ..GENERIC
    },
    run: move_key,
    subcommands: &[],
};

fn move_key(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let to = parse_db_index(args.get(2), ctx.keys.db_count())?;
    let from = ctx.keys.db();
    if from == to {
        return Err(SAME_OBJECT);
    }
    let key = ctx.keys.arg(args, 1);
    let moved = move_between(&mut ctx.keys, key, from, to);
    ctx.reply.integer(i64::from(moved));
    Ok(())
}

/// Whether the key was in database `from`, which is selected before and after, and not in `to`.
fn move_between(keys: &mut Keys<'_>, key: Key<'_>, from: usize, to: usize) -> bool {
    if !keys.exists(key) {
        return false;
    }
    keys.select(to);
    let taken = keys.exists(key);
    keys.select(from);
    if taken {
        return false;
    }
    let (value, expire_at_ms) = keys.take(key).expect("the key exists");
    keys.select(to);
    keys.put(key, value, expire_at_ms);
    keys.select(from);
    keys.changed(EventClass::GENERIC, "move_from", key);
    keys.select(to);
    keys.changed_too(EventClass::GENERIC, "move_to", key);
    keys.select(from);
    true
}
