//! XCLAIM: what is pending goes to another consumer.

use resp::Args;

use super::group::consumer_created;
use super::id::parse_id;
use super::reply::{reply_entry, reply_id};
use super::{KEY_RW_UPDATE, STREAM, no_key_or_group};
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, Flags, Spec, parse_i64};
use crate::types::stream::{ConsumerId, Group, Id, Log, Pending};

pub(super) static XCLAIM: DataCommand = DataCommand {
    spec: Spec {
        name: "xclaim",
        summary: "Hands pending entries that have been idle for some time to another consumer of the group.",
        complexity: "O(log N) with N being the number of messages in the PEL of the consumer group.",
        arity: -6,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: KEY_RW_UPDATE,
        syntax: "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
        ..STREAM
    },
    run: xclaim,
    subcommands: &[],
};

const BAD_MIN_IDLE: CommandError =
    CommandError::text("ERR Invalid min-idle-time argument for XCLAIM");
const BAD_IDLE: CommandError = CommandError::text("ERR Invalid IDLE option argument for XCLAIM");
const BAD_TIME: CommandError = CommandError::text("ERR Invalid TIME option argument for XCLAIM");
const BAD_RETRYCOUNT: CommandError =
    CommandError::text("ERR Invalid RETRYCOUNT option argument for XCLAIM");

/// The first ID's argument.
const FIRST_ID: usize = 5;

/// What a claim answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The entries; they count as delivered once more.
    Entries,
    /// Their IDs.
    Ids,
}

struct Claim {
    idle_min_ms: i64,
    /// Where the IDs end.
    ids_end: usize,
    delivered_at_ms: u64,
    deliveries: Option<u64>,
    /// Whether entries that are not pending are made so.
    force: bool,
    answer: Answer,
    last_id: Id,
}

impl Claim {
    fn parse(args: Args<'_>, now_ms: u64) -> Result<Self, CommandError> {
        let idle_min_ms = parse_i64(args.get(4)).map_err(|_| BAD_MIN_IDLE)?;
        let is_id = |at: &usize| parse_id(args.get(*at), 0).is_ok();
        let ids = (FIRST_ID..args.len()).take_while(is_id).count();
        let mut claim = Claim {
            idle_min_ms,
            ids_end: FIRST_ID + ids,
            delivered_at_ms: now_ms,
            deliveries: None,
            force: false,
            answer: Answer::Entries,
            last_id: Id::MIN,
        };
        let mut cursor = ArgCursor::new(args, claim.ids_end);
        while !cursor.is_done() {
            claim.take_option(&mut cursor, now_ms)?;
        }
        Ok(claim)
    }

    fn take_option(&mut self, args: &mut ArgCursor<'_>, now_ms: u64) -> Result<(), CommandError> {
        let with_value = args.remaining() >= 2;
        if args.keyword("FORCE") {
            self.force = true;
        } else if args.keyword("JUSTID") {
            self.answer = Answer::Ids;
        } else if with_value && args.keyword("IDLE") {
            let idle_ms = args.expect_i64().map_err(|_| BAD_IDLE)?;
            self.deliver_at((now_ms as i64).wrapping_sub(idle_ms), now_ms);
        } else if with_value && args.keyword("TIME") {
            self.deliver_at(args.expect_i64().map_err(|_| BAD_TIME)?, now_ms);
        } else if with_value && args.keyword("RETRYCOUNT") {
            let count = args.expect_i64().map_err(|_| BAD_RETRYCOUNT)?;
            self.deliveries = u64::try_from(count).ok();
        } else if with_value && args.keyword("LASTID") {
            self.last_id = parse_id(args.expect()?, 0)?;
        } else {
            let option = args.expect()?;
            return Err(CommandError::quoting(
                "ERR Unrecognized XCLAIM option '",
                option,
                "'",
            ));
        }
        Ok(())
    }

    /// Sets the time of delivery; what lies in the future or before the epoch is taken for now.
    fn deliver_at(&mut self, at_ms: i64, now_ms: u64) {
        self.delivered_at_ms = u64::try_from(at_ms).map_or(now_ms, |at_ms| at_ms.min(now_ms));
    }
}

