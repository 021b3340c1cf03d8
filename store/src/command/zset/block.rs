//! The pops that wait for a member: BZPOPMIN, BZPOPMAX, BZMPOP.

use std::ops::Range;

use resp::Args;

use super::{PopShape, ZSET, ZmpopArgs, pop};
use crate::command::{
    CommandError, Ctx, DataCommand, Flags, Key, KeyFlags, KeySpec, Serve, Spec, Wait, WaitKind,
    parse_timeout,
};
use crate::types::End;

const RW_DELETE: KeyFlags = KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE);

/// What BZPOPMIN and BZPOPMAX have in common.
const BZPOP: Spec = Spec {
    since: "5.0.0",
    complexity: "O(log(N)) with N being the number of elements in the sorted set.",
    arity: -3,
    flags: Flags::WRITE
        .union(Flags::NOSCRIPT)
        .union(Flags::BLOCKING)
        .union(Flags::FAST),
    keys: &[KeySpec::range(1, -2, 1, RW_DELETE)],
    syntax: "key [key ...] timeout",
    ..ZSET
};

pub(super) static BZPOPMIN: DataCommand = DataCommand {
    spec: Spec {
        name: "bzpopmin",
        summary: "Removes the member with the lowest score from the first sorted set that has any and gives it, waiting for one if need be.",
        ..BZPOP
    },
    run: |ctx, args| bzpop(ctx, args, End::Min),
    subcommands: &[],
};

pub(super) static BZPOPMAX: DataCommand = DataCommand {
    spec: Spec {
        name: "bzpopmax",
        summary: "Removes the member with the highest score from the first sorted set that has any and gives it, waiting for one if need be.",
        ..BZPOP
    },
    run: |ctx, args| bzpop(ctx, args, End::Max),
    subcommands: &[],
};

pub(super) static BZMPOP: DataCommand = DataCommand {
    spec: Spec {
        name: "bzmpop",
        summary: "Removes members with the lowest or highest scores from the first sorted set that has any and gives them, waiting for one if need be.",
        since: "7.0.0",
        complexity: "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.",
        arity: -5,
        flags: Flags::WRITE
            .union(Flags::BLOCKING)
            .union(Flags::MOVABLEKEYS),
        keys: &[KeySpec::counted(2, RW_DELETE)],
        syntax: "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
        ..ZSET
    },
    run: bzmpop,
    subcommands: &[],
};

/// What a pop takes and how it shows it; also what one that waits does when its turn comes.
#[derive(Clone, Copy, Debug)]
struct Pop {
    end: End,
    count: usize,
    shape: PopShape,
}

impl Serve for Pop {
    fn serve(&self, ctx: &mut Ctx<'_>, key: Key<'_>, _: usize) -> Result<(), CommandError> {
        pop(ctx, key, self.end, self.count, self.shape).map(drop)
    }
}

fn bzpop(ctx: &mut Ctx<'_>, args: Args<'_>, end: End) -> Result<(), CommandError> {
    let last = args.len() - 1;
    let until_ms = parse_timeout(args.get(last), ctx.now_ms)?;
    let one = Pop {
        end,
        count: 1,
        shape: PopShape::KeyFlat,
    };
    pop_or_wait(ctx, args, 1..last, until_ms, one)
}

fn bzmpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let asked = ZmpopArgs::parse(args, 2)?;
    let until_ms = parse_timeout(args.get(1), ctx.now_ms)?;
    let some = Pop {
        end: asked.end,
        count: asked.count,
        shape: PopShape::KeyAndPairs,
    };
    let keys = asked.first_key..asked.first_key + asked.key_count;
    pop_or_wait(ctx, args, keys, until_ms, some)
}

fn pop_or_wait(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    keys: Range<usize>,
    until_ms: Option<u64>,
    what: Pop,
) -> Result<(), CommandError> {
    for index in keys.clone() {
        let key = ctx.keys.arg(args, index);
        if pop(ctx, key, what.end, what.count, what.shape)? {
            return Ok(());
        }
    }
    let wait = Wait {
        keys,
        kind: WaitKind::Zset,
        until_ms,
        leads_to: 0,
        serve: Box::new(what),
    };
    if !ctx.wait(wait) {
        ctx.reply.null_array();
    }
    Ok(())
}
