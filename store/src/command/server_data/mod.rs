//! Commands on whole databases: how many keys they have, emptying and swapping them.

mod flush;
mod size;
mod swap;
#[cfg(test)]
mod tests;

use super::{Categories, DataCommand, Group, Routing, Spec};

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &size::DBSIZE,
    &flush::FLUSHDB,
    &flush::FLUSHALL,
    &swap::SWAPDB,
];

/// What the group's declarations have in common.
const WHOLE_DB: Spec = Spec {
    group: Group::Server,
    categories: Categories::KEYSPACE,
    routing: Routing::All,
    ..Spec::DEFAULT
};
