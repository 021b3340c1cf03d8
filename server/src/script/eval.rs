//! EVAL, EVALSHA and their read-only forms.

use std::rc::Rc;

use resp::Args;
use store::command::CommandError;
use udf::FunctionFlags;
use udf::lua::{Call, Dialect, sha1_hex};

use super::Sha;
use super::call::{FIRST_KEY, LuaCall, Mode, check_flags, key_count, run_lua};
use super::engine::{Compiled, Engine};
use super::host::Licence;
use crate::command::ServerCtx;
use crate::config::Settings;
use crate::core::Core;
use crate::memory::OOM;
use crate::tenant::Tenant;

pub(super) const NOSCRIPT: CommandError =
    CommandError::text("NOSCRIPT No matching script. Please use EVAL.");

/// What argument 1 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Text,
    Digest,
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
    core.show_first(ctx.session, args);
    let text = args.get(1);
    let digest = match by {
        By::Text => None,
        By::Digest => Some(digest(text).ok_or(NOSCRIPT)?),
    };
    let keys = key_count(args, || CommandError::NotInteger)?;
    let sha = digest.unwrap_or_else(|| sha1_hex(text));
    let tenant = Rc::clone(&ctx.session.tenant);
    let mut engine = take_engine(core, &tenant);
    let found = find(&mut engine, core, &tenant, sha, (text, by))
        .and_then(|compiled| Ok((compiled, licence(ctx, args, compiled.flags, mode)?)));
    let result = found.map(|(compiled, licence)| {
        let call = LuaCall {
            request: args,
            keys,
            name: &sha,
            is_function: false,
            licence,
        };
        call_script(ctx, &mut engine, compiled, &call);
    });
    core.engines.put(engine, &tenant);
    if result.is_err() {
        ctx.session.end_caching();
    }
    result
}

/// An engine of this core for a tenant's scripts.
#[inline]
pub(super) fn take_engine(core: &Core, tenant: &Tenant) -> Box<Engine> {
    let memory_bytes_max = tenant.lua_memory_bytes_max(core.lua_memory_bytes_max());
    let dialect = || dialect(&core.settings());
    let engines = &core.engines;
    engines.take(tenant.id(), &tenant.scripts, dialect, memory_bytes_max)
}

/// A digest as argument, in lower case.
pub(super) fn digest(text: &[u8]) -> Option<Sha> {
    let mut sha: Sha = text.try_into().ok()?;
    sha.make_ascii_lowercase();
    Some(sha)
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
    let memory = &ctx.session.tenant.memory;
    check_flags(memory, flags, mode, || args.iter().map(<[u8]>::len).sum())?;
    Ok(Licence {
        read_only: flags.contains(FunctionFlags::NO_WRITES),
        copes_without_memory: true,
    })
}

fn call_script(
    ctx: &mut ServerCtx<'_>,
    engine: &mut Engine,
    compiled: Compiled,
    call: &LuaCall<'_>,
) {
    let protocol = ctx.session.protocol;
    let keys = ctx.keys.take().expect("scripts are routed to all slices");
    let Engine { state, replies, .. } = engine;
    run_lua(ctx, keys, call, replies, |host, out| {
        let given = Call {
            name: call.name,
            params: call.request.tail(FIRST_KEY),
            keys: call.keys,
        };
        state.run(compiled.chunk, &given, host, protocol, out);
    });
}
