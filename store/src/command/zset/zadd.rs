//! ZADD and ZINCRBY: members in, scores up and down.

use resp::Args;

use super::ZSET;
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec,
    parse_f64,
};
use crate::hash::Seed;
use crate::types::{EncodingLimits, Outcome, Zset};

pub(super) static ZADD: DataCommand = DataCommand {
    spec: Spec {
        name: "zadd",
        summary: "Adds members with their scores to a sorted set, or changes the scores of those it has.",
        since: "1.2.0",
        complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
        arity: -4,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::UPDATE))],
        syntax: "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
        member: Some(3),
        ..ZSET
    },
    run: |ctx, args| add(ctx, args, Answer::Added),
    subcommands: &[],
};

pub(super) static ZINCRBY: DataCommand = DataCommand {
    spec: Spec {
        name: "zincrby",
        summary: "Adds to the score of a member, which starts at 0.",
        since: "1.2.0",
        complexity: "O(log(N)) where N is the number of elements in the sorted set.",
        arity: 4,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE),
        )],
        syntax: "key increment member",
        member: Some(3),
        ..ZSET
    },
    run: |ctx, args| add(ctx, args, Answer::Score),
    subcommands: &[],
};

/// What the reply says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// How many members are new.
    Added,
    /// How many are new or have another score (`CH`).
    Changed,
    /// The member's new score (`INCR`), which the given one is added to.
    Score,
}

/// Which members are left alone.
#[derive(Clone, Copy, Default)]
struct Condition {
    /// `NX`: those that exist.
    only_new: bool,
    /// `XX`: those that do not.
    only_existing: bool,
    /// `GT`: those whose score would not grow.
    only_greater: bool,
    /// `LT`: those whose score would not shrink.
    only_less: bool,
}

impl Condition {
    /// Whether a new score needs no look at the old one.
    fn is_none(self) -> bool {
        !(self.only_new || self.only_existing || self.only_greater || self.only_less)
    }

    /// Whether an existing member may go from score `old` to `new`.
    fn allows(self, old: f64, new: f64) -> bool {
        !(self.only_new || self.only_greater && new <= old || self.only_less && new >= old)
    }
}

struct ZaddArgs<'a> {
    answer: Answer,
    condition: Condition,
    /// The first score, the only one in most calls.
    first_score: f64,
    /// Score, member, score, member; every score is known to parse.
    pairs: Args<'a>,
}

impl<'a> ZaddArgs<'a> {
    fn parse(args: Args<'a>, mut answer: Answer) -> Result<Self, CommandError> {
        let mut cursor = ArgCursor::new(args, 2);
        let mut condition = Condition::default();
        let mut changed = false;
        loop {
            if cursor.keyword("NX") {
                condition.only_new = true;
            } else if cursor.keyword("XX") {
                condition.only_existing = true;
            } else if cursor.keyword("CH") {
                changed = true;
            } else if cursor.keyword("INCR") {
                answer = Answer::Score;
            } else if cursor.keyword("GT") {
                condition.only_greater = true;
            } else if cursor.keyword("LT") {
                condition.only_less = true;
            } else {
                break;
            }
        }
        if changed && answer == Answer::Added {
            answer = Answer::Changed;
        }
        let pairs = args.tail(cursor.position());
        check_options(answer, condition, pairs.len())?;
        let first_score = parse_f64(pairs.get(0))?;
        for index in (2..pairs.len()).step_by(2) {
            parse_f64(pairs.get(index))?;
        }
        Ok(ZaddArgs {
            answer,
            condition,
            first_score,
            pairs,
        })
    }

    /// One member without a condition; `pair` ends with it.
    fn one(answer: Answer, score: f64, pair: &'a [&'a [u8]; 2]) -> Self {
        ZaddArgs {
            answer,
            condition: Condition::default(),
            first_score: score,
            pairs: Args::from_slices(pair),
        }
    }

    fn score(&self, index: usize) -> f64 {
        match index {
            0 => self.first_score,
            _ => parse_f64(self.pairs.get(index)).expect("every score was parsed before"),
        }
    }
}

fn check_options(
    answer: Answer,
    condition: Condition,
    pair_args: usize,
) -> Result<(), CommandError> {
    let Condition {
        only_new,
        only_existing,
        only_greater,
        only_less,
    } = condition;
    if pair_args == 0 || !pair_args.is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    if only_new && only_existing {
        return Err(CommandError::text(
            "ERR XX and NX options at the same time are not compatible",
        ));
    }
    if only_new && (only_greater || only_less) || only_greater && only_less {
        return Err(CommandError::text(
            "ERR GT, LT, and/or NX options at the same time are not compatible",
        ));
    }
    if answer == Answer::Score && pair_args > 2 {
        return Err(CommandError::text(
            "ERR INCR option supports a single increment-element pair",
        ));
    }
    Ok(())
}

