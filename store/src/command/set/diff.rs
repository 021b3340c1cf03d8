//! SDIFF and SDIFFSTORE.

use resp::Args;

use super::algebra::for_each_difference;
use super::operands::{breath_for, read_all, sets};
use super::store::store;
use super::{KEYS_RO_ACCESS, RO_ACCESS, SET, reply_item};
use crate::command::{CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec};
use crate::types::{ItemBuf, Set};

const COMPLEXITY: &str = "O(N) where N is the total number of elements in all given sets.";

pub(super) static SDIFF: DataCommand = DataCommand {
    spec: Spec {
        name: "sdiff",
        summary: "Gives the members of the first set that no other set has.",
        complexity: COMPLEXITY,
        arity: -2,
        flags: Flags::READONLY,
        keys: KEYS_RO_ACCESS,
        syntax: "key [key ...]",
        ..SET
    },
    run: sdiff,
    subcommands: &[],
};

pub(super) static SDIFFSTORE: DataCommand = DataCommand {
    spec: Spec {
        name: "sdiffstore",
        summary: "Stores the members of the first set that no other set has.",
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
    run: sdiffstore,
    subcommands: &[],
};

fn sdiff(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let operands = read_all(ctx, args, 1, args.len() - 1)?;
    let sets = sets(&ctx.keys, &operands);
    let breath = breath_for(&ctx.keys, &sets)?;
    let header = ctx.reply.array_deferred();
    let mut len = 0;
    for_each_difference(
        &ctx.keys.seed(),
        &ctx.config.encoding,
        &sets,
        breath,
        |item| {
            reply_item(&mut ctx.reply, item);
            len += 1;
        },
    );
    ctx.reply.finish_set(header, len);
    Ok(())
}

fn sdiffstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let destination = ctx.keys.arg(args, 1);
    let operands = read_all(ctx, args, 2, args.len() - 2)?;
    let (seed, limits) = (ctx.keys.seed(), &ctx.config.encoding);
    let mut result = Set::new();
    let sets = sets(&ctx.keys, &operands);
    let breath = breath_for(&ctx.keys, &sets)?;
    for_each_difference(&seed, limits, &sets, breath, |item| {
        result.insert(&seed, item.as_bytes(&mut ItemBuf::default()), limits);
    });
    store(ctx, destination, result, "sdiffstore");
    Ok(())
}
