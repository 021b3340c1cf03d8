//! FCALL and FCALL_RO.

use resp::Args;
use store::command::{CommandError, Effects, Keys, SliceSet, parse_i64};
use udf::{Call, CallError, FunctionFlags};

use super::host::{Caller, FunctionHost};
use super::shelf::Counted;
use crate::command::ServerCtx;

/// Which functions may be called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// All.
    Any,
    /// Those that say that they write nothing.
    ReadOnly,
}

const NOT_FOUND: CommandError = CommandError::text("ERR Function not found");
const BAD_COUNT: CommandError = CommandError::text("ERR Bad number of keys provided");
const TOO_MANY_KEYS: CommandError =
    CommandError::text("ERR Number of keys can't be greater than number of args");
const NEGATIVE: CommandError = CommandError::text("ERR Number of keys can't be negative");
const MAY_WRITE: CommandError =
    CommandError::text("ERR Can not execute a script with write flag using *_ro command.");
const NO_MEMORY: CommandError = CommandError::text(
    "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
);

pub(super) fn fcall(
    ctx: &mut ServerCtx<'_>,
    args: Args<'_>,
    mode: Mode,
) -> Result<(), CommandError> {
    let tenant = std::rc::Rc::clone(&ctx.session.tenant);
    let libraries = tenant.functions.get();
    let (library, index) = libraries.find(args.get(1)).ok_or(NOT_FOUND)?;
    let count = key_count(args)?;
    let function = &library.functions[index];
    check(ctx, function.flags, mode)?;

    let words: Vec<&[u8]> = args.iter().skip(3).collect();
    let (keys, others) = words.split_at(count);
    let call = Call {
        function: index,
        keys,
        args: others,
        protocol: ctx.reply.protocol(),
        time_limit_ms: tenant.wasm_time_limit_ms(ctx.core.settings().wasm_time_limit_ms),
    };
    if super::lua::is_lua(library) {
        return super::lua::call(ctx, args, &call, library, mode);
    }
    let core = ctx.core;
    let mut nothing = Effects::default();
    let mut held = match ctx.keys.take() {
        Some(keys) => keys,
        None => {
            let env = ctx.session.keys_env(core, 0, ctx.now_ms);
            Keys::new(SliceSet::empty(), env, &mut nothing)
        }
    };
    held.select(ctx.session.db);
    let stateless = function.flags.contains(FunctionFlags::STATELESS);
    let mut instance = match stateless {
        true => Counted::new(library),
        false => core.shelf.take(library),
    }
    .map_err(wire)?;
    let begun = core.meter.now();
    let caller = Caller {
        session: ctx.session,
        core,
        now_ms: ctx.now_ms,
    };
    let mut host = FunctionHost::new(caller, held, function, args, count);
    let ended = instance.instance.call(&call, &mut host, ctx.reply.output());
    drop(host);
    let is_sound = ended.as_ref().err().is_none_or(CallError::is_clean);
    let trapped = ended.as_ref().err().is_some_and(CallError::is_trap);
    library.accounts[index].note(core.meter.nanos_since(begun), trapped);
    if is_sound && !stateless {
        core.shelf.put(instance, &tenant);
    }
    ended.map_err(wire)
}

/// How many keys there are.
fn key_count(args: Args<'_>) -> Result<usize, CommandError> {
    let count = parse_i64(args.get(2)).map_err(|_| BAD_COUNT)?;
    if count > args.len() as i64 - 3 {
        return Err(TOO_MANY_KEYS);
    }
    usize::try_from(count).map_err(|_| NEGATIVE)
}

/// Whether a function with these flags may run here and now.
fn check(ctx: &ServerCtx<'_>, flags: FunctionFlags, mode: Mode) -> Result<(), CommandError> {
    let writes = !flags.contains(FunctionFlags::NO_WRITES);
    if writes && mode == Mode::ReadOnly {
        return Err(MAY_WRITE);
    }
    let memory = &ctx.session.tenant.memory;
    if writes
        && !flags.contains(FunctionFlags::ALLOW_OOM)
        && memory.is_set()
        && memory.excess(0) > 0
    {
        return Err(NO_MEMORY);
    }
    Ok(())
}

pub(super) fn wire(error: CallError) -> CommandError {
    match error {
        CallError::Error(text) | CallError::Raised(text) => CommandError::Quoting(text),
        other => CommandError::Text(other.to_string().into()),
    }
}
