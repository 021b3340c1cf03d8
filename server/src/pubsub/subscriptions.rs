//! What one session subscribes to.

use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use hashbrown::HashTable;
use resp::{OutputBuffer, Protocol};
use store::command::CommandError;

use super::registry::Known;
use super::{Kind, Registry};
use crate::connection::Link;
use crate::registry::Command;
use crate::session::Session;

/// A session's names. They leave the registry when this is dropped.
pub struct Subscriptions {
    link: Rc<Link>,
    registry: Rc<Registry>,
    kinds: [HashTable<Known>; Kind::ALL.len()],
    name_bytes: usize,
}

impl Subscriptions {
    /// None yet, of the connection behind `link`.
    pub fn new(registry: Rc<Registry>, link: Rc<Link>) -> Self {
        Registry::classify(&link, true);
        Self {
            link,
            registry,
            kinds: Default::default(),
            name_bytes: 0,
        }
    }

    /// Subscribes, if it is not subscribed yet.
    pub fn add(&mut self, kind: Kind, bytes: &[u8]) {
        let hash = self.registry.hash(bytes);
        let names = &mut self.kinds[kind as usize];
        if names.find(hash, |name| *name.bytes == *bytes).is_some() {
            return;
        }
        let known = self.registry.add(kind, bytes, &self.link);
        self.name_bytes += bytes.len();
        names.insert_unique(hash, known, |name| name.hash);
        self.note(kind);
    }

    /// Unsubscribes, if it is subscribed.
    pub fn remove(&mut self, kind: Kind, bytes: &[u8]) {
        let hash = self.registry.hash(bytes);
        let names = &mut self.kinds[kind as usize];
        if let Ok(found) = names.find_entry(hash, |name| *name.bytes == *bytes) {
            let (known, _) = found.remove();
            self.name_bytes -= bytes.len();
            self.registry.remove(kind, &known, &self.link);
            self.note(kind);
        }
    }

    /// The names of a kind.
    pub fn names(&self, kind: Kind) -> Vec<Rc<[u8]>> {
        let names = self.kinds[kind as usize].iter();
        names.map(|name| Rc::clone(&name.bytes)).collect()
    }

    /// What confirmations count: channels and patterns together, shard channels apart.
    pub fn count(&self, kind: Kind) -> usize {
        let len = |kind| self.kinds[kind as usize].len();
        match kind {
            Kind::Channel | Kind::Pattern => len(Kind::Channel) + len(Kind::Pattern),
            Kind::Shard => len(Kind::Shard),
        }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.kinds.iter().all(HashTable::is_empty)
    }

    /// The connection.
    pub fn link(&self) -> &Rc<Link> {
        &self.link
    }

    /// Puts the figures where CLIENT LIST sees them.
    fn note(&self, kind: Kind) {
        let info = &self.link.info;
        let len = self.kinds[kind as usize].len();
        info.subscriptions[kind as usize].store(len as u32, Relaxed);
        let tables = self.kinds.iter().map(HashTable::allocation_size);
        info.pubsub_bytes
            .store(self.name_bytes + tables.sum::<usize>(), Relaxed);
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        for kind in Kind::ALL {
            for known in std::mem::take(&mut self.kinds[kind as usize]) {
                self.registry.remove(kind, &known, &self.link);
            }
            self.link.info.subscriptions[kind as usize].store(0, Relaxed);
        }
        self.link.info.pubsub_bytes.store(0, Relaxed);
        Registry::classify(&self.link, false);
    }
}

impl Session {
    /// Whether it is in the state of RESP2 in which only few commands may be called.
    pub fn is_resp2_subscriber(&self) -> bool {
        self.subscriptions.is_some() && self.protocol == Protocol::Resp2
    }

    /// Moves what this session's own commands caused to be sent to it behind their replies.
    pub(crate) fn take_own_mail(&self, out: &mut OutputBuffer) {
        if let Some(subscriptions) = &self.subscriptions {
            subscriptions.link.take_mail(out);
        }
    }

    /// The error for a command that a subscriber may not call: in RESP2, its replies could not be told from messages.
    pub(crate) fn refuse_to_subscriber(&self, command: &Command) -> Option<CommandError> {
        const ALLOWED: [&str; 9] = [
            "ping",
            "subscribe",
            "ssubscribe",
            "sunsubscribe",
            "unsubscribe",
            "psubscribe",
            "punsubscribe",
            "quit",
            "reset",
        ];
        if !self.is_resp2_subscriber() || ALLOWED.contains(&command.full_name.as_str()) {
            return None;
        }
        let text = format!(
            "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
            command.full_name
        );
        Some(CommandError::Text(text.into()))
    }
}
