//! HRANDFIELD: random fields of a hash.

use resp::{Args, Protocol, ReplyWriter};

use super::{HASH, KEY_RO_ACCESS};
use crate::command::sampling::{ReplyBound, SampleCount, for_each_distinct};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Key, Spec};

pub(super) static HRANDFIELD: DataCommand = DataCommand {
    spec: Spec {
        name: "hrandfield",
        summary: "Returns random fields of a hash: different ones, or independent draws when the count is negative.",
        since: "6.2.0",
        complexity: "O(N) with N the number of fields returned.",
        arity: -2,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key [count [WITHVALUES]]",
        ..HASH
    },
    run: hrandfield,
    subcommands: &[],
};

/// What the reply shows of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Field,
    FieldAndValue,
}

fn hrandfield(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let Some(count) = args.try_get(2) else {
        return draw_one(ctx, key);
    };
    let count = SampleCount::parse(count)?;
    let shown = match args.len() {
        3 => Shown::Field,
        4 if args.get(3).eq_ignore_ascii_case(b"withvalues") => Shown::FieldAndValue,
        _ => return Err(CommandError::Syntax),
    };
    if shown == Shown::FieldAndValue && count.amount() > i64::MAX as usize / 2 {
        return Err(CommandError::OutOfRange);
    }
    draw_many(ctx, key, count, shown)
}

fn draw_one(ctx: &mut Ctx<'_>, key: Key<'_>) -> Result<(), CommandError> {
    let hash = ctx.keys.read_hash(key)?;
    match hash.and_then(|hash| hash.random(&mut || ctx.rng.next_u64())) {
        Some((field, _)) => ctx.reply.bulk(field),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn draw_many(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    count: SampleCount,
    shown: Shown,
) -> Result<(), CommandError> {
    let Some(hash) = ctx.keys.read_hash(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let reply = &mut ctx.reply;
    let len = hash.len_in_sight();
    if len == 0 {
        reply.array(0);
        return Ok(());
    }
    match count {
        SampleCount::Repeated(count) => {
            let bound = ReplyBound::new(reply, ctx.config.bulk_len_max);
            reply_len(reply, count, shown);
            for _ in 0..count {
                let pair = hash
                    .random(&mut || ctx.rng.next_u64())
                    .expect("a field is in sight");
                reply_pair(reply, pair, shown);
                bound.check(reply)?;
            }
        }
        SampleCount::Distinct(count) => {
            let wanted = count.min(len);
            reply_len(reply, wanted, shown);
            for_each_distinct(
                (wanted, len),
                ctx.rng,
                hash.iter(),
                |rng| hash.random(rng),
                |pair| pair.0,
                |pair| reply_pair(reply, pair, shown),
            );
        }
    }
    Ok(())
}

/// RESP3 nests each pair in an array of its own, RESP2 has them flat.
fn reply_len(reply: &mut ReplyWriter<'_>, fields: usize, shown: Shown) {
    let flat = shown == Shown::FieldAndValue && reply.protocol() == Protocol::Resp2;
    reply.array(if flat { fields * 2 } else { fields });
}

fn reply_pair(reply: &mut ReplyWriter<'_>, (field, value): (&[u8], &[u8]), shown: Shown) {
    if shown == Shown::Field {
        return reply.bulk(field);
    }
    if reply.protocol() == Protocol::Resp3 {
        reply.array(2);
    }
    reply.bulk(field);
    reply.bulk(value);
}
