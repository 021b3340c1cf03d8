//! What a command leaves behind besides its reply: keys it touched, keyspace
//! events, how much it changed. Collected while the locks are held, delivered after.

use std::collections::VecDeque;

use bitflags::bitflags;

use super::waiting::ReadyKey;
use crate::keyspace::Tracker;

bitflags! {
    /// Classes of keyspace events, as `notify-keyspace-events` names them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct EventClass: u32 {
        /// `K`: publish to `__keyspace@db__`.
        const KEYSPACE = 1;
        /// `E`: publish to `__keyevent@db__`.
        const KEYEVENT = 1 << 1;
        /// `g`: generic commands.
        const GENERIC = 1 << 2;
        /// `$`: string commands.
        const STRING = 1 << 3;
        /// `l`: list commands.
        const LIST = 1 << 4;
        /// `s`: set commands.
        const SET = 1 << 5;
        /// `h`: hash commands.
        const HASH = 1 << 6;
        /// `z`: sorted set commands.
        const ZSET = 1 << 7;
        /// `x`: expired.
        const EXPIRED = 1 << 8;
        /// `e`: evicted.
        const EVICTED = 1 << 9;
        /// `t`: stream commands.
        const STREAM = 1 << 10;
        /// `m`: key misses.
        const MISS = 1 << 11;
        /// `n`: new keys.
        const NEW = 1 << 12;
        /// `d`: module types.
        const MODULE = 1 << 13;
    }
}

/// Collects the side effects of one command.
#[derive(Debug, Default)]
pub struct Effects {
    /// Event classes somebody may listen to; others are not recorded.
    pub enabled: EventClass,
    /// Recorded events: database, class, name, key, in order.
    pub events: Vec<(u16, EventClass, &'static str, Vec<u8>)>,
    /// Somebody is told of every change of any key.
    pub broadcasts: bool,
    /// Keys that changed, for those who are told: everybody who tracked them.
    pub invalid: Vec<(Vec<u8>, Vec<Tracker>)>,
    /// Whole databases were emptied.
    pub flushed: bool,
    /// Tracked keys that were forgotten with them.
    pub untracked: usize,
    /// Number of changes since the last save, as `rdb_changes_since_last_save` counts them.
    pub dirty: u64,
    /// Changed keys that somebody waits for, in order.
    pub ready: VecDeque<ReadyKey>,
}

impl Effects {
    /// Whether there is anything to tell anybody.
    #[inline]
    pub fn has_news(&self) -> bool {
        !self.events.is_empty() || !self.invalid.is_empty() || self.flushed
    }

    /// Records an event when somebody may listen.
    #[inline]
    pub fn event(&mut self, db: usize, class: EventClass, name: &'static str, key: &[u8]) {
        if self.enabled.contains(class) {
            self.record(db, class, name, key);
        }
    }

    #[cold]
    fn record(&mut self, db: usize, class: EventClass, name: &'static str, key: &[u8]) {
        self.events.push((db as u16, class, name, key.to_vec()));
    }

    /// Notes that a key which somebody waits for has changed.
    pub(super) fn key_is_ready(&mut self, ready: ReadyKey) {
        /// How far back a key is looked for that was noted already; noting it twice costs only time.
        const LOOK_BACK: usize = 8;
        if !self
            .ready
            .iter()
            .rev()
            .take(LOOK_BACK)
            .any(|known| *known == ready)
        {
            self.ready.push_back(ready);
        }
    }
}
