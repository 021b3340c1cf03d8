//! A state that has loaded one library, and runs its functions.

use std::time::{Duration, Instant};

use mlua_sys as ffi;
use resp::{Args, OutputBuffer, Protocol};

use super::context::MemoryAccount;
use super::frame::Frame;
use super::redis::{hide_from_functions, push_load_redis};
use super::register::{Registered, load_failure};
use super::sandbox::{Dialect, REAL_GLOBALS, swap_globals};
use super::state::{BOTTOM, State, compile_text, push_list};
use crate::{Function, Host, LoadError, Pulse};

/// A library's own state.
pub(super) struct FunctionState {
    state: State,
    registered: Vec<Registered>,
}

/// How a library is loaded.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// How long it may take.
    pub(super) timeout: Duration,
    /// What its state may take.
    pub(super) memory_bytes_max: usize,
    /// Lets others have a turn meanwhile.
    pub(super) pulse: fn() -> Pulse,
}

/// What a function is called with.
pub(super) struct Given<'a> {
    pub(super) keys: Args<'a>,
    pub(super) args: Args<'a>,
}

impl FunctionState {
    /// Loads a library within bounds; that of its memory goes on to hold.
    pub(super) fn load(
        dialect: Dialect,
        account: MemoryAccount,
        bounds: Bounds,
        source: &[u8],
    ) -> Result<Self, LoadError> {
        let state = State::new(dialect, account, bounds.pulse);
        state.set_memory_limit(bounds.memory_bytes_max);
        let registered = register_all(&state, source, bounds.timeout)?;
        Ok(FunctionState { state, registered })
    }

    /// Its functions, in the order of their registration.
    pub(super) fn functions(&self) -> impl Iterator<Item = &Function> {
        self.registered.iter().map(|one| &one.function)
    }

    /// Runs a function and writes its reply, or its error, to `out`.
    ///
    /// # Panics
    /// Goes on with the panic of a command that the function called.
    pub(super) fn call(
        &mut self,
        function: usize,
        given: &Given<'_>,
        host: &mut dyn Host,
        protocol: Protocol,
        out: &mut OutputBuffer,
    ) {
        let called = &self.registered[function];
        let frame = self.state.frame();
        frame.raw_get_at(ffi::LUA_REGISTRYINDEX, called.callback);
        push_list(frame, given.keys, 0..given.keys.len());
        push_list(frame, given.args, 0..given.args.len());
        let name = called.function.name.as_bytes();
        self.state.call_pushed(2, name, host, protocol, out);
    }
}

/// Runs the library's text, which registers its functions.
fn register_all(
    state: &State,
    source: &[u8],
    timeout: Duration,
) -> Result<Vec<Registered>, LoadError> {
    let (frame, context) = (state.frame(), state.context());
    frame.field(ffi::LUA_REGISTRYINDEX, REAL_GLOBALS);
    hide_from_functions(frame);
    frame.pop(1);
    compile_text(frame, source, c"@user_function")
        .map_err(|error| LoadError(format!("Error compiling function: {error}")))?;
    push_load_redis(frame);
    swap_globals(frame);
    // function, globals of functions
    frame.insert(-2);
    context.registered.set(Some(Vec::new()));
    context.deadline.set(Some(Instant::now() + timeout));
    // SAFETY: the function is on top.
    let run = || unsafe { ffi::lua_pcall(frame.raw(), 0, 0, 0) };
    let status = context.limited(run);
    context.deadline.set(None);
    let registered = context.registered.take().unwrap_or_default();
    match status {
        ffi::LUA_OK => {
            swap_globals(frame);
            frame.set_top(BOTTOM);
            Ok(registered)
        }
        _ => Err(failure(frame, context.is_killed.get())),
    }
}

fn failure(frame: Frame<'_>, timed_out: bool) -> LoadError {
    let told = match timed_out {
        true => "ERR FUNCTION LOAD timeout".to_owned(),
        false => load_failure(frame),
    };
    LoadError(format!("Error registering functions: {told}"))
}
