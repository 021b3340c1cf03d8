//! HSETEX: setting fields with a deadline, under a condition.

use resp::Args;

use super::expire::DeadlineChanges;
use super::options::{Deadline, Dialect, FieldCondition, Options};
use super::{HASH, KEY_RW_UPDATE, WRITE_FAST};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Spec};
use crate::types::hash::FieldExpiry;

pub(super) static HSETEX: DataCommand = DataCommand {
    spec: Spec {
        name: "hsetex",
        summary: "Sets fields of a hash, with a deadline and a condition if wanted.",
        since: "8.0.0",
        complexity: "O(N) with N the number of fields set.",
        arity: -6,
        flags: WRITE_FAST,
        keys: KEY_RW_UPDATE,
        syntax: "key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]",
        ..HASH
    },
    run: hsetex,
    subcommands: &[],
};

fn hsetex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let options = Options::parse(args, Dialect::SetEx, ctx.now_ms)?;
    let key = ctx.keys.arg(args, 1);
    let pairs = (options.first_field..args.len()).step_by(2);
    let pairs = pairs.map(|at| (args.get(at), args.get(at + 1)));
    let hash = ctx.keys.edit_hash(key)?;
    let is_there = |field: &[u8]| {
        let hash = hash.as_deref();
        hash.is_some_and(|hash| hash.contains(&ctx.seed, field))
    };
    let met = match options.condition {
        FieldCondition::Always => true,
        FieldCondition::NoneThere => !pairs.clone().any(|(field, _)| is_there(field)),
        FieldCondition::AllThere => pairs.clone().all(|(field, _)| is_there(field)),
    };
    drop(hash);
    if !met {
        ctx.reply.integer(0);
        return Ok(());
    }
    let expiry = match options.deadline {
        Deadline::Keep => FieldExpiry::Keep,
        Deadline::Default | Deadline::At(_) | Deadline::Persist => FieldExpiry::Clear,
    };
    let mut hash = ctx.keys.hash_or_create(key)?;
    let (mut changes, count) = (DeadlineChanges::default(), pairs.len());
    for (field, value) in pairs {
        hash.insert_with(&ctx.seed, field, value, expiry, &ctx.config.encoding);
        if let Deadline::At(at_ms) = options.deadline {
            changes.set(&mut hash, &ctx.seed, field, at_ms, ctx.now_ms);
        }
    }
    drop(hash);
    ctx.keys.note_field_deadlines(key);
    ctx.keys.changed(EventClass::HASH, "hset", key);
    ctx.keys.add_dirty(count as u64 - 1);
    if let Some(event) = changes.event() {
        ctx.keys.event(EventClass::HASH, event, key);
    }
    ctx.keys.delete_if_empty(key);
    ctx.reply.integer(1);
    Ok(())
}
