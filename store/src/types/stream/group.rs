//! A consumer group: how far it has read, what it has handed out and to whom, until it is acknowledged.

use super::id::Id;
use crate::encoding::ordered::{Ordered, OrderedKey};
use crate::mem::alloc_size;

/// See the module.
#[derive(Debug)]
pub struct Group {
    /// The last ID handed out as new.
    pub last_id: Id,
    /// How many entries were handed out, of all ever added; where that can be told.
    pub entries_read: Option<u64>,
    pending: Ordered<Id, Pending>,
    consumers: Ordered<u64, Consumer>,
    by_name: Ordered<Box<[u8]>, u64>,
    next_consumer: u64,
    /// Heap bytes of the consumers.
    consumer_bytes: usize,
}

/// An entry handed out and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// When it was handed out last, ms since the epoch.
    pub delivered_at_ms: u64,
    /// How often.
    pub deliveries: u64,
    /// To whom.
    pub consumer: ConsumerId,
}

/// A consumer's number in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerId(u64);

/// One of those who share the group's work.
#[derive(Clone, Debug)]
pub struct Consumer {
    name: Box<[u8]>,
    /// When it was last heard of, ms since the epoch.
    pub seen_at_ms: u64,
    /// When it last got an entry.
    pub active_at_ms: Option<u64>,
    pending: Ordered<Id, ()>,
}

impl Consumer {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// How many entries it has not acknowledged.
    #[must_use]
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// The entries it has not acknowledged, from `start` on.
    pub fn pending_from(&self, start: Id) -> impl Iterator<Item = Id> {
        self.pending.iter_from(&start).map(|(id, ())| *id)
    }

    fn mem_bytes(&self) -> usize {
        self.name.heap_bytes() + self.pending.mem_bytes()
    }
}

const KNOWN: &str = "what is pending belongs to a consumer of the group";

impl Group {
    /// A group that has read up to `last_id`.
    #[must_use]
    pub fn new(last_id: Id, entries_read: Option<u64>) -> Self {
        Group {
            last_id,
            entries_read,
            pending: Ordered::default(),
            consumers: Ordered::default(),
            by_name: Ordered::default(),
            next_consumer: 0,
            consumer_bytes: 0,
        }
    }

