//! The table `struct`: numbers and texts to and from packed bytes, by a format.
//!
//! ```text
//! >  <    byte order         !n  alignment         (space) ignored
//! b B h H l L T   integers of 1, 2, 8 and 8 bytes      i[n] I[n]  of n bytes, 4 without n
//! f d     floats             s   text up to a 0     c[n] n bytes; c0 as many as there are, or as the number before says
//! x       a byte of padding
//! ```

use std::ffi::{CStr, c_int};

use mlua_sys as ffi;

use super::frame::Frame;
use super::number::to_integer;
use super::raise::{Raise, Results, natives};

const INTEGER_BYTES_MAX: usize = 32;
const ALIGN_MAX: usize = 8;

natives! {
    pack_native = pack;
    unpack_native = unpack;
    size_native = size;
}

const FUNCTIONS: &[(&CStr, ffi::lua_CFunction)] = &[
    (c"pack", pack_native),
    (c"unpack", unpack_native),
    (c"size", size_native),
];

/// Pushes the table.
pub(super) fn push_struct(frame: Frame<'_>) {
    frame.push_table(0, FUNCTIONS.len() as c_int);
    for &(name, function) in FUNCTIONS {
        frame.push_function(function);
        frame.set_field(-2, name);
    }
}

/// A format being read.
struct Format<'a> {
    frame: Frame<'a>,
    rest: &'a [u8],
    is_little: bool,
    align: usize,
}

/// One item of a format.
struct Item {
    option: u8,
    size: usize,
}

impl<'a> Format<'a> {
    fn new(frame: Frame<'a>) -> Result<Self, Raise> {
        let text = frame.bytes(1).ok_or(Raise::Type(1, c"string"))?;
        let end = text
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(text.len());
        Ok(Format {
            frame,
            rest: &text[..end],
            is_little: true,
            align: 1,
        })
    }

