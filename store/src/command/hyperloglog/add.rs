//! PFADD.

use resp::Args;

use super::{HYPERLOGLOG, store};
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
    let changes = match super::edit(&mut ctx.keys, key)? {
        Some(mut hll) if hll.encoding() == Encoding::Dense => {
            let raised = proposals.filter(|&proposal| hll.raise_dense(proposal));
            let raised = raised.count() as u64;
            if raised > 0 {
                hll.mark_stale();
            }
            raised
        }
        Some(hll) => {
            let copy = Hll::check(hll.bytes().to_vec())?;
            add_to_copy(ctx, key, copy, 0, proposals)?
        }
        None => add_to_copy(ctx, key, Hll::empty(), 1, proposals)?,
    };
    if changes > 0 {
        ctx.keys.changed(EventClass::STRING, "pfadd", key);
        ctx.keys.add_dirty(changes - 1);
    }
    ctx.reply.integer(i64::from(changes > 0));
    Ok(())
}

/// Adds to a sparse one, whose size changes, and stores it if anything has changed, so many things `before`; how many
/// there are. What was raised before registers turn out to be corrupted stays.
fn add_to_copy(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    mut hll: Hll<Vec<u8>>,
    before: u64,
    mut proposals: impl Iterator<Item = Proposal>,
) -> Result<u64, CommandError> {
    let sparse_bytes_max = ctx.config.hll_sparse_bytes_max;
    let mut changes = before;
    let outcome = proposals.try_for_each(|proposal| {
        changes += u64::from(hll.raise(proposal, sparse_bytes_max)?);
        Ok(())
    });
    if changes > 0 {
        if outcome.is_ok() {
            hll.mark_stale();
        }
        store(&mut ctx.keys, key, hll)?;
    }
    outcome.map(|()| changes)
}
