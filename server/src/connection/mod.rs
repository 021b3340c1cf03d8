//! Connections: their sockets, buffers and tasks. `task` is the path of a request; everything else serves it.
//!
//! Nothing here knows a command, a key or a reply type.

mod census;
mod coalesce;
mod endpoint;
mod gather;
mod input;
mod limits;
mod link;
mod pool;
mod reactor;
mod task;
mod wire;

pub use census::{Census, TooManyClients};
pub use coalesce::run_with_pauses;
pub use endpoint::Endpoint;
pub use limits::{ConnectionLimits, OUTPUT_CEILING, OutputLimit};
pub use link::{Link, Links, OutputClass};
pub use pool::Pool;
pub use reactor::Reactor;
pub use task::serve;