/// What became of the members given.
#[derive(Default)]
struct Tally {
    added: u64,
    updated: u64,
    /// The last member's score, unless its condition left it alone.
    score: Option<f64>,
}

fn add(ctx: &mut Ctx<'_>, args: Args<'_>, answer: Answer) -> Result<(), CommandError> {
    let parsed = ZaddArgs::parse(args, answer)?;
    let key = ctx.keys.arg(args, 1);
    let tally = add_parsed(ctx, key, &parsed)?;
    match (parsed.answer, tally.score) {
        (Answer::Added, _) => ctx.reply.integer(tally.added as i64),
        (Answer::Changed, _) => ctx.reply.integer((tally.added + tally.updated) as i64),
        (Answer::Score, Some(score)) => ctx.reply.double(score),
        (Answer::Score, None) => ctx.reply.null(),
    }
    Ok(())
}

/// ZADD of one member without options; whether it is new.
pub fn add_scored(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    score: f64,
    member: &[u8],
) -> Result<bool, CommandError> {
    let pair: [&[u8]; 2] = [b"", member];
    let tally = add_parsed(ctx, key, &ZaddArgs::one(Answer::Added, score, &pair))?;
    Ok(tally.added > 0)
}

/// ZINCRBY: adds to a member's score; the sum.
pub fn increase_score(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    by: f64,
    member: &[u8],
) -> Result<f64, CommandError> {
    let pair: [&[u8]; 2] = [b"", member];
    let tally = add_parsed(ctx, key, &ZaddArgs::one(Answer::Score, by, &pair))?;
    Ok(tally.score.expect("no condition leaves a member alone"))
}

/// Adds what was parsed and tells those whom it concerns.
fn add_parsed(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    parsed: &ZaddArgs<'_>,
) -> Result<Tally, CommandError> {
    let seed = ctx.keys.seed();
    let limits = &ctx.config.encoding;
    let tally = if parsed.condition.only_existing {
        match ctx.keys.edit_zset(key)? {
            Some(mut zset) => add_all(&mut zset, parsed, &seed, limits)?,
            None => Tally::default(),
        }
    } else {
        let mut zset = ctx.keys.zset_or_create(key)?;
        add_all(&mut zset, parsed, &seed, limits)?
    };
    let changes = tally.added + tally.updated;
    if changes > 0 {
        let event = if parsed.answer == Answer::Score {
            "zincr"
        } else {
            "zadd"
        };
        ctx.keys.changed(EventClass::ZSET, event, key);
        ctx.keys.add_dirty(changes - 1);
    }
    Ok(tally)
}

fn add_all(
    zset: &mut Zset,
    args: &ZaddArgs<'_>,
    seed: &Seed,
    limits: &EncodingLimits,
) -> Result<Tally, CommandError> {
    let plain = args.condition.is_none() && args.answer != Answer::Score;
    let mut tally = Tally::default();
    for index in (0..args.pairs.len()).step_by(2) {
        let member = args.pairs.get(index + 1);
        let given = args.score(index);
        tally.score = if plain {
            Some(given)
        } else {
            resulting_score(zset, seed, member, given, args)?
        };
        let Some(score) = tally.score else { continue };
        match zset.insert(seed, member, score, limits) {
            Outcome::Added => tally.added += 1,
            Outcome::Updated => tally.updated += 1,
            Outcome::Unchanged => {}
        }
    }
    Ok(tally)
}

/// The score the member shall have; none when the condition leaves it alone.
fn resulting_score(
    zset: &Zset,
    seed: &Seed,
    member: &[u8],
    given: f64,
    args: &ZaddArgs<'_>,
) -> Result<Option<f64>, CommandError> {
    let Some(old) = zset.score(seed, member) else {
        return Ok((!args.condition.only_existing).then_some(given));
    };
    if args.condition.only_new {
        return Ok(None);
    }
    let new = if args.answer == Answer::Score {
        old + given
    } else {
        given
    };
    if new.is_nan() {
        return Err(CommandError::ScoreNotANumber);
    }
    Ok(args.condition.allows(old, new).then_some(new))
}
