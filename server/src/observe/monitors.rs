//! The clients that said MONITOR, and the lines they get.
//!
//! Nobody monitors, mostly, and then nothing here is called: a core learns of the first monitor with its next batch of requests.

use std::fmt::Write as _;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use resp::Args;

use super::redact::{REDACTED, is_secret};
use crate::client::ClientInfo;
use crate::config::quote;
use crate::registry::Command;
use crate::session::Session;

/// A client that monitors: its core and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Monitor {
    /// The core that serves it.
    pub core: usize,
    /// The connection's id.
    pub client: u64,
    /// The tenant whose commands it is shown; the default one's monitors are shown all.
    pub tenant: u64,
}

/// All clients that monitor.
#[derive(Debug, Default)]
pub struct Monitors(Mutex<Vec<Monitor>>);

impl Monitors {
    /// Adds a client.
    pub fn insert(&self, client: &ClientInfo) {
        self.lock().push(Monitor {
            core: client.core,
            client: client.id,
            tenant: client.tenant.load(Relaxed),
        });
    }

    /// Removes a client.
    pub fn remove(&self, client: &ClientInfo) {
        self.lock().retain(|monitor| monitor.client != client.id);
    }

    /// Whether there are any.
    pub fn any(&self) -> bool {
        !self.lock().is_empty()
    }

    /// Those who are shown the commands of a tenant.
    pub fn of_tenant(&self, tenant: u64) -> Vec<Monitor> {
        let monitors = self.lock();
        let shown = |monitor: &&Monitor| monitor.tenant == 0 || monitor.tenant == tenant;
        monitors.iter().filter(shown).copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Monitor>> {
        // Every change leaves a whole list behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a command came from.
pub struct Source<'a> {
    /// The client; none for a script's command.
    client: Option<&'a ClientInfo>,
    /// The selected database.
    db: usize,
}

impl<'a> Source<'a> {
    /// What a session's commands come from.
    pub fn of(session: &'a Session) -> Self {
        Source {
            client: (!session.in_script).then_some(&*session.client),
            db: session.db,
        }
    }
}

/// The line of a command, in wire format: time, database, client, and every argument quoted.
pub fn line(command: &Command, args: Args<'_>, source: &Source<'_>, at_us: u64) -> Bytes {
    let mut head = String::with_capacity(64);
    // Writing to a String cannot fail.
    let _ = write!(
        head,
        "+{}.{:06} [{} ",
        at_us / 1_000_000,
        at_us % 1_000_000,
        source.db
    );
    match source.client {
        None => head.push_str("lua"),
        Some(client) if client.is_unix => {
            head.push_str("unix:");
            head.push_str(client.laddr.trim_end_matches(":0"));
        }
        Some(client) => head.push_str(&client.addr),
    }
    head.push(']');
    let mut line = head.into_bytes();
    for at in 0..args.len() {
        let arg = match is_secret(command, args, at) {
            true => REDACTED,
            false => args.get(at),
        };
        line.push(b' ');
        line.extend_from_slice(&quote(arg));
    }
    line.extend_from_slice(b"\r\n");
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Endpoint;
    use crate::registry::Registry;

    fn shown(name: &str, words: &[&[u8]]) -> String {
        let registry = Registry::new(&[]).expect("nothing is renamed");
        let command = registry.find_full(name.as_bytes()).expect("it exists");
        let client = ClientInfo::new(7, 0, -1, &Endpoint::Unix("/run/s".into()), 0);
        let line = line(
            command,
            Args::from_slices(words),
            &Source {
                client: Some(&client),
                db: 3,
            },
            1_700_000_000_000_042,
        );
        String::from_utf8(line.to_vec()).expect("quoted")
    }

    #[test]
    fn lines_are_as_redis_writes_them() {
        assert_eq!(
            shown("set", &[b"SeT", b"a \"b\"", b"\x00\n\xff"]),
            "+1700000000.000042 [3 unix:/run/s] \"SeT\" \"a \\\"b\\\"\" \"\\x00\\n\\xff\"\r\n"
        );
        assert_eq!(
            shown("auth", &[b"auth", b"secret"]),
            "+1700000000.000042 [3 unix:/run/s] \"auth\" \"(redacted)\"\r\n"
        );
    }

    #[test]
    fn monitors_come_and_go() {
        let monitors = Monitors::default();
        let client = ClientInfo::new(7, 1, -1, &Endpoint::Unix("s".into()), 0);
        client.tenant.store(5, Relaxed);
        monitors.insert(&client);
        let shown = Monitor {
            core: 1,
            client: 7,
            tenant: 5,
        };
        assert_eq!(monitors.of_tenant(5), [shown]);
        assert!(monitors.of_tenant(6).is_empty());
        monitors.remove(&client);
        assert!(!monitors.any());
    }
}
