//! RESTORE: a key from what DUMP gave out.

use resp::Args;

use super::GENERIC;
use crate::command::{
    ArgCursor, Categories, CommandError, Ctx, DataCommand, EventClass, Flags, KeyFlags, KeySpec,
    Spec, parse_i64,
};
use crate::snapshot::decode::{self, Build};
use crate::snapshot::{payload, reader::Reader};
use crate::value::Value;

pub(super) static RESTORE: DataCommand = DataCommand {
    spec: Spec {
        name: "restore",
        summary: "Creates a key from a payload of DUMP, with an expiry if wanted.",
        since: "2.6.0",
        complexity: "O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).",
        arity: -4,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        categories: Categories::KEYSPACE.union(Categories::DANGEROUS),
        keys: &[KeySpec::at(1, KeyFlags::OW.union(KeyFlags::UPDATE))],
        syntax: "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
        ..GENERIC
    },
    run: restore,
    subcommands: &[],
};

/// What becomes of a key that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Existing {
    /// It is an error.
    Refuse,
    /// It goes.
    Replace,
}

/// What the time to live counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TtlFrom {
    Now,
    Epoch,
}

/// What is known of past accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Unknown,
    /// Seconds since the last one.
    Idle(u64),
    /// Their logarithmic frequency.
    Frequency(u8),
}

#[derive(Clone, Copy, Debug)]
struct RestoreOptions {
    existing: Existing,
    ttl_from: TtlFrom,
    access: Access,
}

impl RestoreOptions {
    fn parse(mut args: ArgCursor<'_>) -> Result<Self, CommandError> {
        let mut options = RestoreOptions {
            existing: Existing::Refuse,
            ttl_from: TtlFrom::Now,
            access: Access::Unknown,
        };
        while !args.is_done() {
            let has_value = args.remaining() >= 2;
            if args.keyword("REPLACE") {
                options.existing = Existing::Replace;
            } else if args.keyword("ABSTTL") {
                options.ttl_from = TtlFrom::Epoch;
            } else if has_value
                && !matches!(options.access, Access::Frequency(_))
                && args.keyword("IDLETIME")
            {
                let seconds = u64::try_from(args.expect_i64()?);
                options.access = Access::Idle(seconds.map_err(|_| NEGATIVE_IDLETIME)?);
            } else if has_value
                && !matches!(options.access, Access::Idle(_))
                && args.keyword("FREQ")
            {
                let counter = u8::try_from(args.expect_i64()?);
                options.access = Access::Frequency(counter.map_err(|_| WRONG_FREQUENCY)?);
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(options)
    }
}

const NEGATIVE_IDLETIME: CommandError =
    CommandError::text("ERR Invalid IDLETIME value, must be >= 0");
const WRONG_FREQUENCY: CommandError =
    CommandError::text("ERR Invalid FREQ value, must be >= 0 and <= 255");
const BUSY_KEY: CommandError = CommandError::text("BUSYKEY Target key name already exists.");
const NEGATIVE_TTL: CommandError = CommandError::text("ERR Invalid TTL value, must be >= 0");
const NOT_A_PAYLOAD: CommandError =
    CommandError::text("ERR DUMP payload version or checksum are wrong");
const BAD_DATA: CommandError = CommandError::text("ERR Bad data format");

fn restore(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let options = RestoreOptions::parse(ArgCursor::new(args, 4))?;
    let key = ctx.keys.arg(args, 1);
    if options.existing == Existing::Refuse && ctx.keys.exists(key) {
        return Err(BUSY_KEY);
    }
    let ttl = u64::try_from(parse_i64(args.get(2))?).map_err(|_| NEGATIVE_TTL)?;
    let value = value_of(ctx, args.get(3))?;
    let deleted = options.existing == Existing::Replace && ctx.keys.delete(key);
    let expire_at_ms = match (ttl, options.ttl_from) {
        (0, _) => None,
        (_, TtlFrom::Now) => Some(ctx.now_ms.saturating_add(ttl)),
        (_, TtlFrom::Epoch) => Some(ttl),
    };
    if expire_at_ms.is_some_and(|at_ms| at_ms <= ctx.now_ms) {
        if deleted {
            ctx.keys.changed(EventClass::GENERIC, "del", key);
        }
    } else {
        ctx.keys.put(key, value, expire_at_ms);
        match options.access {
            Access::Unknown => {}
            Access::Idle(seconds) => ctx.keys.set_idle_seconds(key, seconds),
            Access::Frequency(counter) => ctx.keys.set_frequency(key, counter),
        }
        ctx.keys.changed(EventClass::GENERIC, "restore", key);
    }
    ctx.reply.ok();
    Ok(())
}

fn value_of(ctx: &Ctx<'_>, bytes: &[u8]) -> Result<Value, CommandError> {
    let object = payload::open(bytes).ok_or(NOT_A_PAYLOAD)?;
    let build = Build {
        seed: &ctx.seed,
        limits: &ctx.config.encoding,
    };
    decode::object(&mut Reader::new(object), build).map_err(|_| BAD_DATA)
}
