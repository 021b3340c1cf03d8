//! Commands on hashes.

mod counter;
mod expire;
mod field_list;
mod get_and_change;
mod options;
mod read;
mod remove;
mod sample;
mod scan;
mod setex;
#[cfg(test)]
mod tests;
mod ttl;
mod write;

use super::{DataCommand, Flags, Group, KeyFlags, KeySpec, Spec};

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &write::HSET,
    &write::HMSET,
    &write::HSETNX,
    &read::HGET,
    &read::HMGET,
    &read::HGETALL,
    &read::HKEYS,
    &read::HVALS,
    &read::HLEN,
    &read::HSTRLEN,
    &read::HEXISTS,
    &remove::HDEL,
    &counter::HINCRBY,
    &counter::HINCRBYFLOAT,
    &sample::HRANDFIELD,
    &scan::HSCAN,
    &expire::HEXPIRE,
    &expire::HPEXPIRE,
    &expire::HEXPIREAT,
    &expire::HPEXPIREAT,
    &expire::HPERSIST,
    &ttl::HTTL,
    &ttl::HPTTL,
    &ttl::HEXPIRETIME,
    &ttl::HPEXPIRETIME,
    &get_and_change::HGETEX,
    &get_and_change::HGETDEL,
    &setex::HSETEX,
];

pub use counter::increase_field;
pub use remove::remove_fields;
pub use write::set_pairs;

/// What the group's declarations have in common.
const HASH: Spec = Spec {
    since: "2.0.0",
    group: Group::Hash,
    ..Spec::DEFAULT
};

/// The flags of commands that add data in O(1).
const WRITE_FAST: Flags = Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST);
/// The flags of commands that read in O(1).
const READ_FAST: Flags = Flags::READONLY.union(Flags::FAST);

/// One hash whose length or fields' presence is asked for.
const KEY_RO: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO)];
/// One hash whose data is given out.
const KEY_RO_ACCESS: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.union(KeyFlags::ACCESS))];
/// One hash that is changed.
const KEY_RW_UPDATE: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::UPDATE))];
