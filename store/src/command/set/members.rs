//! SCARD, SISMEMBER, SMISMEMBER and SMEMBERS: looking into one set.

use resp::Args;

use super::{KEY_RO_ACCESS, SET, reply_item};
use crate::command::{CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec};

const KEY_RO: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO)];

pub(super) static SCARD: DataCommand = DataCommand {
    spec: Spec {
        name: "scard",
        summary: "Counts the members of a set.",
        arity: 2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO,
        syntax: "key",
        ..SET
    },
    run: scard,
    subcommands: &[],
};

pub(super) static SISMEMBER: DataCommand = DataCommand {
    spec: Spec {
        name: "sismember",
        summary: "Says whether a member is in a set.",
        arity: 3,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO,
        syntax: "key member",
        member: Some(2),
        ..SET
    },
    run: sismember,
    subcommands: &[],
};

pub(super) static SMISMEMBER: DataCommand = DataCommand {
    spec: Spec {
        name: "smismember",
        summary: "Says for each of several members whether it is in a set.",
        since: "6.2.0",
        complexity: "O(N) where N is the number of elements being checked for membership",
        arity: -3,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO_ACCESS,
        syntax: "key member [member ...]",
        member: Some(2),
        ..SET
    },
    run: smismember,
    subcommands: &[],
};

pub(super) static SMEMBERS: DataCommand = DataCommand {
    spec: Spec {
        name: "smembers",
        summary: "Gives all members of a set.",
        complexity: "O(N) where N is the set cardinality.",
        arity: 2,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key",
        ..SET
    },
    run: smembers,
    subcommands: &[],
};

fn scard(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let len = ctx.keys.read_set(key)?.map_or(0, |set| set.len());
    ctx.reply.integer(len as i64);
    Ok(())
}

fn sismember(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let seed = ctx.keys.seed();
    let found = ctx
        .keys
        .read_set(key)?
        .is_some_and(|set| set.contains(&seed, args.get(2)));
    ctx.reply.integer(i64::from(found));
    Ok(())
}

fn smismember(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let seed = ctx.keys.seed();
    let set = ctx.keys.read_set(key)?;
    let members = args.tail(2);
    ctx.reply.array(members.len());
    for member in members.iter() {
        let found = set.is_some_and(|set| set.contains(&seed, member));
        ctx.reply.integer(i64::from(found));
    }
    Ok(())
}

fn smembers(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let pace = ctx.keys.pace();
    let Some(set) = ctx.keys.read_set(key)? else {
        ctx.reply.set(0);
        return Ok(());
    };
    let mut breath = pace.over(set.len())?;
    ctx.reply.set(set.len());
    for item in set.iter() {
        breath.element();
        reply_item(&mut ctx.reply, item);
    }
    Ok(())
}
