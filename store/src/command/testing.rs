//! A keyspace to try commands on in unit tests: command line in, wire bytes out.
//!
//! Four shards, all held, so that commands of several keys cross slices.

use std::collections::VecDeque;
use std::sync::Arc;

use resp::{Args, OutputBuffer, Protocol, ReplyWriter};

use super::{
    Ctx, DataCommand, DataConfig, Effects, EventClass, Keys, KeysEnv, Patience, ReadyKey, SliceSet,
    Waiter, serve_ready, tables,
};
use crate::hash::{Seed, hash_key};
use crate::keyspace::{Access, Slice};
use crate::mem::IsSparse;
use crate::random::Rng;
use crate::slot::ShardMap;

const SHARDS: usize = 4;
const DB_COUNT: usize = 16;
const SEED: Seed = Seed(1, 2);

/// When those who wait for changed keys are served.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Serving {
    Now,
    Later,
}

/// A tenant's data and everything else a command sees.
pub(crate) struct Bench {
    slices: Vec<Slice>,
    /// Changed keys, within a transaction.
    ready: VecDeque<ReadyKey>,
    rng: Rng,
    /// Settings, to be changed as the test likes.
    pub(crate) config: DataConfig,
    /// The frozen time, ms since the epoch.
    pub(crate) now_ms: u64,
    /// The selected database.
    pub(crate) db: usize,
    /// Whether due keys stay where they are.
    pub(crate) keeps_due: bool,
    /// The version replies are written in.
    pub(crate) protocol: Protocol,
    /// The last command's events, as `name key`.
    pub(crate) events: Vec<String>,
    /// How many changes the last command counted.
    pub(crate) dirty: u64,
}

impl Bench {
    /// An empty keyspace, RESP2.
    pub(crate) fn new() -> Self {
        Bench {
            slices: (0..SHARDS).map(|_| Slice::new(DB_COUNT, SEED)).collect(),
            ready: VecDeque::new(),
            rng: Rng::new(42),
            config: DataConfig {
                // Misses are a class of their own, which `A` does not stand for.
                events: EventClass::all().difference(EventClass::MISS),
                ..DataConfig::default()
            },
            now_ms: 1_700_000_000_000,
            db: 0,
            keeps_due: false,
            protocol: Protocol::Resp2,
            events: Vec::new(),
            dirty: 0,
        }
    }

    /// Runs a command line, its words separated by one space each (`""` is the empty
    /// one), and gives the reply with every line break shown as a space.
    pub(crate) fn run(&mut self, line: &str) -> String {
        let words: Vec<&[u8]> = line
            .split(' ')
            .map(|word| {
                if word == "\"\"" {
                    &b""[..]
                } else {
                    word.as_bytes()
                }
            })
            .collect();
        let reply = self.run_args(&words);
        let text = String::from_utf8_lossy(&reply).replace("\r\n", " ");
        text.trim_end().to_owned()
    }

    /// Runs a command given word by word; the reply as it goes over the wire.
    pub(crate) fn run_args(&mut self, words: &[&[u8]]) -> Vec<u8> {
        let (reply, _) = self.run_patiently(words, Patience::Never, Serving::Now);
        reply
    }

