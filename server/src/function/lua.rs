//! FCALL of functions in Lua: atomic for the tenant, as scripts are, whatever keys they name.

use resp::Args;
use store::command::CommandError;
use udf::{Call, CallError, FunctionFlags};

use super::fcall::wire;
use super::shelf::Found;
use crate::command::ServerCtx;
use crate::core::Core;
use crate::registry::Command;
use crate::script::{Licence, LuaCall, Mode, run_lua};
use crate::session::Session;

const CHANGED: CommandError =
    CommandError::text("ERR the function was replaced while it was called, call it again");

impl Session {
    /// Whether a request calls a function that needs the whole tenant.
    #[inline]
    pub(crate) fn calls_lua(&self, core: &Core, command: &Command, args: Args<'_>) -> bool {
        command.calls_functions && self.finds_lua(core, args)
    }

    #[inline(never)]
    fn finds_lua(&self, core: &Core, args: Args<'_>) -> bool {
        let found = core.shelf.find(&self.tenant.functions, args.get(1));
        found.is_some_and(|found| found.is_lua)
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

/// Whether a command of this name calls functions.
pub(crate) fn calls_functions(full_name: &str) -> bool {
    matches!(full_name, "fcall" | "fcall_ro")
}

/// Runs a function that may run here and now.
pub(super) fn call(
    ctx: &mut ServerCtx<'_>,
    args: Args<'_>,
    call: &Call<'_>,
    found: &Found,
    mode: Mode,
) -> Result<(), CommandError> {
    let core = ctx.core;
    let all = core.server.shard_map.all();
    let keys = ctx.keys.take().filter(|keys| keys.mask() == all);
    let keys = keys.ok_or(CHANGED)?;
    core.show_first(ctx.session, args);
    let function = found.function();
    let mut counted = found.take(core).map_err(wire)?;
    let lua = LuaCall {
        request: args,
        keys: call.keys.len(),
        name: function.name.as_bytes(),
        is_function: true,
        licence: Licence {
            read_only: mode == Mode::ReadOnly || function.flags.contains(FunctionFlags::NO_WRITES),
            copes_without_memory: true,
        },
    };
    let instance = &mut counted.instance;
    let ended = run_lua(ctx, keys, &lua, &mut counted.aside, |host, out| {
        instance.call(call, host, out)
    });
    found.note(core.meter.nanos_since(core.meter.lap()), false);
    if ended.as_ref().err().is_none_or(CallError::is_clean) {
        found.put(counted, &ctx.session.tenant);
    }
    ended.map_err(wire)
}
