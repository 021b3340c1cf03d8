//! ACL LOG: what was denied of late, alike entries counted together.

use std::collections::VecDeque;

/// Two denials alike within this time are one entry.
const GROUPING_MAX_MS: u64 = 60_000;

/// So many of the latest entries are looked at for one alike.
const GROUPING_ENTRIES: usize = 10;

/// Why something was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The command.
    Command,
    /// A key.
    Key,
    /// A channel.
    Channel,
    /// The password.
    Auth,
}

impl Reason {
    /// How many reasons there are.
    pub const COUNT: usize = 4;

    /// As ACL LOG names it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
            Reason::Auth => "auth",
        }
    }
}

/// Where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A client, by itself.
    TopLevel,
    /// A transaction.
    Multi,
    /// A script.
    Lua,
}

impl Context {
    /// As ACL LOG names it.
    pub fn name(self) -> &'static str {
        match self {
            Context::TopLevel => "toplevel",
            Context::Multi => "multi",
            Context::Lua => "lua",
        }
    }
}

/// What was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Why.
    pub reason: Reason,
    /// Where it came from.
    pub context: Context,
    /// The command, key or channel; for a password the command as it was spelled.
    pub object: Box<[u8]>,
    /// The user.
    pub user: Box<[u8]>,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Number of the entry since the start.
    pub id: u64,
    /// How often.
    pub count: u64,
    /// What.
    pub denied: Denied,
    /// The first time, ms since the epoch.
    pub created_at_ms: u64,
    /// The last time.
    pub updated_at_ms: u64,
    /// The client of the last time, as CLIENT LIST describes it.
    pub client: Box<[u8]>,
}

/// The entries, the latest first.
#[derive(Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    next_id: u64,
}

impl Log {
    /// Adds a denial, to an entry alike if there is one, and keeps `len_max` entries.
    pub fn add(&mut self, denied: Denied, client: Box<[u8]>, now_ms: u64, len_max: usize) {
        let alike = self
            .entries
            .iter()
            .take(GROUPING_ENTRIES)
            .position(|entry| {
                entry.denied == denied && now_ms.abs_diff(entry.updated_at_ms) <= GROUPING_MAX_MS
            });
        let known = alike.and_then(|at| self.entries.remove(at));
        let is_new = known.is_none();
        let entry = match known {
            Some(entry) => Entry {
                count: entry.count + 1,
                updated_at_ms: now_ms,
                client,
                ..entry
            },
            None => Entry {
                id: self.next_id,
                count: 1,
                denied,
                created_at_ms: now_ms,
                updated_at_ms: now_ms,
                client,
            },
        };
        self.next_id += u64::from(is_new);
        self.entries.push_front(entry);
        if is_new {
            self.entries.truncate(len_max);
        }
    }

    /// The latest entries, `count` at most.
    pub fn latest(&self, count: usize) -> Vec<Entry> {
        self.entries.iter().take(count).cloned().collect()
    }

    /// Forgets all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(object: &str) -> Denied {
        Denied {
            reason: Reason::Key,
            context: Context::TopLevel,
            object: object.as_bytes().into(),
            user: b"alice"[..].into(),
        }
    }

    fn shown(log: &Log) -> Vec<(u64, u64, String)> {
        let entries = log.latest(usize::MAX);
        let show = |entry: &Entry| {
            let object = String::from_utf8_lossy(&entry.denied.object).into_owned();
            (entry.id, entry.count, object)
        };
        entries.iter().map(show).collect()
    }

    #[test]
    fn entries_alike_are_counted_for_a_minute() {
        let mut log = Log::default();
        let mut add = |object, now_ms| log.add(denied(object), b"id=1"[..].into(), now_ms, 3);
        add("a", 0);
        add("b", 1);
        add("a", 60_000);
        add("b", 60_002);
        assert_eq!(
            shown(&log),
            [(2, 1, "b".into()), (0, 2, "a".into()), (1, 1, "b".into())]
        );
        log.add(denied("c"), b""[..].into(), 60_003, 3);
        assert_eq!(shown(&log).len(), 3);
        log.clear();
        assert_eq!(shown(&log), []);
    }
}
