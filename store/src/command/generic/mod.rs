//! Commands on keys of any type.

mod copy;
mod delete;
mod dump;
mod exists;
mod expire;
mod expire_condition;
mod keys;
mod move_key;
mod object;
mod rename;
mod restore;
mod scan;
mod sort;
#[cfg(test)]
mod tests;
mod ttl;

use super::{Categories, CommandError, DataCommand, Group, KeyFlags, KeySpec, Spec};

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &delete::DEL,
    &delete::UNLINK,
    &exists::EXISTS,
    &exists::TOUCH,
    &exists::TYPE,
    &rename::RENAME,
    &rename::RENAMENX,
    &copy::COPY,
    &move_key::MOVE,
    &expire::EXPIRE,
    &expire::PEXPIRE,
    &expire::EXPIREAT,
    &expire::PEXPIREAT,
    &expire::PERSIST,
    &ttl::TTL,
    &ttl::PTTL,
    &ttl::EXPIRETIME,
    &ttl::PEXPIRETIME,
    &keys::KEYS,
    &keys::RANDOMKEY,
    &scan::SCAN,
    &sort::SORT,
    &sort::SORT_RO,
    &object::OBJECT,
    &dump::DUMP,
    &restore::RESTORE,
];

pub use delete::delete;
pub use expire::expire_in_ms;
pub use ttl::time_to_live_ms;

/// What the group's declarations have in common.
const GENERIC: Spec = Spec {
    group: Group::Generic,
    categories: Categories::KEYSPACE,
    ..Spec::DEFAULT
};

/// One key, looked at from outside.
const KEY_RO: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO)];
/// All arguments are keys, looked at from outside.
const KEYS_RO: &[KeySpec] = &[KeySpec::range(1, -1, 1, KeyFlags::RO)];
/// One key about which something is given out.
const KEY_RO_ACCESS: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.union(KeyFlags::ACCESS))];
/// One key whose expiry changes.
const KEY_RW_UPDATE: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::UPDATE))];

/// Source and destination are one.
const SAME_OBJECT: CommandError =
    CommandError::text("ERR source and destination objects are the same");
