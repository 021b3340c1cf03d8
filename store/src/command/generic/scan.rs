//! SCAN: the names of keys, some at a time.

use resp::Args;

use super::GENERIC;
use crate::command::scan_batch::ScanBatch;
use crate::command::scan_options::{ScanFamily, ScanOptions, parse_scan_cursor};
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, Flags, Routing, Spec};

pub(super) static SCAN: DataCommand = DataCommand {
    spec: Spec {
        name: "scan",
        summary: "Walks over the names of the database's keys, some at a time.",
        since: "2.8.0",
        complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.",
        arity: -2,
        flags: Flags::READONLY,
        routing: Routing::Cursor,
        syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
        ..GENERIC
    },
    run: scan,
    subcommands: &[],
};

fn scan(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let cursor = parse_scan_cursor(args.get(1))?;
    let options = ScanOptions::parse(ArgCursor::new(args, 2), ScanFamily::Keys)?;
    let mut batch = ScanBatch::new(options);
    let next = batch.fill_while(
        cursor,
        |cursor| ctx.keys.holds_cursor(cursor),
        |batch, cursor| {
            ctx.keys.scan_step(cursor, |name, value| {
                batch.visit_key(name, value.type_name());
            })
        },
    );
    batch.reply(next, &mut ctx.reply);
    Ok(())
}
