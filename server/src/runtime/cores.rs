//! The core threads: one runtime each, from their first task to their last connection.

use super::accept::{accept_tcp, accept_unix, adopt};
use super::cron;
use super::listen::CoreListeners;
use super::net::Message;
use crate::acl;
use crate::allocator::kept::Keeping;
use crate::allocator::release_unused;
use crate::connection::{Reactor, run_with_pauses};
use crate::core::Core;
use crate::pubsub::{open_parcel, push};
use crate::server::Server;
use crate::shard::Inbox;
use nix::sys::socket::{Shutdown, shutdown};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tracing::{debug, error, warn};

/// What a core thread starts with.
pub struct CoreSeat {
    /// Index of the core.
    pub index: usize,
    /// Seed of its random numbers.
    pub random_seed: u64,
    /// The receiving end of its mailbox.
    pub inbox: Inbox<Message>,
    /// The sockets it accepts on.
    pub listeners: CoreListeners,
    /// Whether to pin it to the CPU of its index.
    pub pinned: bool,
}

impl CoreSeat {
    /// Starts the core's thread. It ends when the server has drained.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn spawn(self, server: Arc<Server>) -> io::Result<JoinHandle<io::Result<()>>> {
        let name = format!("redox-core-{}", self.index);
        thread::Builder::new().name(name).spawn(move || {
            if self.pinned {
                pin_to_cpu(self.index);
            }
            let index = self.index;
            let ended = server
                .net
                .driver
                .block_on(self.run(Arc::clone(&server)))
                .and_then(|ended| ended);
            if let Err(error) = &ended {
                error!(core = index, "the core stopped: {error}");
            }
            ended
        })
    }

    async fn run(self, server: Arc<Server>) -> io::Result<()> {
        let lane = Arc::clone(server.net.mailboxes[self.index].wake_lane());
        let _in_runtime = lane.enter_runtime();
        let _keeping = Keeping::begin();
        let core = Rc::new(Core::new(self.index, server, self.random_seed));
        let reactor = Rc::new(Reactor::new(core, lane));
        let addressee = Rc::clone(&reactor);
        monoio::spawn(async move {
            if let Err(error) = self.inbox.run(|message| deliver(&addressee, message)).await {
                error!(
                    core = addressee.core.index,
                    "the core's mailbox broke: {error}"
                );
            }
        });
        for listener in self.listeners.tcp {
            accept_tcp(&reactor, listener)?;
        }
        if let Some(listener) = self.listeners.unix {
            accept_unix(&reactor, listener, None)?;
        }
        for (listener, tenant) in self.listeners.of_tenants {
            accept_unix(&reactor, listener, Some(tenant))?;
        }
        debug!(core = self.index, "the core is up");
        run_with_pauses(&reactor, cron::run(&reactor)).await;
        Ok(())
    }
}

/// Acts on a message from another core.
fn deliver(reactor: &Rc<Reactor>, message: Message) {
    match message {
        Message::Adopt(_) if reactor.stopping.get() => {
            reactor.net().census.dismiss(reactor.core.index)
        }
        Message::Adopt(accepted) => adopt(reactor, accepted),
        Message::Push { client, bytes } => {
            if let Some(link) = reactor.links.get(client) {
                push(&reactor.core.server, &link, |mail| mail.push_shared(bytes));
            }
        }
        Message::Listen(_) if reactor.stopping.get() => {}
        Message::Listen(listeners) => {
            for listener in listeners {
                if let Err(error) = accept_tcp(reactor, listener) {
                    error!(core = reactor.core.index, "not listening: {error}");
                }
            }
        }
        Message::Sleep(until) => {
            thread::sleep(until.saturating_duration_since(Instant::now()));
        }
        Message::Purge => {
            reactor.pool.trim();
            release_unused();
        }
        Message::Parcel(parcel) => open_parcel(&reactor.core, &parcel),
        Message::Revoke(revocation) => acl::disconnect(&reactor.core, &revocation),
        Message::Drain => stop(reactor),
    }
}

/// Nobody new comes in, and every connection's input ends behind what it has received.
fn stop(reactor: &Reactor) {
    reactor.stopping.set(true);
    for listener in reactor.listeners.take() {
        let _ = shutdown(listener, Shutdown::Both);
    }
    reactor
        .core
        .server
        .clients
        .end_input_of_core(reactor.core.index);
    reactor.links.nudge();
}

fn pin_to_cpu(cpu: usize) {
    if let Err(error) = monoio::utils::bind_to_cpu_set([cpu]) {
        warn!(core = cpu, "the core is not pinned: {error}");
    }
}
