//! What follows from commands besides their replies: key events and invalidations. Collected under the locks, delivered after.
//!
//! Commands get [`Effects`] that record only what somebody listens to, so with nobody listening this costs two loads a run. What was
//! recorded is noted on the core while the slices are held, and delivered as soon as they are not, before any reply leaves.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use store::command::{Effects, EventClass};

use crate::core::Core;
use crate::pubsub::{Kind, Publication, publish};
use crate::tenant::Tenant;
use crate::tracking;

/// News of commands that have run, until they are delivered.
#[derive(Default)]
pub struct Aftermath {
    /// In which tenant, by whom (0 for nobody), and what.
    news: RefCell<Vec<(Arc<Tenant>, u64, Effects)>>,
    has_news: Cell<bool>,
    /// Event classes that are configured.
    events: Cell<EventClass>,
}

impl Aftermath {
    /// Takes over `notify-keyspace-events`: without a kind of channel nothing is sent.
    pub fn configure(&self, classes: EventClass) {
        let is_sent = classes.intersects(EventClass::KEYSPACE | EventClass::KEYEVENT);
        self.events.set(if is_sent {
            classes
        } else {
            EventClass::empty()
        });
    }
}

impl Core {
    /// What a command records: what somebody listens to.
    #[inline]
    pub fn effects(&self, tenant: &Tenant) -> Effects {
        let events = self.aftermath.events.get();
        Effects {
            enabled: match events.is_empty() || tenant.pubsub.is_silent() {
                true => EventClass::empty(),
                false => events,
            },
            broadcasts: tenant.tracking.broadcasts(),
            ..Effects::default()
        }
    }

    /// Takes what commands of `client` have recorded. Called with the slices locked, so that what happened first is noted first.
    #[inline]
    pub fn note_effects(&self, tenant: &Arc<Tenant>, client: u64, effects: Effects) {
        self.stats().changes.add(effects.dirty);
        if !tenant.is_default() {
            tenant.stats_of_core(self.index).changes.add(effects.dirty);
        }
        if effects.has_news() {
            self.aftermath
                .news
                .borrow_mut()
                .push((Arc::clone(tenant), client, effects));
            self.aftermath.has_news.set(true);
        }
    }

    /// Delivers what was noted. Called with no slice locked.
    #[inline]
    pub fn deliver_effects(&self) {
        if self.aftermath.has_news.get() {
            self.deliver_news();
        }
    }

    /// What is left over between requests: too many tracked keys, and parcels nobody could send.
    pub fn tidy_tracking(&self) {
        for tenant in self.tenants().iter() {
            tracking::shrink(self, tenant);
        }
        if self.outbox.has_any() {
            self.outbox.send_now(&self.server.net);
        }
    }

    #[cold]
    fn deliver_news(&self) {
        self.aftermath.has_news.set(false);
        for (tenant, client, effects) in self.aftermath.news.take() {
            for (db, _, name, key) in &effects.events {
                self.publish_event(&tenant, *db, name, key);
            }
            tracking::deliver(self, &tenant, client, &effects);
        }
    }

    fn publish_event(&self, tenant: &Arc<Tenant>, db: u16, name: &str, key: &[u8]) {
        let classes = self.aftermath.events.get();
        let send = |prefix: &str, what: &[u8], message: &[u8]| {
            let mut channel = format!("{prefix}@{db}__:").into_bytes();
            channel.extend_from_slice(what);
            let publication = Publication {
                kind: Kind::Channel,
                channel: &channel,
                message,
            };
            publish(self, tenant, &publication);
        };
        if classes.contains(EventClass::KEYSPACE) {
            send("__keyspace", key, name.as_bytes());
        }
        if classes.contains(EventClass::KEYEVENT) {
            send("__keyevent", name.as_bytes(), key);
        }
    }
}
