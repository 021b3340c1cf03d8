//! Taking elements from the ends.

use resp::{Args, ReplyWriter};

use super::{LIST, pop_event};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec, parse_at_least,
};
use crate::types::{List, Side};

/// What both have in common.
const POP: Spec = Spec {
    complexity: "O(N) with N the number of elements returned.",
    arity: -2,
    flags: Flags::WRITE.union(Flags::FAST),
    keys: &[KeySpec::at(
        1,
        KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
    )],
    syntax: "key [count]",
    ..LIST
};

pub(super) static LPOP: DataCommand = DataCommand {
    spec: Spec {
        name: "lpop",
        summary: "Removes elements from the head of a list and returns them.",
        ..POP
    },
    run: |ctx, args| pop(ctx, args, Side::Left),
    subcommands: &[],
};

pub(super) static RPOP: DataCommand = DataCommand {
    spec: Spec {
        name: "rpop",
        summary: "Removes elements from the tail of a list and returns them.",
        ..POP
    },
    run: |ctx, args| pop(ctx, args, Side::Right),
    subcommands: &[],
};

fn pop(ctx: &mut Ctx<'_>, args: Args<'_>, side: Side) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    match args.len() {
        2 => pop_one(ctx, key, side),
        3 => {
            let count = parse_at_least(args.get(2), 0, CommandError::NotPositive)?;
            pop_some(ctx, key, side, count)
        }
        _ => Err(CommandError::Arity(
            if side == Side::Left { "lpop" } else { "rpop" }.into(),
        )),
    }
}

fn pop_one(ctx: &mut Ctx<'_>, key: Key<'_>, side: Side) -> Result<(), CommandError> {
    let Some(mut list) = ctx.keys.edit_list(key)? else {
        ctx.reply.null();
        return Ok(());
    };
    list.pop(side, |element| ctx.reply.bulk(element));
    let empty = list.is_empty();
    drop(list);
    popped(ctx, key, side, 1, empty);
    Ok(())
}

fn pop_some(ctx: &mut Ctx<'_>, key: Key<'_>, side: Side, count: usize) -> Result<(), CommandError> {
    let Some(mut list) = ctx.keys.edit_list(key)? else {
        ctx.reply.null_array();
        return Ok(());
    };
    if count == 0 {
        ctx.reply.array(0);
        return Ok(());
    }
    let taken = pop_into(&mut list, side, count, &mut ctx.reply);
    let empty = list.is_empty();
    drop(list);
    popped(ctx, key, side, taken, empty);
    Ok(())
}

/// Replies an array of up to `count` elements, which leave the list; how many.
pub(super) fn pop_into(
    list: &mut List,
    side: Side,
    count: usize,
    reply: &mut ReplyWriter<'_>,
) -> usize {
    let taken = count.min(list.len());
    reply.array(taken);
    for _ in 0..taken {
        list.pop(side, |element| reply.bulk(element));
    }
    taken
}

/// What follows when elements have been taken.
pub(super) fn popped(ctx: &mut Ctx<'_>, key: Key<'_>, side: Side, taken: usize, empty: bool) {
    ctx.keys.changed(EventClass::LIST, pop_event(side), key);
    ctx.keys.add_dirty(taken as u64 - 1);
    if empty {
        ctx.keys.delete_if_empty(key);
    }
}
