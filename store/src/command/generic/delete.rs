//! DEL and UNLINK: one and the same here, since big values are always freed in the background.

use resp::Args;

use super::GENERIC;
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec,
};

const KEYS_REMOVED: &[KeySpec] = &[KeySpec::range(
    1,
    -1,
    1,
    KeyFlags::RM.union(KeyFlags::DELETE),
)];

pub(super) static DEL: DataCommand = DataCommand {
    spec: Spec {
        name: "del",
        summary: "Deletes keys and says how many there were.",
        complexity: "O(N) where N is the number of keys. Values are freed in the background.",
        arity: -2,
        flags: Flags::WRITE,
        keys: KEYS_REMOVED,
        syntax: "key [key ...]",
        ..GENERIC
    },
    run: del,
    subcommands: &[],
};

pub(super) static UNLINK: DataCommand = DataCommand {
    spec: Spec {
        name: "unlink",
        summary: "Deletes keys without freeing their values at once, and says how many there were.",
        since: "4.0.0",
        complexity: "O(N) where N is the number of keys. Values are freed in the background.",
        arity: -2,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: KEYS_REMOVED,
        syntax: "key [key ...]",
        ..GENERIC
    },
    run: del,
    subcommands: &[],
};

fn del(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut deleted = 0;
    for index in 1..args.len() {
        let key = ctx.keys.arg(args, index);
        deleted += i64::from(delete(ctx, key));
    }
    ctx.reply.integer(deleted);
    Ok(())
}

/// DEL of one key; whether it was there.
pub fn delete(ctx: &mut Ctx<'_>, key: Key<'_>) -> bool {
    let deleted = ctx.keys.delete(key);
    if deleted {
        ctx.keys.changed(EventClass::GENERIC, "del", key);
    }
    deleted
}
