//! Moving an element from one list to another: LMOVE, RPOPLPUSH.

use resp::Args;

use super::{LIST, parse_side, pop_event, push_event};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec,
};
use crate::types::Side;

pub(super) const SOURCE_AND_DESTINATION: &[KeySpec] = &[
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
    let ends = Ends::parse(args.get(3), args.get(4))?;
    move_or_null(ctx, args, ends)
}

/// Where an element leaves and where it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) from: Side,
    pub(super) to: Side,
}

impl Ends {
    /// Those of RPOPLPUSH.
    pub(super) const RIGHT_LEFT: Ends = Ends {
        from: Side::Right,
        to: Side::Left,
    };

    /// Reads both words.
    pub(super) fn parse(from: &[u8], to: &[u8]) -> Result<Self, CommandError> {
        Ok(Ends {
            from: parse_side(from).ok_or(CommandError::Syntax)?,
            to: parse_side(to).ok_or(CommandError::Syntax)?,
        })
    }
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
    run: |ctx, args| move_or_null(ctx, args, Ends::RIGHT_LEFT),
    subcommands: &[],
};

fn move_or_null(ctx: &mut Ctx<'_>, args: Args<'_>, ends: Ends) -> Result<(), CommandError> {
    let (source, destination) = (ctx.keys.arg(args, 1), ctx.keys.arg(args, 2));
    if !move_element(ctx, source, destination, ends)? {
        ctx.reply.null();
        return Ok(());
    }
    ctx.keys.modified(source);
    Ok(())
}

/// Moves one element and replies with it. What watches the source is left for the caller to tell. False, with nothing
/// done, when there is no such list.
pub(super) fn move_element(
    ctx: &mut Ctx<'_>,
    source: Key<'_>,
    destination: Key<'_>,
    ends: Ends,
) -> Result<bool, CommandError> {
    if ctx.keys.edit_list(source)?.is_none() {
        return Ok(false);
    }
    // The destination's type is checked before the source loses its element.
    ctx.keys.edit_list(destination)?;
    let element = ctx
        .keys
        .edit_list(source)?
        .and_then(|mut list| list.pop(ends.from, <[u8]>::to_vec));
    let element = element.expect("no stored list is empty");
    ctx.keys
        .list_or_create(destination)?
        .push(ends.to, &element, &ctx.config.encoding);
    ctx.keys
        .changed(EventClass::LIST, push_event(ends.to), destination);
    ctx.keys
        .event(EventClass::LIST, pop_event(ends.from), source);
    ctx.keys.delete_if_empty(source);
    ctx.reply.bulk(&element);
    Ok(true)
}