    /// Heap bytes held, those of this struct in a box included.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        alloc_size(size_of::<Self>())
            + self.pending.mem_bytes()
            + self.consumers.mem_bytes()
            + self.by_name.mem_bytes()
            + self.consumer_bytes
    }

    /// How many entries are not acknowledged.
    #[must_use]
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// The lowest and the highest ID not acknowledged.
    #[must_use]
    pub fn pending_bounds(&self) -> Option<(Id, Id)> {
        Some((*self.pending.first()?.0, *self.pending.last()?.0))
    }

    /// What is not acknowledged, from `start` on.
    pub fn pending_from(&self, start: Id) -> impl Iterator<Item = (Id, &Pending)> {
        self.pending
            .iter_from(&start)
            .map(|(id, pending)| (*id, pending))
    }

    /// What is known of an entry not acknowledged.
    #[must_use]
    pub fn pending(&self, id: Id) -> Option<&Pending> {
        self.pending.get(&id)
    }

    /// Number of consumers.
    #[must_use]
    pub fn consumers_len(&self) -> usize {
        self.by_name.len()
    }

    /// All consumers, by name.
    pub fn consumers(&self) -> impl Iterator<Item = &Consumer> {
        self.by_name
            .iter()
            .map(|(_, id)| self.consumer(ConsumerId(*id)))
    }

    /// A consumer.
    ///
    /// # Panics
    /// When it is not this group's.
    #[must_use]
    pub fn consumer(&self, id: ConsumerId) -> &Consumer {
        self.consumers.get(&id.0).expect(KNOWN)
    }

    /// The consumer of this name.
    #[must_use]
    pub fn consumer_named(&self, name: &[u8]) -> Option<ConsumerId> {
        self.by_name.get(name).map(|id| ConsumerId(*id))
    }

    /// Adds a consumer whose name is free.
    pub fn create_consumer(&mut self, name: &[u8], now_ms: u64) -> ConsumerId {
        let id = self.next_consumer;
        self.next_consumer += 1;
        let consumer = Consumer {
            name: name.into(),
            seen_at_ms: now_ms,
            active_at_ms: None,
            pending: Ordered::default(),
        };
        self.consumer_bytes += consumer.mem_bytes();
        self.consumers.insert(id, consumer);
        let replaced = self.by_name.insert(name.into(), id);
        debug_assert!(replaced.is_none(), "the name was free");
        ConsumerId(id)
    }

    /// Notes that a consumer was heard of.
    pub fn consumer_seen(&mut self, id: ConsumerId, now_ms: u64) {
        self.consumers.get_mut(&id.0).expect(KNOWN).seen_at_ms = now_ms;
    }

    /// Notes that a consumer got something.
    pub fn consumer_active(&mut self, id: ConsumerId, now_ms: u64) {
        self.consumers.get_mut(&id.0).expect(KNOWN).active_at_ms = Some(now_ms);
    }

    /// Removes a consumer with all that is pending with it; how much that was.
    pub fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let id = self.by_name.remove(name)?;
        let consumer = self.consumers.remove(&id).expect(KNOWN);
        self.consumer_bytes -= consumer.mem_bytes();
        for (id, ()) in consumer.pending.iter() {
            self.pending.remove(id);
        }
        Some(consumer.pending.len())
    }

    /// Hands an entry to a consumer, whoever had it before.
    pub fn deliver(&mut self, id: Id, to: ConsumerId, delivered_at_ms: u64, deliveries: u64) {
        let pending = Pending {
            delivered_at_ms,
            deliveries,
            consumer: to,
        };
        match self.pending.insert(id, pending) {
            Some(old) if old.consumer == to => return,
            Some(old) => self.with_pending_of(old.consumer, |ids| ids.remove(&id)),
            None => None,
        };
        self.with_pending_of(to, |ids| ids.insert(id, ()));
    }

    /// Notes that an entry was handed to its consumer once more.
    pub fn deliver_again(&mut self, id: Id, delivered_at_ms: u64) {
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.delivered_at_ms = delivered_at_ms;
            pending.deliveries = pending.deliveries.wrapping_add(1);
        }
    }

    /// Forgets an entry handed out; whether it was.
    pub fn acknowledge(&mut self, id: Id) -> bool {
        let Some(pending) = self.pending.remove(&id) else {
            return false;
        };
        self.with_pending_of(pending.consumer, |ids| ids.remove(&id));
        true
    }

    fn with_pending_of<R>(
        &mut self,
        consumer: ConsumerId,
        edit: impl FnOnce(&mut Ordered<Id, ()>) -> R,
    ) -> R {
        let ids = &mut self.consumers.get_mut(&consumer.0).expect(KNOWN).pending;
        let before = ids.mem_bytes();
        let result = edit(ids);
        self.consumer_bytes = self.consumer_bytes + ids.mem_bytes() - before;
        result
    }

    /// Frees about `items` of what the group owns; true when the rest can go at once. Good for nothing else afterwards.
    pub(super) fn free_step(&mut self, items: usize) -> bool {
        if !self.pending.free_step(items) {
            return false;
        }
        for _ in 0..items {
            let Some((id, consumer)) = self.consumers.first_mut() else {
                break;
            };
            let (id, before) = (*id, consumer.mem_bytes());
            let freed = consumer.pending.free_step(items);
            self.consumer_bytes = self.consumer_bytes + consumer.mem_bytes() - before;
            if !freed {
                return false;
            }
            let consumer = self.consumers.remove(&id).expect(KNOWN);
            self.consumer_bytes -= consumer.mem_bytes();
        }
        self.consumers.is_empty() && self.by_name.free_step(items)
    }

    /// Recomputes what it weighs; panics when that is wrong.
    #[cfg(test)]
    pub(super) fn audit_bytes(&self) {
        let consumers = self.consumers.iter().map(|(_, consumer)| consumer);
        let bytes: usize = consumers.map(Consumer::mem_bytes).sum();
        assert_eq!(self.consumer_bytes, bytes, "bytes of the consumers");
    }

    /// Compares the lists of what is pending; panics when they differ.
    #[cfg(test)]
    pub(super) fn audit(&self) {
        let consumers = self.consumers.iter().map(|(_, consumer)| consumer);
        let pending: usize = consumers.map(Consumer::pending_len).sum();
        assert_eq!(self.pending_len(), pending, "entries handed out");
        for (id, pending) in self.pending.iter() {
            let consumer = self.consumer(pending.consumer);
            assert!(consumer.pending.get(id).is_some());
        }
    }
}

impl Clone for Group {
    fn clone(&self) -> Self {
        let consumers = self.consumers.clone();
        let consumer_bytes = consumers
            .iter()
            .map(|(_, consumer)| consumer.mem_bytes())
            .sum();
        Group {
            pending: self.pending.clone(),
            consumers,
            by_name: self.by_name.clone(),
            consumer_bytes,
            ..*self
        }
    }
}
