//! SINTER, SINTERSTORE and SINTERCARD.

use std::ops::ControlFlow;

use resp::Args;

use super::algebra::for_each_common;
use super::operands::{breath_for, read_all, sets};
use super::store::store;
use super::{KEYS_RO_ACCESS, RO_ACCESS, SET, reply_item};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec, parse_at_least,
};
use crate::types::{ItemBuf, Set};

const COMPLEXITY: &str =
    "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.";

pub(super) static SINTER: DataCommand = DataCommand {
    spec: Spec {
        name: "sinter",
        summary: "Gives the members that all sets have in common.",
        complexity: COMPLEXITY,
        arity: -2,
        flags: Flags::READONLY,
        keys: KEYS_RO_ACCESS,
        syntax: "key [key ...]",
        ..SET
    },
    run: sinter,
    subcommands: &[],
};

pub(super) static SINTERSTORE: DataCommand = DataCommand {
    spec: Spec {
        name: "sinterstore",
        summary: "Stores the members that all sets have in common.",
        complexity: COMPLEXITY,
        arity: -3,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[
            KeySpec::at(1, KeyFlags::RW.union(KeyFlags::UPDATE)),
            KeySpec::range(2, -1, 1, RO_ACCESS),
        ],
        syntax: "destination key [key ...]",
        ..SET
    },
    run: sinterstore,
    subcommands: &[],
};

pub(super) static SINTERCARD: DataCommand = DataCommand {
    spec: Spec {
        name: "sintercard",
        summary: "Counts the members that all sets have in common, up to a limit.",
        since: "7.0.0",
        complexity: COMPLEXITY,
        arity: -3,
        flags: Flags::READONLY.union(Flags::MOVABLEKEYS),
        keys: &[KeySpec::counted(1, RO_ACCESS)],
        syntax: "numkeys key [key ...] [LIMIT limit]",
        ..SET
    },
    run: sintercard,
    subcommands: &[],
};

fn sinter(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let operands = read_all(ctx, args, 1, args.len() - 1)?;
    let seed = ctx.keys.seed();
    let sets = sets(&ctx.keys, &operands);
    let breath = breath_for(&ctx.keys, &sets)?;
    let header = ctx.reply.array_deferred();
    let mut len = 0;
    for_each_common(&seed, &sets, breath, |item| {
        reply_item(&mut ctx.reply, item);
        len += 1;
        ControlFlow::Continue(())
    });
    ctx.reply.finish_set(header, len);
    Ok(())
}

fn sinterstore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let destination = ctx.keys.arg(args, 1);
    let operands = read_all(ctx, args, 2, args.len() - 2)?;
    let seed = ctx.keys.seed();
    let mut result = Set::new();
    let sets = sets(&ctx.keys, &operands);
    let breath = breath_for(&ctx.keys, &sets)?;
    for_each_common(&seed, &sets, breath, |item| {
        result.insert(
            &seed,
            item.as_bytes(&mut ItemBuf::default()),
            &ctx.config.encoding,
        );
        ControlFlow::Continue(())
    });
    store(ctx, destination, result, "sinterstore");
    Ok(())
}

const NO_KEYS: CommandError = CommandError::text("ERR numkeys should be greater than 0");
const NEGATIVE_LIMIT: CommandError = CommandError::text("ERR LIMIT can't be negative");

/// The arguments of SINTERCARD behind its name; keys start at argument 2.
struct SintercardArgs {
    key_count: usize,
    /// At most this many are counted; 0 for all.
    limit: usize,
}

impl SintercardArgs {
    fn parse(args: Args<'_>) -> Result<Self, CommandError> {
        let key_count = parse_at_least(args.get(1), 1, NO_KEYS)?;
        if key_count > args.len() - 2 {
            return Err(CommandError::text(
                "ERR Number of keys can't be greater than number of args",
            ));
        }
        let mut options = ArgCursor::new(args, 2 + key_count);
        let mut limit = 0;
        while !options.is_done() {
            if options.remaining() < 2 || !options.keyword("LIMIT") {
                return Err(CommandError::Syntax);
            }
            limit = parse_at_least(options.expect()?, 0, NEGATIVE_LIMIT)?;
        }
        Ok(SintercardArgs { key_count, limit })
    }
}

fn sintercard(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let SintercardArgs { key_count, limit } = SintercardArgs::parse(args)?;
    let operands = read_all(ctx, args, 2, key_count)?;
    let mut count = 0;
    let sets = sets(&ctx.keys, &operands);
    let breath = breath_for(&ctx.keys, &sets)?;
    for_each_common(&ctx.keys.seed(), &sets, breath, |_| {
        count += 1;
        if count == limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    ctx.reply.integer(count as i64);
    Ok(())
}
