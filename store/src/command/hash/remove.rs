//! HDEL: removing fields.

use resp::Args;

use super::HASH;
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec,
};

pub(super) static HDEL: DataCommand = DataCommand {
    spec: Spec {
        name: "hdel",
        summary: "Removes fields from a hash, and the hash when none is left.",
        complexity: "O(N) with N the number of fields named.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::DELETE))],
        syntax: "key field [field ...]",
        member: Some(2),
        ..HASH
    },
    run: hdel,
    subcommands: &[],
};

fn hdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let removed = remove_fields(ctx, key, args.tail(2))?;
    ctx.reply.integer(removed as i64);
    Ok(())
}

/// HDEL: removes fields; how many there were.
pub fn remove_fields(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    fields: Args<'_>,
) -> Result<usize, CommandError> {
    let removed = match ctx.keys.edit_hash(key)? {
        None => 0,
        Some(mut hash) => {
            let fields = fields.iter();
            fields.filter(|field| hash.remove(&ctx.seed, field)).count()
        }
    };
    if removed > 0 {
        ctx.keys.changed(EventClass::HASH, "hdel", key);
        ctx.keys.add_dirty(removed as u64 - 1);
        ctx.keys.delete_if_empty(key);
    }
    Ok(removed)
}
