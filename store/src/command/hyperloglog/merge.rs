//! PFMERGE.

use resp::Args;

use super::{ELEMENTS_PER_VALUE, HYPERLOGLOG, store, view};
use crate::command::{CommandError, Ctx, DataCommand, EventClass, Flags, KeyFlags, KeySpec, Spec};
use crate::types::hyperloglog::{Encoding, Hll, Proposal, REGISTERS};

pub(super) static PFMERGE: DataCommand = DataCommand {
    spec: Spec {
        name: "pfmerge",
        summary: "Adds to a HyperLogLog whatever was added to others.",
        complexity: "O(N) to merge N HyperLogLogs, but with high constant times.",
        arity: -2,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[
            KeySpec::at(
                1,
                KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::INSERT),
            ),
            KeySpec::range(2, -1, 1, KeyFlags::RO.union(KeyFlags::ACCESS)),
        ],
        syntax: "destkey sourcekey [sourcekey ...]",
        ..HYPERLOGLOG
    },
    run: pfmerge,
    subcommands: &[],
};

fn pfmerge(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut registers = [0; REGISTERS];
    let mut any_dense = false;
    let breath = ctx.keys.pace().over(args.len() * ELEMENTS_PER_VALUE)?;
    ctx.keys.count_lookups();
    for index in 1..args.len() {
        breath.piece();
        let key = ctx.keys.arg(args, index);
        if let Some(value) = ctx.keys.read_string(key)? {
            let hll = view(value)?;
            any_dense |= hll.encoding() == Encoding::Dense;
            hll.merge_into(&mut registers)?;
        }
    }
    let destination = ctx.keys.arg(args, 1);
    let mut hll = match ctx.keys.edit_string(destination)? {
        None => Hll::empty(),
        Some(value) => Hll::check(view(value)?.bytes().to_vec())?,
    };
    if any_dense {
        hll.make_dense()?;
    }
    for (register, &value) in registers.iter().enumerate() {
        if value > 0 {
            hll.raise(
                Proposal { register, value },
                ctx.config.hll_sparse_bytes_max,
            )?;
        }
    }
    hll.mark_stale();
    store(&mut ctx.keys, destination, hll)?;
    ctx.keys.changed(EventClass::STRING, "pfadd", destination);
    ctx.reply.ok();
    Ok(())
}
