//! FCALL and FCALL_RO.

use resp::{Args, Protocol, ReplyWriter};
use store::command::{CommandError, Ctx, Effects, Keys, Patience, SliceSet};
use udf::{Call, CallError, FunctionFlags};

use super::host::{Caller, FunctionHost};
use super::shelf::{Counted, Found};
use crate::command::ServerCtx;
use crate::script::{FIRST_KEY, Mode, check_flags, key_count};

const NOT_FOUND: CommandError = CommandError::text("ERR Function not found");
const BAD_COUNT: CommandError = CommandError::text("ERR Bad number of keys provided");

/// Keys and arguments of a call up to which they are listed without allocating.
const FEW_WORDS: usize = 8;

pub(super) fn fcall(
    ctx: &mut ServerCtx<'_>,
    args: Args<'_>,
    mode: Mode,
) -> Result<(), CommandError> {
    let (core, tenant) = (ctx.core, &ctx.session.tenant);
    let found = core.shelf.find(&tenant.functions, args.get(1));
    let found = found.ok_or(NOT_FOUND)?;
    let count = key_count(args, || BAD_COUNT)?;
    check_flags(&tenant.memory, found.function().flags, mode, || 0)?;
    let time_limit_ms = tenant.wasm_time_limit_ms(core.wasm_time_limit_ms());

    let given = args.tail(FIRST_KEY);
    let mut few = [&[][..]; FEW_WORDS];
    let many: Vec<&[u8]>;
    let words = match few.get_mut(..given.len()) {
        Some(words) => {
            given.list(words);
            &*words
        }
        None => {
            many = given.iter().collect();
            &*many
        }
    };
    let (keys, others) = words.split_at(count);
    let call = Call {
        function: found.index,
        keys,
        args: others,
        protocol: ctx.reply.protocol(),
        time_limit_ms,
    };
    match found.is_lua {
        true => super::lua::call(ctx, args, &call, &found, mode),
        false => call_typed(ctx, args, &call, &found),
    }
}

/// Runs a function that reaches no key but those it declares.
fn call_typed(
    ctx: &mut ServerCtx<'_>,
    args: Args<'_>,
    call: &Call<'_>,
    found: &Found,
) -> Result<(), CommandError> {
    let core = ctx.core;
    let begun = core.meter.lap();
    let function = found.function();
    let is_stateless = function.flags.contains(FunctionFlags::STATELESS);
    let mut counted = match is_stateless {
        true => found.instantiate(core),
        false => found.take(core),
    }
    .map_err(wire)?;
    let Counted {
        instance,
        aside,
        rng,
        ..
    } = &mut *counted;
    let mut nothing;
    let mut commands = Ctx {
        keys: match ctx.keys.take() {
            Some(keys) => keys,
            None => {
                nothing = Effects::default();
                let env = ctx.session.keys_env(core, 0, ctx.now_ms);
                Keys::new(SliceSet::empty(), env, &mut nothing)
            }
        },
        reply: ReplyWriter::new(aside, Protocol::Resp2),
        config: &core.data_config(),
        now_ms: ctx.now_ms,
        seed: core.server.seed,
        rng,
        patience: Patience::Never,
    };
    commands.keys.select(ctx.session.db);
    let caller = Caller {
        session: ctx.session,
        core,
        function,
        request: args,
        key_count: call.keys.len(),
    };
    let mut host = FunctionHost::new(caller, &mut commands);
    let ended = instance.call(call, &mut host, ctx.reply.output());
    drop(host);
    let is_sound = ended.as_ref().err().is_none_or(CallError::is_clean);
    let trapped = ended.as_ref().err().is_some_and(CallError::is_trap);
    found.note(core.meter.nanos_since(begun), trapped);
    if is_sound && !is_stateless {
        found.put(counted, &ctx.session.tenant);
    }
    ended.map_err(wire)
}

pub(super) fn wire(error: CallError) -> CommandError {
    match error {
        CallError::Error(text) | CallError::Raised(text) => CommandError::Quoting(text),
        other => CommandError::Text(other.to_string().into()),
    }
}
