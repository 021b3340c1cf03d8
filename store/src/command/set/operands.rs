//! The sets a set-algebra command works on, looked up together.

use crate::command::{Breath, CommandError, Ctx, Key, Keys};
use crate::types::Set;
use crate::value::ValueRef;
use resp::Args;

/// Looks each key of the arguments from `first` on up as Redis does, in order: expiring,
/// counting hits, refusing the first wrong type. What they hold is seen by [`sets`] afterwards.
pub(super) fn read_all<'k>(
    ctx: &mut Ctx<'_>,
    args: Args<'k>,
    first: usize,
    count: usize,
) -> Result<Vec<Key<'k>>, CommandError> {
    let mut keys = Vec::with_capacity(count);
    for index in first..first + count {
        let key = ctx.keys.arg(args, index);
        ctx.keys.read_set(key)?;
        keys.push(key);
    }
    Ok(keys)
}

/// Announces that about all members of `sets` will be gone over.
pub(super) fn breath_for(keys: &Keys<'_>, sets: &[Option<&Set>]) -> Result<Breath, CommandError> {
    keys.pace()
        .over(sets.iter().flatten().map(|set| set.len()).sum())
}

/// The sets behind `operands`, absent ones being `None`; all borrowed at once.
pub(super) fn sets<'s>(keys: &'s Keys<'_>, operands: &[Key<'_>]) -> Vec<Option<&'s Set>> {
    let set = |key: &Key<'_>| match keys.view(*key) {
        Some(ValueRef::Set(set)) => Some(set),
        Some(
            ValueRef::String(_)
            | ValueRef::List(_)
            | ValueRef::Hash(_)
            | ValueRef::Zset(_)
            | ValueRef::Stream(_),
        )
        | None => None,
    };
    operands.iter().map(set).collect()
}
