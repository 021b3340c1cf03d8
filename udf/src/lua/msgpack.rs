//! The table `cmsgpack`: values to and from MessagePack.

use std::ffi::{CStr, c_int};

use mlua_sys as ffi;

use super::frame::{Frame, Kind};
use super::number::to_integer;
use super::raise::{Raise, Results, natives};

/// Tables nested deeper are packed as nil.
const NESTING_MAX: usize = 16;
/// Nesting at which unpacking stops: deeper than anything packs, and far from the end of the thread's stack.
const UNPACK_NESTING_MAX: usize = 1000;

natives! {
    pack_native = pack;
    unpack_native = unpack;
    unpack_one_native = unpack_one;
    unpack_limit_native = unpack_limit;
}

const FUNCTIONS: &[(&CStr, ffi::lua_CFunction)] = &[
    (c"pack", pack_native),
    (c"unpack", unpack_native),
    (c"unpack_one", unpack_one_native),
    (c"unpack_limit", unpack_limit_native),
];

/// Pushes the table.
pub(super) fn push_cmsgpack(frame: Frame<'_>) {
    frame.push_table(0, 8);
    for &(name, function) in FUNCTIONS {
        frame.push_function(function);
        frame.set_field(-2, name);
    }
    for (name, text) in [(c"_NAME", "cmsgpack"), (c"_VERSION", "lua-cmsgpack 0.4.0")] {
        frame.push_bytes(text.as_bytes());
        frame.set_field(-2, name);
    }
}

fn pack(frame: Frame<'_>) -> Results {
    let count = frame.top();
    if count == 0 {
        return Err(Raise::Arg(0, c"MessagePack pack needs input."));
    }
    frame.push_built(|out| {
        (1..=count).try_for_each(|index| {
            frame.push_copy(index);
            pack_top(frame, out, 0)
        })
    })?;
    Ok(1)
}

/// Packs the value on top and takes it off.
fn pack_top(frame: Frame<'_>, out: &mut Vec<u8>, level: usize) -> Result<(), Raise> {
    frame.step(out.capacity())?;
    match frame.kind(-1) {
        Kind::Text => {
            let text = frame.bytes(-1).unwrap_or_default();
            frame.check_room(out.len() + text.len())?;
            pack_text(out, text);
        }
        Kind::Bool => out.push(if frame.truth(-1) { 0xc3 } else { 0xc2 }),
        Kind::Number => pack_number(out, frame.number(-1)),
        Kind::Table if level < NESTING_MAX => pack_table(frame, out, level)?,
        _ => out.push(0xc0),
    }
    frame.pop(1);
    Ok(())
}

fn pack_text(out: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        len @ 0..32 => out.push(0xa0 | len as u8),
        len @ 32..=0xff => out.extend([0xd9, len as u8]),
        len @ 0x100..=0xffff => head(out, 0xda, &(len as u16).to_be_bytes()),
        len => head(out, 0xdb, &(len as u32).to_be_bytes()),
    }
    out.extend_from_slice(text);
}

