//! Commands on sets.

mod algebra;
mod diff;
mod inter;
mod members;
mod operands;
mod random;
mod scan;
mod smove;
mod spop;
mod store;
#[cfg(test)]
mod tests;
mod union;
mod update;

use resp::ReplyWriter;

use super::{DataCommand, Group, KeyFlags, KeySpec, Spec};
use crate::types::Item;

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &update::SADD,
    &update::SREM,
    &smove::SMOVE,
    &members::SCARD,
    &members::SISMEMBER,
    &members::SMISMEMBER,
    &members::SMEMBERS,
    &spop::SPOP,
    &random::SRANDMEMBER,
    &inter::SINTER,
    &inter::SINTERSTORE,
    &inter::SINTERCARD,
    &union::SUNION,
    &union::SUNIONSTORE,
    &diff::SDIFF,
    &diff::SDIFFSTORE,
    &scan::SSCAN,
];

pub use update::{add_members, remove_members};

/// What the group's declarations have in common.
const SET: Spec = Spec {
    group: Group::Set,
    ..Spec::DEFAULT
};

/// The flags of a key whose members are given out.
const RO_ACCESS: KeyFlags = KeyFlags::RO.union(KeyFlags::ACCESS);
/// One key at argument 1 whose members are given out.
const KEY_RO_ACCESS: &[KeySpec] = &[KeySpec::at(1, RO_ACCESS)];
/// All arguments are keys whose members are given out.
const KEYS_RO_ACCESS: &[KeySpec] = &[KeySpec::range(1, -1, 1, RO_ACCESS)];

/// Writes one member.
fn reply_item(reply: &mut ReplyWriter<'_>, item: Item<'_>) {
    match item {
        Item::Int(value) => reply.bulk_integer(value),
        Item::Bytes(bytes) => reply.bulk(bytes),
    }
}
