//! The table `bit`: operations on numbers as 32-bit words, with signed results.

use std::ffi::{CStr, c_int};

use mlua_sys as ffi;

use super::frame::{Frame, Kind};
use super::raise::{Raise, Results, natives};

natives! {
    tobit_native = tobit;
    bnot_native = bnot;
    band_native = band;
    bor_native = bor;
    bxor_native = bxor;
    lshift_native = lshift;
    rshift_native = rshift;
    arshift_native = arshift;
    rol_native = rol;
    ror_native = ror;
    bswap_native = bswap;
    tohex_native = tohex;
}

const FUNCTIONS: &[(&CStr, ffi::lua_CFunction)] = &[
    (c"tobit", tobit_native),
    (c"bnot", bnot_native),
    (c"band", band_native),
    (c"bor", bor_native),
    (c"bxor", bxor_native),
    (c"lshift", lshift_native),
    (c"rshift", rshift_native),
    (c"arshift", arshift_native),
    (c"rol", rol_native),
    (c"ror", ror_native),
    (c"bswap", bswap_native),
    (c"tohex", tohex_native),
];

/// Pushes the table.
pub(super) fn push_bit(frame: Frame<'_>) {
    frame.push_table(0, FUNCTIONS.len() as c_int);
    for &(name, function) in FUNCTIONS {
        frame.push_function(function);
        frame.set_field(-2, name);
    }
}

/// The low 32 bits of argument `index`, rounded to an integer.
fn word(frame: Frame<'_>, index: c_int) -> Result<u32, Raise> {
    /// 2^52 + 2^51: adding it leaves an integer's low bits at the end of the double.
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    let number = frame.check_number(index)?;
    Ok((number + MAGIC).to_bits() as u32)
}

fn give(frame: Frame<'_>, word: u32) -> Results {
    frame.push_number(f64::from(word as i32));
    Ok(1)
}

fn fold(frame: Frame<'_>, join: fn(u32, u32) -> u32) -> Results {
    let mut result = word(frame, 1)?;
    for index in 2..=frame.top() {
        result = join(result, word(frame, index)?);
    }
    give(frame, result)
}

fn shift(frame: Frame<'_>, by: fn(u32, u32) -> u32) -> Results {
    let (number, count) = (word(frame, 1)?, word(frame, 2)? & 31);
    give(frame, by(number, count))
}

fn tobit(frame: Frame<'_>) -> Results {
    let number = word(frame, 1)?;
    give(frame, number)
}

fn bnot(frame: Frame<'_>) -> Results {
    let number = word(frame, 1)?;
    give(frame, !number)
}

fn band(frame: Frame<'_>) -> Results {
    fold(frame, |a, b| a & b)
}

fn bor(frame: Frame<'_>) -> Results {
    fold(frame, |a, b| a | b)
}

fn bxor(frame: Frame<'_>) -> Results {
    fold(frame, |a, b| a ^ b)
}

fn lshift(frame: Frame<'_>) -> Results {
    shift(frame, |number, count| number << count)
}

fn rshift(frame: Frame<'_>) -> Results {
    shift(frame, |number, count| number >> count)
}

fn arshift(frame: Frame<'_>) -> Results {
    shift(frame, |number, count| (number as i32 >> count) as u32)
}

fn rol(frame: Frame<'_>) -> Results {
    shift(frame, u32::rotate_left)
}

fn ror(frame: Frame<'_>) -> Results {
    shift(frame, u32::rotate_right)
}

fn bswap(frame: Frame<'_>) -> Results {
    let number = word(frame, 1)?;
    give(frame, number.swap_bytes())
}

fn tohex(frame: Frame<'_>) -> Results {
    let mut number = word(frame, 1)?;
    let digits = match frame.kind(2) {
        Kind::None => 8,
        _ => word(frame, 2)? as i32,
    };
    let alphabet = match digits < 0 {
        true => b"0123456789ABCDEF",
        false => b"0123456789abcdef",
    };
    let len = digits.unsigned_abs().min(8) as usize;
    let mut text = [0; 8];
    for digit in text[..len].iter_mut().rev() {
        *digit = alphabet[(number & 15) as usize];
        number >>= 4;
    }
    frame.push_bytes(&text[..len]);
    Ok(1)
}
