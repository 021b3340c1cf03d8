//! ZRANK and ZREVRANK: the place of a member.

use resp::Args;

use super::{KEY_RO_ACCESS, ZSET};
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::Direction;

pub(super) static ZRANK: DataCommand = DataCommand {
    spec: Spec {
        name: "zrank",
        summary: "Gives the place of a member, the lowest score being 0.",
        since: "2.0.0",
        complexity: "O(log(N))",
        arity: -3,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO_ACCESS,
        syntax: "key member [WITHSCORE]",
        member: Some(2),
        ..ZSET
    },
    run: |ctx, args| rank(ctx, args, "zrank", Direction::Forward),
    subcommands: &[],
};

pub(super) static ZREVRANK: DataCommand = DataCommand {
    spec: Spec {
        name: "zrevrank",
        summary: "Gives the place of a member, the highest score being 0.",
        since: "2.0.0",
        complexity: "O(log(N))",
        arity: -3,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO_ACCESS,
        syntax: "key member [WITHSCORE]",
        member: Some(2),
        ..ZSET
    },
    run: |ctx, args| rank(ctx, args, "zrevrank", Direction::Reverse),
    subcommands: &[],
};

fn rank(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    command: &'static str,
    direction: Direction,
) -> Result<(), CommandError> {
    let with_score = parse_with_score(args, command)?;
    let key = ctx.keys.arg(args, 1);
    let seed = ctx.keys.seed();
    let member = args.get(2);
    let found = ctx
        .keys
        .read_zset(key)?
        .and_then(|zset| Some((zset.rank(&seed, member, direction)?, zset)));
    match (found, with_score) {
        (Some((rank, _)), false) => ctx.reply.integer(rank as i64),
        (Some((rank, zset)), true) => {
            ctx.reply.array(2);
            ctx.reply.integer(rank as i64);
            ctx.reply.double(
                zset.score(&seed, member)
                    .expect("a member with a rank has a score"),
            );
        }
        (None, false) => ctx.reply.null(),
        (None, true) => ctx.reply.null_array(),
    }
    Ok(())
}

fn parse_with_score(args: Args<'_>, command: &'static str) -> Result<bool, CommandError> {
    if args.len() > 4 {
        return Err(CommandError::Arity(command.into()));
    }
    let mut options = ArgCursor::new(args, 3);
    let with_score = options.keyword("WITHSCORE");
    if !options.is_done() {
        return Err(CommandError::Syntax);
    }
    Ok(with_score)
}
