//! Imports that run any other command and look at its reply.

use resp::Protocol;
use wasmtime::{Caller, Linker, Result};

use super::{MODULE, Status};
use crate::wasm::guest::{Guest, Stop, Words, copy_out, split};

/// Arguments of one request.
const ARGUMENTS_MAX: u32 = 64 << 10;

pub(super) fn link(linker: &mut Linker<Guest>) -> Result<()> {
    linker
        .func_wrap(MODULE, "call", call)?
        .func_wrap(MODULE, "r_type", |at: Caller<'_, Guest>, handle: i32| {
            let kind = at.data().replies.kind(handle);
            kind.map_or(Status::BadArgument as i32, |kind| kind as i32)
        })?
        .func_wrap(MODULE, "r_len", |at: Caller<'_, Guest>, handle: i32| {
            let len = at.data().replies.len(handle);
            len.map_or(Status::BadArgument as i32, |len| len as i32)
        })?
        .func_wrap(MODULE, "r_i64", |at: Caller<'_, Guest>, handle: i32| {
            number(&at, handle)
                .or_else(|| number(&at, handle).map(|value: f64| value as i64))
                .unwrap_or(0i64)
        })?
        .func_wrap(MODULE, "r_f64", |at: Caller<'_, Guest>, handle: i32| {
            number(&at, handle).unwrap_or(0f64)
        })?
        .func_wrap(MODULE, "r_read", read)?
        .func_wrap(
            MODULE,
            "r_at",
            |mut at: Caller<'_, Guest>, handle: i32, index: i32| -> Result<i32> {
                let part = at.data_mut().replies.part(handle, index)?;
                Ok(part.unwrap_or(Status::BadArgument as i32))
            },
        )?
        .func_wrap(
            MODULE,
            "r_free",
            |mut at: Caller<'_, Guest>, handle: i32| at.data_mut().replies.free(handle),
        )?;
    Ok(())
}

/// call(argv, argc, raise): runs a request; the handle of its reply. With `raise` an error ends the function and becomes its reply.
fn call(mut at: Caller<'_, Guest>, argv: u32, argc: u32, raise: i32) -> Result<i32> {
    if argc == 0 || argc > ARGUMENTS_MAX {
        return Ok(Status::BadArgument as i32);
    }
    let (memory, guest) = split(&mut at)?;
    let mut words = Words::default();
    let args = memory.words((argv, argc), &mut words)?;
    let may_pause = guest.direct.is_some();
    let (host, replies) = guest.host_and_replies()?;
    match may_pause {
        true => host.call(args, Protocol::Resp3, replies.room()),
        false => host.call_at_once(args, Protocol::Resp3, replies.room()),
    }
    match replies.take_in(raise != 0)? {
        Ok(handle) => Ok(handle),
        Err(error) => Err(Stop::Raised(error).into()),
    }
}

/// The number a value's text is.
fn number<N: std::str::FromStr + From<u8>>(at: &Caller<'_, Guest>, handle: i32) -> Option<N> {
    match at.data().replies.text(handle)? {
        b"t" => Some(N::from(1)),
        b"f" => Some(N::from(0)),
        text => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}

/// r_read(handle, from, room): the length of the text from there on.
fn read(mut at: Caller<'_, Guest>, handle: i32, from: u32, o: u32, oc: u32) -> Result<i32> {
    let (mut memory, guest) = split(&mut at)?;
    let ([], room) = memory.apart([], (o, oc))?;
    if guest.replies.kind(handle).is_none() {
        return Ok(Status::BadArgument as i32);
    }
    Ok(match guest.replies.bytes(handle) {
        Some(text) => copy_out(text.get(from as usize..).unwrap_or_default(), room),
        None => Status::Nil as i32,
    })
}
