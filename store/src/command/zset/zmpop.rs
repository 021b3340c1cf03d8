//! ZMPOP: members from the first of several sorted sets that has any.

use resp::Args;

use super::ZSET;
use super::pop::{PopShape, pop};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec, parse_at_least,
};
use crate::types::End;

pub(super) static ZMPOP: DataCommand = DataCommand {
    spec: Spec {
        name: "zmpop",
        summary: "Removes members with the lowest or highest scores from the first sorted set that has any, and gives them.",
        since: "7.0.0",
        complexity: "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.",
        arity: -4,
        flags: Flags::WRITE.union(Flags::MOVABLEKEYS),
        keys: &[KeySpec::counted(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
        )],
        syntax: "numkeys key [key ...] MIN | MAX [COUNT count]",
        ..ZSET
    },
    run: zmpop,
    subcommands: &[],
};

const NO_KEYS: CommandError = CommandError::text("ERR numkeys should be greater than 0");
const NO_COUNT: CommandError = CommandError::text("ERR count should be greater than 0");

/// What ZMPOP and BZMPOP ask for, from the key count on.
#[derive(Clone, Copy, Debug)]
pub struct ZmpopArgs {
    /// The first key's argument.
    pub first_key: usize,
    /// Number of keys.
    pub key_count: usize,
    /// Which end members come from.
    pub end: End,
    /// At most so many.
    pub count: usize,
}

impl ZmpopArgs {
    /// Reads from the key count at `index` to the end.
    pub fn parse(args: Args<'_>, index: usize) -> Result<Self, CommandError> {
        let key_count = parse_at_least(args.get(index), 1, NO_KEYS)?;
        let first_key = index + 1;
        let mut cursor = ArgCursor::new(args, first_key.saturating_add(key_count));
        let end = if cursor.keyword("MIN") {
            End::Min
        } else if cursor.keyword("MAX") {
            End::Max
        } else {
            return Err(CommandError::Syntax);
        };
        let mut count = None;
        while !cursor.is_done() {
            if count.is_some() || cursor.remaining() < 2 || !cursor.keyword("COUNT") {
                return Err(CommandError::Syntax);
            }
            count = Some(parse_at_least(cursor.expect()?, 1, NO_COUNT)?);
        }
        Ok(ZmpopArgs {
            first_key,
            key_count,
            end,
            count: count.unwrap_or(1),
        })
    }
}

fn zmpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let ZmpopArgs {
        first_key,
        key_count,
        end,
        count,
    } = ZmpopArgs::parse(args, 1)?;
    for index in first_key..first_key + key_count {
        let key = ctx.keys.arg(args, index);
        if pop(ctx, key, end, count, PopShape::KeyAndPairs)? {
            return Ok(());
        }
    }
    ctx.reply.null_array();
    Ok(())
}
