//! DUMP: a key's value as bytes that RESTORE takes, here and in Redis.

use resp::Args;

use super::{GENERIC, KEY_RO_ACCESS};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};
use crate::snapshot::encode;

pub(super) static DUMP: DataCommand = DataCommand {
    spec: Spec {
        name: "dump",
        summary: "Returns a key's value in the format of snapshots, for RESTORE.",
        since: "2.6.0",
        complexity: "O(1) to access the key and additional O(N*M) to serialize it, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).",
        arity: 2,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key",
        ..GENERIC
    },
    run: dump,
    subcommands: &[],
};

fn dump(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    match ctx.keys.read(key) {
        Some(value) => ctx.reply.bulk_shared(encode::payload(value).into()),
        None => ctx.reply.null(),
    }
    Ok(())
}
