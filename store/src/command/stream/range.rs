//! XLEN, XRANGE and XREVRANGE.

use resp::Args;

use super::id::{parse_end, parse_start};
use super::reply::reply_entries;
use super::{KEY_RO_ACCESS, STREAM};
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec};
use crate::types::Direction;

pub(super) static XLEN: DataCommand = DataCommand {
    spec: Spec {
        name: "xlen",
        summary: "Gives the number of entries of a stream.",
        arity: 2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        syntax: "key",
        ..STREAM
    },
    run: xlen,
    subcommands: &[],
};

fn xlen(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let len = ctx.keys.read_stream(key)?.map_or(0, |stream| stream.len());
    ctx.reply.integer(len as i64);
    Ok(())
}

/// What the two have in common.
const RANGE: Spec = Spec {
    arity: -4,
    flags: Flags::READONLY,
    keys: KEY_RO_ACCESS,
    ..STREAM
};

pub(super) static XRANGE: DataCommand = DataCommand {
    spec: Spec {
        name: "xrange",
        summary: "Gives the entries of a stream whose IDs lie in an interval.",
        complexity: "O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
        syntax: "key start end [COUNT count]",
        ..RANGE
    },
    run: |ctx, args| range(ctx, args, Direction::Forward),
    subcommands: &[],
};

pub(super) static XREVRANGE: DataCommand = DataCommand {
    spec: Spec {
        name: "xrevrange",
        summary: "Gives the entries of a stream whose IDs lie in an interval, the newest first.",
        complexity: "O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
        syntax: "key end start [COUNT count]",
        ..RANGE
    },
    run: |ctx, args| range(ctx, args, Direction::Reverse),
    subcommands: &[],
};

fn range(ctx: &mut Ctx<'_>, args: Args<'_>, direction: Direction) -> Result<(), CommandError> {
    let (first, second) = (args.get(2), args.get(3));
    let (start, end) = match direction {
        Direction::Forward => (first, second),
        Direction::Reverse => (second, first),
    };
    let (start, end) = (parse_start(start)?, parse_end(end)?);
    let count = parse_count(ArgCursor::new(args, 4))?;
    let key = ctx.keys.arg(args, 1);
    let pace = ctx.keys.pace();
    let Some(stream) = ctx.keys.read_stream(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let breath = pace.over(count.min(stream.len() as usize))?;
    if count == 0 {
        ctx.reply.null_array();
        return Ok(());
    }
    match direction {
        Direction::Forward => {
            reply_entries(&mut ctx.reply, breath.over(stream.range(start, end)), count)
        }
        Direction::Reverse => reply_entries(
            &mut ctx.reply,
            breath.over(stream.range_down(end, start)),
            count,
        ),
    }
    Ok(())
}

fn parse_count(mut args: ArgCursor<'_>) -> Result<usize, CommandError> {
    let mut count = usize::MAX;
    while !args.is_done() {
        if args.remaining() < 2 || !args.keyword("COUNT") {
            return Err(CommandError::Syntax);
        }
        count = usize::try_from(args.expect_i64()?).unwrap_or(0);
    }
    Ok(count)
}
