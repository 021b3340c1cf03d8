//! LMPOP: elements from the first of several lists that has any.

use resp::Args;

use super::pop::{pop_into, popped};
use super::{LIST, parse_side};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, Flags, Key, KeyFlags, KeySpec, Spec, parse_at_least,
};
use crate::types::Side;

pub(super) static LMPOP: DataCommand = DataCommand {
    spec: Spec {
        name: "lmpop",
        summary: "Removes elements from an end of the first list that has any, and returns them.",
        since: "7.0.0",
        complexity: "O(N+M) with N the number of keys and M the number of elements returned.",
        arity: -4,
        flags: Flags::WRITE.union(Flags::MOVABLEKEYS),
        keys: &[KeySpec::counted(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
        )],
        syntax: "numkeys key [key ...] LEFT | RIGHT [COUNT count]",
        ..LIST
    },
    run: lmpop,
    subcommands: &[],
};

const NO_KEYS: CommandError = CommandError::text("ERR numkeys should be greater than 0");
const NO_COUNT: CommandError = CommandError::text("ERR count should be greater than 0");

/// What LMPOP and BLMPOP ask for, from the key count on.
#[derive(Clone, Copy, Debug)]
pub(super) struct LmpopArgs {
    /// The first key's argument.
    pub(super) first_key: usize,
    pub(super) key_count: usize,
    pub(super) side: Side,
    /// At most so many.
    pub(super) count: usize,
}

impl LmpopArgs {
    /// Reads from the key count at `index` to the end.
    pub(super) fn parse(args: Args<'_>, index: usize) -> Result<Self, CommandError> {
        let key_count = parse_at_least(args.get(index), 1, NO_KEYS)?;
        let first_key = index + 1;
        let mut cursor = ArgCursor::new(args, first_key.saturating_add(key_count));
        let side = parse_side(cursor.expect()?).ok_or(CommandError::Syntax)?;
        let mut count = None;
        while !cursor.is_done() {
            if count.is_some() || cursor.remaining() < 2 || !cursor.keyword("COUNT") {
                return Err(CommandError::Syntax);
            }
            count = Some(parse_at_least(cursor.expect()?, 1, NO_COUNT)?);
        }
        Ok(LmpopArgs {
            first_key,
            key_count,
            side,
            count: count.unwrap_or(1),
        })
    }
}

fn lmpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let asked = LmpopArgs::parse(args, 1)?;
    for index in asked.first_key..asked.first_key + asked.key_count {
        let key = ctx.keys.arg(args, index);
        if pop_with_key(ctx, key, asked.side, asked.count)? {
            return Ok(());
        }
    }
    ctx.reply.null_array();
    Ok(())
}

/// Pops up to `count` elements and replies with the key and them. False, with nothing done, when there is no such list.
pub(super) fn pop_with_key(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    side: Side,
    count: usize,
) -> Result<bool, CommandError> {
    let Some(mut list) = ctx.keys.edit_list(key)? else {
        return Ok(false);
    };
    ctx.reply.array(2);
    ctx.reply.bulk(key.bytes);
    let taken = pop_into(&mut list, side, count, &mut ctx.reply);
    let empty = list.is_empty();
    drop(list);
    popped(&mut ctx.keys, key, side, taken, empty);
    Ok(true)
}
