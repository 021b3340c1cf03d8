//! Adding elements at the ends.

use resp::Args;

use super::{KEY_RW_INSERT, LIST, push_event};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, Key, Spec};
use crate::types::Side;

/// What all of them have in common.
const PUSH: Spec = Spec {
    complexity: "O(N) with N the number of elements added.",
    arity: -3,
    flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
    keys: KEY_RW_INSERT,
    syntax: "key element [element ...]",
    ..LIST
};

pub(super) static LPUSH: DataCommand = DataCommand {
    spec: Spec {
        name: "lpush",
        summary: "Adds elements at the head of a list, creating it when absent.",
        ..PUSH
    },
    run: |ctx, args| push(ctx, args, Side::Left),
    subcommands: &[],
};

pub(super) static RPUSH: DataCommand = DataCommand {
    spec: Spec {
        name: "rpush",
        summary: "Adds elements at the tail of a list, creating it when absent.",
        ..PUSH
    },
    run: |ctx, args| push(ctx, args, Side::Right),
    subcommands: &[],
};

pub(super) static LPUSHX: DataCommand = DataCommand {
    spec: Spec {
        name: "lpushx",
        summary: "Adds elements at the head of a list that exists.",
        since: "2.2.0",
        ..PUSH
    },
    run: |ctx, args| push_if_present(ctx, args, Side::Left),
    subcommands: &[],
};

pub(super) static RPUSHX: DataCommand = DataCommand {
    spec: Spec {
        name: "rpushx",
        summary: "Adds elements at the tail of a list that exists.",
        since: "2.2.0",
        ..PUSH
    },
    run: |ctx, args| push_if_present(ctx, args, Side::Right),
    subcommands: &[],
};

fn push_if_present(ctx: &mut Ctx<'_>, args: Args<'_>, side: Side) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    if ctx.keys.edit_list(key)?.is_none() {
        ctx.reply.integer(0);
        return Ok(());
    }
    push(ctx, args, side)
}

#[inline(always)]
fn push(ctx: &mut Ctx<'_>, args: Args<'_>, side: Side) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let len = push_elements(ctx, key, side, args.tail(2))?;
    ctx.reply.integer(len as i64);
    Ok(())
}

/// LPUSH and RPUSH: adds elements; the list's length then.
#[inline]
pub fn push_elements(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    side: Side,
    elements: Args<'_>,
) -> Result<usize, CommandError> {
    let mut list = ctx.keys.list_or_create(key)?;
    for element in elements.iter() {
        list.push(side, element, &ctx.config.encoding);
    }
    let len = list.len();
    drop(list);
    ctx.keys.changed(EventClass::LIST, push_event(side), key);
    ctx.keys.add_dirty(elements.len() as u64 - 1);
    Ok(len)
}
