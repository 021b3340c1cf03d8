//! Fields' values with a change to them: HGETEX, HGETDEL.

use resp::Args;

use super::HASH;
use super::expire::DeadlineChanges;
use super::field_list::{NOT_POSITIVE, fields_at};
use super::options::{Deadline, Dialect, Options};
use super::read::reply_value;
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, KeyFlags, KeySpec, Spec};

const READ_AND_WRITE: Spec = Spec {
    since: "8.0.0",
    complexity: "O(N) with N the number of fields named.",
    arity: -5,
    flags: Flags::WRITE.union(Flags::FAST),
    ..HASH
};

pub(super) static HGETEX: DataCommand = DataCommand {
    spec: Spec {
        name: "hgetex",
        summary: "Returns the values of some fields of a hash, and sets or takes their deadlines if wanted.",
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE),
        )
        .noted("RW and UPDATE because it changes the TTL")],
        syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] FIELDS numfields field [field ...]",
        ..READ_AND_WRITE
    },
    run: hgetex,
    subcommands: &[],
};

fn hgetex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let options = Options::parse(args, Dialect::GetEx, ctx.now_ms)?;
    let key = ctx.keys.arg(args, 1);
    let fields = (options.first_field..args.len()).map(|at| args.get(at));
    let Some(mut hash) = ctx.keys.edit_hash(key)? else {
        ctx.reply.array(fields.len());
        fields.for_each(|_| ctx.reply.null());
        return Ok(());
    };
    ctx.reply.array(fields.len());
    let (mut changes, mut persisted) = (DeadlineChanges::default(), 0);
    for field in fields {
        reply_value(&mut ctx.reply, hash.get(&ctx.seed, field));
        match (hash.deadline(&ctx.seed, field), options.deadline) {
            (Some(_), Deadline::At(at_ms)) => {
                changes.set(&mut hash, &ctx.seed, field, at_ms, ctx.now_ms);
            }
            (Some(Some(_)), Deadline::Persist) => {
                hash.clear_deadline(field);
                persisted += 1;
            }
            (None, _) | (Some(_), Deadline::Default | Deadline::Keep | Deadline::Persist) => {}
        }
    }
    drop(hash);
    changes.tell(&mut ctx.keys, key);
    if persisted > 0 {
        ctx.keys.changed(EventClass::HASH, "hpersist", key);
        ctx.keys.add_dirty(persisted - 1);
    }
    Ok(())
}

pub(super) static HGETDEL: DataCommand = DataCommand {
    spec: Spec {
        name: "hgetdel",
        summary: "Returns the values of some fields of a hash and removes the fields, and the hash when none is left.",
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
        )],
        syntax: "key FIELDS numfields field [field ...]",
        ..READ_AND_WRITE
    },
    run: hgetdel,
    subcommands: &[],
};

fn hgetdel(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    ctx.keys.edit_hash(key)?;
    let fields = fields_at(args, 2, NOT_POSITIVE)?;
    let Some(mut hash) = ctx.keys.edit_hash(key)? else {
        ctx.reply.array(fields.len());
        fields.for_each(|_| ctx.reply.null());
        return Ok(());
    };
    ctx.reply.array(fields.len());
    let mut removed = 0;
    for field in fields {
        reply_value(&mut ctx.reply, hash.get(&ctx.seed, field));
        removed += u64::from(hash.remove(&ctx.seed, field));
    }
    drop(hash);
    if removed > 0 {
        ctx.keys.changed(EventClass::HASH, "hdel", key);
        ctx.keys.add_dirty(removed - 1);
        ctx.keys.delete_if_empty(key);
    }
    Ok(())
}
