//! SSCAN: a set's members, some at a time.

use resp::Args;

use super::{KEY_RO_ACCESS, SET};
use crate::command::scan_batch::ScanBatch;
use crate::command::scan_options::{ScanFamily, ScanOptions, parse_scan_cursor};
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::ItemBuf;

pub(super) static SSCAN: DataCommand = DataCommand {
    spec: Spec {
        name: "sscan",
        summary: "Walks over the members of a set, some at a time.",
        since: "2.8.0",
        complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
        arity: -3,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key cursor [MATCH pattern] [COUNT count]",
        ..SET
    },
    run: sscan,
    subcommands: &[],
};

fn sscan(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let cursor = parse_scan_cursor(args.get(2))?;
    let key = ctx.keys.arg(args, 1);
    let Some(set) = ctx.keys.read_set(key)? else {
        ScanBatch::reply_absent(&mut ctx.reply);
        return Ok(());
    };
    let options = ScanOptions::parse(ArgCursor::new(args, 3), ScanFamily::Members)?;
    let mut batch = ScanBatch::new(options);
    let next = batch.fill(cursor, |batch, cursor| {
        set.scan(cursor, &mut |item| {
            batch.visit(item.as_bytes(&mut ItemBuf::default()));
        })
    });
    batch.reply(next, &mut ctx.reply);
    Ok(())
}
