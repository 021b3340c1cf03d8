//! The table `cjson`: values to and from JSON, and how that is configured.

mod decode;
mod encode;

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::ptr;

use mlua_sys as ffi;

use super::frame::{Frame, Kind};
use super::raise::{Raise, Results, natives};

/// What to do with numbers that JSON does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invalid {
    Refuse,
    Write,
    AsNull,
}

/// The settings of a state, which scripts may change.
pub(super) struct JsonConfig {
    sparse_convert: Cell<bool>,
    sparse_ratio: Cell<i32>,
    sparse_safe: Cell<i32>,
    encode_depth_max: Cell<i32>,
    decode_depth_max: Cell<i32>,
    precision: Cell<i32>,
    encode_invalid: Cell<Invalid>,
    decode_invalid: Cell<bool>,
    keeps_buffer: Cell<bool>,
}

impl Default for JsonConfig {
    fn default() -> Self {
        JsonConfig {
            sparse_convert: Cell::new(false),
            sparse_ratio: Cell::new(2),
            sparse_safe: Cell::new(10),
            encode_depth_max: Cell::new(1000),
            decode_depth_max: Cell::new(1000),
            precision: Cell::new(14),
            encode_invalid: Cell::new(Invalid::Refuse),
            decode_invalid: Cell::new(true),
            keeps_buffer: Cell::new(true),
        }
    }
}

/// Nesting beyond which the thread's stack would not do, whatever is configured.
const DEPTH_MAX: i32 = 4000;

natives! {
    encode_native = encode::encode;
    decode_native = decode::decode;
    sparse_native = configure_sparse;
    encode_depth_native = configure_encode_depth;
    decode_depth_native = configure_decode_depth;
    precision_native = configure_precision;
    keep_buffer_native = configure_buffer;
    encode_invalid_native = configure_encode_invalid;
    decode_invalid_native = configure_decode_invalid;
    new_native = new;
}

const FUNCTIONS: &[(&CStr, ffi::lua_CFunction)] = &[
    (c"encode", encode_native),
    (c"decode", decode_native),
    (c"encode_sparse_array", sparse_native),
    (c"encode_max_depth", encode_depth_native),
    (c"decode_max_depth", decode_depth_native),
    (c"encode_number_precision", precision_native),
    (c"encode_keep_buffer", keep_buffer_native),
    (c"encode_invalid_numbers", encode_invalid_native),
    (c"decode_invalid_numbers", decode_invalid_native),
    (c"new", new_native),
];

/// Pushes the table.
pub(super) fn push_cjson(frame: Frame<'_>) {
    frame.push_table(0, 16);
    for &(name, function) in FUNCTIONS {
        frame.push_function(function);
        frame.set_field(-2, name);
    }
    frame.push_light(ptr::null());
    frame.set_field(-2, c"null");
    frame.push_bytes(b"cjson");
    frame.set_field(-2, c"_NAME");
    frame.push_bytes(b"2.1.0");
    frame.set_field(-2, c"_VERSION");
}

/// A table of its own; its settings are the state's.
fn new(frame: Frame<'_>) -> Results {
    push_cjson(frame);
    Ok(1)
}

/// Extends the arguments by nil to as many as there may be.
fn arguments(frame: Frame<'_>, count: c_int) -> Result<(), Raise> {
    if frame.top() > count {
        return Err(Raise::Arg(count + 1, c"found too many arguments"));
    }
    frame.set_top(count);
    Ok(())
}

fn integer_setting(
    frame: Frame<'_>,
    index: c_int,
    setting: &Cell<i32>,
    range: std::ops::RangeInclusive<i32>,
) -> Result<(), Raise> {
    if frame.kind(index) != Kind::Nil {
        let value = i32::try_from(frame.check_integer(index)?).unwrap_or(-1);
        if !range.contains(&value) {
            let (least, most) = range.into_inner();
            let text = format!("expected integer between {least} and {most}");
            frame.push_bytes(text.as_bytes());
            return Err(Raise::ArgTop(1));
        }
        setting.set(value);
    }
    frame.push_integer(i64::from(setting.get()));
    Ok(())
}

/// A truth value, or `off` and `on`.
fn switch_setting(frame: Frame<'_>, index: c_int, setting: &Cell<bool>) -> Result<(), Raise> {
    match frame.kind(index) {
        Kind::Nil => {}
        Kind::Bool => setting.set(frame.truth(index)),
        _ => match frame.check_bytes(index)? {
            b"off" => setting.set(false),
            b"on" => setting.set(true),
            _ => return Err(invalid_option(frame, index)),
        },
    }
    frame.push_bool(setting.get());
    Ok(())
}

fn invalid_option(frame: Frame<'_>, index: c_int) -> Raise {
    frame.push_bytes(b"invalid option '");
    frame.push_copy(index);
    frame.push_bytes(b"'");
    frame.concat(3);
    Raise::ArgTop(index)
}

fn configure_sparse(frame: Frame<'_>) -> Results {
    let config = &frame.context().json;
    arguments(frame, 3)?;
    switch_setting(frame, 1, &config.sparse_convert)?;
    integer_setting(frame, 2, &config.sparse_ratio, 0..=i32::MAX)?;
    integer_setting(frame, 3, &config.sparse_safe, 0..=i32::MAX)?;
    Ok(3)
}

fn configure_encode_depth(frame: Frame<'_>) -> Results {
    arguments(frame, 1)?;
    let setting = &frame.context().json.encode_depth_max;
    integer_setting(frame, 1, setting, 1..=i32::MAX)?;
    Ok(1)
}

fn configure_decode_depth(frame: Frame<'_>) -> Results {
    arguments(frame, 1)?;
    let setting = &frame.context().json.decode_depth_max;
    integer_setting(frame, 1, setting, 1..=i32::MAX)?;
    Ok(1)
}

fn configure_precision(frame: Frame<'_>) -> Results {
    arguments(frame, 1)?;
    integer_setting(frame, 1, &frame.context().json.precision, 1..=14)?;
    Ok(1)
}

/// Remembers what it is told; the buffer is kept anyway.
fn configure_buffer(frame: Frame<'_>) -> Results {
    arguments(frame, 1)?;
    switch_setting(frame, 1, &frame.context().json.keeps_buffer)?;
    Ok(1)
}

fn configure_encode_invalid(frame: Frame<'_>) -> Results {
    arguments(frame, 1)?;
    let setting = &frame.context().json.encode_invalid;
    match frame.kind(1) {
        Kind::Nil => {}
        Kind::Bool if frame.truth(1) => setting.set(Invalid::Write),
        Kind::Bool => setting.set(Invalid::Refuse),
        _ => match frame.check_bytes(1)? {
            b"off" => setting.set(Invalid::Refuse),
            b"on" => setting.set(Invalid::Write),
            b"null" => setting.set(Invalid::AsNull),
            _ => return Err(invalid_option(frame, 1)),
        },
    }
    match setting.get() {
        Invalid::AsNull => frame.push_bytes(b"null"),
        other => frame.push_bool(other == Invalid::Write),
    }
    Ok(1)
}

fn configure_decode_invalid(frame: Frame<'_>) -> Results {
    arguments(frame, 1)?;
    switch_setting(frame, 1, &frame.context().json.decode_invalid)?;
    Ok(1)
}
