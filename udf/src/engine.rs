//! What an engine is: source in, functions out, and instances that run them.
//!
//! ```text
//! Engine ── load(source) ──▶ Loaded { functions, program }      once a library, off the cores
//!                                         │
//!                              instantiate(…)                    once a core (and once more for every call that overlaps another)
//!                                         ▼
//!                                     Instance ── call(…) ──▶ reply
//! ```

use std::sync::Arc;

use bitflags::bitflags;
use resp::{OutputBuffer, Protocol};

use crate::{Host, Pulse};

bitflags! {
    /// What a function says of itself when it is registered, or a script in its first line.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct FunctionFlags: u32 {
        /// It writes nothing.
        const NO_WRITES = 1;
        /// It may run when there is no memory.
        const ALLOW_OOM = 1 << 1;
        /// It may run on a stale replica.
        const ALLOW_STALE = 1 << 2;
        /// It does not run in a cluster.
        const NO_CLUSTER = 1 << 3;
        /// Its keys may be in several slots.
        const CROSS_SLOT = 1 << 4;
        /// Every call gets a fresh instance.
        const STATELESS = 1 << 5;
    }
}

const FLAG_NAMES: [(FunctionFlags, &str); 6] = [
    (FunctionFlags::NO_WRITES, "no-writes"),
    (FunctionFlags::ALLOW_OOM, "allow-oom"),
    (FunctionFlags::ALLOW_STALE, "allow-stale"),
    (FunctionFlags::NO_CLUSTER, "no-cluster"),
    (FunctionFlags::CROSS_SLOT, "allow-cross-slot-keys"),
    (FunctionFlags::STATELESS, "stateless"),
];

impl FunctionFlags {
    /// The names of those that are set, as FUNCTION LIST gives them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        FLAG_NAMES
            .into_iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| name)
    }

    /// The flag of this name that Lua's scripts and functions may have, in lower case.
    pub fn of_lua(name: &str) -> Option<Self> {
        let mut known = FLAG_NAMES
            .into_iter()
            .filter(|(flag, _)| *flag != FunctionFlags::STATELESS);
        known
            .find(|(_, known)| *known == name)
            .map(|(flag, _)| flag)
    }
}

/// One function of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The name it is called by.
    pub name: String,
    /// What it does, in its author's words.
    pub description: Option<String>,
    /// What it says of itself.
    pub flags: FunctionFlags,
}

/// A library that an engine has accepted.
pub struct Loaded {
    /// Its functions.
    pub functions: Vec<Function>,
    /// What runs them.
    pub program: Arc<dyn Program>,
}

/// Why an engine refused a library. Display is the text behind `ERR `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(pub String);

/// A language for libraries.
pub trait Engine: Send + Sync {
    /// Its name, as FUNCTION LIST and STATS give it.
    fn name(&self) -> &'static str;

    /// How a library comes to have functions, for the author of one that has none.
    fn registering(&self) -> &'static str;

    /// Takes a library in, `source` being what follows its first line, the line end included. It may take long: never called on a core.
    ///
    /// # Errors
    /// What is wrong with it.
    fn load(&self, source: &[u8]) -> Result<Loaded, LoadError>;
}

/// A library's compiled code, shared by all cores.
pub trait Program: Send + Sync {
    /// Something to run its functions in. It stays on the core that asked for it. Its start may run code of the library: `pulse` is called between two
    /// steps of that, as [`Host::breathe`] is in calls.
    ///
    /// # Errors
    /// [`CallError`], when there is no room or its start fails.
    fn instantiate(&self, pulse: fn() -> Pulse) -> Result<Box<dyn Instance>, CallError>;

    /// Bytes it takes, code included, its instances not.
    fn used_bytes(&self) -> usize;
}

/// One call of a function.
pub struct Call<'a> {
    /// Which of the library's functions, by number.
    pub function: usize,
    /// The keys it declares.
    pub keys: &'a [&'a [u8]],
    /// Its other arguments.
    pub args: &'a [&'a [u8]],
    /// What its reply is written in.
    pub protocol: Protocol,
    /// How long it may run, ms; 0 for ever.
    pub time_limit_ms: u64,
}

/// A library in memory, with what its functions keep between calls.
pub trait Instance {
    /// Runs a function and writes its reply, just one, to `out`. On an error the instance is not used again unless [`CallError::is_clean`], and what
    /// stands in `out` is to be dropped.
    ///
    /// # Errors
    /// [`CallError`]
    fn call(
        &mut self,
        call: &Call<'_>,
        host: &mut dyn Host,
        out: &mut OutputBuffer,
    ) -> Result<(), CallError>;

    /// Bytes of memory it holds.
    fn used_bytes(&self) -> usize;
}

/// How a call failed. Display is the wire text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The function's own error, code word included.
    #[error("{}", String::from_utf8_lossy(.0))]
    Error(Box<[u8]>),
    /// The same, raised from the middle of the function.
    #[error("{}", String::from_utf8_lossy(.0))]
    Raised(Box<[u8]>),
    /// It does not take that many keys and arguments.
    #[error("ERR wrong number of arguments for function '{0}'")]
    Arity(String),
    /// It did what it must not do, or went on for too long.
    #[error("ERR function '{function}' trapped: {kind}")]
    Trapped {
        /// The function.
        function: String,
        /// What happened.
        kind: String,
    },
    /// There is no room for the library's memory.
    #[error("ERR function '{function}' could not start: {reason}")]
    NoInstance {
        /// The function.
        function: String,
        /// What was in the way.
        reason: String,
    },
}

impl CallError {
    /// Whether the instance is as good as before.
    pub fn is_clean(&self) -> bool {
        matches!(self, CallError::Error(_) | CallError::Arity(_))
    }

    /// Whether it was a trap.
    pub fn is_trap(&self) -> bool {
        matches!(self, CallError::Trapped { .. })
    }
}
