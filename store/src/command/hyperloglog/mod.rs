//! Commands that count different elements. A HyperLogLog is a string in the representation of [`types::hyperloglog`](crate::types::hyperloglog).

mod add;
mod count;
mod debug;
mod merge;
mod self_test;
#[cfg(test)]
mod tests;

use super::{Categories, CommandError, DataCommand, Group, Key, Keys, Spec};
use crate::types::hyperloglog::{Hll, HllError};
use crate::value::{StringRef, StringValue, Value};

/// The group's commands.
pub(super) static TABLE: &[&DataCommand] = &[
    &add::PFADD,
    &count::PFCOUNT,
    &merge::PFMERGE,
    &debug::PFDEBUG,
    &self_test::PFSELFTEST,
];

/// What the group's declarations have in common.
const HYPERLOGLOG: Spec = Spec {
    since: "2.8.9",
    group: Group::HyperLogLog,
    categories: Categories::HYPERLOGLOG,
    ..Spec::DEFAULT
};

impl From<HllError> for CommandError {
    fn from(error: HllError) -> Self {
        CommandError::text(match error {
            HllError::NotHyperLogLog => "WRONGTYPE Key is not a valid HyperLogLog string value.",
            HllError::Corrupted => "INVALIDOBJ Corrupted HLL object detected",
        })
    }
}

/// Elements of other commands that merging one value is worth.
const ELEMENTS_PER_VALUE: usize = 64;

/// Sees a string as a HyperLogLog.
fn view(value: StringRef<'_>) -> Result<Hll<&[u8]>, CommandError> {
    let bytes = match value {
        // Too short for one.
        StringRef::Int(_) => b"",
        StringRef::Bytes(bytes) => bytes,
        StringRef::Shared(bytes) => &bytes[..],
    };
    Ok(Hll::check(bytes)?)
}

/// The HyperLogLog at `key`, to be changed in place.
fn edit<'a>(
    keys: &'a mut Keys<'_>,
    key: Key<'_>,
) -> Result<Option<Hll<&'a mut [u8]>>, CommandError> {
    let Some(string) = keys.open_string(key)? else {
        return Ok(None);
    };
    let len = view(string.value())?.bytes().len();
    Ok(Some(Hll::check(string.into_buffer(len).bytes)?))
}

/// Puts a HyperLogLog in the place of the string at `key`, if any. The expiry stays.
fn store(keys: &mut Keys<'_>, key: Key<'_>, hll: Hll<Vec<u8>>) -> Result<(), CommandError> {
    let old_len = keys.edit_string(key)?.map_or(0, |value| value.len());
    let bytes = hll.into_bytes();
    if bytes.len() >= old_len {
        let buffer = keys.string_buffer(key, bytes.len())?;
        buffer.bytes.copy_from_slice(&bytes);
    } else {
        // Joined opcodes can make it shorter, which a buffer never gets.
        let expire_at_ms = keys.expire_at_ms(key).flatten();
        keys.put(key, Value::String(StringValue::Raw(bytes)), expire_at_ms);
    }
    Ok(())
}
