//! GEODIST: how far two members are from each other.

use resp::Args;

use super::numbers::NumberWriter;
use super::{GEO, KEY_RO_ACCESS, arguments};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::geo::{Position, distance_m};

pub(super) static GEODIST: DataCommand = DataCommand {
    spec: Spec {
        name: "geodist",
        summary: "Returns the distance between two members.",
        complexity: "O(log(N))",
        arity: -4,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key member1 member2 [M | KM | FT | MI]",
        ..GEO
    },
    run: geodist,
    subcommands: &[],
};

fn geodist(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let unit_m = match args.len() {
        4 => 1.0,
        5 => arguments::unit_m(args.get(4))?,
        _ => return Err(CommandError::Syntax),
    };
    let key = ctx.keys.arg(args, 1);
    let seed = ctx.seed;
    let zset = ctx.keys.read_zset(key)?;
    let position = |index: usize| {
        let score = zset?.score(&seed, args.get(index))?;
        Some(Position::of_score(score))
    };
    match (position(2), position(3)) {
        (Some(from), Some(to)) => {
            let distance = distance_m(from, to) / unit_m;
            NumberWriter::default().distance(&mut ctx.reply, distance);
        }
        (_, None) | (None, _) => ctx.reply.null(),
    }
    Ok(())
}
