//! What calls of scripts and of functions have in common: the number of their keys, what their flags allow here and now, and, when they are in Lua,
//! how they run as one command.

use std::rc::Rc;

use resp::{Args, OutputBuffer, ReplyWriter};
use store::command::{CommandError, Ctx, Keys, Patience, parse_i64};
use udf::FunctionFlags;

use super::host::{Caller, Licence, ScriptHost};
use crate::command::ServerCtx;
use crate::memory::MemoryLimit;

/// Where a call's keys begin.
pub(crate) const FIRST_KEY: usize = 3;

const TOO_MANY_KEYS: CommandError =
    CommandError::text("ERR Number of keys can't be greater than number of args");
const NEGATIVE: CommandError = CommandError::text("ERR Number of keys can't be negative");
const MAY_WRITE: CommandError =
    CommandError::text("ERR Can not execute a script with write flag using *_ro command.");
const NO_MEMORY: CommandError = CommandError::text(
    "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
);

/// Which code may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Any.
    Any,
    /// What writes nothing.
    ReadOnly,
}

/// How many keys a call has.
///
/// # Errors
/// `unreadable` when the count is no number; others when it is not possible.
pub(crate) fn key_count(
    args: Args<'_>,
    unreadable: impl FnOnce() -> CommandError,
) -> Result<usize, CommandError> {
    let count = parse_i64(args.get(2)).map_err(|_| unreadable())?;
    if count > (args.len() - FIRST_KEY) as i64 {
        return Err(TOO_MANY_KEYS);
    }
    usize::try_from(count).map_err(|_| NEGATIVE)
}

/// Whether code that says this of itself may run here and now, where it would add so many bytes.
///
/// # Errors
/// The reason why not.
#[inline]
pub(crate) fn check_flags(
    memory: &MemoryLimit,
    flags: FunctionFlags,
    mode: Mode,
    added_bytes: impl FnOnce() -> usize,
) -> Result<(), CommandError> {
    if flags.contains(FunctionFlags::NO_WRITES) {
        return Ok(());
    }
    if mode == Mode::ReadOnly {
        return Err(MAY_WRITE);
    }
    let copes = flags.contains(FunctionFlags::ALLOW_OOM);
    match !copes && memory.is_set() && memory.excess(added_bytes()) > 0 {
        true => Err(NO_MEMORY),
        false => Ok(()),
    }
}

/// A call of code in Lua.
pub(crate) struct LuaCall<'a> {
    /// The whole request.
    pub(crate) request: Args<'a>,
    /// How many keys it has.
    pub(crate) keys: usize,
    /// The code's name in messages.
    pub(crate) name: &'a [u8],
    /// Whether it is a function.
    pub(crate) is_function: bool,
    pub(crate) licence: Licence,
}

/// Lets `run` call Lua, as the one command that `ctx` is for: it is given the host and the place for the reply. `aside` is room for the replies of
/// the commands that are called, empty before and after.
pub(crate) fn run_lua<R>(
    ctx: &mut ServerCtx<'_>,
    mut keys: Keys<'_>,
    call: &LuaCall<'_>,
    aside: &mut OutputBuffer,
    run: impl FnOnce(&mut ScriptHost<'_, '_>, &mut OutputBuffer) -> R,
) -> R {
    let core = ctx.core;
    let begun = core.meter.lap();
    let tenant = Rc::clone(&ctx.session.tenant);
    keys.set_scripted();
    let commands = Ctx {
        keys,
        reply: ReplyWriter::new(aside, ctx.session.protocol),
        config: &core.data_config(),
        now_ms: ctx.now_ms,
        seed: core.server.seed,
        rng: &mut core.fork_rng(),
        patience: Patience::Never,
    };
    let caller = Caller {
        session: ctx.session,
        core,
        scripts: &tenant.scripts,
        begun,
        call,
    };
    let mut host = ScriptHost::new(caller, commands);
    let result = run(&mut host, ctx.reply.output());
    let has_failed = host.has_failed();
    drop(host);
    if !aside.is_empty() {
        aside.clear();
    }
    ctx.session.end_caching();
    if has_failed && let Some(command) = core.server.registry.find(call.request.get(0)) {
        core.stats().failed_calls[command.id].add(1);
    }
    // All of it is this command's time, the commands that it called included.
    core.meter.begun_at(begun);
    result
}
