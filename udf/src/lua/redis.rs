//! The table `redis`: how scripts reach the server.

use std::ffi::{CStr, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use mlua_sys as ffi;
use resp::{OutputBuffer, Protocol};

use super::error::{fail, push_error};
use super::frame::{Frame, Kind};
use super::number::{append_g, to_integer};
use super::raise::{Raise, Results, natives};
use super::register::register_native;
use super::reply::push_reply;
use super::sandbox::{push_real, push_shade, refuse_missing};
use crate::LogLevel;

/// What `redis.REDIS_VERSION` says: the version whose behaviour scripts find.
pub const REDIS_VERSION: &str = "7.0.15";
const REDIS_VERSION_NUM: i64 = 0x0007_000F;

const REPL_AOF: i64 = 1;
const REPL_REPLICA: i64 = 2;

/// Digits of a number that becomes an argument.
const ARGUMENT_PRECISION: usize = 17;

natives! {
    call_native = call;
    pcall_native = pcall;
    log_native = log;
    setresp_native = set_protocol;
    sha1hex_native = sha1hex;
    error_reply_native = error_reply;
    status_reply_native = status_reply;
    set_repl_native = set_replication;
    acl_check_native = check_rights;
    breakpoint_native = breakpoint;
    debug_native = debug;
    replicate_commands_native = replicate_commands;
}

/// What the table holds for every kind of script.
const FUNCTIONS: &[(&CStr, ffi::lua_CFunction)] = &[
    (c"call", call_native),
    (c"pcall", pcall_native),
    (c"log", log_native),
    (c"setresp", setresp_native),
    (c"sha1hex", sha1hex_native),
    (c"error_reply", error_reply_native),
    (c"status_reply", status_reply_native),
    (c"set_repl", set_repl_native),
    (c"acl_check_cmd", acl_check_native),
];

/// What only EVAL's scripts find in it.
const EVAL_FUNCTIONS: &[(&CStr, ffi::lua_CFunction)] = &[
    (c"breakpoint", breakpoint_native),
    (c"debug", debug_native),
    (c"replicate_commands", replicate_commands_native),
];

const NUMBERS: &[(&CStr, i64)] = &[
    (c"LOG_DEBUG", 0),
    (c"LOG_VERBOSE", 1),
    (c"LOG_NOTICE", 2),
    (c"LOG_WARNING", 3),
    (c"REPL_NONE", 0),
    (c"REPL_AOF", REPL_AOF),
    (c"REPL_SLAVE", REPL_REPLICA),
    (c"REPL_REPLICA", REPL_REPLICA),
    (c"REPL_ALL", REPL_AOF | REPL_REPLICA),
    (c"REDIS_VERSION_NUM", REDIS_VERSION_NUM),
];

/// Pushes the table.
pub(super) fn push_redis(frame: Frame<'_>) {
    frame.push_table(0, 32);
    for &(name, function) in FUNCTIONS.iter().chain(EVAL_FUNCTIONS) {
        frame.push_function(function);
        frame.set_field(-2, name);
    }
    for &(name, number) in NUMBERS {
        frame.push_integer(number);
        frame.set_field(-2, name);
    }
    frame.push_bytes(REDIS_VERSION.as_bytes());
    frame.set_field(-2, c"REDIS_VERSION");
}

/// Takes what functions do not find out of the `redis` table of the globals on top.
pub(super) fn hide_from_functions(frame: Frame<'_>) {
    frame.field(-1, c"redis");
    push_real(frame);
    for &(name, _) in EVAL_FUNCTIONS {
        frame.push_nil();
        frame.set_field(-2, name);
    }
    frame.pop(2);
}

/// Pushes the globals that a library finds while it is loaded: a `redis` table that registers and logs.
pub(super) fn push_load_redis(frame: Frame<'_>) {
    frame.push_table(0, 1);
    frame.push_table(0, 8);
    let functions: [(&CStr, ffi::lua_CFunction); 2] = [
        (c"register_function", register_native),
        (c"log", log_native),
    ];
    for (name, function) in functions {
        frame.push_function(function);
        frame.set_field(-2, name);
    }
    let levels = |name: &CStr| name.to_bytes().starts_with(b"LOG_") || name == c"REDIS_VERSION_NUM";
    for &(name, number) in NUMBERS.iter().filter(|(name, _)| levels(name)) {
        frame.push_integer(number);
        frame.set_field(-2, name);
    }
    frame.push_bytes(REDIS_VERSION.as_bytes());
    frame.set_field(-2, c"REDIS_VERSION");
    refuse_missing(frame);
    push_shade(frame);
    frame.set_field(-2, c"redis");
    refuse_missing(frame);
}

fn call(frame: Frame<'_>) -> Results {
    match run_command(frame)? {
        Answer::Error => Err(Raise::Top),
        Answer::Value => Ok(1),
    }
}

fn pcall(frame: Frame<'_>) -> Results {
    if !frame.context().has_host() {
        return Err(outside(frame));
    }
    match run_command(frame) {
        Err(Raise::Top) | Ok(_) => Ok(1),
        Err(other) => Err(other),
    }
}

enum Answer {
    Value,
    Error,
}

fn outside(frame: Frame<'_>) -> Raise {
    fail(
        frame,
        "redis.call/pcall can only be called inside a script invocation",
    )
}

/// Runs the command that the arguments are and pushes its reply.
fn run_command(frame: Frame<'_>) -> Result<Answer, Raise> {
    let context = frame.context();
    if !context.has_host() {
        return Err(outside(frame));
    }
    if context.is_killed.get() {
        return Err(fail(frame, super::hook::KILLED));
    }
    let protocol = context.protocol.get();
    let mut reply = context.reply.take();
    let ran = with_arguments(frame, |args| {
        let ask = || context.host(|host| host.call(args, protocol, &mut reply));
        catch_unwind(AssertUnwindSafe(ask)).map(drop)
    });
    let answer = match ran {
        Ok(Ok(())) => {
            frame.set_top(0);
            push_output(frame, &mut reply).map(|is_error| match is_error {
                true => Answer::Error,
                false => Answer::Value,
            })
        }
        Ok(Err(panic)) => {
            context.panic.set(Some(panic));
            context.is_killed.set(true);
            Err(fail(frame, "the command was not completed"))
        }
        Err(text) => {
            frame.set_top(0);
            Err(fail(frame, text))
        }
    };
    context.reply.set(reply);
    answer
}

/// Pushes the reply in `output` and empties that; whether it is an error.
///
/// # Errors
/// When there is no memory for it.
fn push_output(frame: Frame<'_>, output: &mut OutputBuffer) -> Result<bool, Raise> {
    match output.take_plain() {
        Some(wire) => {
            let is_error = push_reply(frame, &wire);
            output.restore(wire);
            is_error
        }
        None => {
            let is_error = push_reply(frame, &output.to_vec());
            output.clear();
            is_error
        }
    }
}

/// Shows `work` the arguments as bytes.
fn with_arguments<R>(
    frame: Frame<'_>,
    work: impl FnOnce(&[&[u8]]) -> R,
) -> Result<R, &'static str> {
    let count = frame.top();
    if count == 0 {
        return Err("Please specify at least one argument for this redis lib call");
    }
    let context = frame.context();
    let mut digits = context.digits.take();
    print_numbers(frame, count, &mut digits);
    let mut args = context.args.take();
    let mut rest = &digits[..];
    for index in 1..=count {
        let arg = match frame.kind(index) {
            Kind::Number => {
                let len = usize::from(rest[0]);
                let (digits, behind) = rest[1..].split_at(len);
                rest = behind;
                Some(digits)
            }
            Kind::Text => frame.bytes(index),
            _ => None,
        };
        let Some(arg) = arg else { break };
        // SAFETY: the texts stay on the stack and the digits in their buffer until the list has been emptied below.
        args.push(unsafe { std::mem::transmute::<&[u8], &'static [u8]>(arg) });
    }
    let result = match args.len() == count as usize {
        true => Ok(work(&args)),
        false => Err("Lua redis lib command arguments must be strings or integers"),
    };
    args.clear();
    digits.clear();
    context.args.set(args);
    context.digits.set(digits);
    result
}

/// Puts the digits of all numbers among the arguments into `digits`, each with its length in front.
fn print_numbers(frame: Frame<'_>, count: c_int, digits: &mut Vec<u8>) {
    for index in 1..=count {
        if frame.kind(index) == Kind::Number {
            let at = digits.len();
            digits.push(0);
            append_g(digits, frame.number(index), ARGUMENT_PRECISION);
            digits[at] = (digits.len() - at - 1) as u8;
        }
    }
}

fn log(frame: Frame<'_>) -> Results {
    let count = frame.top();
    if count < 2 {
        return Err(fail(frame, "redis.log() requires two arguments or more."));
    }
    if !frame.is_number(1) {
        return Err(fail(frame, "First argument must be a number (log level)."));
    }
    let Some(level) = LogLevel::of(to_integer(frame.number(1))) else {
        return Err(fail(frame, "Invalid debug level."));
    };
    frame.context().with_buffer(|text| {
        for index in 2..=count {
            if let Some(bytes) = frame.bytes(index) {
                if index > 2 {
                    text.push(b' ');
                }
                text.extend_from_slice(bytes);
            }
        }
        // Not by the host: libraries log while they are loaded.
        level.write(None, text);
    });
    Ok(0)
}

fn set_protocol(frame: Frame<'_>) -> Results {
    if !frame.context().has_host() {
        return Err(fail(
            frame,
            "redis.setresp can only be called inside a script invocation",
        ));
    }
    if frame.top() != 1 {
        return Err(fail(frame, "redis.setresp() requires one argument."));
    }
    let protocol = match to_integer(frame.number(1)) {
        2 => Protocol::Resp2,
        3 => Protocol::Resp3,
        _ => return Err(fail(frame, "RESP version must be 2 or 3.")),
    };
    frame.context().protocol.set(protocol);
    Ok(0)
}

fn sha1hex(frame: Frame<'_>) -> Results {
    if frame.top() != 1 {
        return Err(fail(frame, "wrong number of arguments"));
    }
    let digest = super::sha1_hex(frame.bytes(1).unwrap_or_default());
    frame.push_bytes(&digest);
    Ok(1)
}

fn error_reply(frame: Frame<'_>) -> Results {
    if frame.top() != 1 || frame.kind(1) != Kind::Text {
        push_error(frame, b"wrong number or type of arguments");
        return Ok(1);
    }
    let text = frame.bytes(1).unwrap_or_default();
    if text.first() == Some(&b'-') {
        push_error(frame, text);
        return Ok(1);
    }
    frame.context().with_buffer(|coded| {
        coded.push(b'-');
        coded.extend_from_slice(text);
        push_error(frame, coded);
    });
    Ok(1)
}

fn status_reply(frame: Frame<'_>) -> Results {
    if frame.top() != 1 || frame.kind(1) != Kind::Text {
        push_error(frame, b"wrong number or type of arguments");
        return Ok(1);
    }
    frame.push_table(0, 1);
    frame.push_copy(1);
    frame.set_field(-2, c"ok");
    Ok(1)
}

/// Checks its argument; there is nobody to replicate to.
fn set_replication(frame: Frame<'_>) -> Results {
    if !frame.context().has_host() {
        return Err(fail(
            frame,
            "redis.set_repl can only be called inside a script invocation",
        ));
    }
    if frame.top() != 1 {
        return Err(fail(frame, "redis.set_repl() requires two arguments."));
    }
    match to_integer(frame.number(1)) & !(REPL_AOF | REPL_REPLICA) {
        0 => Ok(0),
        _ => Err(fail(
            frame,
            "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
        )),
    }
}

fn check_rights(frame: Frame<'_>) -> Results {
    if !frame.context().has_host() {
        return Err(fail(
            frame,
            "redis.acl_check_cmd can only be called inside a script invocation",
        ));
    }
    let permits = |args: &[&[u8]]| frame.context().host(|host| host.permits(args)).flatten();
    match with_arguments(frame, permits) {
        Ok(Some(may)) => {
            frame.push_bool(may);
            Ok(1)
        }
        Ok(None) => Err(fail(
            frame,
            "Invalid command passed to redis.acl_check_cmd()",
        )),
        Err(text) => Err(fail(frame, text)),
    }
}

/// There is no debugger, as in Redis when none is attached.
fn breakpoint(frame: Frame<'_>) -> Results {
    frame.push_bool(false);
    Ok(1)
}

fn debug(_: Frame<'_>) -> Results {
    Ok(0)
}

fn replicate_commands(frame: Frame<'_>) -> Results {
    frame.push_bool(true);
    Ok(1)
}
