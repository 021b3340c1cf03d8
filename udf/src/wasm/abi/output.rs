//! Imports about the call itself: its reply, the time, chance, the log, and what a library registers.

use std::borrow::Cow;

use wasmtime::{Caller, Linker, Result};

use super::{MODULE, Status};
use crate::wasm::guest::{Guest, Stop, Words, split};
use crate::wasm::reply::Aggregate;
use crate::{FunctionFlags, LogLevel};

/// Functions one library may register.
const REGISTERED_MAX: usize = 1000;
/// Strings of one array that are written at once.
const BULKS_MAX: u32 = 1024;
/// Bytes of a line of the log.
const LOG_BYTES_MAX: usize = 1024;

pub(super) fn link(linker: &mut Linker<Guest>) -> Result<()> {
    linker
        .func_wrap(MODULE, "register", register)?
        .func_wrap(
            MODULE,
            "ret_nil",
            |mut caller: Caller<'_, Guest>| -> Result<()> {
                reply(&mut caller)?.value(|out| out.null())?;
                Ok(())
            },
        )?
        .func_wrap(
            MODULE,
            "ret_int",
            |mut caller: Caller<'_, Guest>, value: i64| -> Result<()> {
                reply(&mut caller)?.value(|out| out.integer(value))?;
                Ok(())
            },
        )?
        .func_wrap(
            MODULE,
            "ret_f64",
            |mut caller: Caller<'_, Guest>, value: f64| -> Result<()> {
                reply(&mut caller)?.value(|out| out.double(value))?;
                Ok(())
            },
        )?
        .func_wrap(
            MODULE,
            "ret_bool",
            |mut caller: Caller<'_, Guest>, value: i32| -> Result<()> {
                reply(&mut caller)?.value(|out| out.bool(value != 0))?;
                Ok(())
            },
        )?
        .func_wrap(
            MODULE,
            "ret_bulk",
            |mut caller: Caller<'_, Guest>, v: u32, vl: u32| -> Result<()> {
                let (memory, guest) = split(&mut caller)?;
                guest.host()?;
                let value = memory.bytes((v, vl))?;
                guest.reply.value(|out| out.bulk(value))?;
                Ok(())
            },
        )?
        .func_wrap(
            MODULE,
            "ret_bulks",
            |mut caller: Caller<'_, Guest>, vv: u32, n: u32| -> Result<()> {
                let (memory, guest) = split(&mut caller)?;
                guest.host()?;
                if n > BULKS_MAX {
                    return Err(Stop::Trap(Cow::Borrowed("its reply is too large")).into());
                }
                let mut words = Words::default();
                Ok(guest.reply.bulks(memory.words((vv, n), &mut words)?)?)
            },
        )?
        .func_wrap(
            MODULE,
            "ret_status",
            |mut caller: Caller<'_, Guest>, v: u32, vl: u32| -> Result<()> {
                let (memory, guest) = split(&mut caller)?;
                guest.host()?;
                let value = String::from_utf8_lossy(memory.bytes((v, vl))?);
                guest.reply.value(|out| out.simple(&value))?;
                Ok(())
            },
        )?
        .func_wrap(
            MODULE,
            "ret_error",
            |mut caller: Caller<'_, Guest>, v: u32, vl: u32| -> Result<()> {
                let (memory, guest) = split(&mut caller)?;
                guest.host()?;
                guest.reply.error(memory.bytes((v, vl))?)?;
                Ok(())
            },
        )?
        .func_wrap(
            MODULE,
            "ret_array",
            |mut caller: Caller<'_, Guest>, len: i32| -> Result<()> {
                Ok(reply(&mut caller)?.aggregate(Aggregate::Array, len)?)
            },
        )?
        .func_wrap(
            MODULE,
            "ret_ints",
            |mut caller: Caller<'_, Guest>, p: u32, n: u32| -> Result<()> {
                let (memory, guest) = split(&mut caller)?;
                guest.host()?;
                let len = n.saturating_mul(8);
                Ok(guest.reply.integers(memory.bytes((p, len))?)?)
            },
        )?
        .func_wrap(
            MODULE,
            "ret_map",
            |mut caller: Caller<'_, Guest>, len: i32| -> Result<()> {
                Ok(reply(&mut caller)?.aggregate(Aggregate::Map, len)?)
            },
        )?
        .func_wrap(
            MODULE,
            "ret_set",
            |mut caller: Caller<'_, Guest>, len: i32| -> Result<()> {
                Ok(reply(&mut caller)?.aggregate(Aggregate::Set, len)?)
            },
        )?
        .func_wrap(
            MODULE,
            "now_ms",
            |mut caller: Caller<'_, Guest>| -> Result<i64> {
                Ok(caller.data_mut().host()?.now_ms() as i64)
            },
        )?
        .func_wrap(
            MODULE,
            "rand",
            |mut caller: Caller<'_, Guest>| -> Result<i64> {
                Ok(caller.data_mut().host()?.random() as i64)
            },
        )?
        .func_wrap(MODULE, "log", log)?;
    Ok(())
}

/// The reply of the present call.
fn reply<'c>(caller: &'c mut Caller<'_, Guest>) -> Result<&'c mut crate::wasm::reply::Reply, Stop> {
    let guest = caller.data_mut();
    guest.host()?;
    Ok(&mut guest.reply)
}

/// register(name, flags)
fn register(mut caller: Caller<'_, Guest>, n: u32, nl: u32, flags: u32) -> Result<i32> {
    let (memory, guest) = split(&mut caller)?;
    let name = memory.bytes((n, nl))?;
    let Some(registered) = &mut guest.registered else {
        return Err(Stop::Trap(Cow::Borrowed("register outside of redox_load")).into());
    };
    let name = std::str::from_utf8(name).ok();
    let (Some(name), Some(flags)) = (name, FunctionFlags::from_bits(flags)) else {
        return Ok(Status::BadArgument as i32);
    };
    if registered.len() == REGISTERED_MAX {
        return Err(Stop::Trap(Cow::Borrowed("it registers too many functions")).into());
    }
    registered.push((name.to_owned(), flags));
    Ok(0)
}

/// log(level, text)
fn log(mut caller: Caller<'_, Guest>, level: i32, v: u32, vl: u32) -> Result<()> {
    let (memory, guest) = split(&mut caller)?;
    let text = memory.bytes((v, vl))?;
    let text = &text[..text.len().min(LOG_BYTES_MAX)];
    if let (Some(host), Some(level)) = (guest.lent.host(), LogLevel::of(i64::from(level)))
        && level >= host.log_level()
    {
        host.log(level, text);
    }
    Ok(())
}
