//! Deadlines of fields: HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT, HPERSIST.

use resp::Args;

use super::field_list::{NOT_POSITIVE, TimeUnit, deadline_ms, fields_at};
use super::{HASH, KEY_RW_UPDATE, WRITE_FAST};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, Key, Keys, Spec};
use crate::hash::Seed;
use crate::types::Hash;

/// What the four have in common.
const EXPIRE: Spec = Spec {
    since: "7.4.0",
    complexity: "O(N) with N the number of fields named.",
    arity: -6,
    flags: WRITE_FAST,
    keys: KEY_RW_UPDATE,
    ..HASH
};

/// The replies for a field.
const NO_FIELD: i64 = -2;
const NO_DEADLINE: i64 = -1;
const NOT_MET: i64 = 0;
const DONE: i64 = 1;
const DELETED: i64 = 2;

pub(super) static HEXPIRE: DataCommand = DataCommand {
    spec: Spec {
        name: "hexpire",
        summary: "Lets fields of a hash expire after a number of seconds.",
        syntax: "key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        ..EXPIRE
    },
    run: |ctx, args| expire(ctx, args, TimeUnit::Seconds, ctx.now_ms, "hexpire"),
    subcommands: &[],
};

pub(super) static HPEXPIRE: DataCommand = DataCommand {
    spec: Spec {
        name: "hpexpire",
        summary: "Lets fields of a hash expire after a number of milliseconds.",
        syntax: "key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        ..EXPIRE
    },
    run: |ctx, args| expire(ctx, args, TimeUnit::Milliseconds, ctx.now_ms, "hpexpire"),
    subcommands: &[],
};

pub(super) static HEXPIREAT: DataCommand = DataCommand {
    spec: Spec {
        name: "hexpireat",
        summary: "Lets fields of a hash expire at a moment in seconds.",
        syntax: "key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        ..EXPIRE
    },
    run: |ctx, args| expire(ctx, args, TimeUnit::Seconds, 0, "hexpireat"),
    subcommands: &[],
};

pub(super) static HPEXPIREAT: DataCommand = DataCommand {
    spec: Spec {
        name: "hpexpireat",
        summary: "Lets fields of a hash expire at a moment in milliseconds.",
        syntax: "key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        ..EXPIRE
    },
    run: |ctx, args| expire(ctx, args, TimeUnit::Milliseconds, 0, "hpexpireat"),
    subcommands: &[],
};

/// When a deadline is set. A field without one counts as one that never expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Always,
    /// `NX`
    WithoutDeadline,
    /// `XX`
    WithDeadline,
    /// `GT`
    Later,
    /// `LT`
    Earlier,
}

impl Condition {
    /// The condition at argument 3, and where the fields follow.
    fn parse(args: Args<'_>) -> (Condition, usize) {
        const WORDS: [(&[u8], Condition); 4] = [
            (b"NX", Condition::WithoutDeadline),
            (b"XX", Condition::WithDeadline),
            (b"GT", Condition::Later),
            (b"LT", Condition::Earlier),
        ];
        let word = args.get(3);
        let named = WORDS
            .into_iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name));
        named.map_or((Condition::Always, 3), |(_, condition)| (condition, 4))
    }

    fn is_met(self, old: Option<u64>, new: u64) -> bool {
        match self {
            Condition::Always => true,
            Condition::WithoutDeadline => old.is_none(),
            Condition::WithDeadline => old.is_some(),
            Condition::Later => old.is_some_and(|old| new > old),
            Condition::Earlier => old.is_none_or(|old| new < old),
        }
    }
}

fn expire(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    unit: TimeUnit,
    base_ms: u64,
    name: &'static str,
) -> Result<(), CommandError> {
    const NOT_ABOVE_ZERO: CommandError =
        CommandError::text("ERR Parameter `numFields` should be greater than 0");
    let key = ctx.keys.arg(args, 1);
    ctx.keys.edit_hash(key)?;
    let at_ms = deadline_ms(args.get(2), unit, base_ms, name)?;
    let (condition, at) = Condition::parse(args);
    let fields = fields_at(args, at, NOT_ABOVE_ZERO)?;
    ctx.reply.array(fields.len());
    let mut changes = DeadlineChanges::default();
    if let Some(mut hash) = ctx.keys.edit_hash(key)? {
        for field in fields {
            let reply = match hash.deadline(&ctx.seed, field) {
                None => NO_FIELD,
                Some(old) if !condition.is_met(old, at_ms) => NOT_MET,
                Some(_) => changes.set(&mut hash, &ctx.seed, field, at_ms, ctx.now_ms),
            };
            ctx.reply.integer(reply);
        }
    } else {
        fields.for_each(|_| ctx.reply.integer(NO_FIELD));
    }
    changes.tell(&mut ctx.keys, key);
    Ok(())
}

/// Counts fields that were given deadlines, or removed because theirs had come already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DeadlineChanges {
    set: u64,
    deleted: u64,
}

impl DeadlineChanges {
    /// Gives a field that is there a deadline; the reply of HEXPIRE.
    pub(super) fn set(
        &mut self,
        hash: &mut Hash,
        seed: &Seed,
        field: &[u8],
        at_ms: u64,
        now_ms: u64,
    ) -> i64 {
        if at_ms <= now_ms {
            hash.remove(seed, field);
            self.deleted += 1;
            return DELETED;
        }
        hash.set_deadline(seed, field, at_ms);
        self.set += 1;
        DONE
    }

    /// The event that tells of the changes; none without.
    pub(super) fn event(self) -> Option<&'static str> {
        match (self.deleted, self.set) {
            (0, 0) => None,
            (0, _) => Some("hexpire"),
            _ => Some("hdel"),
        }
    }

    /// Tells the world of the changes, if there were any.
    pub(super) fn tell(self, keys: &mut Keys<'_>, key: Key<'_>) {
        let Some(event) = self.event() else {
            return;
        };
        keys.note_field_deadlines(key);
        keys.changed(EventClass::HASH, event, key);
        keys.add_dirty(self.set + self.deleted - 1);
        keys.delete_if_empty(key);
    }
}

pub(super) static HPERSIST: DataCommand = DataCommand {
    spec: Spec {
        name: "hpersist",
        summary: "Lets fields of a hash never expire.",
        arity: -5,
        flags: Flags::WRITE.union(Flags::FAST),
        syntax: "key FIELDS numfields field [field ...]",
        ..EXPIRE
    },
    run: hpersist,
    subcommands: &[],
};

fn hpersist(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    ctx.keys.edit_hash(key)?;
    let fields = fields_at(args, 2, NOT_POSITIVE)?;
    ctx.reply.array(fields.len());
    let mut changed = false;
    if let Some(mut hash) = ctx.keys.edit_hash(key)? {
        for field in fields {
            let reply = match hash.deadline(&ctx.seed, field) {
                None => NO_FIELD,
                Some(None) => NO_DEADLINE,
                Some(Some(_)) => {
                    hash.clear_deadline(field);
                    changed = true;
                    DONE
                }
            };
            ctx.reply.integer(reply);
        }
    } else {
        fields.for_each(|_| ctx.reply.integer(NO_FIELD));
    }
    if changed {
        ctx.keys.changed(EventClass::HASH, "hpersist", key);
    }
    Ok(())
}
