//! Imports about sorted sets, straight to the data.
//!
//! A range is read as rows, back to back: a score (`f64`), the member's length (`u32`), the member, all little-endian and none aligned. Only whole
//! rows are written, so what one call does is bounded by the room it is given.

use resp::Args;
use store::command::{CommandError, direct};
use store::types::Direction;
use wasmtime::{Linker, Result};

use super::keys::{Guests, clamp, number_out, read_out, with};
use super::{MODULE, Status};
use crate::Intent;
use crate::wasm::guest::Guest;

/// Bytes of a row in front of its member.
const ROW_HEAD: usize = 12;

pub(super) fn link(linker: &mut Linker<Guest>) -> Result<()> {
    link_scores(linker)?;
    link_ranks(linker)
}

fn link_scores(linker: &mut Linker<Guest>) -> Result<()> {
    linker
        .func_wrap(
            MODULE,
            "zadd",
            |mut at: Guests<'_>, k: u32, kl: u32, score: f64, m: u32, ml: u32| {
                with(
                    &mut at,
                    [(k, kl), (m, ml)],
                    ("zadd", Intent::Grow),
                    |ctx, key, [_, member]| {
                        let score = number(score)?;
                        direct::add_scored(ctx, key, score, member).map(i32::from)
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "zscore",
            |mut at: Guests<'_>, k: u32, kl: u32, m: u32, ml: u32, out: u32| {
                number_out(
                    &mut at,
                    [(k, kl), (m, ml)],
                    ("zscore", Intent::Read),
                    out,
                    |ctx, key, [_, member]| {
                        let zset = ctx.keys.read_zset(key)?;
                        let score = zset.and_then(|zset| zset.score(&ctx.seed, member));
                        Ok(score.map(f64::to_le_bytes))
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "zincrby",
            |mut at: Guests<'_>, k: u32, kl: u32, by: f64, m: u32, ml: u32, out: u32| {
                number_out(
                    &mut at,
                    [(k, kl), (m, ml)],
                    ("zincrby", Intent::Grow),
                    out,
                    |ctx, key, [_, member]| {
                        let by = number(by)?;
                        let sum = direct::increase_score(ctx, key, by, member)?;
                        Ok(Some(sum.to_le_bytes()))
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "zrem",
            |mut at: Guests<'_>, k: u32, kl: u32, m: u32, ml: u32| {
                with(
                    &mut at,
                    [(k, kl), (m, ml)],
                    ("zrem", Intent::Write),
                    |ctx, key, [_, member]| {
                        direct::remove_scored(ctx, key, Args::from_slices(&[member]))
                            .map(|gone| gone as i32)
                    },
                )
            },
        )?;
    Ok(())
}

fn link_ranks(linker: &mut Linker<Guest>) -> Result<()> {
    linker
        .func_wrap(MODULE, "zcard", |mut at: Guests<'_>, k: u32, kl: u32| {
            with(
                &mut at,
                [(k, kl)],
                ("zcard", Intent::Read),
                |ctx, key, _| {
                    let zset = ctx.keys.read_zset(key)?;
                    Ok(zset.map_or(0, |zset| clamp(zset.len())))
                },
            )
        })?
        .func_wrap(
            MODULE,
            "zrank",
            |mut at: Guests<'_>, k: u32, kl: u32, m: u32, ml: u32, reverse: i32| {
                let (command, direction) = directed(reverse, "zrank", "zrevrank");
                with(
                    &mut at,
                    [(k, kl), (m, ml)],
                    (command, Intent::Read),
                    |ctx, key, [_, member]| {
                        let seed = ctx.seed;
                        let zset = ctx.keys.read_zset(key)?;
                        let rank = zset.and_then(|zset| zset.rank(&seed, member, direction));
                        Ok(rank.map_or(Status::Nil as i32, clamp))
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "zrange",
            |mut at: Guests<'_>,
             k: u32,
             kl: u32,
             first: i32,
             last: i32,
             reverse: i32,
             o: u32,
             oc: u32| {
                let (command, direction) = directed(reverse, "zrange", "zrevrange");
                let bounds = (i64::from(first), i64::from(last));
                read_out(&mut at, [(k, kl)], (o, oc), command, |ctx, key, _, room| {
                    let Some(zset) = ctx.keys.read_zset(key)? else {
                        return Ok(Some(0));
                    };
                    let rows = direct::ranked(zset, bounds.0, bounds.1, direction);
                    Ok(Some(write_rows(rows, room)))
                })
            },
        )?
        .func_wrap(
            MODULE,
            "zremrange",
            |mut at: Guests<'_>, k: u32, kl: u32, first: i32, last: i32| {
                with(
                    &mut at,
                    [(k, kl)],
                    ("zremrangebyrank", Intent::Write),
                    |ctx, key, _| {
                        direct::remove_ranks(ctx, key, first.into(), last.into()).map(clamp)
                    },
                )
            },
        )?;
    Ok(())
}

/// A score that has a place in the order.
fn number(score: f64) -> std::result::Result<f64, CommandError> {
    match score.is_nan() {
        true => Err(CommandError::NotFloat),
        false => Ok(score),
    }
}

/// The command that a call stands for, and from which end it counts.
fn directed(
    reverse: i32,
    forward_name: &'static str,
    reverse_name: &'static str,
) -> (&'static str, Direction) {
    match reverse {
        0 => (forward_name, Direction::Forward),
        _ => (reverse_name, Direction::Reverse),
    }
}

/// Writes as many rows as there is room for; their bytes. Those of the first row alone if it does not fit.
fn write_rows<'a>(rows: impl Iterator<Item = (&'a [u8], f64)>, room: &mut [u8]) -> i32 {
    let mut written = 0;
    for (member, score) in rows {
        let end = written + ROW_HEAD + member.len();
        let Some(row) = room.get_mut(written..end) else {
            return clamp(if written == 0 { end } else { written });
        };
        let (head, body) = row.split_at_mut(ROW_HEAD);
        head[..8].copy_from_slice(&score.to_le_bytes());
        head[8..].copy_from_slice(&(member.len() as u32).to_le_bytes());
        body.copy_from_slice(member);
        written = end;
    }
    clamp(written)
}
