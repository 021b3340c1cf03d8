//! PFCOUNT.

use resp::Args;

use super::{ELEMENTS_PER_VALUE, HYPERLOGLOG, view};
use crate::command::{CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec};
use crate::types::hyperloglog::{REGISTERS, count_registers};

pub(super) static PFCOUNT: DataCommand = DataCommand {
    spec: Spec {
        name: "pfcount",
        summary: "Returns about how many different elements HyperLogLogs were given, all together.",
        complexity: "O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys.",
        arity: -2,
        flags: Flags::READONLY.union(Flags::MAY_REPLICATE),
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::RW.union(KeyFlags::ACCESS)).noted(
            "RW because it may change the internal representation of the key, and propagate to replicas",
        )],
        syntax: "key [key ...]",
        ..HYPERLOGLOG
    },
    run: pfcount,
    subcommands: &[],
};

fn pfcount(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let count = if args.len() == 2 {
        count_one(ctx, args)?
    } else {
        count_union(ctx, args)?
    };
    ctx.reply.integer(count as i64);
    Ok(())
}

/// The count of one key, which its header keeps until it changes.
fn count_one(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<u64, CommandError> {
    let key = ctx.keys.arg(args, 1);
    if ctx.keys.read_string(key)?.is_none() {
        return Ok(0);
    }
    let Some(mut hll) = super::edit(&mut ctx.keys, key)? else {
        return Ok(0);
    };
    if let Some(count) = hll.cached_count() {
        return Ok(count);
    }
    let count = hll.count()?;
    hll.cache_count(count);
    ctx.keys.modified(key);
    Ok(count)
}

fn count_union(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<u64, CommandError> {
    let mut registers = [0; REGISTERS];
    let breath = ctx.keys.pace().over(args.len() * ELEMENTS_PER_VALUE)?;
    ctx.keys.count_lookups();
    for index in 1..args.len() {
        breath.piece();
        let key = ctx.keys.arg(args, index);
        if let Some(value) = ctx.keys.read_string(key)? {
            view(value)?.merge_into(&mut registers)?;
        }
    }
    Ok(count_registers(&registers))
}
