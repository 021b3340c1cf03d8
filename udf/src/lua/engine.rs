//! Libraries in Lua behind the traits of all engines.
//!
//! A library is loaded in a state of its own: first to see what it registers, off the cores, and again on every core that calls it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use resp::{Args, OutputBuffer};

use super::functions::{Bounds, FunctionState, Given};
use super::{Dialect, MemoryAccount};
use crate::{Call, CallError, Engine, Function, Host, Instance, LoadError, Loaded, Program, Pulse};

/// The engine's name.
pub const NAME: &str = "LUA";

/// What the state of a library may take where nobody says anything else.
pub const MEMORY_BYTES_USUAL: usize = 256 << 20;

/// How long a library may take to load.
const LOAD_TIMEOUT: Duration = Duration::from_millis(500);

/// Lua as an engine of libraries.
#[derive(Clone, Copy, Debug)]
pub struct LuaEngine {
    /// Which functions libraries find.
    pub dialect: Dialect,
    /// What the state of a library may take while it loads.
    pub memory_bytes_max: usize,
}

impl Engine for LuaEngine {
    fn name(&self) -> &'static str {
        NAME
    }

    fn registering(&self) -> &'static str {
        "call redis.register_function('name', function(keys, args) ... end) at its top level"
    }

    fn load(&self, source: &[u8]) -> Result<Loaded, LoadError> {
        let account = MemoryAccount::default();
        let bounds = Bounds {
            timeout: LOAD_TIMEOUT,
            memory_bytes_max: self.memory_bytes_max,
            pulse: || Pulse::Alive,
        };
        let state = FunctionState::load(self.dialect, account, bounds, source)?;
        let functions: Vec<Function> = state.functions().cloned().collect();
        let names = functions.iter().map(|function| function.name.clone());
        let program = LuaProgram {
            names: names.collect(),
            source: source.into(),
            engine: *self,
        };
        Ok(Loaded {
            functions,
            program: Arc::new(program),
        })
    }
}

/// A library's text; every instance compiles it for itself.
struct LuaProgram {
    source: Box<[u8]>,
    names: Vec<String>,
    engine: LuaEngine,
}

impl Program for LuaProgram {
    fn instantiate(&self, pulse: fn() -> Pulse) -> Result<Box<dyn Instance>, CallError> {
        let account = MemoryAccount::default();
        let refuse = |reason: String| CallError::NoInstance {
            function: self.names.first().cloned().unwrap_or_default(),
            reason,
        };
        let memory = Arc::clone(&account);
        let bounds = Bounds {
            timeout: LOAD_TIMEOUT,
            memory_bytes_max: self.engine.memory_bytes_max,
            pulse,
        };
        let state = FunctionState::load(self.engine.dialect, account, bounds, &self.source)
            .map_err(|error| refuse(error.0))?;
        let names = state.functions().map(|function| &function.name);
        match names.eq(&self.names) {
            true => Ok(Box::new(LuaInstance { state, memory })),
            false => Err(refuse(
                "the library registers other functions than before".into(),
            )),
        }
    }

    fn used_bytes(&self) -> usize {
        self.source.len()
    }
}

struct LuaInstance {
    state: FunctionState,
    memory: MemoryAccount,
}

impl Instance for LuaInstance {
    /// An error of the function is its reply.
    fn call(
        &mut self,
        call: &Call<'_>,
        host: &mut dyn Host,
        out: &mut OutputBuffer,
    ) -> Result<(), CallError> {
        let given = Given {
            keys: Args::from_slices(call.keys),
            args: Args::from_slices(call.args),
        };
        self.state
            .call(call.function, &given, host, call.protocol, out);
        Ok(())
    }

    fn used_bytes(&self) -> usize {
        self.memory.load(Relaxed)
    }
}
