//! PFADD.

use resp::Args;

use super::{HYPERLOGLOG, store, view};
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Spec,
};
use crate::types::hyperloglog::{Encoding, Hll, Proposal};

pub(super) static PFADD: DataCommand = DataCommand {
    spec: Spec {
        name: "pfadd",
        summary: "Adds elements to a HyperLogLog, and says whether its count may have changed.",
        complexity: "O(1) to add every element.",
        arity: -2,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::FAST),
        keys: &[KeySpec::at(1, KeyFlags::RW.union(KeyFlags::INSERT))],
        syntax: "key [element [...]]",
        ..HYPERLOGLOG
    },
    run: pfadd,
    subcommands: &[],
};

fn pfadd(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let proposals = args.tail(2).iter().map(Proposal::of);
    let found = match ctx.keys.edit_string(key)? {
        None => None,
        Some(value) => Some(view(value)?.encoding()),
    };
    let changes = match found {
        Some(Encoding::Dense) => add_in_place(ctx, key, proposals)?,
        Some(Encoding::Sparse) => add_to_copy(ctx, key, proposals)?,
        None => {
            store(&mut ctx.keys, key, Hll::empty())?;
            1 + add_to_copy(ctx, key, proposals)?
        }
    };
    if changes > 0 {
        if let Some(mut hll) = super::edit(&mut ctx.keys, key)? {
            hll.mark_stale();
        }
        ctx.keys.changed(EventClass::STRING, "pfadd", key);
        ctx.keys.add_dirty(changes - 1);
    }
    ctx.reply.integer(i64::from(changes > 0));
    Ok(())
}

/// Adds to a dense one; how many registers were raised.
fn add_in_place(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    proposals: impl Iterator<Item = Proposal>,
) -> Result<u64, CommandError> {
    let Some(mut hll) = super::edit(&mut ctx.keys, key)? else {
        return Ok(0);
    };
    let raised = proposals.filter(|&proposal| hll.raise_dense(proposal));
    Ok(raised.count() as u64)
}

/// Adds to a sparse one, whose size changes; how many registers were raised. What was raised before
/// registers turn out to be corrupted stays.
fn add_to_copy(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    mut proposals: impl Iterator<Item = Proposal>,
) -> Result<u64, CommandError> {
    let sparse_bytes_max = ctx.config.hll_sparse_bytes_max;
    let Some(hll) = super::edit(&mut ctx.keys, key)? else {
        return Ok(0);
    };
    let mut hll = Hll::check(hll.bytes().to_vec())?;
    let mut raised = 0;
    let outcome = proposals.try_for_each(|proposal| {
        raised += u64::from(hll.raise(proposal, sparse_bytes_max)?);
        Ok(())
    });
    if raised > 0 {
        store(&mut ctx.keys, key, hll)?;
    }
    outcome.map(|()| raised)
}
