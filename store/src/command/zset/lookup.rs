//! ZCARD, ZSCORE and ZMSCORE: size and scores of one sorted set.

use resp::{Args, ReplyWriter};

use super::{KEY_RO_ACCESS, ZSET};
use crate::command::{CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec};

pub(super) static ZCARD: DataCommand = DataCommand {
    spec: Spec {
        name: "zcard",
        summary: "Counts the members of a sorted set.",
        since: "1.2.0",
        arity: 2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RO)],
        syntax: "key",
        ..ZSET
    },
    run: zcard,
    subcommands: &[],
};

pub(super) static ZSCORE: DataCommand = DataCommand {
    spec: Spec {
        name: "zscore",
        summary: "Gives the score of a member.",
        since: "1.2.0",
        arity: 3,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO_ACCESS,
        syntax: "key member",
        member: Some(2),
        ..ZSET
    },
    run: zscore,
    subcommands: &[],
};

pub(super) static ZMSCORE: DataCommand = DataCommand {
    spec: Spec {
        name: "zmscore",
        summary: "Gives the scores of several members.",
        since: "6.2.0",
        complexity: "O(N) where N is the number of members being requested.",
        arity: -3,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO_ACCESS,
        syntax: "key member [member ...]",
        member: Some(2),
        ..ZSET
    },
    run: zmscore,
    subcommands: &[],
};

fn zcard(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let len = ctx.keys.read_zset(key)?.map_or(0, |zset| zset.len());
    ctx.reply.integer(len as i64);
    Ok(())
}

fn zscore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let seed = ctx.keys.seed();
    let score = ctx
        .keys
        .read_zset(key)?
        .and_then(|zset| zset.score(&seed, args.get(2)));
    reply_score(&mut ctx.reply, score);
    Ok(())
}

fn zmscore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let seed = ctx.keys.seed();
    let zset = ctx.keys.read_zset(key)?;
    let members = args.tail(2);
    ctx.reply.array(members.len());
    for member in members.iter() {
        reply_score(
            &mut ctx.reply,
            zset.and_then(|zset| zset.score(&seed, member)),
        );
    }
    Ok(())
}

fn reply_score(reply: &mut ReplyWriter<'_>, score: Option<f64>) {
    match score {
        Some(score) => reply.double(score),
        None => reply.null(),
    }
}
