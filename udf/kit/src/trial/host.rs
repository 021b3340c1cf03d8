//! The server as a function sees it during a case: the same rules, without sessions, users and other clients.

use std::time::Instant;

use resp::{Args, OutputBuffer, Protocol, ReplyWriter};
use store::command::{CommandError, Ctx, DataCommand, Flags, Key, KeyFlags, key_positions};
use udf::refusal::{NOT_FROM_SCRIPT, READ_ONLY, UNDECLARED};
use udf::{Denied, FunctionFlags, Host, Intent, LocalData, LogLevel, Pulse};

use super::commands::find;

/// How a library's language is treated.
#[derive(Clone, Copy)]
pub(super) enum Manner {
    /// As WebAssembly: declared keys only; the engine ends what takes too long.
    Wasm,
    /// As Lua: all keys; a call that goes on beyond this is ended, so that a trial has an end. Servers go on, and are busy.
    Lua(Instant),
}

/// What a function reaches during one call.
pub(super) struct TrialHost<'a> {
    pub(super) data: &'a mut LocalData,
    /// The keys it was given.
    pub(super) declared: &'a [&'a [u8]],
    pub(super) flags: FunctionFlags,
    pub(super) manner: Manner,
    /// What it has logged.
    pub(super) log: &'a mut Vec<String>,
}

impl TrialHost<'_> {
    fn is_declared(&self, key: &[u8]) -> bool {
        matches!(self.manner, Manner::Lua(_)) || self.declared.contains(&key)
    }

    fn is_read_only(&self) -> bool {
        self.flags.contains(FunctionFlags::NO_WRITES)
    }

    fn checked(&self, args: Args<'_>) -> Result<&'static DataCommand, CommandError> {
        let command = find(args)?;
        let flags = command.spec.flags;
        if flags.contains(Flags::NOSCRIPT) {
            return Err(NOT_FROM_SCRIPT);
        }
        if flags.contains(Flags::WRITE) && self.is_read_only() {
            return Err(READ_ONLY);
        }
        let mut undeclared = false;
        let found = key_positions(&command.spec, args, |index, flags| {
            undeclared |= !flags.contains(KeyFlags::NOT_KEY) && !self.is_declared(args.get(index));
        });
        let is_unclear = found.is_err() && matches!(self.manner, Manner::Wasm);
        match undeclared || is_unclear {
            true => Err(UNDECLARED),
            false => Ok(command),
        }
    }
}

impl Host for TrialHost<'_> {
    fn call(&mut self, args: &[&[u8]], protocol: Protocol, out: &mut OutputBuffer) {
        let args = Args::from_slices(args);
        match self.checked(args) {
            Ok(command) => self.data.run(command, args, protocol, out),
            Err(error) => error.reply(&mut ReplyWriter::new(out, protocol)),
        }
    }

    fn data(
        &mut self,
        _command: &'static str,
        intent: Intent,
        key: &[u8],
        work: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>),
    ) -> Result<(), Denied> {
        if intent != Intent::Read && self.is_read_only() {
            return Err(Denied::Forbidden);
        }
        if !self.is_declared(key) {
            return Err(Denied::Undeclared);
        }
        self.data.with_key(key, work);
        Ok(())
    }

    fn breathe(&mut self) -> Pulse {
        match self.manner {
            Manner::Lua(end) if Instant::now() >= end => Pulse::Killed,
            _ => Pulse::Alive,
        }
    }

    fn now_ms(&self) -> u64 {
        self.data.now_ms
    }

    fn random(&mut self) -> u64 {
        self.data.random()
    }

    fn log_level(&self) -> LogLevel {
        LogLevel::Debug
    }

    fn log(&mut self, level: LogLevel, text: &[u8]) {
        self.log.push(format!("{level:?}: {}", text.escape_ascii()));
    }

    fn permits(&self, args: &[&[u8]]) -> Option<bool> {
        find(Args::from_slices(args)).ok().map(|_| true)
    }
}
