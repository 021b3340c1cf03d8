//! The pops and moves that wait for an element: BLPOP, BRPOP, BLMOVE, BRPOPLPUSH, BLMPOP.
//!
//! Each first tries what its sister that does not wait would do. What a waiting one does when its turn comes is the same,
//! except that whoever pushed has told those who watch the key already.

use std::ops::Range;

use resp::Args;

use super::lmove::{Ends, SOURCE_AND_DESTINATION, move_element};
use super::lmpop::{LmpopArgs, pop_with_key};
use super::{LIST, pop_event};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Serve, Spec, Wait,
    WaitKind, parse_timeout,
};
use crate::types::Side;

const RW_DELETE: KeyFlags = KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE);

/// What BLPOP and BRPOP have in common.
const BPOP: Spec = Spec {
    since: "2.0.0",
    complexity: "O(N) where N is the number of provided keys.",
    arity: -3,
    flags: Flags::WRITE.union(Flags::NOSCRIPT).union(Flags::BLOCKING),
    keys: &[KeySpec::range(1, -2, 1, RW_DELETE)],
    syntax: "key [key ...] timeout",
    ..LIST
};

pub(super) static BLPOP: DataCommand = DataCommand {
    spec: Spec {
        name: "blpop",
        summary: "Removes the head of the first list that has any element and returns it, waiting for one if need be.",
        ..BPOP
    },
    run: |ctx, args| bpop(ctx, args, Side::Left),
    subcommands: &[],
};

pub(super) static BRPOP: DataCommand = DataCommand {
    spec: Spec {
        name: "brpop",
        summary: "Removes the tail of the first list that has any element and returns it, waiting for one if need be.",
        ..BPOP
    },
    run: |ctx, args| bpop(ctx, args, Side::Right),
    subcommands: &[],
};

pub(super) static BLMOVE: DataCommand = DataCommand {
    spec: Spec {
        name: "blmove",
        summary: "Moves an element from an end of one list to an end of another and returns it, waiting for one if need be.",
        since: "6.2.0",
        arity: 6,
        flags: BRPOPLPUSH.spec.flags,
        keys: SOURCE_AND_DESTINATION,
        syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
        ..LIST
    },
    run: |ctx, args| {
        let ends = Ends::parse(args.get(3), args.get(4))?;
        bmove(ctx, args, ends, 5)
    },
    subcommands: &[],
};

pub(super) static BRPOPLPUSH: DataCommand = DataCommand {
    spec: Spec {
        name: "brpoplpush",
        summary: "Moves the last element of one list to the head of another and returns it, waiting for one if need be.",
        since: "2.2.0",
        arity: 4,
        flags: Flags::WRITE
            .union(Flags::DENYOOM)
            .union(Flags::NOSCRIPT)
            .union(Flags::BLOCKING),
        keys: SOURCE_AND_DESTINATION,
        syntax: "source destination timeout",
        ..LIST
    },
    run: |ctx, args| bmove(ctx, args, Ends::RIGHT_LEFT, 3),
    subcommands: &[],
};

pub(super) static BLMPOP: DataCommand = DataCommand {
    spec: Spec {
        name: "blmpop",
        summary: "Removes elements from an end of the first list that has any and returns them, waiting for one if need be.",
        since: "7.0.0",
        complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
        arity: -5,
        flags: Flags::WRITE
            .union(Flags::BLOCKING)
            .union(Flags::MOVABLEKEYS),
        keys: &[KeySpec::counted(2, RW_DELETE)],
        syntax: "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
        ..LIST
    },
    run: blmpop,
    subcommands: &[],
};

fn bpop(ctx: &mut Ctx<'_>, args: Args<'_>, side: Side) -> Result<(), CommandError> {
    let last = args.len() - 1;
    let until_ms = parse_timeout(args.get(last), ctx.now_ms)?;
    for index in 1..last {
        let key = ctx.keys.arg(args, index);
        if pop_one(ctx, key, side)? {
            ctx.keys.modified(key);
            return Ok(());
        }
    }
    wait(ctx, 1..last, until_ms, 0, PopOne(side));
    Ok(())
}

