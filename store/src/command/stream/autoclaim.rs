//! XAUTOCLAIM: the next idle entries, whichever they are, go to another consumer.

use resp::Args;

use super::claim::{Answer, Claimer, is_idle};
use super::group::consumer_created;
use super::id::parse_start;
use super::reply::{reply_entry, reply_id};
use super::{KEY_RW_DELETE, STREAM, no_key_or_group};
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, Flags, Spec, parse_i64};
use crate::types::stream::{Group, Id, Log};

pub(super) static XAUTOCLAIM: DataCommand = DataCommand {
    spec: Spec {
        name: "xautoclaim",
        summary: "Hands the next pending entries that have been idle for some time to another consumer of the group.",
        since: "6.2.0",
        complexity: "O(1) if COUNT is small.",
        arity: -6,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: KEY_RW_DELETE,
        syntax: "key group consumer min-idle-time start [COUNT count] [JUSTID]",
        ..STREAM
    },
    run: xautoclaim,
    subcommands: &[],
};

const BAD_MIN_IDLE: CommandError =
    CommandError::text("ERR Invalid min-idle-time argument for XAUTOCLAIM");
const BAD_COUNT: CommandError = CommandError::text("ERR COUNT must be > 0");

/// Entries claimed unless told otherwise.
const COUNT_DEFAULT: i64 = 100;
/// For each entry asked for, so many are looked at.
const LOOKS_PER_ENTRY: usize = 10;
/// Highest count.
const COUNT_MAX: i64 = i64::MAX / 16;

struct Autoclaim {
    idle_min_ms: i64,
    start: Id,
    count: usize,
    answer: Answer,
}

impl Autoclaim {
    fn parse(args: Args<'_>) -> Result<Self, CommandError> {
        let mut autoclaim = Autoclaim {
            idle_min_ms: parse_i64(args.get(4)).map_err(|_| BAD_MIN_IDLE)?,
            start: parse_start(args.get(5))?,
            count: COUNT_DEFAULT as usize,
            answer: Answer::Entries,
        };
        let mut cursor = ArgCursor::new(args, 6);
        while !cursor.is_done() {
            if cursor.remaining() >= 2 && cursor.keyword("COUNT") {
                let count = cursor.expect_i64().map_err(|_| BAD_COUNT)?;
                if !(1..=COUNT_MAX).contains(&count) {
                    return Err(BAD_COUNT);
                }
                autoclaim.count = count as usize;
            } else if cursor.keyword("JUSTID") {
                autoclaim.answer = Answer::Ids;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(autoclaim)
    }
}

/// What a walk over the pending entries has come to.
#[derive(Default)]
struct Found {
    claimed: Vec<Id>,
    /// No longer in the stream.
    gone: Vec<Id>,
    /// Where the next walk starts.
    next: Option<Id>,
}

impl Autoclaim {
    fn look(&self, log: &Log, group: &Group, now_ms: u64) -> Found {
        let mut found = Found::default();
        let mut looks = self.count.saturating_mul(LOOKS_PER_ENTRY);
        for (id, pending) in group.pending_from(self.start) {
            if looks == 0 || found.claimed.len() + found.gone.len() == self.count {
                found.next = Some(id);
                break;
            }
            looks -= 1;
            if log.get(id).is_none() {
                found.gone.push(id);
            } else if is_idle(pending, self.idle_min_ms, now_ms) {
                found.claimed.push(id);
            }
        }
        found
    }
}

fn xautoclaim(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (key, now_ms) = (ctx.keys.arg(args, 1), ctx.now_ms);
    // To the counters it is a read, even when the options are refused.
    let is_there = ctx.keys.read(key).is_some();
    let autoclaim = Autoclaim::parse(args)?;
    let mut stream = match is_there {
        true => ctx.keys.edit_stream(key)?,
        false => None,
    };
    let (log, mut group) = stream
        .as_mut()
        .and_then(|stream| stream.log_and_group(args.get(2)))
        .ok_or_else(|| no_key_or_group(args.get(1), args.get(2)))?;
    let found = autoclaim.look(log, &group, now_ms);
    for id in &found.gone {
        group.acknowledge(*id);
    }
    let mut claimer = Claimer::new(args.get(3), now_ms);
    let reply = &mut ctx.reply;
    reply.array(3);
    reply_id(reply, found.next.unwrap_or(Id::MIN));
    reply.array(found.claimed.len());
    for id in &found.claimed {
        let consumer = claimer.consumer(&mut group);
        let before = group.pending(*id).map_or(0, |pending| pending.deliveries);
        let deliveries = match autoclaim.answer {
            Answer::Entries => before.wrapping_add(1),
            Answer::Ids => before,
        };
        group.deliver(*id, consumer, now_ms, deliveries);
        match (autoclaim.answer, log.get(*id)) {
            (Answer::Entries, Some(entry)) => reply_entry(reply, entry),
            (Answer::Entries | Answer::Ids, _) => reply_id(reply, *id),
        }
    }
    reply.array(found.gone.len());
    found.gone.iter().for_each(|id| reply_id(reply, *id));
    drop(group);
    drop(stream);
    if claimer.created {
        consumer_created(&mut ctx.keys, key);
    }
    ctx.keys
        .add_dirty((found.claimed.len() + found.gone.len()) as u64);
    Ok(())
}
