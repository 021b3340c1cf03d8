//! The server: cores, connections, sessions and the slices of data they share.

pub mod acl;
pub mod aftermath;
pub mod allocator;
pub mod blocking;
pub mod breathing;
pub mod client;
mod client_budget;
pub mod command;
pub mod config;
pub mod connection;
pub mod core;
pub mod error_counts;
pub mod logging;
pub mod memory;
pub mod observe;
pub mod process;
pub mod pubsub;
pub mod registry;
pub mod runtime;
pub mod server;
pub mod session;
pub mod shard;
pub mod snapshot;
pub mod tenant;
pub mod tracking;
pub mod transaction;
pub mod version;
