//! DBSIZE: the number of keys.

use resp::Args;

use super::WHOLE_DB;
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};

pub(super) static DBSIZE: DataCommand = DataCommand {
    spec: Spec {
        name: "dbsize",
        summary: "Says how many keys the database has.",
        arity: 1,
        flags: Flags::READONLY.union(Flags::FAST),
        ..WHOLE_DB
    },
    run: dbsize,
    subcommands: &[],
};

fn dbsize(ctx: &mut Ctx<'_>, _args: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.integer(ctx.keys.len() as i64);
    Ok(())
}
