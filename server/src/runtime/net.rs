//! What all cores share about cores and connections, and how one core tells another something.

use super::driver::Driver;
use super::rate::Rates;
use super::relisten::Listening;
use crate::acl::Revocation;
use crate::connection::{Census, ConnectionLimits, Endpoint};
use crate::pubsub::Parcel;
use crate::shard::Mailbox;
use bytes::Bytes;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

/// A message to a core.
#[derive(Debug)]
pub enum Message {
    /// Serve this connection. It is counted as the core's already.
    Adopt(Accepted),
    /// Send these bytes to this connection, between replies.
    Push {
        /// The connection's id.
        client: u64,
        /// Bytes in wire format.
        bytes: Bytes,
    },
    /// Accept on these listeners as well.
    Listen(Vec<TcpListener>),
    /// Do nothing until then, as DEBUG SLEEP wants it.
    Sleep(Instant),
    /// Give memory that is not needed back to the system.
    Purge,
    /// Deliver what is in it.
    Parcel(Box<Parcel>),
    /// Disconnect the subscribers who may not subscribe any more to what they do.
    Revoke(Arc<Revocation>),
    /// Stop accepting and let every connection finish what it has received.
    Drain,
}

/// A connection nobody serves yet.
#[derive(Debug)]
pub struct Accepted {
    /// Its socket.
    pub socket: OwnedFd,
    /// Who is connected to what.
    pub endpoint: Endpoint,
    /// The tenant that the socket belongs to; none for the default one.
    pub tenant: Option<Arc<[u8]>>,
}

/// The part of the server's shared state that belongs to cores and connections.
pub struct Net {
    /// What every core waits on.
    pub driver: Driver,
    /// Connections counted per core; `maxclients`.
    pub census: Census,
    /// Limits of connections as configured now.
    pub limits: ConnectionLimits,
    /// Operations and bytes per second.
    pub rates: Rates,
    /// What is listened on, so that it can be ended from any core.
    pub listening: Listening,
    /// One mailbox per core.
    pub mailboxes: Box<[Mailbox<Message>]>,
}

impl Net {
    /// Sends `bytes` to a connection of any core. False when that core's mailbox is full.
    pub fn push(&self, core: usize, client: u64, bytes: Bytes) -> bool {
        let size = bytes.len() + size_of::<Message>();
        self.mailboxes[core]
            .try_send(Message::Push { client, bytes }, size)
            .is_ok()
    }

    /// Tells every core to give back what memory it does not need; one whose mailbox is full has other work.
    pub fn purge(&self) {
        for mailbox in &self.mailboxes {
            let _ = mailbox.try_send(Message::Purge, size_of::<Message>());
        }
    }

    /// Has all cores but `own` do nothing until then.
    pub fn sleep(&self, own: usize, until: Instant) {
        for (core, mailbox) in self.mailboxes.iter().enumerate() {
            if core != own {
                let _ = mailbox.try_send(Message::Sleep(until), 0);
            }
        }
    }

    /// Tells every core to drain. A full mailbox is being emptied, so this may spin for a moment.
    pub fn drain(&self) {
        for mailbox in &self.mailboxes {
            while mailbox.try_send(Message::Drain, 0).is_err() {
                std::thread::yield_now();
            }
        }
    }
}
