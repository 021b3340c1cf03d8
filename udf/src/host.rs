//! What an engine may ask of the server while a function runs.
//!
//! The server implements [`Host`] once, for every engine. A host borrows the data only within one of its calls, so nothing of the keyspace is
//! held while guest code runs. Time is frozen for the whole run; a function that loops is stopped between two of its steps
//! ([`Host::breathe`]), never inside a host call.

use resp::{OutputBuffer, Protocol};
use store::command::{Ctx, Key};

/// How much a line of the log matters, as `redis.log` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// 0
    Debug,
    /// 1
    Verbose,
    /// 2
    Notice,
    /// 3
    Warning,
}

impl LogLevel {
    /// The level of this number.
    pub fn of(number: i64) -> Option<Self> {
        match number {
            0 => Some(LogLevel::Debug),
            1 => Some(LogLevel::Verbose),
            2 => Some(LogLevel::Notice),
            3 => Some(LogLevel::Warning),
            _ => None,
        }
    }

    /// Writes a line to the server's log, where its level is configured: with the name of the function it is about, if that is known.
    pub fn write(self, function: Option<&str>, text: &[u8]) {
        let function = function.map(tracing::field::display);
        let text = String::from_utf8_lossy(text);
        match self {
            LogLevel::Debug => tracing::trace!(function, "{text}"),
            LogLevel::Verbose => tracing::debug!(function, "{text}"),
            LogLevel::Notice => tracing::info!(function, "{text}"),
            LogLevel::Warning => tracing::warn!(function, "{text}"),
        }
    }
}

/// Whether a function goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Pulse {
    /// It does.
    Alive,
    /// It was killed: the engine ends it at once and gives [`Host::call`] no more work.
    Killed,
}

/// Why a function does not get at a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The key was not declared.
    #[error("the key was not declared")]
    Undeclared,
    /// The user may not, or the function said that it does not write.
    #[error("the function has no permission to do this")]
    Forbidden,
    /// There is no memory for it.
    #[error("the function may not add memory now")]
    OutOfMemory,
}

/// What a typed access of a key is going to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Look.
    Read,
    /// Change without adding memory worth mentioning.
    Write,
    /// Change and maybe grow.
    Grow,
}

/// The server, as a running function sees it.
pub trait Host {
    /// Runs any command and writes its reply, or its error, to `out`: exactly one, in `protocol`. A request that may not run from a function is
    /// answered with the error that says so.
    fn call(&mut self, args: &[&[u8]], protocol: Protocol, out: &mut OutputBuffer);

    /// The same where nothing may stand still: a command that takes long is not interrupted.
    fn call_at_once(&mut self, args: &[&[u8]], protocol: Protocol, out: &mut OutputBuffer) {
        self.call(args, protocol, out);
    }

    /// Runs `work` on the slice of a declared key, as `command` would: its rights are asked for. The context's reply goes nowhere.
    ///
    /// # Errors
    /// [`Denied`]; `work` was not run then.
    fn data(
        &mut self,
        command: &'static str,
        intent: Intent,
        key: &[u8],
        work: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>),
    ) -> Result<(), Denied>;

    /// An error is in the function's reply. It is `counted` when the statistics have it already, as a command's.
    fn note_error(&mut self, _text: &[u8], _counted: bool) {}

    /// Called between two steps of guest code, often: lets others use the core when the function has run for a while, and says whether to go on.
    fn breathe(&mut self) -> Pulse;

    /// The time of the run, ms since the epoch. It stands still.
    fn now_ms(&self) -> u64;

    /// Random bits.
    fn random(&mut self) -> u64;

    /// The least level that is logged.
    fn log_level(&self) -> LogLevel;

    /// Writes a line to the server's log.
    fn log(&mut self, level: LogLevel, text: &[u8]);

    /// Whether the user may run this request; `None` when there is no such command.
    fn permits(&self, args: &[&[u8]]) -> Option<bool>;
}
