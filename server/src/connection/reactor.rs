//! What the connections of one core share.

use super::census::Census;
use super::limits::ConnectionLimits;
use super::link::Links;
use super::pool::Pool;
use crate::core::Core;
use crate::shard::WakeLane;
use std::cell::Cell;
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
    /// Connections of all cores, counted.
    pub census: Arc<Census>,
    /// Configured limits.
    pub limits: Arc<ConnectionLimits>,
    /// The server is shutting down: nobody is accepted any more.
    pub stopping: Cell<bool>,
}
