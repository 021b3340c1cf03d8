//! The slow log: the last commands that took at least `slowlog-log-slower-than`, newest first.
//!
//! Entries keep 32 arguments of 128 bytes, so that a log of any length stays small, and no secrets.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use resp::Args;

use super::redact::{REDACTED, is_secret};
use crate::client::ClientInfo;
use crate::registry::Command;

/// Most arguments an entry keeps.
const ARGS_MAX: usize = 32;
/// Most bytes it keeps of each.
const ARG_LEN_MAX: usize = 128;

/// One slow command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowEntry {
    /// Growing number, never used again.
    pub id: u64,
    /// When it ended, seconds since the epoch.
    pub at_s: u64,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// Its arguments, shortened, without secrets.
    pub args: Vec<Vec<u8>>,
    /// The client's address.
    pub addr: String,
    /// The client's name.
    pub name: Vec<u8>,
}

impl SlowEntry {
    /// The entry of a command that has just ended.
    pub fn new(
        command: &Command,
        args: Args<'_>,
        client: &ClientInfo,
        at_s: u64,
        micros: u64,
    ) -> Self {
        SlowEntry {
            id: 0,
            at_s,
            micros,
            args: shorten(command, args),
            addr: client.addr.clone(),
            name: client.names().name,
        }
    }
}

fn shorten(command: &Command, args: Args<'_>) -> Vec<Vec<u8>> {
    let whole = match args.len() {
        len @ ..=ARGS_MAX => len,
        _ => ARGS_MAX - 1,
    };
    let mut kept: Vec<Vec<u8>> = (0..whole)
        .map(|at| match is_secret(command, args, at) {
            true => REDACTED.to_vec(),
            false => clip(args.get(at)),
        })
        .collect();
    if args.len() > whole {
        kept.push(format!("... ({} more arguments)", args.len() - whole).into_bytes());
    }
    kept
}

fn clip(arg: &[u8]) -> Vec<u8> {
    if arg.len() <= ARG_LEN_MAX {
        return arg.to_vec();
    }
    let mut clipped = arg[..ARG_LEN_MAX].to_vec();
    clipped.extend_from_slice(format!("... ({} more bytes)", arg.len() - ARG_LEN_MAX).as_bytes());
    clipped
}

#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<SlowEntry>,
    next_id: u64,
}

/// The log, shared by all cores. Only slow commands come here, so its lock is nearly always free.
#[derive(Debug, Default)]
pub struct SlowLog(Mutex<Log>);

impl SlowLog {
    /// Adds an entry, which gets its number here, and drops what is over `len_max`.
    pub fn push(&self, entry: SlowEntry, len_max: usize) {
        let mut log = self.lock();
        let id = log.next_id;
        log.next_id += 1;
        log.entries.push_front(SlowEntry { id, ..entry });
        log.entries.truncate(len_max);
    }

    /// Drops what is over `len_max`.
    pub fn truncate(&self, len_max: usize) {
        self.lock().entries.truncate(len_max);
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The newest `count` entries, newest first.
    pub fn newest(&self, count: usize) -> Vec<SlowEntry> {
        self.lock().entries.iter().take(count).cloned().collect()
    }

    /// Drops all entries; numbers go on.
    pub fn reset(&self) {
        self.lock().entries.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        // Every change leaves a whole log behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    fn kept(line: &[&[u8]]) -> Vec<String> {
        let registry = Registry::new(&[]).expect("nothing is renamed");
        let command = registry.find_full(b"set").expect("it exists");
        shorten(command, Args::from_slices(line))
            .into_iter()
            .map(|arg| String::from_utf8(arg).expect("text"))
            .collect()
    }

    #[test]
    fn many_and_long_arguments_are_cut() {
        let arg = b"x".as_slice();
        assert_eq!(kept(&[arg; 32]).len(), 32);
        let cut = kept(&[arg; 33]);
        assert_eq!(
            (cut.len(), cut[31].as_str()),
            (32, "... (2 more arguments)")
        );
        let long = [b'A'; 130];
        assert_eq!(
            kept(&[&long])[0],
            format!("{}... (2 more bytes)", "A".repeat(128))
        );
        assert_eq!(kept(&[&long[..128]])[0], "A".repeat(128));
    }

    #[test]
    fn the_newest_come_first_and_the_oldest_go() {
        let entry = |micros| SlowEntry {
            id: 0,
            at_s: 1,
            micros,
            args: Vec::new(),
            addr: String::new(),
            name: Vec::new(),
        };
        let log = SlowLog::default();
        (10..15).for_each(|micros| log.push(entry(micros), 3));
        let shown: Vec<(u64, u64)> = log.newest(2).iter().map(|e| (e.id, e.micros)).collect();
        assert_eq!((shown, log.len()), (vec![(4, 14), (3, 13)], 3));
        log.reset();
        log.push(entry(1), 3);
        assert_eq!(log.newest(9)[0].id, 5);
    }
}
