//! Commands on positions: sorted sets whose scores are cells of the globe ([`types::geo`](crate::types::geo)).

mod add;
mod arguments;
mod distance;
mod lookup;
mod numbers;
mod partial_sort;
mod search;
#[cfg(test)]
mod tests;

use super::{Categories, DataCommand, Group, KeyFlags, KeySpec, Spec};

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &add::GEOADD,
    &lookup::GEOPOS,
    &lookup::GEOHASH,
    &distance::GEODIST,
    &search::GEOSEARCH,
    &search::GEOSEARCHSTORE,
    &search::GEORADIUS,
    &search::GEORADIUS_RO,
    &search::GEORADIUSBYMEMBER,
    &search::GEORADIUSBYMEMBER_RO,
];

/// What the group's declarations have in common.
const GEO: Spec = Spec {
    since: "3.2.0",
    group: Group::Geo,
    categories: Categories::GEO,
    ..Spec::DEFAULT
};

/// The flags of a key whose members are given out.
const RO_ACCESS: KeyFlags = KeyFlags::RO.union(KeyFlags::ACCESS);
/// One key at argument 1 whose members are given out.
const KEY_RO_ACCESS: &[KeySpec] = &[KeySpec::at(1, RO_ACCESS)];
