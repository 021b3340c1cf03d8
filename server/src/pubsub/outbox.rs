//! One core's parcels to the others, until they are sent at the end of a batch of requests.

use std::cell::{Cell, RefCell};

use super::Parcel;
use crate::runtime::{Message, Net};
use crate::shard::TaskNode;

/// Parcels that are being filled, one per core.
pub struct Outbox {
    parcels: Box<[RefCell<Parcel>]>,
    has_any: Cell<bool>,
}

impl Outbox {
    /// Empty parcels to so many cores.
    pub fn new(cores: usize) -> Self {
        Self {
            parcels: (0..cores).map(|_| RefCell::default()).collect(),
            has_any: Cell::new(false),
        }
    }

    /// Adds something to the parcel for a core.
    pub fn fill(&self, core: usize, add: impl FnOnce(&mut Parcel)) {
        self.has_any.set(true);
        add(&mut self.parcels[core].borrow_mut());
    }

    /// Whether there is anything to send.
    #[inline]
    pub fn has_any(&self) -> bool {
        self.has_any.get()
    }

    /// Sends all parcels, waiting for room in the mailboxes. When `task` is killed while it waits, what it would have sent is lost.
    pub async fn send(&self, net: &Net, task: &TaskNode) {
        self.has_any.set(false);
        for (core, mailbox) in net.mailboxes.iter().enumerate() {
            if let Some((message, bytes)) = self.take(core) {
                // A core that has stopped has no subscribers.
                let _ = mailbox.send(task, message, bytes).await;
            }
        }
    }

    /// Sends what fits without waiting; the rest waits for the next call. For who is no task that could wait.
    pub fn send_now(&self, net: &Net) {
        self.has_any.set(false);
        for (core, mailbox) in net.mailboxes.iter().enumerate() {
            if let Some((message, bytes)) = self.take(core)
                && let Err(Message::Parcel(parcel)) = mailbox.try_send(message, bytes)
            {
                self.has_any.set(true);
                self.parcels[core].replace(*parcel);
            }
        }
    }

    fn take(&self, core: usize) -> Option<(Message, usize)> {
        let parcel = self.parcels[core].take();
        (!parcel.is_empty()).then(|| {
            let bytes = parcel.used_bytes();
            (Message::Parcel(Box::new(parcel)), bytes)
        })
    }
}
