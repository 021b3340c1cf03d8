//! A host with data of its own, which is all it has: for benchmarks and tests of engines. The real one is the server's.

use std::time::{Duration, Instant};

use resp::{Args, OutputBuffer, Protocol, ReplyWriter};
use store::command::{
    Ctx, DataConfig, Effects, EventClass, Key, Keys, KeysEnv, Lookups, Patience, SliceSet, tables,
};
use store::hash::Seed;
use store::keyspace::{Access, Slice, Tracking};
use store::random::Rng;
use store::slot::ShardMap;
use store::types::EncodingLimits;

use crate::{Denied, Host, Intent, LogLevel, Pulse};

const SEED: Seed = Seed(1, 2);
const NOW_MS: u64 = 1_700_000_000_000;

/// One slice, one database, one function at a time.
pub struct LocalHost {
    slice: Slice,
    effects: Effects,
    config: DataConfig,
    rng: Rng,
    nowhere: OutputBuffer,
    /// The keys that may be accessed.
    pub declared: Vec<Vec<u8>>,
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
            slice: Slice::new(1, SEED),
            effects: Effects::default(),
            config: DataConfig {
                shares_integers: true,
                encoding: EncodingLimits::default(),
                bulk_len_max: 512 << 20,
                events: EventClass::all(),
                hll_sparse_bytes_max: 3000,
                tracking: Tracking::default(),
            },
            rng: Rng::new(42),
            nowhere: OutputBuffer::new(),
            declared: declared.iter().map(|key| key.as_bytes().to_vec()).collect(),
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

    /// The events since the last call, as `name key`, and how many changes were counted.
    pub fn take_effects(&mut self) -> (Vec<String>, u64) {
        let effects = std::mem::take(&mut self.effects);
        self.effects.enabled = EventClass::all();
        let events = effects.events.iter();
        let shown =
            events.map(|(_, _, name, key)| format!("{name} {}", String::from_utf8_lossy(key)));
        (shown.collect(), effects.dirty)
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

/// The context of a command on this data; the fields apart.
macro_rules! context {
    ($host:expr, $out:expr, $protocol:expr, $slices:ident) => {{
        let map = ShardMap::new(1);
        let env = KeysEnv {
            map,
            mask: map.all(),
            seed: SEED,
            db: 0,
            now_ms: NOW_MS,
            touch: true,
            access: Access::new($host.config.tracking, NOW_MS, || 1),
            keeps_due: false,
            breathe: || {},
            may_escalate: false,
            lookups: Lookups::Counted,
            scripted: false,
            string_len_max: usize::MAX,
        };
        Ctx {
            keys: Keys::new(SliceSet::new(&mut $slices), env, &mut $host.effects),
            reply: ReplyWriter::new($out, $protocol),
            config: &$host.config,
            now_ms: NOW_MS,
            seed: SEED,
            rng: &mut $host.rng,
            patience: Patience::Never,
        }
    }};
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
        let mut slices = [&mut self.slice];
        let mut ctx = context!(self, out, protocol, slices);
        let mark = ctx.reply.output().mark();
        if let Err(error) = (command.run)(&mut ctx, Args::from_slices(args)) {
            ctx.reply.output().rollback(mark);
            error.reply(&mut ctx.reply);
        }
    }

    fn data(
        &mut self,
        _: &'static str,
        intent: Intent,
        key: &[u8],
        work: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>),
    ) -> Result<(), Denied> {
        if !self.declared.iter().any(|known| known == key) {
            return Err(Denied::Undeclared);
        }
        if self.read_only && intent != Intent::Read {
            return Err(Denied::Forbidden);
        }
        let mut slices = [&mut self.slice];
        let mut ctx = context!(self, &mut self.nowhere, Protocol::Resp2, slices);
        let key = ctx.keys.key(key);
        work(&mut ctx, key);
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
        NOW_MS
    }

    fn random(&mut self) -> u64 {
        self.rng.next_u64()
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