    fn next(&mut self) -> Result<Option<Item>, Raise> {
        let Some((&option, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        self.rest = rest;
        let size = match option {
            b'b' | b'B' | b'x' => 1,
            b'h' | b'H' => 2,
            b'l' | b'L' | b'T' | b'd' => 8,
            b'f' => 4,
            b'c' => self.count(1)?,
            b'i' | b'I' => {
                let size = self.count(4)?;
                if size > INTEGER_BYTES_MAX {
                    let text =
                        format!("integral size {size} is larger than limit of {INTEGER_BYTES_MAX}");
                    return Err(Raise::text(self.frame, &text));
                }
                size
            }
            _ => 0,
        };
        Ok(Some(Item { option, size }))
    }

    /// The number that follows, or what holds without one.
    fn count(&mut self, default: usize) -> Result<usize, Raise> {
        let digits = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits == 0 {
            return Ok(default);
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number
            .iter()
            .try_fold(0i32, |sum, digit| {
                sum.checked_mul(10)?.checked_add(i32::from(digit - b'0'))
            })
            .map(|number| number as usize)
            .ok_or(Raise::Text(c"integral size overflow"))
    }

    /// Bytes of padding before an item at `at`.
    fn padding(&self, at: usize, item: &Item) -> usize {
        if item.size == 0 || item.option == b'c' {
            return 0;
        }
        let size = item.size.min(self.align);
        size.wrapping_sub(at & (size - 1)) & (size - 1)
    }

    /// Obeys an item that is no data.
    fn control(&mut self, option: u8) -> Result<(), Raise> {
        match option {
            b' ' => {}
            b'>' => self.is_little = false,
            b'<' => self.is_little = true,
            b'!' => {
                let align = self.count(ALIGN_MAX)?;
                if !align.is_power_of_two() {
                    let text = format!("alignment {align} is not a power of 2");
                    return Err(Raise::text(self.frame, &text));
                }
                self.align = align;
            }
            _ => {
                self.frame.push_bytes(b"invalid format option '");
                self.frame.push_bytes(&[option]);
                self.frame.push_bytes(b"'");
                self.frame.concat(3);
                return Err(Raise::ArgTop(1));
            }
        }
        Ok(())
    }

    fn put(&self, out: &mut Vec<u8>, little: &[u8]) {
        match self.is_little {
            true => out.extend_from_slice(little),
            false => out.extend(little.iter().rev()),
        }
    }
}

fn pack(frame: Frame<'_>) -> Results {
    frame.push_built(|out| pack_into(frame, out))?;
    Ok(1)
}

fn pack_into(frame: Frame<'_>, out: &mut Vec<u8>) -> Result<(), Raise> {
    let mut format = Format::new(frame)?;
    let mut arg = 2;
    while let Some(item) = format.next()? {
        frame.step(out.capacity())?;
        out.resize(out.len() + format.padding(out.len(), &item), 0);
        match item.option {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                let mut little = [0; INTEGER_BYTES_MAX];
                little[..8].copy_from_slice(&to_word(frame.check_number(arg)?).to_le_bytes());
                format.put(out, &little[..item.size]);
                arg += 1;
            }
            b'x' => out.push(0),
            b'f' => {
                format.put(out, &(frame.check_number(arg)? as f32).to_le_bytes());
                arg += 1;
            }
            b'd' => {
                format.put(out, &frame.check_number(arg)?.to_le_bytes());
                arg += 1;
            }
            b'c' | b's' => {
                let text = frame.bytes(arg).ok_or(Raise::Type(arg, c"string"))?;
                arg += 1;
                let size = if item.size == 0 {
                    text.len()
                } else {
                    item.size
                };
                let part = text
                    .get(..size)
                    .ok_or(Raise::Arg(arg, c"string too short"))?;
                frame.check_room(out.len() + part.len())?;
                out.extend_from_slice(part);
                if item.option == b's' {
                    out.push(0);
                }
            }
            option => format.control(option)?,
        }
    }
    Ok(())
}

/// A number's bits as an integer of either sign; 0 where it is too large, as x86 casts it.
fn to_word(number: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    match number < HALF {
        true => to_integer(number) as u64,
        false => to_integer(number - HALF) as u64 ^ 1 << 63,
    }
}

fn unpack(frame: Frame<'_>) -> Results {
    let mut format = Format::new(frame)?;
    let data = frame.bytes(2).ok_or(Raise::Type(2, c"string"))?;
    let from = frame.integer_or(3, 1)?;
    if from == 0 {
        return Err(Raise::Arg(3, c"offset must be 1 or greater"));
    }
    // One below 0 is beyond any end, and padding may lead around to the beginning.
    let mut at = (from as usize).wrapping_sub(1);
    let mut results = 0;
    while let Some(item) = format.next()? {
        at = at.wrapping_add(format.padding(at, &item));
        let mut size = item.size;
        let mut field = take(data, at, size)?;
        if !frame.reserve(2) {
            return Err(Raise::Text(c"stack overflow (too many results)"));
        }
        match item.option {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                frame.push_number(integer(&format, field, item.option.is_ascii_lowercase()));
                results += 1;
            }
            b'x' => {}
            b'f' => {
                frame.push_number(f64::from(f32::from_le_bytes(little(&format, field))));
                results += 1;
            }
            b'd' => {
                frame.push_number(f64::from_le_bytes(little(&format, field)));
                results += 1;
            }
            b'c' => {
                if size == 0 {
                    if results == 0 || !frame.is_number(-1) {
                        return Err(Raise::Text(c"format 'c0' needs a previous size"));
                    }
                    size = frame.number(-1) as usize;
                    frame.pop(1);
                    results -= 1;
                    field = take(data, at, size)?;
                }
                frame.push_bytes(field);
                results += 1;
            }
            b's' => {
                let rest = &data[at..];
                let end = rest.iter().position(|&byte| byte == 0);
                let end = end.ok_or(Raise::Text(c"unfinished string in data"))?;
                frame.push_bytes(&rest[..end]);
                size = end + 1;
                results += 1;
            }
            option => format.control(option)?,
        }
        at += size;
    }
    frame.push_integer((at as i64).wrapping_add(1));
    Ok(results + 1)
}

fn take(data: &[u8], at: usize, size: usize) -> Result<&[u8], Raise> {
    let end = at.checked_add(size);
    end.and_then(|end| data.get(at..end))
        .ok_or(Raise::Arg(2, c"data string too short"))
}

/// The bytes of a float in little-endian order.
fn little<const N: usize>(format: &Format<'_>, field: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(field);
    if !format.is_little {
        bytes.reverse();
    }
    bytes
}

/// The last 8 bytes' worth of an integer; a sign is extended from the field's own size.
fn integer(format: &Format<'_>, field: &[u8], is_signed: bool) -> f64 {
    let shift_in = |word: u64, byte: &u8| (word << 8) | u64::from(*byte);
    let word = match format.is_little {
        true => field.iter().rev().fold(0, shift_in),
        false => field.iter().fold(0, shift_in),
    };
    if !is_signed {
        return word as f64;
    }
    let unused = 64u32.saturating_sub(field.len() as u32 * 8);
    match unused {
        64 => 0.0,
        _ => ((word << unused) as i64 >> unused) as f64,
    }
}

fn size(frame: Frame<'_>) -> Results {
    let mut format = Format::new(frame)?;
    let mut at = 0usize;
    while let Some(item) = format.next()? {
        at = at.saturating_add(format.padding(at, &item));
        match item.option {
            b's' => return Err(Raise::Arg(1, c"option 's' has no fixed size")),
            b'c' if item.size == 0 => {
                return Err(Raise::Arg(1, c"option 'c0' has no fixed size"));
            }
            option if !option.is_ascii_alphanumeric() => format.control(option)?,
            _ => {}
        }
        at = at.saturating_add(item.size);
    }
    frame.push_integer(at as i64);
    Ok(1)
}
