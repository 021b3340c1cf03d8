//! GEOADD: ZADD with positions for scores.

use resp::Args;

use super::{GEO, arguments};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, DataConfig, EventClass, Flags, KeyFlags, KeySpec,
    Spec,
};
use crate::hash::Seed;
use crate::types::{Outcome, Zset};

pub(super) static GEOADD: DataCommand = DataCommand {
    spec: Spec {
        name: "geoadd",
        summary: "Adds members with their positions, or moves those that are there.",
        complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
        arity: -5,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::UPDATE))],
        syntax: "key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]",
        ..GEO
    },
    run: geoadd,
    subcommands: &[],
};

/// Which members are left alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// None.
    Always,
    /// `NX`: those that exist.
    IfAbsent,
    /// `XX`: those that do not.
    IfPresent,
}

struct GeoaddArgs<'a> {
    condition: Condition,
    /// `CH`: the reply counts those that moved, too.
    count_moved: bool,
    members: Vec<(f64, &'a [u8])>,
}

impl<'a> GeoaddArgs<'a> {
    fn parse(args: Args<'a>) -> Result<Self, CommandError> {
        let mut cursor = ArgCursor::new(args, 2);
        let (mut only_new, mut only_existing, mut count_moved) = (false, false, false);
        loop {
            if cursor.keyword("NX") {
                only_new = true;
            } else if cursor.keyword("XX") {
                only_existing = true;
            } else if cursor.keyword("CH") {
                count_moved = true;
            } else {
                break;
            }
        }
        let condition = match (only_new, only_existing) {
            (false, false) => Condition::Always,
            (true, false) => Condition::IfAbsent,
            (false, true) => Condition::IfPresent,
            (true, true) => return Err(CommandError::Syntax),
        };
        if cursor.is_done() || !cursor.remaining().is_multiple_of(3) {
            return Err(CommandError::Syntax);
        }
        let mut members = Vec::with_capacity(cursor.remaining() / 3);
        while !cursor.is_done() {
            let position = arguments::position(&mut cursor)?;
            members.push((position.score(), cursor.expect()?));
        }
        Ok(GeoaddArgs {
            condition,
            count_moved,
            members,
        })
    }
}

fn geoadd(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let parsed = GeoaddArgs::parse(args)?;
    let key = ctx.keys.arg(args, 1);
    let (added, moved) = if parsed.condition == Condition::IfPresent {
        match ctx.keys.edit_zset(key)? {
            Some(mut zset) => add_all(&mut zset, &parsed, ctx.seed, ctx.config),
            None => (0, 0),
        }
    } else {
        let mut zset = ctx.keys.zset_or_create(key)?;
        add_all(&mut zset, &parsed, ctx.seed, ctx.config)
    };
    let changes = added + moved;
    if changes > 0 {
        ctx.keys.changed(EventClass::ZSET, "zadd", key);
        ctx.keys.add_dirty(changes - 1);
    }
    let answer = if parsed.count_moved { changes } else { added };
    ctx.reply.integer(answer as i64);
    Ok(())
}

/// How many members are new, and how many moved.
fn add_all(zset: &mut Zset, args: &GeoaddArgs<'_>, seed: Seed, config: &DataConfig) -> (u64, u64) {
    let (mut added, mut moved) = (0, 0);
    for &(score, member) in &args.members {
        let allowed = match args.condition {
            Condition::Always => true,
            Condition::IfAbsent => zset.score(&seed, member).is_none(),
            Condition::IfPresent => zset.score(&seed, member).is_some(),
        };
        if !allowed {
            continue;
        }
        match zset.insert(&seed, member, score, &config.encoding) {
            Outcome::Added => added += 1,
            Outcome::Updated => moved += 1,
            Outcome::Unchanged => {}
        }
    }
    (added, moved)
}
