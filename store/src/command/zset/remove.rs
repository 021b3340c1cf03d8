//! ZREM.

use resp::Args;

use super::{KEY_RW_DELETE, ZSET};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, Key, Spec};

pub(super) static ZREM: DataCommand = DataCommand {
    spec: Spec {
        name: "zrem",
        summary: "Removes members from a sorted set; the key goes with the last one.",
        since: "1.2.0",
        complexity: "O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: KEY_RW_DELETE,
        syntax: "key member [member ...]",
        member: Some(2),
        ..ZSET
    },
    run: zrem,
    subcommands: &[],
};

fn zrem(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let removed = remove_scored(ctx, key, args.tail(2))?;
    ctx.reply.integer(removed as i64);
    Ok(())
}

/// ZREM: removes members; how many there were.
pub fn remove_scored(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    members: Args<'_>,
) -> Result<u64, CommandError> {
    let mut removed = 0;
    if let Some(mut zset) = ctx.keys.edit_zset(key)? {
        for member in members.iter() {
            removed += u64::from(zset.remove(&ctx.seed, member).is_some());
        }
    }
    if removed > 0 {
        ctx.keys.changed(EventClass::ZSET, "zrem", key);
        ctx.keys.add_dirty(removed - 1);
        ctx.keys.delete_if_empty(key);
    }
    Ok(removed)
}
