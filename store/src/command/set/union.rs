//! SUNION and SUNIONSTORE.

use resp::Args;

use super::operands::{breath_for, read_all, sets};
use super::store::store;
use super::{KEYS_RO_ACCESS, RO_ACCESS, SET, algebra, reply_item};
use crate::command::{CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec};
use crate::types::Set;
use crate::value::Value;

const COMPLEXITY: &str = "O(N) where N is the total number of elements in all given sets.";

pub(super) static SUNION: DataCommand = DataCommand {
    spec: Spec {
        name: "sunion",
        summary: "Gives the members of any of the sets.",
        complexity: COMPLEXITY,
        arity: -2,
        flags: Flags::READONLY,
        keys: KEYS_RO_ACCESS,
        syntax: "key [key ...]",
        ..SET
    },
    run: sunion,
    subcommands: &[],
};

pub(super) static SUNIONSTORE: DataCommand = DataCommand {
    spec: Spec {
        name: "sunionstore",
        summary: "Stores the members of any of the sets.",
        complexity: COMPLEXITY,
        arity: -3,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[
            KeySpec::at(1, KeyFlags::OW.union(KeyFlags::UPDATE)),
            KeySpec::range(2, -1, 1, RO_ACCESS),
        ],
        syntax: "destination key [key ...]",
        ..SET
    },
    run: sunionstore,
    subcommands: &[],
};

fn sunion(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let result = union_of(ctx, args, 1)?;
    ctx.reply.set(result.len());
    let mut breath = ctx.keys.pace().over(result.len())?;
    for item in result.iter() {
        reply_item(&mut ctx.reply, item);
        breath.element();
    }
    ctx.keys.discard(ctx.keys.arg(args, 1), Value::Set(result));
    Ok(())
}

fn sunionstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let destination = ctx.keys.arg(args, 1);
    let result = union_of(ctx, args, 2)?;
    store(ctx, destination, result, "sunionstore");
    Ok(())
}

fn union_of(ctx: &mut Ctx<'_>, args: Args<'_>, first: usize) -> Result<Set, CommandError> {
    let operands = read_all(ctx, args, first, args.len() - first)?;
    let sets = sets(&ctx.keys, &operands);
    let breath = breath_for(&ctx.keys, &sets)?;
    Ok(algebra::union(
        &ctx.keys.seed(),
        &ctx.config.encoding,
        &sets,
        breath,
    ))
}
