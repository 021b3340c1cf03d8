//! What the connections of one core share.

use super::link::Links;
use super::pool::Pool;
use crate::core::Core;
use crate::runtime::Net;
use crate::shard::WakeLane;
use std::cell::{Cell, RefCell};
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;

/// One core's side of the connection layer.
pub struct Reactor {
    /// The core's state for sessions.
    pub core: Rc<Core>,
    /// Its connections.
    pub links: Rc<Links>,
    /// Its spare buffers.
    pub pool: Pool,
    /// How its tasks are woken from elsewhere.
    pub lane: Arc<WakeLane>,
    /// The server is shutting down: nobody is accepted any more.
    pub stopping: Cell<bool>,
    /// The sockets this core accepts on.
    pub listeners: RefCell<Vec<RawFd>>,
}

impl Reactor {
    /// A core without connections.
    pub fn new(core: Rc<Core>, lane: Arc<WakeLane>) -> Self {
        Self {
            links: Rc::clone(&core.links),
            core,
            pool: Pool::default(),
            lane,
            stopping: Cell::new(false),
            listeners: RefCell::default(),
        }
    }

    /// What all cores share about connections.
    #[inline]
    pub fn net(&self) -> &Net {
        &self.core.server.net
    }
}
