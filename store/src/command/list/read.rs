//! Reading a list: LLEN, LINDEX, LRANGE.

use resp::Args;

use super::{KEY_RO_ACCESS, LIST, range_of};
use crate::command::{CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec, parse_i64};
use crate::types::{Direction, List};

pub(super) static LLEN: DataCommand = DataCommand {
    spec: Spec {
        name: "llen",
        summary: "Returns the length of a list.",
        arity: 2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        syntax: "key",
        ..LIST
    },
    run: llen,
    subcommands: &[],
};

fn llen(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let len = ctx.keys.read_list(key)?.map_or(0, List::len);
    ctx.reply.integer(len as i64);
    Ok(())
}

pub(super) static LINDEX: DataCommand = DataCommand {
    spec: Spec {
        name: "lindex",
        summary: "Returns an element of a list by its index.",
        complexity: "O(log N) with N the length of the list; O(1) at the ends.",
        arity: 3,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key index",
        ..LIST
    },
    run: lindex,
    subcommands: &[],
};

fn lindex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let Some(list) = ctx.keys.read_list(key)? else {
        ctx.reply.null();
        return Ok(());
    };
    let index = parse_i64(args.get(2))?;
    match absolute_index(index, list.len()).and_then(|index| list.get(index)) {
        Some(element) => ctx.reply.bulk(element),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// An index, negative ones counted from the end; `None` before the head.
pub(super) fn absolute_index(index: i64, len: usize) -> Option<usize> {
    if index < 0 {
        len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

pub(super) static LRANGE: DataCommand = DataCommand {
    spec: Spec {
        name: "lrange",
        summary: "Returns the elements of a list between two indexes.",
        complexity: "O(log L + N) with L the length of the list and N the number of elements returned.",
        arity: 4,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key start stop",
        ..LIST
    },
    run: lrange,
    subcommands: &[],
};

fn lrange(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (start, stop) = (parse_i64(args.get(2))?, parse_i64(args.get(3))?);
    let key = ctx.keys.arg(args, 1);
    let pace = ctx.keys.pace();
    let Some(list) = ctx.keys.read_list(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let range = range_of(start, stop, list.len());
    let mut breath = pace.over(range.len())?;
    ctx.reply.array(range.len());
    for element in list
        .iter_from(range.start, Direction::Forward)
        .take(range.len())
    {
        breath.element();
        ctx.reply.bulk(element);
    }
    Ok(())
}
