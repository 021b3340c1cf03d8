//! How long fields have: HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME.

use resp::Args;

use super::field_list::{NOT_POSITIVE, TimeUnit, fields_at};
use super::{HASH, KEY_RO_ACCESS, READ_FAST};
use crate::command::{CommandError, Ctx, DataCommand, Spec};

/// What the four have in common.
const TTL: Spec = Spec {
    since: "7.4.0",
    complexity: "O(N) with N the number of fields named.",
    arity: -5,
    flags: READ_FAST,
    keys: KEY_RO_ACCESS,
    syntax: "key FIELDS numfields field [field ...]",
    ..HASH
};

pub(super) static HTTL: DataCommand = DataCommand {
    spec: Spec {
        name: "httl",
        summary: "Returns the seconds until fields of a hash expire.",
        ..TTL
    },
    run: |ctx, args| ttl(ctx, args, TimeUnit::Seconds, ctx.now_ms),
    subcommands: &[],
};

pub(super) static HPTTL: DataCommand = DataCommand {
    spec: Spec {
        name: "hpttl",
        summary: "Returns the milliseconds until fields of a hash expire.",
        ..TTL
    },
    run: |ctx, args| ttl(ctx, args, TimeUnit::Milliseconds, ctx.now_ms),
    subcommands: &[],
};

pub(super) static HEXPIRETIME: DataCommand = DataCommand {
    spec: Spec {
        name: "hexpiretime",
        summary: "Returns the moments in seconds at which fields of a hash expire.",
        ..TTL
    },
    run: |ctx, args| ttl(ctx, args, TimeUnit::Seconds, 0),
    subcommands: &[],
};

pub(super) static HPEXPIRETIME: DataCommand = DataCommand {
    spec: Spec {
        name: "hpexpiretime",
        summary: "Returns the moments in milliseconds at which fields of a hash expire.",
        ..TTL
    },
    run: |ctx, args| ttl(ctx, args, TimeUnit::Milliseconds, 0),
    subcommands: &[],
};

const NO_FIELD: i64 = -2;
const NO_DEADLINE: i64 = -1;

fn ttl(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    unit: TimeUnit,
    base_ms: u64,
) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let hash = ctx.keys.read_hash(key)?;
    let fields = fields_at(args, 2, NOT_POSITIVE)?;
    ctx.reply.array(fields.len());
    for field in fields {
        let reply = match hash.and_then(|hash| hash.deadline(&ctx.seed, field)) {
            None => NO_FIELD,
            Some(None) => NO_DEADLINE,
            Some(Some(at_ms)) => match unit {
                // A second begun counts.
                TimeUnit::Seconds => (at_ms - base_ms).div_ceil(1000) as i64,
                TimeUnit::Milliseconds => (at_ms - base_ms) as i64,
            },
        };
        ctx.reply.integer(reply);
    }
    Ok(())
}
