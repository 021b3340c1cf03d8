//! `table.insert`, `remove` and `concat`: Lua's own walk over a whole table within one instruction of a script. These give the same
//! results and errors, and others their turns meanwhile.

use std::ffi::{CStr, c_int};

use mlua_sys as ffi;

use super::frame::{Frame, Kind};
use super::raise::{Raise, Results, natives};
use super::sandbox::{check_table, check_writable};

/// Elements moved between two steps.
const MOVES_PER_STEP: i64 = 8;

natives! {
    insert_native = insert;
    remove_native = remove;
    concat_native = concat;
}

/// The functions of `table` that are replaced.
pub(super) const FUNCTIONS: &[(&CStr, ffi::lua_CFunction)] = &[
    (c"insert", insert_native),
    (c"remove", remove_native),
    (c"concat", concat_native),
];

/// Argument `index` as Lua's functions of tables take numbers of elements: in 32 bits.
fn check_place(frame: Frame<'_>, index: c_int) -> Result<i64, Raise> {
    Ok(i64::from(frame.check_integer(index)? as i32))
}

fn place_or(frame: Frame<'_>, index: c_int, default: i64) -> Result<i64, Raise> {
    match frame.kind(index) {
        Kind::None | Kind::Nil => Ok(default),
        _ => check_place(frame, index),
    }
}

fn insert(frame: Frame<'_>) -> Results {
    check_writable(frame, 1)?;
    check_table(frame, 1)?;
    let end = frame.length(1) as i64 + 1;
    let place = match frame.top() {
        2 => end,
        3 => {
            let place = check_place(frame, 2)?;
            for at in (place + 1..=end).rev() {
                move_element(frame, at - 1, at)?;
            }
            place
        }
        _ => return Err(Raise::Text(c"wrong number of arguments to 'insert'")),
    };
    frame.raw_set_at(1, place as c_int);
    Ok(0)
}

fn remove(frame: Frame<'_>) -> Results {
    check_writable(frame, 1)?;
    check_table(frame, 1)?;
    let end = frame.length(1) as i64;
    let place = place_or(frame, 2, end)?;
    if !(1..=end).contains(&place) {
        return Ok(0);
    }
    frame.raw_get_at(1, place as c_int);
    for at in place..end {
        move_element(frame, at + 1, at)?;
    }
    frame.push_nil();
    frame.raw_set_at(1, end as c_int);
    Ok(1)
}

fn move_element(frame: Frame<'_>, from: i64, to: i64) -> Result<(), Raise> {
    if from % MOVES_PER_STEP == 0 {
        frame.step(0)?;
    }
    frame.raw_get_at(1, from as c_int);
    frame.raw_set_at(1, to as c_int);
    Ok(())
}

fn concat(frame: Frame<'_>) -> Results {
    let separator = match frame.kind(2) {
        Kind::None | Kind::Nil => &[],
        _ => frame.check_bytes(2)?,
    };
    check_table(frame, 1)?;
    let first = place_or(frame, 3, 1)?;
    let last = place_or(frame, 4, frame.length(1) as i64)?;
    frame.push_built(|out| join(frame, separator, (first, last), out))?;
    Ok(1)
}

/// Writes elements `first` to `last` to `out`.
fn join(
    frame: Frame<'_>,
    separator: &[u8],
    (first, last): (i64, i64),
    out: &mut Vec<u8>,
) -> Result<(), Raise> {
    for at in first..=last {
        frame.step(out.len())?;
        if at > first {
            out.extend_from_slice(separator);
        }
        frame.raw_get_at(1, at as c_int);
        if !matches!(frame.kind(-1), Kind::Text | Kind::Number) {
            let name = frame.type_name(-1).to_string_lossy();
            let wrong = format!("invalid value ({name}) at index {at} in table for 'concat'");
            return Err(Raise::text(frame, &wrong));
        }
        let element = frame.bytes(-1).unwrap_or_default();
        frame.check_room(out.len() + element.len())?;
        out.extend_from_slice(element);
        frame.pop(1);
    }
    Ok(())
}