    /// Runs a command line that waits.
    pub(crate) fn wait(&mut self, line: &str) -> Arc<Waiter> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let (reply, waiter) = self.run_patiently(&words, Patience::MayWait, Serving::Now);
        assert_eq!(reply, b"", "{line} waits");
        waiter.expect("it waits")
    }

    /// Runs command lines as a transaction: who waits is served at its end.
    pub(crate) fn run_together(&mut self, lines: &[&str]) {
        for (at, line) in lines.iter().enumerate() {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let serving = match at + 1 == lines.len() {
                true => Serving::Now,
                false => Serving::Later,
            };
            self.run_patiently(&words, Patience::Never, serving);
        }
    }

    /// Takes a waiter out of a key's queue, as the end of its wait does.
    pub(crate) fn leave(&mut self, key: &str, waiter: &Arc<Waiter>) {
        let hash = hash_key(&SEED, key.as_bytes());
        let shard = ShardMap::new(SHARDS).shard_of(key.as_bytes());
        let db = self.db;
        self.slices[shard].waiting.remove(db, hash, waiter);
    }

    /// Recounts everything.
    pub(crate) fn audit(&self) {
        self.slices.iter().for_each(Slice::audit);
    }

    /// Compacts all slices, step by step; how many steps it took.
    pub(crate) fn compact(&mut self, is_sparse: IsSparse<'_>) -> usize {
        let mut steps = 0;
        for slice in &mut self.slices {
            while !slice.compact_step(100, is_sparse).finished {
                steps += 1;
            }
        }
        steps
    }

    fn run_patiently(
        &mut self,
        words: &[&[u8]],
        patience: Patience,
        serving: Serving,
    ) -> (Vec<u8>, Option<Arc<Waiter>>) {
        let args = Args::from_slices(words);
        let command = find(words);
        let mut effects = Effects {
            enabled: self.config.events,
            ready: std::mem::take(&mut self.ready),
            ..Effects::default()
        };
        let mut out = OutputBuffer::new();
        let mut slices: Vec<&mut Slice> = self.slices.iter_mut().collect();
        let map = ShardMap::new(SHARDS);
        let access = Access::new(self.config.tracking, self.now_ms, || 1);
        let env = KeysEnv {
            db: self.db,
            keeps_due: self.keeps_due,
            ..KeysEnv::plain((map, map.all()), SEED, (self.now_ms, access))
        };
        let mut ctx = Ctx {
            keys: Keys::new(SliceSet::new(&mut slices), env, &mut effects),
            reply: ReplyWriter::new(&mut out, self.protocol),
            config: &self.config,
            now_ms: self.now_ms,
            seed: SEED,
            rng: &mut self.rng,
            patience,
        };
        let result = (command.run)(&mut ctx, args);
        let waiter = match ctx.patience {
            Patience::Waits(wait) => {
                let arguments = wait.keys.clone();
                let waiter = Arc::new(Waiter::for_keys(*wait, self.protocol, true));
                for (nth, index) in arguments.enumerate() {
                    let key = ctx.keys.arg(args, index);
                    ctx.keys.enqueue(key, &waiter, nth);
                }
                Some(waiter)
            }
            Patience::Never | Patience::MayWait => None,
        };
        if let Err(error) = result {
            out.clear();
            error.reply(&mut ReplyWriter::new(&mut out, self.protocol));
        }
        match serving {
            Serving::Now => {
                let mut keys = Keys::new(SliceSet::new(&mut slices), env, &mut effects);
                serve_ready(&mut keys, &self.config, &mut self.rng);
            }
            Serving::Later => self.ready = std::mem::take(&mut effects.ready),
        }
        let event = |(_, _, name, key): &(u16, EventClass, &str, Vec<u8>)| {
            format!("{name} {}", String::from_utf8_lossy(key))
        };
        self.events = effects.events.iter().map(event).collect();
        self.dirty = effects.dirty;
        (out.to_vec(), waiter)
    }

    /// Sweeps all slices once; how many keys lost something.
    pub(crate) fn sweep(&mut self) -> usize {
        let (mut told, now_ms) = (0, self.now_ms);
        for slice in &mut self.slices {
            slice.sweep_expired(now_ms, 100, |_, _, _| told += 1);
        }
        told
    }

    /// Lookups that found a key and that did not, so far.
    pub(crate) fn lookups(&self) -> (u64, u64) {
        let counters = self.slices.iter().map(|slice| slice.counters);
        counters.fold((0, 0), |(hits, misses), of| {
            (hits + of.hits, misses + of.misses)
        })
    }

    /// Runs each line and compares its reply.
    pub(crate) fn check(&mut self, examples: &[(&str, &str)]) {
        for (line, expected) in examples {
            assert_eq!(self.run(line), *expected, "{line}");
        }
    }
}

fn find(words: &[&[u8]]) -> &'static DataCommand {
    let named = |command: &&DataCommand, name: &[u8]| {
        command.spec.name.as_bytes().eq_ignore_ascii_case(name)
    };
    let command = tables()
        .find(|command| named(command, words[0]))
        .expect("the command is in a table");
    let command = match words.get(1) {
        Some(name) => command
            .subcommands
            .iter()
            .find(|sub| named(sub, name))
            .unwrap_or(command),
        None => command,
    };
    assert!(
        command.spec.arity_allows(words.len()),
        "arity of {}",
        command.spec.name
    );
    command
}

/// How far `draws`, the words of a reply without its first, are from an even spread over
/// `kinds` different words, as the chi-square statistic over its degrees of freedom; about 1 when even.
pub(crate) fn unevenness(reply: &str, kinds: usize) -> f64 {
    let mut counts = std::collections::HashMap::<&str, f64>::new();
    let drawn = reply
        .split(' ')
        .skip(1)
        .filter(|word| !word.starts_with('$'));
    drawn.for_each(|word| *counts.entry(word).or_default() += 1.0);
    let expected = counts.values().sum::<f64>() / kinds as f64;
    let missed = (kinds - counts.len()) as f64 * expected;
    let spread: f64 = counts
        .values()
        .map(|count| (count - expected).powi(2) / expected)
        .sum();
    (spread + missed) / (kinds - 1) as f64
}
