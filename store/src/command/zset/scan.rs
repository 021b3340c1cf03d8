//! ZSCAN: a sorted set's members and scores, some at a time.

use resp::{Args, DoubleBuffer, format_double};

use super::{KEY_RO_ACCESS, ZSET};
use crate::command::scan_batch::ScanBatch;
use crate::command::scan_options::{ScanFamily, ScanOptions, parse_scan_cursor};
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, Flags, Spec};
use crate::value::IntText;

pub(super) static ZSCAN: DataCommand = DataCommand {
    spec: Spec {
        name: "zscan",
        summary: "Walks over the members and scores of a sorted set, some at a time.",
        since: "2.8.0",
        complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
        arity: -3,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key cursor [MATCH pattern] [COUNT count]",
        ..ZSET
    },
    run: zscan,
    subcommands: &[],
};

fn zscan(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let cursor = parse_scan_cursor(args.get(2))?;
    let key = ctx.keys.arg(args, 1);
    let Some(zset) = ctx.keys.read_zset(key)? else {
        ScanBatch::reply_absent(&mut ctx.reply);
        return Ok(());
    };
    let options = ScanOptions::parse(ArgCursor::new(args, 3), ScanFamily::Members)?;
    let mut batch = ScanBatch::new(options);
    let is_packed = zset.is_packed();
    let next = batch.fill(cursor, |batch, cursor| {
        zset.scan(cursor, &mut |member, score| {
            if batch.visit(member) {
                match whole_number(score).filter(|_| is_packed) {
                    Some(number) => batch.push(IntText::new().format(number).as_bytes()),
                    None => batch.push(format_double(score, &mut DoubleBuffer::new()).as_bytes()),
                }
            }
        })
    });
    batch.reply(next, &mut ctx.reply);
    Ok(())
}

/// A score as Redis writes it into its packed form, whose records ZSCAN shows as they are: whole numbers without an
/// exponent.
fn whole_number(score: f64) -> Option<i64> {
    const LIMIT: f64 = (i64::MAX / 2) as f64;
    let number = score as i64;
    (score.abs() <= LIMIT && number as f64 == score).then_some(number)
}
