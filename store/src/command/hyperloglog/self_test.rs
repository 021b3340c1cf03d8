//! PFSELFTEST: both encodings agree, and counts are within what theory promises.
//!
//! Up to 100,000 elements, where Redis goes to ten million: a command does not hold its core for a second.

use resp::Args;

use super::HYPERLOGLOG;
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::hyperloglog::{Encoding, Hll, Proposal, REGISTERS};

pub(super) static PFSELFTEST: DataCommand = DataCommand {
    spec: Spec {
        name: "pfselftest",
        summary: "Tests the HyperLogLog implementation.",
        complexity: "N/A",
        arity: 1,
        flags: Flags::ADMIN,
        ..HYPERLOGLOG
    },
    run: pfselftest,
    subcommands: &[],
};

/// Elements added in the end.
const ELEMENTS: u64 = 100_000;

fn pfselftest(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let sparse_bytes_max = ctx.config.hll_sparse_bytes_max;
    let salt = ctx.rng.next_u64();
    let (mut dense, mut hll) = (Hll::empty(), Hll::empty());
    dense.make_dense()?;
    let mut checkpoint = 1;
    for element in 1..=ELEMENTS {
        let proposal = Proposal::of(&(element ^ salt).to_le_bytes());
        dense.raise_dense(proposal);
        hll.raise(proposal, sparse_bytes_max)?;
        if element == checkpoint {
            if element < sparse_bytes_max as u64 / 2 && hll.encoding() != Encoding::Sparse {
                return Err(CommandError::text(
                    "ERR TESTFAILED sparse encoding not used",
                ));
            }
            check_count(&dense, &hll, element)?;
            checkpoint *= 10;
        }
    }
    ctx.reply.ok();
    Ok(())
}

/// The counts agree, and are not off by more than six times the standard error.
fn check_count(
    dense: &Hll<Vec<u8>>,
    hll: &Hll<Vec<u8>>,
    elements: u64,
) -> Result<(), CommandError> {
    let count = dense.count()?;
    if count != hll.count()? {
        return Err(CommandError::text("ERR TESTFAILED dense/sparse disagree"));
    }
    let standard_error = 1.04 / (REGISTERS as f64).sqrt();
    let error_max = match elements {
        10 => 1,
        _ => (standard_error * 6.0 * elements as f64).ceil() as u64,
    };
    let error = count.abs_diff(elements);
    if error > error_max {
        let text = format!("ERR TESTFAILED Too big error. card:{elements} abserr:{error}");
        return Err(CommandError::Text(text.into()));
    }
    Ok(())
}
