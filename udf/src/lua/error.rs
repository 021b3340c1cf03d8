//! Errors as scripts see them, `{err = "CODE text"}`, and as clients see them.

use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;

use mlua_sys as ffi;

use super::frame::{Frame, Kind};
use super::raise::{Raise, Results, natives};

/// The field by which an error says that the statistics know of it.
const COUNTED: &CStr = c"ignore_error_stats_update";

/// Pushes an error. A text that begins with `-` says its code; others get ERR.
pub(super) fn push_error(frame: Frame<'_>, text: &[u8]) {
    frame.push_table(0, 2);
    match text.strip_prefix(b"-") {
        None => push_with_code(frame, text),
        Some(coded) => match coded.iter().position(|&byte| byte == b' ') {
            None => push_with_code(frame, coded),
            Some(space) => {
                frame.push_bytes(&coded[..=space]);
                frame.push_bytes(trim(&coded[space + 1..]));
                frame.concat(2);
            }
        },
    }
    frame.set_field(-2, c"err");
}

fn push_with_code(frame: Frame<'_>, text: &[u8]) {
    frame.push_bytes(b"ERR ");
    frame.push_bytes(trim(text));
    frame.concat(2);
}

/// Pushes the error that a command replied, which is counted.
pub(super) fn push_reply_error(frame: Frame<'_>, line: &[u8]) {
    frame.push_table(0, 2);
    match line.contains(&b' ') {
        true => frame.push_bytes(line),
        false => push_with_code(frame, line),
    }
    frame.set_field(-2, c"err");
    frame.push_bool(true);
    frame.set_field(-2, COUNTED);
}

/// Raises an error of the `redis` table.
pub(super) fn fail(frame: Frame<'_>, text: &str) -> Raise {
    push_error(frame, text.as_bytes());
    Raise::Top
}

/// Text without line ends around it.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let start = text
        .iter()
        .position(|byte| !is_end(byte))
        .unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|byte| !is_end(byte))
        .map_or(start, |last| last + 1);
    &text[start..end]
}

natives! {
    /// What runs where an error is raised: makes it a table and notes where that was.
    handler_native = handle;
}

/// A place in a script.
struct Place {
    source: *const c_char,
    line: c_int,
}

fn handle(frame: Frame<'_>) -> Results {
    let place = place_of_error(frame);
    if frame.kind(1) != Kind::Table {
        frame.push_table(0, 3);
        frame.push_bytes(b"ERR ");
        match frame.bytes(1) {
            Some(_) => frame.push_copy(1),
            None => frame.push_bytes(frame.type_name(1).to_bytes()),
        }
        frame.concat(2);
        frame.set_field(-2, c"err");
        frame.replace(1);
    }
    frame.set_top(1);
    // A table of the script may have metamethods; they are not asked.
    if let Some(Place { source, line }) = place {
        frame.push_bytes(b"source");
        // SAFETY: Lua's own text of a function that is on the call stack.
        frame.push_bytes(unsafe { CStr::from_ptr(source) }.to_bytes());
        frame.raw_set(1);
        frame.push_bytes(b"line");
        frame.push_integer(i64::from(line));
        frame.raw_set(1);
    }
    Ok(1)
}

/// Where the error was raised: for a native function, where that was called.
fn place_of_error(frame: Frame<'_>) -> Option<Place> {
    let place = place_at(frame, 1)?;
    match place.line < 0 {
        true => place_at(frame, 2).or(Some(place)),
        false => Some(place),
    }
}

fn place_at(frame: Frame<'_>, level: c_int) -> Option<Place> {
    let mut activation = MaybeUninit::<ffi::lua_Debug>::zeroed();
    // SAFETY: all-zero is a value of this plain structure; the calls fill in what is read below, and its texts live as long as the function.
    unsafe {
        if ffi::lua_getstack(frame.raw(), level, activation.as_mut_ptr()) == 0 {
            return None;
        }
        ffi::lua_getinfo(frame.raw(), c"Sl".as_ptr(), activation.as_mut_ptr());
        let activation = activation.assume_init();
        Some(Place {
            source: activation.source,
            line: activation.currentline,
        })
    }
}

/// What an error value says, for the client.
pub(super) struct Told<'f> {
    /// Code and text, in the buffer it was put into.
    pub(super) text: &'f mut Vec<u8>,
    /// The statistics know of it.
    pub(super) counted: bool,
}

/// Reads the error table at `index` into `text`: code and message, and the place behind them when `name` is given.
pub(super) fn tell<'f>(
    frame: Frame<'_>,
    index: c_int,
    name: Option<&[u8]>,
    text: &'f mut Vec<u8>,
) -> Told<'f> {
    text.clear();
    frame.push_copy(index);
    let field = |name: &CStr, text: &mut Vec<u8>, before: &[u8]| {
        frame.push_bytes(name.to_bytes());
        frame.raw_get(-2);
        let bytes = frame.c_bytes(-1);
        if let Some(bytes) = bytes {
            text.extend_from_slice(before);
            text.extend_from_slice(bytes);
        }
        frame.pop(1);
        bytes.is_some()
    };
    field(c"err", text, b"");
    if let Some(name) = name {
        let end = text.len();
        text.extend_from_slice(b" script: ");
        text.extend_from_slice(name);
        if !(field(c"source", text, b", on ") && field(c"line", text, b":")) {
            text.truncate(end);
        } else {
            text.push(b'.');
        }
    }
    frame.push_bytes(COUNTED.to_bytes());
    frame.raw_get(-2);
    let counted = frame.kind(-1) == Kind::Bool && frame.truth(-1);
    frame.pop(2);
    Told { text, counted }
}