fn head(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn pack_number(out: &mut Vec<u8>, number: f64) {
    let integer = to_integer(number);
    if number.is_infinite() || integer as f64 != number {
        return match f64::from(number as f32) == number {
            true => head(out, 0xca, &(number as f32).to_be_bytes()),
            false => head(out, 0xcb, &number.to_be_bytes()),
        };
    }
    match integer {
        0..=127 => out.push(integer as u8),
        128..=0xff => out.extend([0xcc, integer as u8]),
        0x100..=0xffff => head(out, 0xcd, &(integer as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => head(out, 0xce, &(integer as u32).to_be_bytes()),
        0x1_0000_0000.. => head(out, 0xcf, &integer.to_be_bytes()),
        -32..0 => out.push(integer as i8 as u8),
        -128..-32 => out.extend([0xd0, integer as i8 as u8]),
        -0x8000..-128 => head(out, 0xd1, &(integer as i16).to_be_bytes()),
        -0x8000_0000..-0x8000 => head(out, 0xd2, &(integer as i32).to_be_bytes()),
        ..-0x8000_0000 => head(out, 0xd3, &integer.to_be_bytes()),
    }
}

fn pack_table(frame: Frame<'_>, out: &mut Vec<u8>, level: usize) -> Result<(), Raise> {
    if !frame.reserve(6) {
        return Err(Raise::Text(c"stack overflow (in function pack)"));
    }
    let (fields, is_array) = survey(frame)?;
    if is_array {
        array_head(out, fields);
        for n in 1..=fields {
            frame.raw_get_at(-1, n as c_int);
            pack_top(frame, out, level + 1)?;
        }
        return Ok(());
    }
    map_head(out, fields);
    frame.push_nil();
    while frame.next(-2) {
        // key, value, key: the key's copy is packed first, as packing a number would not change it, but taking a text of it would.
        frame.push_copy(-2);
        pack_top(frame, out, level + 1)?;
        pack_top(frame, out, level + 1)?;
    }
    Ok(())
}

/// How many fields the table on top has, and whether they are 1, 2, 3, …
fn survey(frame: Frame<'_>) -> Result<(usize, bool), Raise> {
    let (mut fields, mut largest, mut is_array) = (0usize, 0f64, true);
    frame.push_nil();
    while frame.next(-2) {
        frame.step(0)?;
        frame.pop(1);
        fields += 1;
        let key = match frame.kind(-1) {
            Kind::Number => frame.number(-1),
            _ => 0.0,
        };
        is_array &= key > 0.0 && f64::from(key as i32) == key;
        largest = largest.max(key);
    }
    Ok((fields, is_array && largest == fields as f64))
}

fn array_head(out: &mut Vec<u8>, len: usize) {
    match len {
        0..16 => out.push(0x90 | len as u8),
        16..=0xffff => head(out, 0xdc, &(len as u16).to_be_bytes()),
        _ => head(out, 0xdd, &(len as u32).to_be_bytes()),
    }
}

fn map_head(out: &mut Vec<u8>, len: usize) {
    match len {
        0..16 => out.push(0x80 | len as u8),
        16..=0xffff => head(out, 0xde, &(len as u16).to_be_bytes()),
        _ => head(out, 0xdf, &(len as u32).to_be_bytes()),
    }
}

/// Packed bytes being read.
struct Input<'a> {
    frame: Frame<'a>,
    rest: &'a [u8],
}

const MISSING: Raise = Raise::Text(c"Missing bytes in input.");
const BAD_FORMAT: Raise = Raise::Text(c"Bad data format in input.");

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Raise> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(MISSING)?;
        self.rest = rest;
        Ok(taken)
    }

    fn word<const N: usize>(&mut self) -> Result<[u8; N], Raise> {
        let (word, rest) = self.rest.split_first_chunk().ok_or(MISSING)?;
        self.rest = rest;
        Ok(*word)
    }

    /// Pushes the next value.
    fn push(&mut self, level: usize) -> Result<(), Raise> {
        let frame = self.frame;
        frame.step(0)?;
        if level > UNPACK_NESTING_MAX {
            return Err(BAD_FORMAT);
        }
        if !frame.reserve(3) {
            return Err(Raise::Text(
                c"stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)",
            ));
        }
        let [tag] = self.word()?;
        match tag {
            0x00..=0x7f => frame.push_integer(i64::from(tag)),
            0x80..=0x8f => self.push_map(usize::from(tag & 0xf), level)?,
            0x90..=0x9f => self.push_array(usize::from(tag & 0xf), level)?,
            0xa0..=0xbf => self.push_text(usize::from(tag & 0x1f))?,
            0xc0 => frame.push_nil(),
            0xc2 | 0xc3 => frame.push_bool(tag == 0xc3),
            0xca => frame.push_number(f64::from(f32::from_be_bytes(self.word()?))),
            0xcb => frame.push_number(f64::from_be_bytes(self.word()?)),
            0xcc => frame.push_integer(i64::from(u8::from_be_bytes(self.word()?))),
            0xcd => frame.push_integer(i64::from(u16::from_be_bytes(self.word()?))),
            0xce => frame.push_integer(i64::from(u32::from_be_bytes(self.word()?))),
            0xcf | 0xd3 => frame.push_integer(i64::from_be_bytes(self.word()?)),
            0xd0 => frame.push_integer(i64::from(i8::from_be_bytes(self.word()?))),
            0xd1 => frame.push_integer(i64::from(i16::from_be_bytes(self.word()?))),
            0xd2 => frame.push_integer(i64::from(i32::from_be_bytes(self.word()?))),
            0xd9 => {
                let len = usize::from(u8::from_be_bytes(self.word()?));
                self.push_text(len)?;
            }
            0xda => {
                let len = usize::from(u16::from_be_bytes(self.word()?));
                self.push_text(len)?;
            }
            0xdb => {
                let len = u32::from_be_bytes(self.word()?) as usize;
                self.push_text(len)?;
            }
            0xdc => {
                let len = usize::from(u16::from_be_bytes(self.word()?));
                self.push_array(len, level)?;
            }
            0xdd => {
                let len = u32::from_be_bytes(self.word()?) as usize;
                self.push_array(len, level)?;
            }
            0xde => {
                let len = usize::from(u16::from_be_bytes(self.word()?));
                self.push_map(len, level)?;
            }
            0xdf => {
                let len = u32::from_be_bytes(self.word()?) as usize;
                self.push_map(len, level)?;
            }
            0xe0..=0xff => frame.push_integer(i64::from(tag as i8)),
            _ => return Err(BAD_FORMAT),
        }
        Ok(())
    }

    fn push_text(&mut self, len: usize) -> Result<(), Raise> {
        let text = self.take(len)?;
        self.frame.push_bytes(text);
        Ok(())
    }

    /// The table grows as it fills, as Redis's does: scripts may depend on the order of `pairs` and on `#`. And a length that the input
    /// only announces makes no room.
    fn push_array(&mut self, len: usize, level: usize) -> Result<(), Raise> {
        self.frame.push_table(0, 0);
        for n in 1..=len {
            self.push(level + 1)?;
            self.frame.raw_set_at(-2, n as c_int);
        }
        Ok(())
    }

    /// As [`push_array`](Self::push_array).
    fn push_map(&mut self, len: usize, level: usize) -> Result<(), Raise> {
        self.frame.push_table(0, 0);
        for _ in 0..len {
            self.push(level + 1)?;
            match self.frame.kind(-1) {
                Kind::Nil => return Err(Raise::Text(c"table index is nil")),
                Kind::Number if self.frame.number(-1).is_nan() => {
                    return Err(Raise::Text(c"table index is NaN"));
                }
                _ => {}
            }
            self.push(level + 1)?;
            self.frame.raw_set(-3);
        }
        Ok(())
    }
}

