//! Imports that do several things to one key at once: it is looked for once, and whoever watches it is told once.
//!
//! What they are given is a list as argv is one: pairs of `u32`, address and length.

use resp::Args;
use store::command::{CommandError, Ctx, Key, direct};
use wasmtime::{Linker, Result};

use super::keys::{Guests, clamp, push_command, side};
use super::{MODULE, Status, code};
use crate::Intent;
use crate::wasm::guest::{Guest, Span, Words, split};

/// Most parts of one call.
const PARTS_MAX: u32 = 1024;
/// Bytes of the room for putting values together that is kept for the next call.
const SCRATCH_BYTES_MAX: usize = 16 << 10;
/// The length of a value that is not there.
const ABSENT: u32 = u32::MAX;

pub(super) fn link(linker: &mut Linker<Guest>) -> Result<()> {
    linker
        .func_wrap(MODULE, "hmget", hmget)?
        .func_wrap(MODULE, "hmset", hmset)?
        .func_wrap(MODULE, "push_all", push_all)?;
    Ok(())
}

/// hmget(key, fields, room): each value's length, all bits set where there is none, and its bytes.
fn hmget(mut at: Guests<'_>, k: u32, kl: u32, fv: u32, n: u32, o: u32, oc: u32) -> Result<i32> {
    if n > PARTS_MAX {
        return Ok(Status::BadArgument as i32);
    }
    let (mut memory, guest) = split(&mut at)?;
    memory.check((o, oc))?;
    let mut words = Words::default();
    let fields = memory.words((fv, n), &mut words)?;
    let (host, scratch) = guest.host_and_scratch()?;
    scratch.clear();
    let mut result = Ok(0);
    let key = memory.bytes((k, kl))?;
    let done = host.data("hmget", Intent::Read, key, &mut |ctx, key| {
        let hash = match ctx.keys.read_hash(key) {
            Ok(hash) => hash,
            Err(error) => return result = Err(error.into()),
        };
        let (room, mut len) = (oc as usize, 0);
        for field in fields {
            let value = hash.and_then(|hash| hash.get(&ctx.seed, *field));
            let prefix = value.map_or(ABSENT, |value| value.len() as u32);
            let value = value.unwrap_or_default();
            len += size_of_val(&prefix) + value.len();
            // What does not fit is only counted.
            if scratch.len() < room {
                scratch.extend_from_slice(&prefix.to_le_bytes());
                let left = room.saturating_sub(scratch.len()).min(value.len());
                scratch.extend_from_slice(&value[..left]);
            }
        }
        scratch.truncate(room);
        result = Ok(clamp(len));
    });
    let result = done.map_err(Status::from).and(result);
    if result.is_ok() {
        memory.write(o, scratch)?;
    }
    if scratch.capacity() > SCRATCH_BYTES_MAX {
        *scratch = Vec::new();
    }
    Ok(code(result))
}

/// hmset(key, pairs): sets `n` fields, the list having each in front of its value; how many are new.
fn hmset(mut at: Guests<'_>, k: u32, kl: u32, fv: u32, n: u32) -> Result<i32> {
    change(&mut at, (k, kl), (fv, n, 2), "hset", |ctx, key, pairs| {
        direct::set_pairs(ctx, key, pairs)
    })
}

/// push_all(key, elements, left): the new length.
fn push_all(mut at: Guests<'_>, k: u32, kl: u32, vv: u32, n: u32, left: i32) -> Result<i32> {
    let side = side(left);
    change(
        &mut at,
        (k, kl),
        (vv, n, 1),
        push_command(side),
        |ctx, key, elements| direct::push_elements(ctx, key, side, elements),
    )
}

/// Does something to a key with at least one part, each so many words long; the number that comes of it.
fn change(
    at: &mut Guests<'_>,
    key: Span,
    (parts, count, len): (u32, u32, u32),
    command: &'static str,
    work: impl Fn(&mut Ctx<'_>, Key<'_>, Args<'_>) -> std::result::Result<usize, CommandError>,
) -> Result<i32> {
    if count == 0 || count > PARTS_MAX {
        return Ok(Status::BadArgument as i32);
    }
    let (memory, guest) = split(at)?;
    let mut words = Words::default();
    let words = memory.words((parts, len * count), &mut words)?;
    let key = memory.bytes(key)?;
    let mut result = Ok(0);
    let done = guest
        .host()?
        .data(command, Intent::Grow, key, &mut |ctx, key| {
            let number = work(ctx, key, Args::from_slices(words));
            result = number.map(clamp).map_err(Status::from);
        });
    Ok(code(done.map_err(Status::from).and(result)))
}
