//! SMOVE: one member from one set to another.

use resp::Args;

use super::SET;
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec,
};

pub(super) static SMOVE: DataCommand = DataCommand {
    spec: Spec {
        name: "smove",
        summary: "Moves a member from one set to another.",
        arity: 4,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: &[
            KeySpec::at(
                1,
                KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
            ),
            KeySpec::at(2, KeyFlags::RW.union(KeyFlags::INSERT)),
        ],
        syntax: "source destination member",
        ..SET
    },
    run: smove,
    subcommands: &[],
};

fn smove(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let source = ctx.keys.arg(args, 1);
    let destination = ctx.keys.arg(args, 2);
    let moved = move_member(ctx, source, destination, args.get(3))?;
    ctx.reply.integer(i64::from(moved));
    Ok(())
}

/// Whether `member` was in `source`; it is in `destination` afterwards.
fn move_member(
    ctx: &mut Ctx<'_>,
    source: Key<'_>,
    destination: Key<'_>,
    member: &[u8],
) -> Result<bool, CommandError> {
    let seed = ctx.keys.seed();
    let held = ctx
        .keys
        .edit_set(source)?
        .map(|set| set.contains(&seed, member));
    match held {
        None => {
            ctx.keys.expire_if_due(destination);
            return Ok(false);
        }
        Some(contains) if source.bytes == destination.bytes => return Ok(contains),
        Some(_) => {}
    }
    // The destination's type is checked before the source loses its member.
    ctx.keys.edit_set(destination)?;
    let removed = ctx
        .keys
        .edit_set(source)?
        .is_some_and(|mut set| set.remove(&seed, member));
    if !removed {
        return Ok(false);
    }
    ctx.keys.changed(EventClass::SET, "srem", source);
    ctx.keys.delete_if_empty(source);
    let added = ctx
        .keys
        .set_or_create(destination)?
        .insert(&seed, member, &ctx.config.encoding);
    if added {
        ctx.keys.changed(EventClass::SET, "sadd", destination);
    }
    Ok(true)
}
