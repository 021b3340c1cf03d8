//! Changing elements in the middle: LSET, LINSERT.

use resp::Args;

use super::read::absolute_index;
use super::{KEY_RW_INSERT, LIST};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, KeyFlags, KeySpec, Spec, parse_i64,
};
use crate::types::Direction;

pub(super) static LSET: DataCommand = DataCommand {
    spec: Spec {
        name: "lset",
        summary: "Replaces an element of a list by its index.",
        complexity: "O(log N) with N the length of the list; O(1) at the ends.",
        arity: 4,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::UPDATE))],
        syntax: "key index element",
        ..LIST
    },
    run: lset,
    subcommands: &[],
};

fn lset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let mut list = ctx.keys.edit_list(key)?.ok_or(CommandError::NoSuchKey)?;
    let index = parse_i64(args.get(2))?;
    let index = absolute_index(index, list.len()).ok_or(CommandError::IndexOutOfRange)?;
    if !list.set(index, args.get(3), &ctx.config.encoding) {
        return Err(CommandError::IndexOutOfRange);
    }
    drop(list);
    ctx.keys.changed(EventClass::LIST, "lset", key);
    ctx.reply.ok();
    Ok(())
}

pub(super) static LINSERT: DataCommand = DataCommand {
    spec: Spec {
        name: "linsert",
        summary: "Inserts an element before or after the first one equal to a pivot.",
        since: "2.2.0",
        complexity: "O(N) with N the number of elements before the pivot.",
        arity: 5,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: KEY_RW_INSERT,
        syntax: "key <BEFORE | AFTER> pivot element",
        ..LIST
    },
    run: linsert,
    subcommands: &[],
};

fn linsert(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (position, pivot) = (args.get(2), args.get(3));
    let offset = if position.eq_ignore_ascii_case(b"after") {
        1
    } else if position.eq_ignore_ascii_case(b"before") {
        0
    } else {
        return Err(CommandError::Syntax);
    };
    let key = ctx.keys.arg(args, 1);
    let pace = ctx.keys.pace();
    let Some(mut list) = ctx.keys.edit_list(key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    let mut breath = pace.over(list.len())?;
    let found = list
        .iter_from(0, Direction::Forward)
        .inspect(|_| breath.element())
        .position(|element| element == pivot);
    let Some(index) = found else {
        ctx.reply.integer(-1);
        return Ok(());
    };
    list.insert_at(index + offset, args.get(4), &ctx.config.encoding);
    let len = list.len();
    drop(list);
    ctx.keys.changed(EventClass::LIST, "linsert", key);
    ctx.reply.integer(len as i64);
    Ok(())
}