/// Unpacks up to `limit` values from `offset` on; without either, all there is, and no offset is returned.
fn unpack_some(frame: Frame<'_>, limit: i64, offset: i64) -> Results {
    let data = frame.bytes(1).ok_or(Raise::Type(1, c"string"))?;
    let len = data.len();
    let everything = limit == 0 && offset == 0;
    if offset < 0 || limit < 0 {
        let text = format!("Invalid request to unpack with offset of {offset} and limit of {len}.");
        return Err(Raise::text(frame, &text));
    }
    let Some(rest) = data.get(offset as usize..) else {
        let text = format!("Start offset {offset} greater than input length {len}.");
        return Err(Raise::text(frame, &text));
    };
    let limit = if everything { i64::MAX } else { limit };
    let mut input = Input { frame, rest };
    let mut count = 0;
    while !input.rest.is_empty() && i64::from(count) < limit {
        input.push(0)?;
        count += 1;
    }
    if everything {
        return Ok(count);
    }
    if !frame.reserve(1) {
        return Err(Raise::Text(c"stack overflow (in function unpack)"));
    }
    frame.push_integer(match input.rest.len() {
        0 => -1,
        left => (len - left) as i64,
    });
    frame.insert(2);
    Ok(count + 1)
}

fn unpack(frame: Frame<'_>) -> Results {
    frame.set_top(frame.top().min(1));
    unpack_some(frame, 0, 0)
}

fn unpack_one(frame: Frame<'_>) -> Results {
    let offset = frame.integer_or(2, 0)?;
    frame.set_top(1);
    unpack_some(frame, 1, offset)
}

fn unpack_limit(frame: Frame<'_>) -> Results {
    let (limit, offset) = (frame.check_integer(2)?, frame.integer_or(3, 0)?);
    frame.set_top(1);
    unpack_some(frame, limit, offset)
}
