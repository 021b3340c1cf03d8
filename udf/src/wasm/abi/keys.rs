//! Imports about whole keys, strings and what keys hold, straight to the data.

use resp::Args;
use store::command::{CommandError, Ctx, Expiry, Key, StringInput, direct};
use store::types::Side;
use store::value::{IntText, ValueRef};
use wasmtime::{Caller, Linker, Result};

use super::{MODULE, Status, code};
use crate::Intent;
use crate::wasm::guest::{Guest, Span, copy_out, split};

pub(super) type Guests<'a> = Caller<'a, Guest>;

/// `set`: only if there is no such key.
const SET_NX: u32 = 1;
/// `set`: only if there is.
const SET_XX: u32 = 2;
/// `set`: the expiry stays.
const SET_KEEP_TTL: u32 = 4;

pub(super) fn link(linker: &mut Linker<Guest>) -> Result<()> {
    link_strings(linker)?;
    link_collections(linker)
}

fn link_strings(linker: &mut Linker<Guest>) -> Result<()> {
    linker
        .func_wrap(
            MODULE,
            "get",
            |mut at: Guests<'_>, k: u32, kl: u32, o: u32, oc: u32| {
                read_out(&mut at, [(k, kl)], (o, oc), "get", |ctx, key, _, room| {
                    let value = ctx.keys.read_string(key)?;
                    Ok(value.map(|value| copy_out(value.as_bytes(&mut IntText::new()), room)))
                })
            },
        )?
        .func_wrap(
            MODULE,
            "getrange",
            |mut at: Guests<'_>, k: u32, kl: u32, from: u32, o: u32, oc: u32| {
                read_out(
                    &mut at,
                    [(k, kl)],
                    (o, oc),
                    "getrange",
                    |ctx, key, _, room| {
                        let value = ctx.keys.read_string(key)?;
                        Ok(value.map(|value| {
                            let mut text = IntText::new();
                            let bytes = value.as_bytes(&mut text);
                            copy_out(bytes.get(from as usize..).unwrap_or_default(), room)
                        }))
                    },
                )
            },
        )?
        .func_wrap(MODULE, "strlen", |mut at: Guests<'_>, k: u32, kl: u32| {
            with(
                &mut at,
                [(k, kl)],
                ("strlen", Intent::Read),
                |ctx, key, _| {
                    let value = ctx.keys.read_string(key)?;
                    Ok(value.map_or(0, |value| clamp(value.len())))
                },
            )
        })?
        .func_wrap(MODULE, "exists", |mut at: Guests<'_>, k: u32, kl: u32| {
            with(
                &mut at,
                [(k, kl)],
                ("exists", Intent::Read),
                |ctx, key, _| Ok(i32::from(ctx.keys.ask(key).is_some())),
            )
        })?
        .func_wrap(MODULE, "type", |mut at: Guests<'_>, k: u32, kl: u32| {
            with(&mut at, [(k, kl)], ("type", Intent::Read), |ctx, key, _| {
                Ok(ctx
                    .keys
                    .ask(key)
                    .map_or(0, |entry| number_of(&entry.value())))
            })
        })?
        .func_wrap(MODULE, "set", set)?
        .func_wrap(MODULE, "cas", cas)?
        .func_wrap(MODULE, "del", |mut at: Guests<'_>, k: u32, kl: u32| {
            with(&mut at, [(k, kl)], ("del", Intent::Write), |ctx, key, _| {
                Ok(i32::from(direct::delete(ctx, key)))
            })
        })?
        .func_wrap(
            MODULE,
            "append",
            |mut at: Guests<'_>, k: u32, kl: u32, v: u32, vl: u32| {
                with(
                    &mut at,
                    [(k, kl), (v, vl)],
                    ("append", Intent::Grow),
                    |ctx, key, [_, value]| {
                        direct::append_string(ctx, key, StringInput::Bytes(value), value).map(clamp)
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "incrby",
            |mut at: Guests<'_>, k: u32, kl: u32, by: i64, out: u32| {
                number_out(
                    &mut at,
                    [(k, kl)],
                    ("incrby", Intent::Grow),
                    out,
                    |ctx, key, _| {
                        let sum = direct::increase(ctx, key, by)?;
                        Ok(Some(sum.to_le_bytes()))
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "pexpire",
            |mut at: Guests<'_>, k: u32, kl: u32, ms: i64| {
                with(
                    &mut at,
                    [(k, kl)],
                    ("pexpire", Intent::Write),
                    |ctx, key, _| direct::expire_in_ms(ctx, key, ms).map(i32::from),
                )
            },
        )?
        .func_wrap(
            MODULE,
            "pttl",
            |mut at: Guests<'_>, k: u32, kl: u32| -> Result<i64> {
                let (memory, guest) = split(&mut at)?;
                let mut ms = 0;
                let done = guest.host()?.data(
                    "pttl",
                    Intent::Read,
                    memory.bytes((k, kl))?,
                    &mut |ctx, key| {
                        ms = direct::time_to_live_ms(ctx, key);
                    },
                );
                Ok(done.map_or_else(|denied| Status::from(denied) as i64, |()| ms))
            },
        )?;
    Ok(())
}

fn link_collections(linker: &mut Linker<Guest>) -> Result<()> {
    linker
        .func_wrap(
            MODULE,
            "hget",
            |mut at: Guests<'_>, k: u32, kl: u32, f: u32, fl: u32, o: u32, oc: u32| {
                read_out(
                    &mut at,
                    [(k, kl), (f, fl)],
                    (o, oc),
                    "hget",
                    |ctx, key, [_, field], room| {
                        let hash = ctx.keys.read_hash(key)?;
                        let value = hash.and_then(|hash| hash.get(&ctx.seed, field));
                        Ok(value.map(|value| copy_out(value, room)))
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "hset",
            |mut at: Guests<'_>, k: u32, kl: u32, f: u32, fl: u32, v: u32, vl: u32| {
                with(
                    &mut at,
                    [(k, kl), (f, fl), (v, vl)],
                    ("hset", Intent::Grow),
                    |ctx, key, [_, field, value]| {
                        direct::set_pairs(ctx, key, Args::from_slices(&[field, value])).map(clamp)
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "hdel",
            |mut at: Guests<'_>, k: u32, kl: u32, f: u32, fl: u32| {
                with(
                    &mut at,
                    [(k, kl), (f, fl)],
                    ("hdel", Intent::Write),
                    |ctx, key, [_, field]| {
                        direct::remove_fields(ctx, key, Args::from_slices(&[field])).map(clamp)
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "hincrby",
            |mut at: Guests<'_>, k: u32, kl: u32, f: u32, fl: u32, by: i64, out: u32| {
                number_out(
                    &mut at,
                    [(k, kl), (f, fl)],
                    ("hincrby", Intent::Grow),
                    out,
                    |ctx, key, [_, field]| {
                        let sum = direct::increase_field(ctx, key, field, by)?;
                        Ok(Some(sum.to_le_bytes()))
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "sadd",
            |mut at: Guests<'_>, k: u32, kl: u32, m: u32, ml: u32| {
                with(
                    &mut at,
                    [(k, kl), (m, ml)],
                    ("sadd", Intent::Grow),
                    |ctx, key, [_, member]| {
                        direct::add_members(ctx, key, Args::from_slices(&[member]))
                            .map(|added| added as i32)
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "srem",
            |mut at: Guests<'_>, k: u32, kl: u32, m: u32, ml: u32| {
                with(
                    &mut at,
                    [(k, kl), (m, ml)],
                    ("srem", Intent::Write),
                    |ctx, key, [_, member]| {
                        direct::remove_members(ctx, key, Args::from_slices(&[member]))
                            .map(|gone| gone as i32)
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "sismember",
            |mut at: Guests<'_>, k: u32, kl: u32, m: u32, ml: u32| {
                with(
                    &mut at,
                    [(k, kl), (m, ml)],
                    ("sismember", Intent::Read),
                    |ctx, key, [_, member]| {
                        let set = ctx.keys.read_set(key)?;
                        Ok(i32::from(
                            set.is_some_and(|set| set.contains(&ctx.seed, member)),
                        ))
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "push",
            |mut at: Guests<'_>, k: u32, kl: u32, v: u32, vl: u32, left: i32| {
                with(
                    &mut at,
                    [(k, kl), (v, vl)],
                    (push_command(side(left)), Intent::Grow),
                    |ctx, key, [_, element]| {
                        direct::push_elements(ctx, key, side(left), Args::from_slices(&[element]))
                            .map(clamp)
                    },
                )
            },
        )?
        .func_wrap(
            MODULE,
            "pop",
            |mut at: Guests<'_>, k: u32, kl: u32, left: i32, o: u32, oc: u32| {
                take_out(&mut at, (k, kl), side(left), (o, oc))
            },
        )?
        .func_wrap(MODULE, "llen", |mut at: Guests<'_>, k: u32, kl: u32| {
            with(&mut at, [(k, kl)], ("llen", Intent::Read), |ctx, key, _| {
                let list = ctx.keys.read_list(key)?;
                Ok(list.map_or(0, |list| clamp(list.len())))
            })
        })?;
    Ok(())
}

/// set(key, value, flags, ttl_ms)
fn set(
    mut at: Guests<'_>,
    k: u32,
    kl: u32,
    v: u32,
    vl: u32,
    flags: u32,
    ttl_ms: i64,
) -> Result<i32> {
    let known = flags & !(SET_NX | SET_XX | SET_KEEP_TTL) == 0;
    let (nx, xx) = (flags & SET_NX != 0, flags & SET_XX != 0);
    let keeps = flags & SET_KEEP_TTL != 0;
    if !known || nx && xx || keeps && ttl_ms != 0 || ttl_ms < 0 {
        return Ok(Status::BadArgument as i32);
    }
    with(
        &mut at,
        [(k, kl), (v, vl)],
        ("set", Intent::Grow),
        |ctx, key, [_, value]| {
            if (nx || xx) && ctx.keys.exists(key) != xx {
                return Ok(Status::Nil as i32);
            }
            let expiry = expiry(ctx, keeps, ttl_ms)?;
            direct::store_string(ctx, key, StringInput::Bytes(value), expiry);
            Ok(0)
        },
    )
}

/// cas(key, held, value, flags, ttl_ms): sets the string if it is `held` so far: 1; 0 if it is another, nil if there is none.
#[expect(clippy::too_many_arguments)]
fn cas(
    mut at: Guests<'_>,
    k: u32,
    kl: u32,
    h: u32,
    hl: u32,
    v: u32,
    vl: u32,
    flags: u32,
    ttl_ms: i64,
) -> Result<i32> {
    let keeps = flags == SET_KEEP_TTL;
    if flags & !SET_KEEP_TTL != 0 || keeps && ttl_ms != 0 || ttl_ms < 0 {
        return Ok(Status::BadArgument as i32);
    }
    with(
        &mut at,
        [(k, kl), (h, hl), (v, vl)],
        ("set", Intent::Grow),
        |ctx, key, [_, held, value]| {
            match ctx.keys.read_string(key)? {
                None => return Ok(Status::Nil as i32),
                Some(now) if now.as_bytes(&mut IntText::new()) != held => return Ok(0),
                Some(_) => {}
            }
            let expiry = expiry(ctx, keeps, ttl_ms)?;
            direct::store_string(ctx, key, StringInput::Bytes(value), expiry);
            Ok(1)
        },
    )
}

/// The expiry of a string that is set so.
#[inline]
fn expiry(ctx: &Ctx<'_>, keeps: bool, ttl_ms: i64) -> std::result::Result<Expiry, CommandError> {
    Ok(match ttl_ms {
        0 if keeps => Expiry::Keep,
        0 => Expiry::Clear,
        _ => Expiry::At(
            ctx.now_ms
                .checked_add(ttl_ms as u64)
                .filter(|&at_ms| i64::try_from(at_ms).is_ok())
                .ok_or(CommandError::InvalidExpire("set"))?,
        ),
    })
}

/// Does something to the key at the first of `spans`, the bytes of all of which `work` is given; its result or the status of its failure.
#[inline]
pub(super) fn with<const N: usize>(
    at: &mut Guests<'_>,
    spans: [Span; N],
    (command, intent): (&'static str, Intent),
    work: impl Fn(&mut Ctx<'_>, Key<'_>, [&[u8]; N]) -> Result<i32, CommandError>,
) -> Result<i32> {
    let (memory, guest) = split(at)?;
    let mut bytes = [&[][..]; N];
    for (bytes, span) in bytes.iter_mut().zip(spans) {
        *bytes = memory.bytes(span)?;
    }
    let mut result = Ok(0);
    let done = guest
        .host()?
        .data(command, intent, bytes[0], &mut |ctx, key| {
            result = work(ctx, key, bytes).map_err(Status::from);
        });
    Ok(code(done.map_err(Status::from).and(result)))
}

/// Reads something into `room`.
#[inline]
pub(super) fn read_out<const N: usize>(
    at: &mut Guests<'_>,
    spans: [Span; N],
    room: Span,
    command: &'static str,
    work: impl Fn(&mut Ctx<'_>, Key<'_>, [&[u8]; N], &mut [u8]) -> Result<Option<i32>, CommandError>,
) -> Result<i32> {
    let (mut memory, guest) = split(at)?;
    let (bytes, room) = memory.apart(spans, room)?;
    let bytes = std::array::from_fn(|index| &*bytes[index]);
    let mut result = Ok(0);
    let done = guest
        .host()?
        .data(command, Intent::Read, bytes[0], &mut |ctx, key| {
            result = match work(ctx, key, bytes, room) {
                Ok(Some(len)) => Ok(len),
                Ok(None) => Err(Status::Nil),
                Err(error) => Err(error.into()),
            };
        });
    Ok(code(done.map_err(Status::from).and(result)))
}

/// Writes a number of 8 bytes to `out`; 0 then.
#[inline]
pub(super) fn number_out<const N: usize>(
    at: &mut Guests<'_>,
    spans: [Span; N],
    (command, intent): (&'static str, Intent),
    out: u32,
    work: impl Fn(&mut Ctx<'_>, Key<'_>, [&[u8]; N]) -> Result<Option<[u8; 8]>, CommandError>,
) -> Result<i32> {
    let (mut memory, guest) = split(at)?;
    memory.check_out(out)?;
    let mut bytes = [&[][..]; N];
    for (bytes, span) in bytes.iter_mut().zip(spans) {
        *bytes = memory.bytes(span)?;
    }
    let mut result = Err(Status::Nil);
    let done = guest
        .host()?
        .data(command, intent, bytes[0], &mut |ctx, key| {
            result = match work(ctx, key, bytes) {
                Ok(Some(number)) => Ok(number),
                Ok(None) => Err(Status::Nil),
                Err(error) => Err(error.into()),
            };
        });
    match done.map_err(Status::from).and(result) {
        Ok(number) => {
            memory.write(out, &number)?;
            Ok(0)
        }
        Err(status) => Ok(status as i32),
    }
}

/// pop(key, left, room): takes an element if there is room for all of it, and only tells its length otherwise.
fn take_out(at: &mut Guests<'_>, key: Span, side: Side, room: Span) -> Result<i32> {
    let (mut memory, guest) = split(at)?;
    let ([key], room) = memory.apart([key], room)?;
    let mut result = Err(Status::Nil);
    let done = guest
        .host()?
        .data(pop_command(side), Intent::Write, &key, &mut |ctx, key| {
            result = match take(ctx, key, side, room) {
                Ok(Some(len)) => Ok(len),
                Ok(None) => Err(Status::Nil),
                Err(error) => Err(error.into()),
            };
        });
    Ok(code(done.map_err(Status::from).and(result)))
}

fn take(
    ctx: &mut Ctx<'_>,
    key: Key<'_>,
    side: Side,
    room: &mut [u8],
) -> Result<Option<i32>, CommandError> {
    let len = match ctx.keys.edit_list(key)? {
        None => return Ok(None),
        Some(list) => {
            let index = match side {
                Side::Left => 0,
                Side::Right => list.len() - 1,
            };
            list.get(index).map_or(0, <[u8]>::len)
        }
    };
    if len <= room.len() {
        direct::take_one(&mut ctx.keys, key, side, |element| {
            copy_out(element, room);
        })?;
    }
    Ok(Some(clamp(len)))
}

pub(super) fn side(left: i32) -> Side {
    match left {
        0 => Side::Right,
        _ => Side::Left,
    }
}

pub(super) fn push_command(side: Side) -> &'static str {
    match side {
        Side::Left => "lpush",
        Side::Right => "rpush",
    }
}

fn pop_command(side: Side) -> &'static str {
    match side {
        Side::Left => "lpop",
        Side::Right => "rpop",
    }
}

/// The number of a type.
fn number_of(value: &ValueRef<'_>) -> i32 {
    match value {
        ValueRef::String(_) => 1,
        ValueRef::List(_) => 2,
        ValueRef::Set(_) => 3,
        ValueRef::Zset(_) => 4,
        ValueRef::Hash(_) => 5,
        ValueRef::Stream(_) => 6,
    }
}

pub(super) fn clamp(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}
