//! Commands on streams.

mod ack;
mod add;
mod autoclaim;
mod block;
mod claim;
mod delete;
mod delete_ex;
mod group;
mod id;
mod info;
mod info_full;
mod pending;
mod radix;
mod range;
mod read;
mod read_args;
mod read_group;
mod reply;
mod set_id;
#[cfg(test)]
mod tests;
mod trim;

use resp::Args;

use super::{
    Categories, CommandError, DataCommand, Flags, Group, KeyFlags, KeySpec, Spec, c_string,
};

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &add::XADD,
    &range::XLEN,
    &range::XRANGE,
    &range::XREVRANGE,
    &delete::XDEL,
    &delete_ex::XDELEX,
    &delete_ex::XACKDEL,
    &trim::XTRIM,
    &read::XREAD,
    &read::XREADGROUP,
    &group::XGROUP,
    &ack::XACK,
    &pending::XPENDING,
    &claim::XCLAIM,
    &autoclaim::XAUTOCLAIM,
    &info::XINFO,
    &set_id::XSETID,
];

/// What the group's declarations have in common.
const STREAM: Spec = Spec {
    since: "5.0.0",
    group: Group::Stream,
    categories: Categories::STREAM,
    ..Spec::DEFAULT
};

/// One stream whose entries are given out.
const KEY_RO_ACCESS: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.union(KeyFlags::ACCESS))];
/// One stream that changes.
const KEY_RW_UPDATE: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::UPDATE))];
/// One stream that loses something.
const KEY_RW_DELETE: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::DELETE))];

/// A container of subcommands.
const CONTAINER: Spec = Spec {
    arity: -2,
    complexity: "Depends on subcommand.",
    categories: Categories::empty(),
    ..STREAM
};

/// A container's HELP.
const HELP: Spec = Spec {
    name: "help",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::LOADING.union(Flags::STALE),
    ..STREAM
};

/// The error that names a missing key or group; `parts` one after the other.
fn no_group(parts: &[&[u8]]) -> CommandError {
    let text: Vec<&[u8]> = parts.iter().map(|part| c_string(part)).collect();
    CommandError::quoting("NOGROUP ", &text.concat(), "")
}

/// What most commands on groups say about a key or group that is not there.
fn no_key_or_group(key: &[u8], group: &[u8]) -> CommandError {
    no_group(&[b"No such key '", key, b"' or consumer group '", group, b"'"])
}

/// What is wrong with the arguments of a container's subcommand.
fn subcommand_syntax(args: Args<'_>) -> CommandError {
    /// So much of a subcommand's name is shown.
    const NAME_SHOWN_MAX: usize = 128;
    let (container, name) = (args.get(0).to_ascii_uppercase(), c_string(args.get(1)));
    let after = format!("'. Try {} HELP.", String::from_utf8_lossy(&container));
    CommandError::quoting(
        "ERR unknown subcommand or wrong number of arguments for '",
        &name[..name.len().min(NAME_SHOWN_MAX)],
        &after,
    )
}
