//! Moving an element from one list to another: LMOVE, RPOPLPUSH.

use resp::Args;

use super::{LIST, parse_side, pop_event, push_event};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, KeyFlags, KeySpec, Spec};
use crate::types::Side;

const SOURCE_AND_DESTINATION: &[KeySpec] = &[
    KeySpec::at(
        1,
        KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
    ),
    KeySpec::at(2, KeyFlags::RW.union(KeyFlags::INSERT)),
];

pub(super) static LMOVE: DataCommand = DataCommand {
    spec: Spec {
        name: "lmove",
        summary: "Moves an element from an end of one list to an end of another, and returns it.",
        since: "6.2.0",
        arity: 5,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: SOURCE_AND_DESTINATION,
        syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
        ..LIST
    },
    run: lmove,
    subcommands: &[],
};

fn lmove(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let from = parse_side(args.get(3)).ok_or(CommandError::Syntax)?;
    let to = parse_side(args.get(4)).ok_or(CommandError::Syntax)?;
    move_element(ctx, args, from, to)
}

pub(super) static RPOPLPUSH: DataCommand = DataCommand {
    spec: Spec {
        name: "rpoplpush",
        summary: "Moves the last element of one list to the head of another, and returns it.",
        since: "1.2.0",
        arity: 3,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: SOURCE_AND_DESTINATION,
        syntax: "source destination",
        ..LIST
    },
    run: |ctx, args| move_element(ctx, args, Side::Right, Side::Left),
    subcommands: &[],
};

fn move_element(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    from: Side,
    to: Side,
) -> Result<(), CommandError> {
    let (source, destination) = (ctx.keys.arg(args, 1), ctx.keys.arg(args, 2));
    if ctx.keys.edit_list(source)?.is_none() {
        ctx.reply.null();
        return Ok(());
    }
    // The destination's type is checked before the source loses its element.
    ctx.keys.edit_list(destination)?;
    let element = ctx
        .keys
        .edit_list(source)?
        .and_then(|mut list| list.pop(from, <[u8]>::to_vec));
    let element = element.expect("no stored list is empty");
    ctx.keys
        .list_or_create(destination)?
        .push(to, &element, &ctx.config.encoding);
    ctx.keys
        .changed(EventClass::LIST, push_event(to), destination);
    ctx.keys.event(EventClass::LIST, pop_event(from), source);
    ctx.keys.delete_if_empty(source);
    ctx.keys.modified(source);
    ctx.reply.bulk(&element);
    Ok(())
}
