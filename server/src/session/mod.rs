//! A session: who is connected, to which tenant and database, in which protocol,
//! and what to do with a batch of requests. It never sees a socket.

mod execute;
mod job;
mod long;
mod plan;
mod prefetch;
mod refuse;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use resp::{Limits, Protocol};

use crate::acl::{Access, Acl};
use crate::blocking::Blocked;
use crate::client::ClientInfo;
use crate::function::Prepared;
use crate::pubsub::Subscriptions;
use crate::tenant::Membership;
use crate::tracking::Entered;
use crate::transaction::Transaction;

pub use execute::{FLUSH_BYTES, Flow};
pub use job::Job;
pub use plan::{LastNamed, Planned, Verdict};
pub(crate) use prefetch::{Ahead, AheadKey};

/// What CLIENT REPLY asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReplyMode {
    /// Replies are sent.
    #[default]
    On,
    /// No replies.
    Off,
    /// None for the next command.
    SkipNext,
    /// None for this command.
    SkipThis,
}

/// One connection's state above the socket.
pub struct Session {
    /// It came over a socket of its tenant, which it does not leave.
    pub is_bound: bool,
    /// What others may know of it.
    pub client: Arc<ClientInfo>,
    /// The tenant it belongs to: its data, and all that its sessions share.
    pub tenant: Rc<Membership>,
    /// Selected database.
    pub db: usize,
    /// Reply protocol.
    pub protocol: Protocol,
    /// What it may do.
    pub access: Access,
    /// CLIENT REPLY.
    pub reply_mode: ReplyMode,
    /// CLIENT NO-TOUCH.
    pub no_touch: bool,
    /// What it queued since MULTI and what it watches; none for most.
    pub transaction: Option<Box<Transaction>>,
    /// Spares looking up the name of a command that repeats.
    pub last_named: LastNamed,
    /// What it subscribes to; none for most.
    pub subscriptions: Option<Box<Subscriptions>>,
    /// What it waits for; none for most.
    pub blocked: Option<Box<Blocked>>,
    /// Its commands may not wait: a transaction is being run.
    pub denies_waiting: bool,
    /// What it asked for with CLIENT TRACKING; none for most.
    pub tracking: Option<Box<Entered>>,
    /// Memory is short: what may be run is asked for every single command.
    pub is_crowded: bool,
    /// The command that is to run next has found that it takes long.
    pub goes_long: bool,
    /// The command that runs next has run before, up to where it found that.
    pub runs_again: bool,
    /// A script runs its commands.
    pub in_script: bool,
    /// Requests that were taken from its tenant's rate of operations and have not run yet.
    pub allowance: u64,
    /// Libraries taken in for what it is about to run; none for most.
    pub prepared: Option<Box<Prepared>>,
    /// Set by a command after whose reply the connection closes (QUIT).
    pub closing: bool,
}

impl Session {
    /// A fresh session of a connection, with the rights of one that has not logged in.
    pub fn new(client: Arc<ClientInfo>, acl: &Acl, tenant: Membership) -> Self {
        let is_bound = !tenant.is_default();
        tenant.show_on(&client);
        Session {
            client,
            is_bound,
            tenant: Rc::new(tenant),
            db: 0,
            protocol: Protocol::Resp2,
            access: Access::of_connection(acl, !is_bound),
            reply_mode: ReplyMode::On,
            no_touch: false,
            transaction: None,
            last_named: LastNamed::default(),
            subscriptions: None,
            blocked: None,
            denies_waiting: false,
            tracking: None,
            is_crowded: false,
            allowance: 0,
            goes_long: false,
            runs_again: false,
            in_script: false,
            prepared: None,
            closing: false,
        }
    }

    /// Selects a database.
    pub fn select(&mut self, db: usize) {
        self.db = db;
        self.client.db.store(db, Relaxed);
    }

    /// Switches the reply protocol.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
        self.client
            .resp
            .store(if protocol == Protocol::Resp3 { 3 } else { 2 }, Relaxed);
    }

    /// The request limits that hold for this session.
    pub fn limits(&self, bulk_len_max: u64) -> Limits {
        Limits {
            bulk_len_max,
            unauthenticated: self.access.is_locked(),
            ..Limits::default()
        }
    }
}
