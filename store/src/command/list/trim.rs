//! Removing elements by position or by value: LTRIM, LREM.

use resp::Args;

use super::{KEY_RW_DELETE, LIST, range_of};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, Spec, parse_i64};
use crate::value::Value;

pub(super) static LTRIM: DataCommand = DataCommand {
    spec: Spec {
        name: "ltrim",
        summary: "Removes all elements of a list but those between two indexes.",
        complexity: "O(N) with N the number of elements removed; big parts are freed in the background.",
        arity: 4,
        flags: Flags::WRITE,
        keys: KEY_RW_DELETE,
        syntax: "key start stop",
        ..LIST
    },
    run: ltrim,
    subcommands: &[],
};

fn ltrim(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (start, stop) = (parse_i64(args.get(2))?, parse_i64(args.get(3))?);
    let key = ctx.keys.arg(args, 1);
    let Some(mut list) = ctx.keys.edit_list(key)? else {
        ctx.reply.ok();
        return Ok(());
    };
    let before = list.len();
    let cut = list.trim(range_of(start, stop, before));
    let removed = before - list.len();
    drop(list);
    if let Some(cut) = cut {
        ctx.keys.discard(key, Value::List(cut));
    }
    ctx.keys.event(EventClass::LIST, "ltrim", key);
    ctx.keys.delete_if_empty(key);
    ctx.keys.modified(key);
    ctx.keys.add_dirty((removed as u64).saturating_sub(1));
    ctx.reply.ok();
    Ok(())
}

pub(super) static LREM: DataCommand = DataCommand {
    spec: Spec {
        name: "lrem",
        summary: "Removes elements equal to a value, from the head, from the tail, or all.",
        complexity: "O(N) with N the length of the list.",
        arity: 4,
        flags: Flags::WRITE,
        keys: KEY_RW_DELETE,
        syntax: "key count element",
        ..LIST
    },
    run: lrem,
    subcommands: &[],
};

fn lrem(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let count = parse_i64(args.get(2))?;
    let key = ctx.keys.arg(args, 1);
    let Some(mut list) = ctx.keys.edit_list(key)? else {
        ctx.reply.integer(0);
        return Ok(());
    };
    let removed = list.remove_count(count, args.get(3));
    drop(list);
    if removed > 0 {
        ctx.keys.changed(EventClass::LIST, "lrem", key);
        ctx.keys.add_dirty(removed as u64 - 1);
        ctx.keys.delete_if_empty(key);
    }
    ctx.reply.integer(removed as i64);
    Ok(())
}
