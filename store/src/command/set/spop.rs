//! SPOP: random members out of a set.

use resp::Args;

use super::{SET, reply_item};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec, parse_at_least,
};

pub(super) static SPOP: DataCommand = DataCommand {
    spec: Spec {
        name: "spop",
        summary: "Removes random members from a set and gives them; the key goes with the last one.",
        complexity: "Without the count argument O(1), otherwise O(N) where N is the value of the passed count.",
        arity: -2,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
        )],
        syntax: "key [count]",
        ..SET
    },
    run: spop,
    subcommands: &[],
};

fn spop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    match args.len() {
        2 => pop_one(ctx, key),
        3 => pop_many(
            ctx,
            key,
            parse_at_least(args.get(2), 0, CommandError::NotPositive)?,
        ),
        _ => Err(CommandError::Syntax),
    }
}

fn pop_one(ctx: &mut Ctx<'_>, key: Key<'_>) -> Result<(), CommandError> {
    let seed = ctx.keys.seed();
    let Some(mut set) = ctx.keys.edit_set(key)? else {
        ctx.reply.null();
        return Ok(());
    };
    set.pop_random(&seed, &mut || ctx.rng.next_u64(), |item| {
        reply_item(&mut ctx.reply, item)
    });
    let emptied = set.is_empty();
    drop(set);
    ctx.keys.changed(EventClass::SET, "spop", key);
    if emptied {
        ctx.keys.delete_if_empty(key);
    }
    Ok(())
}

fn pop_many(ctx: &mut Ctx<'_>, key: Key<'_>, count: usize) -> Result<(), CommandError> {
    let seed = ctx.keys.seed();
    let Some(mut set) = ctx.keys.edit_set(key)?.filter(|_| count > 0) else {
        ctx.reply.set(0);
        return Ok(());
    };
    let popped = count.min(set.len());
    ctx.reply.set(popped);
    if popped == set.len() {
        set.iter().for_each(|item| reply_item(&mut ctx.reply, item));
        drop(set);
        ctx.keys.changed(EventClass::SET, "spop", key);
        ctx.keys.delete(key);
        ctx.keys.event(EventClass::GENERIC, "del", key);
    } else {
        for _ in 0..popped {
            set.pop_random(&seed, &mut || ctx.rng.next_u64(), |item| {
                reply_item(&mut ctx.reply, item)
            });
        }
        drop(set);
        ctx.keys.changed(EventClass::SET, "spop", key);
    }
    ctx.keys.add_dirty(popped as u64 - 1);
    Ok(())
}