/// Pops one element and replies with the key and it. False, with nothing done, when there is no such list.
fn pop_one(ctx: &mut Ctx<'_>, key: Key<'_>, side: Side) -> Result<bool, CommandError> {
    let Some(mut list) = ctx.keys.edit_list(key)? else {
        return Ok(false);
    };
    ctx.reply.array(2);
    ctx.reply.bulk(key.bytes);
    list.pop(side, |element| ctx.reply.bulk(element));
    let empty = list.is_empty();
    drop(list);
    ctx.keys.event(EventClass::LIST, pop_event(side), key);
    if empty {
        ctx.keys.delete_if_empty(key);
    }
    Ok(true)
}

fn blmpop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let asked = LmpopArgs::parse(args, 2)?;
    let until_ms = parse_timeout(args.get(1), ctx.now_ms)?;
    let keys = asked.first_key..asked.first_key + asked.key_count;
    for index in keys.clone() {
        let key = ctx.keys.arg(args, index);
        if pop_with_key(ctx, key, asked.side, asked.count)? {
            return Ok(());
        }
    }
    wait(ctx, keys, until_ms, 0, PopSome(asked));
    Ok(())
}

fn bmove(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    ends: Ends,
    timeout: usize,
) -> Result<(), CommandError> {
    let until_ms = parse_timeout(args.get(timeout), ctx.now_ms)?;
    let (source, destination) = (ctx.keys.arg(args, 1), ctx.keys.arg(args, 2));
    if move_element(ctx, source, destination, ends)? {
        ctx.keys.modified(source);
        return Ok(());
    }
    let serve = Move {
        destination: destination.bytes.into(),
        ends,
    };
    let leads_to = 1 << destination.shard;
    let wait = wish(1..2, until_ms, leads_to, serve);
    if !ctx.wait(wait) {
        ctx.reply.null();
    }
    Ok(())
}

fn wait(
    ctx: &mut Ctx<'_>,
    keys: Range<usize>,
    until_ms: Option<u64>,
    leads_to: u64,
    serve: impl Serve + 'static,
) {
    if !ctx.wait(wish(keys, until_ms, leads_to, serve)) {
        ctx.reply.null_array();
    }
}

fn wish(
    keys: Range<usize>,
    until_ms: Option<u64>,
    leads_to: u64,
    serve: impl Serve + 'static,
) -> Wait {
    Wait {
        keys,
        kind: WaitKind::List,
        until_ms,
        leads_to,
        serve: Box::new(serve),
    }
}

/// A BLPOP or BRPOP that waits.
#[derive(Debug)]
struct PopOne(Side);

impl Serve for PopOne {
    fn serve(&self, ctx: &mut Ctx<'_>, key: Key<'_>, _: usize) -> Result<(), CommandError> {
        pop_one(ctx, key, self.0).map(drop)
    }
}

/// A BLMPOP that waits.
#[derive(Debug)]
struct PopSome(LmpopArgs);

impl Serve for PopSome {
    fn serve(&self, ctx: &mut Ctx<'_>, key: Key<'_>, _: usize) -> Result<(), CommandError> {
        pop_with_key(ctx, key, self.0.side, self.0.count).map(drop)
    }
}

/// A BLMOVE or BRPOPLPUSH that waits. A destination of another type ends its wait with the error.
#[derive(Debug)]
struct Move {
    destination: Box<[u8]>,
    ends: Ends,
}

impl Serve for Move {
    fn serve(&self, ctx: &mut Ctx<'_>, source: Key<'_>, _: usize) -> Result<(), CommandError> {
        let destination = ctx.keys.key(&self.destination);
        move_element(ctx, source, destination, self.ends).map(drop)
    }
}
