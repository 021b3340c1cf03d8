//! ZRANDMEMBER: random members of a sorted set, which keeps them.

use resp::Args;

use super::scored_reply::Scores;
use super::{KEY_RO_ACCESS, ZSET};
use crate::command::sampling::{ReplyBound, SampleCount, for_each_distinct};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Key, Spec};
use crate::types::Direction;

pub(super) static ZRANDMEMBER: DataCommand = DataCommand {
    spec: Spec {
        name: "zrandmember",
        summary: "Gives random members of a sorted set: different ones, or independent draws when the count is negative.",
        since: "6.2.0",
        complexity: "O(N) where N is the number of elements returned",
        arity: -2,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key [count [WITHSCORES]]",
        ..ZSET
    },
    run: zrandmember,
    subcommands: &[],
};

fn zrandmember(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    if args.len() == 2 {
        return draw_one(ctx, key);
    }
    let count = SampleCount::parse(args.get(2))?;
    let scores = match args.len() {
        3 => Scores::Omitted,
        4 if args.get(3).eq_ignore_ascii_case(b"WITHSCORES") => Scores::Included,
        _ => return Err(CommandError::Syntax),
    };
    // A flat reply has twice as many elements, and their number has to fit.
    if scores == Scores::Included && count.amount() > i64::MAX as usize / 2 {
        return Err(CommandError::OutOfRange);
    }
    draw_many(ctx, key, count, scores)
}

fn draw_one(ctx: &mut Ctx<'_>, key: Key<'_>) -> Result<(), CommandError> {
    match ctx
        .keys
        .read_zset(key)?
        .and_then(|zset| zset.random(&mut || ctx.rng.next_u64()))
    {
        Some((member, _)) => ctx.reply.bulk(member),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn draw_many(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    count: SampleCount,
    scores: Scores,
) -> Result<(), CommandError> {
    let Some(zset) = ctx.keys.read_zset(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    match count {
        SampleCount::Repeated(count) => {
            let bound = ReplyBound::new(&mut ctx.reply, ctx.config.bulk_len_max);
            scores.begin(&mut ctx.reply, count);
            for _ in 0..count {
                let drawn = zset.random(&mut || ctx.rng.next_u64());
                let (member, score) = drawn.expect("no stored sorted set is empty");
                scores.member(&mut ctx.reply, member, score);
                bound.check(&mut ctx.reply)?;
            }
        }
        SampleCount::Distinct(count) => {
            let wanted = count.min(zset.len());
            scores.begin(&mut ctx.reply, wanted);
            for_each_distinct(
                (wanted, zset.len()),
                ctx.rng,
                zset.iter_from(0, Direction::Forward),
                |rng| zset.random(rng),
                |(member, _)| *member,
                |(member, score)| scores.member(&mut ctx.reply, member, score),
            );
        }
    }
    Ok(())
}
