//! Commands on strings.

mod append;
mod compare;
mod counter;
mod get;
mod lcs;
mod multi;
mod options;
mod set;
#[cfg(test)]
mod tests;

use resp::Args;

use super::{DataCommand, Group, KeyFlags, KeySpec, Spec, StringInput};

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &get::GET,
    &get::GETDEL,
    &get::GETEX,
    &get::GETSET,
    &get::GETRANGE,
    &get::SUBSTR,
    &get::STRLEN,
    &set::SET,
    &set::SETNX,
    &set::SETEX,
    &set::PSETEX,
    &multi::MGET,
    &multi::MSET,
    &multi::MSETNX,
    &multi::MSETEX,
    &compare::DIGEST,
    &compare::DELEX,
    &counter::INCR,
    &counter::DECR,
    &counter::INCRBY,
    &counter::DECRBY,
    &counter::INCRBYFLOAT,
    &append::APPEND,
    &append::SETRANGE,
    &lcs::LCS,
];

pub use append::append_string;
pub use counter::increase;
pub use set::store_string;

/// What the group's declarations have in common.
const STRING: Spec = Spec {
    group: Group::String,
    ..Spec::DEFAULT
};

/// One key whose value is given out.
const KEY_RO_ACCESS: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.union(KeyFlags::ACCESS))];
/// One key whose value is given out and changed.
const KEY_RW_UPDATE: &[KeySpec] = &[KeySpec::at(
    1,
    KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE),
)];

/// The value at argument `index`, big ones by reference.
fn input<'a>(args: Args<'a>, index: usize) -> StringInput<'a> {
    match args.shared(index) {
        Some(bytes) => StringInput::Shared(bytes.clone()),
        None => StringInput::Bytes(args.get(index)),
    }
}