/// Who claims, found or created by the first entry claimed.
pub(super) struct Claimer<'a> {
    name: &'a [u8],
    id: Option<ConsumerId>,
    now_ms: u64,
    /// Whether the name was new to the group.
    pub(super) created: bool,
}

impl<'a> Claimer<'a> {
    pub(super) fn new(name: &'a [u8], now_ms: u64) -> Self {
        Claimer {
            name,
            id: None,
            now_ms,
            created: false,
        }
    }

    /// The consumer, which has been heard of.
    pub(super) fn consumer(&mut self, group: &mut Group) -> ConsumerId {
        if let Some(id) = self.id {
            return id;
        }
        let id = match group.consumer_named(self.name) {
            Some(id) => id,
            None => {
                self.created = true;
                group.create_consumer(self.name, self.now_ms)
            }
        };
        group.consumer_seen(id, self.now_ms);
        group.consumer_active(id, self.now_ms);
        self.id = Some(id);
        id
    }
}

/// Whether an entry has been idle for long enough.
pub(super) fn is_idle(pending: &Pending, idle_min_ms: i64, now_ms: u64) -> bool {
    idle_min_ms <= 0 || now_ms as i64 - pending.delivered_at_ms as i64 >= idle_min_ms
}

/// What becomes of one entry.
enum Fate {
    /// Nothing.
    Left,
    /// It is gone from the stream, and now from the group.
    Forgotten,
    /// It is the claimer's.
    Claimed,
}

impl Claim {
    fn apply(&self, log: &Log, group: &mut Group, id: Id, claimer: &mut Claimer<'_>) -> Fate {
        let pending = group.pending(id).copied();
        if log.get(id).is_none() {
            return match group.acknowledge(id) {
                true => Fate::Forgotten,
                false => Fate::Left,
            };
        }
        let before = match pending {
            Some(pending) if is_idle(&pending, self.idle_min_ms, claimer.now_ms) => {
                pending.deliveries
            }
            None if self.force => 1,
            Some(_) | None => return Fate::Left,
        };
        let deliveries = self.deliveries.unwrap_or(match self.answer {
            Answer::Entries => before.wrapping_add(1),
            Answer::Ids => before,
        });
        let consumer = claimer.consumer(group);
        group.deliver(id, consumer, self.delivered_at_ms, deliveries);
        Fate::Claimed
    }
}

fn xclaim(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (key, now_ms) = (ctx.keys.arg(args, 1), ctx.now_ms);
    let mut stream = ctx.keys.read_stream_to_edit(key)?;
    let (log, mut group) = stream
        .as_mut()
        .and_then(|stream| stream.log_and_group(args.get(2)))
        .ok_or_else(|| no_key_or_group(args.get(1), args.get(2)))?;
    let claim = Claim::parse(args, now_ms)?;
    let moved_on = claim.last_id > group.last_id;
    if moved_on {
        group.last_id = claim.last_id;
    }
    let mut claimer = Claimer::new(args.get(3), now_ms);
    let (mut claimed, mut changes) = (0, 0);
    let array = ctx.reply.array_deferred();
    for at in FIRST_ID..claim.ids_end {
        let id = parse_id(args.get(at), 0)?;
        match claim.apply(log, &mut group, id, &mut claimer) {
            Fate::Left => continue,
            Fate::Forgotten => {}
            Fate::Claimed => {
                claimed += 1;
                match (claim.answer, log.get(id)) {
                    (Answer::Entries, Some(entry)) => reply_entry(&mut ctx.reply, entry),
                    (Answer::Entries | Answer::Ids, _) => reply_id(&mut ctx.reply, id),
                }
            }
        }
        changes += 1;
    }
    ctx.reply.finish_array(array, claimed);
    drop(group);
    drop(stream);
    if claimer.created {
        consumer_created(&mut ctx.keys, key);
    }
    ctx.keys.add_dirty(changes.max(u64::from(moved_on)));
    Ok(())
}
