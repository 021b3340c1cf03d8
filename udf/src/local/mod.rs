//! A host with data of its own, which is all it has: for benchmarks and tests of engines. The real one is the server's.

mod data;

use std::time::{Duration, Instant};

use resp::{Args, OutputBuffer, Protocol, ReplyWriter};
use store::command::{Ctx, Key, tables};

use crate::{Denied, Host, Intent, LogLevel, Pulse};

pub use data::LocalData;

const NOW_MS: u64 = 1_700_000_000_000;

/// A data set, and one function at a time.
pub struct LocalHost {
    data: LocalData,
    /// The keys that may be accessed, with their hashes, as a server has them from the request.
    declared: Vec<(Vec<u8>, u64)>,
    /// Whether changes are refused.
    pub read_only: bool,
    /// When the function is to be killed.
    pub ends: Option<Instant>,
    /// How often it has paused.
    pub breaths: u64,
    /// Lines of the log.
    pub logged: Vec<String>,
}

impl LocalHost {
    /// An empty keyspace where these keys are declared.
    pub fn new(declared: &[&str]) -> Self {
        LocalHost {
            data: LocalData::new(NOW_MS),
            declared: declared
                .iter()
                .map(|key| (key.as_bytes().to_vec(), LocalData::hash_of(key.as_bytes())))
                .collect(),
            read_only: false,
            ends: None,
            breaths: 0,
            logged: Vec::new(),
        }
    }

    /// Lets the function be killed after a while.
    pub fn kill_after(mut self, time: Duration) -> Self {
        self.ends = Some(Instant::now() + time);
        self
    }

    /// Runs a command line and gives its reply, line ends shown as spaces.
    pub fn run(&mut self, line: &str) -> String {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut out = OutputBuffer::new();
        self.call(&words, Protocol::Resp2, &mut out);
        String::from_utf8_lossy(&out.to_vec())
            .replace("\r\n", " ")
            .trim_end()
            .to_owned()
    }
}

impl Host for LocalHost {
    fn call(&mut self, args: &[&[u8]], protocol: Protocol, out: &mut OutputBuffer) {
        let found = tables().find(|command| {
            let name = command.spec.name.as_bytes();
            args.first()
                .is_some_and(|given| given.eq_ignore_ascii_case(name))
        });
        let Some(command) = found.filter(|command| command.spec.arity_allows(args.len())) else {
            return ReplyWriter::new(out, protocol).error("ERR unknown command");
        };
        self.data
            .run(command, Args::from_slices(args), protocol, out);
    }

    fn data(
        &mut self,
        _: &'static str,
        intent: Intent,
        key: &[u8],
        work: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>),
    ) -> Result<(), Denied> {
        let declared = self.declared.iter().find(|(known, _)| known == key);
        let &(_, hash) = declared.ok_or(Denied::Undeclared)?;
        if self.read_only && intent != Intent::Read {
            return Err(Denied::Forbidden);
        }
        self.data.with_hashed(key, hash, work);
        Ok(())
    }

    fn breathe(&mut self) -> Pulse {
        self.breaths += 1;
        match self.ends.is_some_and(|ends| Instant::now() >= ends) {
            true => Pulse::Killed,
            false => Pulse::Alive,
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

    fn log(&mut self, _: LogLevel, text: &[u8]) {
        self.logged.push(String::from_utf8_lossy(text).into_owned());
    }

    fn permits(&self, _: &[&[u8]]) -> Option<bool> {
        Some(true)
    }
}
