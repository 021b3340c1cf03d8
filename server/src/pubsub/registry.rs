//! One core's subscribers in one tenant, and delivery to them. Touched by the core's thread only.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use hashbrown::HashTable;
use resp::OutputBuffer;
use store::glob::glob_match;
use store::hash::hash_key;
use tracing::warn;

use super::wire::{Encoded, Payload};
use super::{Kind, PatternCount};
use crate::client::ClientInfo;
use crate::connection::{Link, OutputClass};
use crate::server::Server;
use crate::tenant::Tenant;

/// The subscribers of one core in one tenant.
pub struct Registry {
    core: usize,
    server: Arc<Server>,
    tenant: Arc<Tenant>,
    /// The patterns of all cores, as it saw them last.
    patterns: RefCell<(u64, Arc<[PatternCount]>)>,
    kinds: [RefCell<HashTable<Name>>; Kind::ALL.len()],
}

/// A name and who subscribes to it here.
struct Name {
    hash: u64,
    bytes: Rc<[u8]>,
    subscribers: Vec<Rc<Link>>,
}

/// A name as sessions remember it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) hash: u64,
    pub(super) bytes: Rc<[u8]>,
}

impl Registry {
    /// The registry of core `core`.
    pub fn new(core: usize, server: Arc<Server>, tenant: Arc<Tenant>) -> Self {
        Self {
            core,
            server,
            tenant,
            patterns: RefCell::new((0, Arc::new([]))),
            kinds: Default::default(),
        }
    }

    /// The hash that names are found by.
    pub(super) fn hash(&self, name: &[u8]) -> u64 {
        hash_key(&self.server.seed, name)
    }

    /// Adds a subscriber that is not one yet.
    pub(super) fn add(&self, kind: Kind, bytes: &[u8], link: &Rc<Link>) -> Known {
        let hash = self.hash(bytes);
        self.tenant.pubsub.add(kind, hash, bytes, self.core);
        let mut names = self.kinds[kind as usize].borrow_mut();
        let mut name = names
            .entry(hash, |name| *name.bytes == *bytes, |name| name.hash)
            .or_insert_with(|| Name {
                hash,
                bytes: bytes.into(),
                subscribers: Vec::new(),
            });
        let name = name.get_mut();
        name.subscribers.push(Rc::clone(link));
        Known {
            hash,
            bytes: Rc::clone(&name.bytes),
        }
    }

    /// Takes back [`add`](Self::add).
    pub(super) fn remove(&self, kind: Kind, known: &Known, link: &Rc<Link>) {
        self.tenant
            .pubsub
            .remove(kind, known.hash, &known.bytes, self.core);
        let mut names = self.kinds[kind as usize].borrow_mut();
        let Ok(mut found) = names.find_entry(known.hash, |name| *name.bytes == *known.bytes) else {
            return;
        };
        let subscribers = &mut found.get_mut().subscribers;
        if let Some(at) = subscribers.iter().position(|known| Rc::ptr_eq(known, link)) {
            subscribers.swap_remove(at);
        }
        if subscribers.is_empty() {
            found.remove();
        }
    }

    /// Delivers a message to this core's subscribers; how many times.
    pub fn deliver(&self, kind: Kind, hash: u64, channel: &[u8], payload: Payload<'_>) -> usize {
        let mut delivered = 0;
        let names = self.kinds[kind as usize].borrow();
        if let Some(name) = names.find(hash, |name| *name.bytes == *channel) {
            let label: &[u8] = match kind {
                Kind::Shard => b"smessage",
                Kind::Channel | Kind::Pattern => b"message",
            };
            let mut message = Encoded::push(&[label, channel], payload);
            self.push_to_all(&name.subscribers, &mut message);
            delivered += name.subscribers.len();
        }
        if kind == Kind::Channel {
            let patterns = self.kinds[Kind::Pattern as usize].borrow();
            for pattern in patterns.iter() {
                if glob_match(&pattern.bytes, channel) {
                    let words: [&[u8]; 3] = [b"pmessage", &pattern.bytes, channel];
                    let mut message = Encoded::push(&words, payload);
                    self.push_to_all(&pattern.subscribers, &mut message);
                    delivered += pattern.subscribers.len();
                }
            }
        }
        delivered
    }

    fn push_to_all(&self, links: &[Rc<Link>], message: &mut Encoded) {
        for link in links {
            let protocol = link.info.resp.load(Relaxed);
            push(&self.server, link, |mail| message.write(mail, protocol));
        }
    }

    /// Shows `visit` every name with every client that subscribes to it here.
    pub fn for_each(&self, mut visit: impl FnMut(Kind, &[u8], &ClientInfo)) {
        for kind in Kind::ALL {
            for name in self.kinds[kind as usize].borrow().iter() {
                for link in &name.subscribers {
                    visit(kind, &name.bytes, &link.info);
                }
            }
        }
    }

    /// The patterns of all cores.
    pub(super) fn patterns(&self) -> Arc<[PatternCount]> {
        let mut cached = self.patterns.borrow_mut();
        self.tenant.pubsub.patterns(&mut cached);
        Arc::clone(&cached.1)
    }

    /// Whether nobody subscribes here.
    pub fn is_empty(&self) -> bool {
        self.kinds.iter().all(|names| names.borrow().is_empty())
    }

    /// Tells a connection which output limit holds for it.
    pub(super) fn classify(link: &Link, is_subscriber: bool) {
        link.set_class(match is_subscriber {
            true => OutputClass::Pubsub,
            false => OutputClass::Normal,
        });
    }
}

/// Puts what `write` writes into a connection's mail, and closes the connection when it leaves too much untaken.
#[inline]
pub fn push(server: &Server, link: &Link, write: impl FnOnce(&mut OutputBuffer)) {
    let limit = server.net.limits.output_of(link.class());
    if !link.push(limit, write) {
        warn!(
            "Client id={} addr={} scheduled to be closed ASAP for overcoming of output buffer limits.",
            link.info.id, link.info.addr
        );
        server.clients.kill(link.info.id);
    }
    server.clients.note_memory(&link.info);
}
