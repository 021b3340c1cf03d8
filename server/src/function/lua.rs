//! FCALL of functions in Lua: atomic for the tenant, as scripts are, whatever keys they name.

use std::rc::Rc;

use resp::{Args, OutputBuffer, ReplyWriter};
use store::command::{CommandError, Ctx, Patience};
use udf::library::Library;
use udf::{Call, CallError, FunctionFlags};

use super::fcall::{Mode, wire};
use crate::command::ServerCtx;
use crate::registry::Command;
use crate::script::{Caller, Licence, ScriptHost};
use crate::session::Session;

/// Where a call's keys begin.
const FIRST_KEY: usize = 3;

const CHANGED: CommandError =
    CommandError::text("ERR the function was replaced while it was called, call it again");

impl Session {
    /// Whether a request calls a function that needs the whole tenant.
    #[inline]
    pub(crate) fn calls_lua(&self, command: &Command, args: Args<'_>) -> bool {
        calls_functions(command) && self.finds_lua(args)
    }

    #[cold]
    fn finds_lua(&self, args: Args<'_>) -> bool {
        let libraries = self.tenant.functions.get();
        let found = args.try_get(1).and_then(|name| libraries.find(name));
        found.is_some_and(|(library, _)| is_lua(library))
    }

    /// Whether a request calls a function that says that it writes nothing.
    #[cold]
    pub(crate) fn calls_reader(&self, args: Args<'_>) -> bool {
        let libraries = self.tenant.functions.get();
        let found = args.try_get(1).and_then(|name| libraries.find(name));
        found.is_some_and(|(library, index)| {
            let flags = library.functions[index].flags;
            flags.contains(FunctionFlags::NO_WRITES)
        })
    }
}

/// Whether it is FCALL or FCALL_RO.
pub(crate) fn calls_functions(command: &Command) -> bool {
    command.spec.breathes && command.spec.name.starts_with("fcall")
}

/// Whether a library is in Lua.
pub(super) fn is_lua(library: &Library) -> bool {
    library.engine == udf::lua::NAME
}

/// Runs a function that may run here and now.
pub(super) fn call(
    ctx: &mut ServerCtx<'_>,
    args: Args<'_>,
    call: &Call<'_>,
    library: &std::sync::Arc<Library>,
    mode: Mode,
) -> Result<(), CommandError> {
    let core = ctx.core;
    let begun = core.meter.now();
    let all = core.server.shard_map.all();
    let keys = ctx.keys.take().filter(|keys| keys.mask() == all);
    let keys = keys.ok_or(CHANGED)?;
    core.show_first(ctx.session, args);
    let function = &library.functions[call.function];
    let tenant = Rc::clone(&ctx.session.tenant);
    let mut instance = core.shelf.take(library).map_err(wire)?;
    let mut replies = OutputBuffer::new();
    let commands = Ctx {
        keys,
        reply: ReplyWriter::new(&mut replies, call.protocol),
        config: &core.data_config(),
        now_ms: ctx.now_ms,
        seed: core.server.seed,
        rng: &mut core.fork_rng(),
        patience: Patience::Never,
    };
    let read_only = mode == Mode::ReadOnly || function.flags.contains(FunctionFlags::NO_WRITES);
    let caller = Caller {
        session: ctx.session,
        core,
        scripts: &tenant.scripts,
        name: function.name.as_bytes(),
        request: Some(args),
        declared: (args.tail(FIRST_KEY), call.keys.len()),
        licence: Licence {
            read_only,
            copes_without_memory: true,
        },
    };
    let mut host = ScriptHost::new(caller, commands);
    let ended = instance.instance.call(call, &mut host, ctx.reply.output());
    let failed = host.has_failed();
    drop(host);
    library.accounts[call.function].note(core.meter.nanos_since(begun), false);
    if ended.as_ref().err().is_none_or(CallError::is_clean) {
        core.shelf.put(instance, &tenant);
    }
    ctx.session.end_caching();
    if failed && let Some(command) = core.server.registry.find(args.get(0)) {
        core.stats().failed_calls[command.id].add(1);
    }
    core.meter.begun_at(begun);
    ended.map_err(wire)
}
