//! `redis.register_function`: what a library calls while it is loaded.

use std::ffi::c_int;

use mlua_sys as ffi;

use super::error::{fail, trim};
use super::frame::{Frame, Kind};
use super::raise::{Raise, Results, natives};
use crate::library::checked_name;
use crate::{Function, FunctionFlags};

natives! {
    register_native = register;
}

/// A function that a library has registered.
pub(super) struct Registered {
    /// What it says of itself.
    pub(super) function: Function,
    /// Where the registry has it.
    pub(super) callback: c_int,
}

/// What a call of `redis.register_function` says.
#[derive(Default)]
struct Named {
    name: Option<String>,
    description: Option<String>,
    callback: Option<c_int>,
    flags: FunctionFlags,
}

fn register(frame: Frame<'_>) -> Results {
    let loading = &frame.context().registered;
    let Some(mut known) = loading.take() else {
        return Err(fail(
            frame,
            "redis.register_function can only be called on FUNCTION LOAD command",
        ));
    };
    let done = read(frame).and_then(|registered| add(&mut known, registered));
    loading.set(Some(known));
    match done {
        Ok(()) => Ok(0),
        Err(text) => Err(refuse(frame, text)),
    }
}

fn refuse(frame: Frame<'_>, text: &'static str) -> Raise {
    fail(frame, text)
}

fn add(known: &mut Vec<Registered>, new: Registered) -> Result<(), &'static str> {
    if checked_name(new.function.name.as_bytes()).is_err() {
        return Err(
            "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
        );
    }
    if known
        .iter()
        .any(|other| other.function.name == new.function.name)
    {
        return Err("Function already exists in the library");
    }
    known.push(new);
    Ok(())
}

fn read(frame: Frame<'_>) -> Result<Registered, &'static str> {
    let named = match frame.top() {
        1 => read_named(frame)?,
        2 => read_positional(frame)?,
        _ => return Err("wrong number of arguments to redis.register_function"),
    };
    let name = named
        .name
        .ok_or("redis.register_function must get a function name argument")?;
    let callback = named
        .callback
        .ok_or("redis.register_function must get a callback argument")?;
    Ok(Registered {
        function: Function {
            name,
            description: named.description,
            flags: named.flags,
        },
        callback,
    })
}

fn read_positional(frame: Frame<'_>) -> Result<Named, &'static str> {
    let name =
        text(frame, 1).ok_or("first argument to redis.register_function must be a string")?;
    if frame.kind(2) != Kind::Function {
        return Err("second argument to redis.register_function must be a function");
    }
    Ok(Named {
        name: Some(name),
        callback: Some(keep(frame)),
        ..Named::default()
    })
}

fn read_named(frame: Frame<'_>) -> Result<Named, &'static str> {
    if frame.kind(1) != Kind::Table {
        return Err(
            "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).",
        );
    }
    let mut named = Named::default();
    frame.push_nil();
    while frame.next(1) {
        // table, key, value
        if !matches!(frame.kind(2), Kind::Text | Kind::Number) {
            return Err("named argument key given to redis.register_function is not a string");
        }
        let key = frame.bytes(2).unwrap_or_default();
        if key.eq_ignore_ascii_case(b"function_name") {
            named.name = Some(text(frame, 3).ok_or(
                "function_name argument given to redis.register_function must be a string",
            )?);
        } else if key.eq_ignore_ascii_case(b"description") {
            named.description =
                Some(text(frame, 3).ok_or(
                    "description argument given to redis.register_function must be a string",
                )?);
        } else if key.eq_ignore_ascii_case(b"callback") {
            if frame.kind(3) != Kind::Function {
                return Err(
                    "callback argument given to redis.register_function must be a function",
                );
            }
            named.callback = Some(keep(frame));
        } else if key.eq_ignore_ascii_case(b"flags") {
            if frame.kind(3) != Kind::Table {
                return Err(
                    "flags argument to redis.register_function must be a table representing function flags",
                );
            }
            named.flags = read_flags(frame)?;
        } else {
            return Err("unknown argument given to redis.register_function");
        }
        frame.set_top(2);
    }
    Ok(named)
}

/// The flags in the table on top.
fn read_flags(frame: Frame<'_>) -> Result<FunctionFlags, &'static str> {
    let mut flags = FunctionFlags::default();
    for n in 1.. {
        frame.raw_get_at(3, n);
        if frame.kind(-1) == Kind::Nil {
            break;
        }
        let flag = frame.bytes(-1).and_then(flag);
        flags |= flag.ok_or("unknown flag given")?;
        frame.pop(1);
    }
    Ok(flags)
}

/// The flag of this name in any case, if Lua's functions may have it.
fn flag(name: &[u8]) -> Option<FunctionFlags> {
    let name = std::str::from_utf8(name).ok()?;
    FunctionFlags::of_lua(&name.to_ascii_lowercase())
}

/// A text at `index`, or a number as one.
fn text(frame: Frame<'_>, index: c_int) -> Option<String> {
    match frame.kind(index) {
        Kind::Text | Kind::Number => frame
            .bytes(index)
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}

/// Moves the function on top to the registry.
fn keep(frame: Frame<'_>) -> c_int {
    // SAFETY: a function is on top; the registry is the engine's.
    unsafe { ffi::luaL_ref(frame.raw(), ffi::LUA_REGISTRYINDEX) }
}

/// What the error on top says, as FUNCTION LOAD shows it.
pub(super) fn load_failure(frame: Frame<'_>) -> String {
    let mut text = Vec::new();
    match frame.kind(-1) {
        Kind::Table => drop(super::error::tell(frame, -1, None, &mut text)),
        _ => {
            text.extend_from_slice(b"ERR ");
            text.extend_from_slice(frame.bytes(-1).unwrap_or(b"execution failure"));
        }
    }
    String::from_utf8_lossy(trim(&text)).into_owned()
}
