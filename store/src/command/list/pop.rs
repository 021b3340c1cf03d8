//! Taking elements from the ends.

use resp::{Args, ReplyWriter};

use super::{LIST, pop_event};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Keys, Spec,
    parse_at_least,
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
    let reply = &mut ctx.reply;
    let there = take_one(&mut ctx.keys, key, side, |element| reply.bulk(element))?;
    if !there {
        ctx.reply.null();
    }
    Ok(())
}

/// LPOP and RPOP of one element, shown to `see`; whether there was one.
pub fn take_one(
    keys: &mut Keys<'_>,
    key: Key<'_>,
    side: Side,
    see: impl FnOnce(&[u8]),
) -> Result<bool, CommandError> {
    let Some(mut list) = keys.edit_list(key)? else {
        return Ok(false);
    };
    list.pop(side, see);
    let empty = list.is_empty();
    drop(list);
    popped(keys, key, side, 1, empty);
    Ok(true)
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
    popped(&mut ctx.keys, key, side, taken, empty);
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
pub(super) fn popped(keys: &mut Keys<'_>, key: Key<'_>, side: Side, taken: usize, empty: bool) {
    keys.changed(EventClass::LIST, pop_event(side), key);
    keys.add_dirty(taken as u64 - 1);
    if empty {
        keys.delete_if_empty(key);
    }
}
