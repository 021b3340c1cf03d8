//! SADD and SREM: members in, members out.

use resp::Args;

use super::SET;
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec,
};
use crate::types::Member;

pub(super) static SADD: DataCommand = DataCommand {
    spec: Spec {
        name: "sadd",
        summary: "Adds members to a set, creating it when there is none.",
        complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::INSERT))],
        syntax: "key member [member ...]",
        member: Some(2),
        ..SET
    },
    run: sadd,
    subcommands: &[],
};

pub(super) static SREM: DataCommand = DataCommand {
    spec: Spec {
        name: "srem",
        summary: "Removes members from a set; the key goes with the last one.",
        complexity: "O(N) where N is the number of members to be removed.",
        arity: -3,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::DELETE))],
        syntax: "key member [member ...]",
        member: Some(2),
        ..SET
    },
    run: srem,
    subcommands: &[],
};

fn sadd(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let added = add_members(ctx, key, args.tail(2))?;
    ctx.reply.integer(added as i64);
    Ok(())
}

/// SADD: adds members; how many are new.
#[inline]
pub fn add_members(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    members: Args<'_>,
) -> Result<u64, CommandError> {
    let seed = ctx.keys.seed();
    let mut set = ctx.keys.set_or_create(key)?;
    let mut added = 0;
    for at in 0..members.len() {
        added += u64::from(set.insert(&seed, Member::arg(members, at), &ctx.config.encoding));
    }
    drop(set);
    if added > 0 {
        ctx.keys.changed(EventClass::SET, "sadd", key);
        ctx.keys.add_dirty(added - 1);
    }
    Ok(added)
}

fn srem(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let removed = remove_members(ctx, key, args.tail(2))?;
    ctx.reply.integer(removed as i64);
    Ok(())
}

/// SREM: removes members; how many there were.
pub fn remove_members(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    members: Args<'_>,
) -> Result<u64, CommandError> {
    let seed = ctx.keys.seed();
    let mut removed = 0;
    if let Some(mut set) = ctx.keys.edit_set(key)? {
        for member in members.iter() {
            removed += u64::from(set.remove(&seed, member));
        }
    }
    if removed > 0 {
        ctx.keys.changed(EventClass::SET, "srem", key);
        ctx.keys.add_dirty(removed - 1);
        ctx.keys.delete_if_empty(key);
    }
    Ok(removed)
}
