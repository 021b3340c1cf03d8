//! SRANDMEMBER: random members of a set, which keeps them.

use resp::Args;

use super::{KEY_RO_ACCESS, SET, reply_item};
use crate::command::sampling::{ReplyBound, SampleCount, for_each_distinct};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Key, Spec};

pub(super) static SRANDMEMBER: DataCommand = DataCommand {
    spec: Spec {
        name: "srandmember",
        summary: "Gives random members of a set: different ones, or independent draws when the count is negative.",
        complexity: "Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.",
        arity: -2,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key [count]",
        ..SET
    },
    run: srandmember,
    subcommands: &[],
};

fn srandmember(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    match args.len() {
        2 => draw_one(ctx, key),
        3 => draw_many(ctx, key, SampleCount::parse(args.get(2))?),
        _ => Err(CommandError::Syntax),
    }
}

fn draw_one(ctx: &mut Ctx<'_>, key: Key<'_>) -> Result<(), CommandError> {
    match ctx
        .keys
        .read_set(key)?
        .and_then(|set| set.random(&mut || ctx.rng.next_u64()))
    {
        Some(item) => reply_item(&mut ctx.reply, item),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn draw_many(ctx: &mut Ctx<'_>, key: Key<'_>, count: SampleCount) -> Result<(), CommandError> {
    let Some(set) = ctx.keys.read_set(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    match count {
        SampleCount::Repeated(count) => {
            let bound = ReplyBound::new(&mut ctx.reply, ctx.config.bulk_len_max);
            ctx.reply.array(count);
            for _ in 0..count {
                let item = set
                    .random(&mut || ctx.rng.next_u64())
                    .expect("no stored set is empty");
                reply_item(&mut ctx.reply, item);
                bound.check(&mut ctx.reply)?;
            }
        }
        SampleCount::Distinct(count) => {
            let wanted = count.min(set.len());
            ctx.reply.array(wanted);
            for_each_distinct(
                (wanted, set.len()),
                ctx.rng,
                set.iter(),
                |rng| set.random(rng),
                |item| *item,
                |item| reply_item(&mut ctx.reply, item),
            );
        }
    }
    Ok(())
}
