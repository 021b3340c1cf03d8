//! EVAL, EVALSHA and their read-only forms.

use std::rc::Rc;

use resp::{Args, ReplyWriter};
use store::command::{CommandError, Ctx, Patience, parse_i64};
use udf::FunctionFlags;
use udf::lua::{Call, Dialect, sha1_hex};

use super::Sha;
use super::engine::{Compiled, Engine};
use super::host::{Caller, Licence, ScriptHost, keys_of};
use super::scripts::Scripts;
use crate::command::ServerCtx;
use crate::config::Settings;
use crate::core::Core;
use crate::memory::OOM;
use crate::tenant::Tenant;

pub(super) const NOSCRIPT: CommandError =
    CommandError::text("NOSCRIPT No matching script. Please use EVAL.");
const TOO_MANY_KEYS: CommandError =
    CommandError::text("ERR Number of keys can't be greater than number of args");
const NEGATIVE: CommandError = CommandError::text("ERR Number of keys can't be negative");
const MAY_WRITE: CommandError =
    CommandError::text("ERR Can not execute a script with write flag using *_ro command.");
const NO_MEMORY: CommandError = CommandError::text(
    "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
);

/// Where a call's keys begin.
const FIRST_KEY: usize = 3;

/// What argument 1 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Text,
    Digest,
}

/// How a call ended, for the statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Fine,
    Failed,
}

/// Whether the script may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Any,
    ReadOnly,
}

pub(super) fn eval(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    run(ctx, args, By::Text, Mode::Any)
}

pub(super) fn eval_ro(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    run(ctx, args, By::Text, Mode::ReadOnly)
}

pub(super) fn evalsha(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    run(ctx, args, By::Digest, Mode::Any)
}

pub(super) fn evalsha_ro(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    run(ctx, args, By::Digest, Mode::ReadOnly)
}

fn run(ctx: &mut ServerCtx<'_>, args: Args<'_>, by: By, mode: Mode) -> Result<(), CommandError> {
    let core = ctx.core;
    let begun = core.meter.now();
    core.show_first(ctx.session, args);
    let text = args.get(1);
    let digest = match by {
        By::Text => None,
        By::Digest => Some(digest(text).ok_or(NOSCRIPT)?),
    };
    let keys = key_count(args)?;
    let sha = digest.unwrap_or_else(|| sha1_hex(text));
    let tenant = Rc::clone(&ctx.session.tenant);
    let scripts = &tenant.scripts;
    let mut engine = core
        .engines
        .take(tenant.id(), scripts, || dialect(&core.settings()));
    let found = find(&mut engine, core, &tenant, sha, (text, by))
        .and_then(|compiled| Ok((compiled, licence(ctx, args, compiled.flags, mode)?)));
    let result = found.map(|(compiled, licence)| {
        let call = Call {
            name: &sha,
            params: args.tail(FIRST_KEY),
            keys,
        };
        call_script(ctx, &mut engine, scripts, compiled, &call, licence)
    });
    core.engines.put(engine, &tenant);
    ctx.session.end_caching();
    if let Ok(Outcome::Failed) = result
        && let Some(command) = core.server.registry.find(args.get(0))
    {
        core.stats().failed_calls[command.id].add(1);
    }
    // All of it is this command's time, the commands that it called included.
    core.meter.begun_at(begun);
    result.map(|_| ())
}

/// A digest as argument, in lower case.
pub(super) fn digest(text: &[u8]) -> Option<Sha> {
    let mut sha: Sha = text.try_into().ok()?;
    sha.make_ascii_lowercase();
    Some(sha)
}

fn key_count(args: Args<'_>) -> Result<usize, CommandError> {
    let count = parse_i64(args.get(2)).map_err(|_| CommandError::NotInteger)?;
    if count > (args.len() - FIRST_KEY) as i64 {
        return Err(TOO_MANY_KEYS);
    }
    usize::try_from(count).map_err(|_| NEGATIVE)
}

/// Which functions this core's states have.
pub(crate) fn dialect(settings: &Settings) -> Dialect {
    match settings.lua_enable_deprecated_api {
        true => Dialect::Deprecated,
        false => Dialect::Present,
    }
}

fn find(
    engine: &mut Engine,
    core: &Core,
    tenant: &Tenant,
    sha: Sha,
    (text, by): (&[u8], By),
) -> Result<Compiled, CommandError> {
    match (engine.find(&tenant.scripts, &sha), by) {
        (Some(compiled), _) => Ok(compiled),
        (None, By::Text) => keep(engine, core, tenant, sha, text),
        (None, By::Digest) => Err(NOSCRIPT),
    }
}

/// Compiles a text that is not known, keeps it, and charges the tenant for it. One with a quota, which is what tells it from
/// a server for one, is refused when there is no room.
pub(super) fn keep(
    engine: &mut Engine,
    core: &Core,
    tenant: &Tenant,
    sha: Sha,
    text: &[u8],
) -> Result<Compiled, CommandError> {
    if !tenant.is_default() && tenant.refuses_code(text.len(), &core.settings()) {
        return Err(OOM);
    }
    let compiled = engine.load(&tenant.scripts, sha, text);
    tenant.recount_code();
    compiled
}

/// What a script with these flags may do here and now.
fn licence(
    ctx: &ServerCtx<'_>,
    args: Args<'_>,
    flags: Option<FunctionFlags>,
    mode: Mode,
) -> Result<Licence, CommandError> {
    let Some(flags) = flags else {
        return Ok(Licence {
            read_only: mode == Mode::ReadOnly,
            copes_without_memory: false,
        });
    };
    let writes = !flags.contains(FunctionFlags::NO_WRITES);
    if writes && mode == Mode::ReadOnly {
        return Err(MAY_WRITE);
    }
    let copes = !writes || flags.contains(FunctionFlags::ALLOW_OOM);
    let memory = &ctx.session.tenant.memory;
    if !copes && memory.is_set() && memory.excess(args.iter().map(<[u8]>::len).sum()) > 0 {
        return Err(NO_MEMORY);
    }
    Ok(Licence {
        read_only: !writes,
        copes_without_memory: true,
    })
}

fn call_script(
    ctx: &mut ServerCtx<'_>,
    engine: &mut Engine,
    scripts: &Scripts,
    compiled: Compiled,
    call: &Call<'_>,
    licence: Licence,
) -> Outcome {
    let core = ctx.core;
    let protocol = ctx.session.protocol;
    let commands = Ctx {
        keys: keys_of(ctx.keys.take()),
        reply: ReplyWriter::new(&mut engine.replies, protocol),
        config: &core.data_config(),
        now_ms: ctx.now_ms,
        seed: core.server.seed,
        rng: &mut core.fork_rng(),
        patience: Patience::Never,
    };
    let caller = Caller {
        session: ctx.session,
        core,
        scripts,
        name: call.name,
        request: None,
        declared: (call.params, call.keys),
        licence,
    };
    let mut host = ScriptHost::new(caller, commands);
    let out = ctx.reply.output();
    engine
        .state
        .run(compiled.chunk, call, &mut host, protocol, out);
    let outcome = match host.has_failed() {
        true => Outcome::Failed,
        false => Outcome::Fine,
    };
    drop(host);
    engine.replies.clear();
    outcome
}
