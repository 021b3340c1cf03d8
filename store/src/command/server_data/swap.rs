//! SWAPDB: two databases change places.

use resp::Args;

use super::WHOLE_DB;
use crate::command::{Categories, CommandError, Ctx, DataCommand, Flags, Spec, parse_i64};

pub(super) static SWAPDB: DataCommand = DataCommand {
    spec: Spec {
        name: "swapdb",
        summary: "Swaps the contents of two databases.",
        since: "4.0.0",
        complexity: "O(N) where N is the count of clients watching or blocking on keys from both databases.",
        arity: 3,
        flags: Flags::WRITE.union(Flags::FAST),
        categories: Categories::KEYSPACE.union(Categories::DANGEROUS),
        syntax: "index1 index2",
        ..WHOLE_DB
    },
    run: swapdb,
    subcommands: &[],
};

fn swapdb(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let first = parse_index(args.get(1), "ERR invalid first DB index")?;
    let second = parse_index(args.get(2), "ERR invalid second DB index")?;
    let in_range = |index: i32| {
        usize::try_from(index)
            .ok()
            .filter(|index| *index < ctx.keys.db_count())
            .ok_or(CommandError::DbIndex)
    };
    let (first, second) = (in_range(first)?, in_range(second)?);
    if first != second {
        ctx.keys.swap_dbs(first, second);
    }
    ctx.keys.add_dirty(1);
    ctx.reply.ok();
    Ok(())
}

/// Both texts are read before either number is judged.
fn parse_index(text: &[u8], error: &'static str) -> Result<i32, CommandError> {
    parse_i64(text)
        .ok()
        .and_then(|index| i32::try_from(index).ok())
        .ok_or(CommandError::text(error))
}
