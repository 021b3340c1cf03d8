//! HSCAN: a hash's fields, some at a time.

use resp::Args;

use super::{HASH, KEY_RO_ACCESS};
use crate::command::scan_batch::ScanBatch;
use crate::command::scan_options::{ScanFamily, ScanOptions, parse_scan_cursor};
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, Flags, Spec};

pub(super) static HSCAN: DataCommand = DataCommand {
    spec: Spec {
        name: "hscan",
        summary: "Walks over the fields of a hash, some at a time.",
        since: "2.8.0",
        complexity: "O(1) a call, O(N) for a whole walk over N fields.",
        arity: -3,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
        ..HASH
    },
    run: hscan,
    subcommands: &[],
};

fn hscan(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let cursor = parse_scan_cursor(args.get(2))?;
    let key = ctx.keys.arg(args, 1);
    let Some(hash) = ctx.keys.read_hash(key)? else {
        ScanBatch::reply_absent(&mut ctx.reply);
        return Ok(());
    };
    let options = ScanOptions::parse(ArgCursor::new(args, 3), ScanFamily::Hash)?;
    let with_values = !options.no_values;
    let mut batch = ScanBatch::new(options);
    let next = batch.fill(cursor, |batch, cursor| {
        hash.scan(cursor, &mut |field, value| {
            if batch.visit(field) && with_values {
                batch.push(value);
            }
        })
    });
    batch.reply(next, &mut ctx.reply);
    Ok(())
}
