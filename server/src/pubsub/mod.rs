//! Pub/sub: channels, patterns and shard channels, across all cores.
//!
//! ```text
//! PUBLISH ─▶ own core's registry ──▶ mail of the subscribers here
//!        └─▶ directory: who else?  ──▶ parcel per core ──▶ its mailbox ──▶ its registry ──▶ mail there
//! ```
//!
//! Every tenant has its own channels. Every core has a [`Registry`] of its own subscribers in each, which only its thread touches: delivering takes no lock. What all cores must know,
//! how many subscribers of a name each core has, is in the tenant's [`Directory`]; PUBLISH looks there only when another core has subscribers at
//! all. Messages to another core are collected in a [`Parcel`] and sent once per batch of requests, so there is at most one wake for them.
//!
//! A message is encoded once per core, and copied into the mail of each subscriber; a big one is shared. The mail of a connection
//! leaves in one write, however many messages it holds. A session's [`Subscriptions`] take themselves out of all tables when dropped.

mod commands;
mod directory;
mod introspect;
mod outbox;
mod parcel;
mod publish;
mod registries;
mod registry;
mod subscriptions;
mod wire;

pub(crate) use commands::COMMANDS;
pub use directory::{Directory, PatternCount};
pub use outbox::Outbox;
pub use parcel::Parcel;
pub use publish::{Publication, open_parcel, publish};
pub use registries::Registries;
pub use registry::{Registry, push};
pub use subscriptions::Subscriptions;

/// The three spaces of names one can subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Channels.
    Channel,
    /// Patterns of channels.
    Pattern,
    /// Channels of one slot of a cluster.
    Shard,
}

impl Kind {
    /// All of them, in the order of their discriminants.
    const ALL: [Kind; 3] = [Kind::Channel, Kind::Pattern, Kind::Shard];
}
