//! A tenant's data on one shard: [`Slice`] → [`Db`] → [`table::Table`] → [`Entry`] → value.
//!
//! No I/O, no clock and no threads here: time and randomness are parameters. No knowledge of commands, replies, events
//! or other slices either: callers remove due keys before they look, and tell the world what changed.

mod access;
mod compact;
mod db;
pub mod deadlines;
pub mod entry;
mod evict;
mod lease;
mod slice;
pub mod table;
#[cfg(test)]
mod tests;
mod tracked;
mod trash;
mod waiting;
mod watch;

pub use access::{Access, Tracking};
pub use compact::Compacted;
pub use db::{Collection, Db, Edit, Expired, Expiry, StringBuffer, StringEdit, WrongType};
pub use deadlines::SweepReport;
pub use entry::{Entry, StringInput};
pub use evict::{Eviction, Order, Scope};
pub use lease::Charge;
pub use slice::{Counters, Slice, Usage};
pub use tracked::{Tracked, Tracker};
pub use waiting::{LeadsTo, Waiting};
pub use watch::{Presence, WatchFlag, Watchers};
