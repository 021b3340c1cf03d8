//! Where members are: GEOPOS, GEOHASH.

use resp::{Args, ReplyWriter};

use super::numbers::NumberWriter;
use super::{GEO, KEY_RO_ACCESS};
use crate::command::{CommandError, Ctx, DataCommand, Flags, Spec};
use crate::types::geo::Position;

pub(super) static GEOPOS: DataCommand = DataCommand {
    spec: Spec {
        name: "geopos",
        summary: "Returns the longitude and latitude of members.",
        complexity: "O(N) where N is the number of members requested.",
        arity: -2,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key member [member ...]",
        ..GEO
    },
    run: geopos,
    subcommands: &[],
};

fn geopos(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut numbers = NumberWriter::default();
    for_each_member(ctx, args, |reply, position| match position {
        Some(position) => {
            reply.array(2);
            numbers.coordinate(reply, position.longitude);
            numbers.coordinate(reply, position.latitude);
        }
        None => reply.null_array(),
    })
}

pub(super) static GEOHASH: DataCommand = DataCommand {
    spec: Spec {
        name: "geohash",
        summary: "Returns the positions of members as standard geohashes.",
        complexity: "O(log(N)) for each member requested, where N is the number of elements in the sorted set.",
        arity: -2,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key member [member ...]",
        ..GEO
    },
    run: geohash,
    subcommands: &[],
};

fn geohash(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    for_each_member(ctx, args, |reply, position| match position {
        Some(position) => reply.bulk(&position.geohash()),
        None => reply.null(),
    })
}

/// Replies with an array of what `write` makes of each member's position.
fn for_each_member(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    mut write: impl FnMut(&mut ReplyWriter<'_>, Option<Position>),
) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let seed = ctx.seed;
    let zset = ctx.keys.read_zset(key)?;
    let members = args.tail(2);
    ctx.reply.array(members.len());
    for member in members.iter() {
        let score = zset.and_then(|zset| zset.score(&seed, member));
        write(&mut ctx.reply, score.map(Position::of_score));
    }
    Ok(())
}
