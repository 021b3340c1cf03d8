//! From a value to JSON.

use std::ffi::c_int;

use super::{DEPTH_MAX, Invalid, JsonConfig};
use crate::lua::frame::{Frame, Kind};
use crate::lua::number::append_g;
use crate::lua::raise::{Raise, Results};

/// `cjson.encode(value)`
pub(super) fn encode(frame: Frame<'_>) -> Results {
    if frame.top() != 1 {
        return Err(Raise::Arg(1, c"expected 1 argument"));
    }
    let config = &frame.context().json;
    frame.push_built(|json| {
        let mut encoder = Encoder {
            frame,
            config,
            json,
        };
        encoder.append_top(0)
    })?;
    Ok(1)
}

struct Encoder<'a, 'j> {
    frame: Frame<'a>,
    config: &'a JsonConfig,
    json: &'j mut Vec<u8>,
}

impl Encoder<'_, '_> {
    /// Appends the value on top, which stays.
    fn append_top(&mut self, depth: i32) -> Result<(), Raise> {
        let frame = self.frame;
        frame.step(self.json.capacity())?;
        match frame.kind(-1) {
            Kind::Text => self.append_text(-1)?,
            Kind::Number => self.append_number(-1)?,
            Kind::Bool if frame.truth(-1) => self.json.extend_from_slice(b"true"),
            Kind::Bool => self.json.extend_from_slice(b"false"),
            Kind::Nil => self.json.extend_from_slice(b"null"),
            Kind::Light if frame.light(-1).is_null() => self.json.extend_from_slice(b"null"),
            Kind::Table => self.append_table(depth + 1)?,
            _ => return Err(self.refuse(-1, "type not supported")),
        }
        Ok(())
    }

    fn refuse(&self, index: c_int, why: &str) -> Raise {
        let kind = self.frame.type_name(index).to_string_lossy();
        let text = format!("Cannot serialise {kind}: {why}");
        Raise::text(self.frame, &text)
    }

    fn append_table(&mut self, depth: i32) -> Result<(), Raise> {
        let depth_max = self.config.encode_depth_max.get().min(DEPTH_MAX);
        if depth > depth_max || !self.frame.reserve(6) {
            let text = format!("Cannot serialise, excessive nesting ({depth})");
            return Err(Raise::text(self.frame, &text));
        }
        match self.array_len()? {
            Some(len) if len > 0 => self.append_array(len, depth),
            _ => self.append_object(depth),
        }
    }

    /// The length of the table on top as an array, if it has but positive integers as keys.
    fn array_len(&self) -> Result<Option<i32>, Raise> {
        let frame = self.frame;
        let (mut largest, mut items) = (0, 0i32);
        frame.push_nil();
        while frame.next(-2) {
            frame.step(self.json.capacity())?;
            let key = match frame.kind(-2) {
                Kind::Number => frame.number(-2),
                _ => 0.0,
            };
            if !(key >= 1.0 && key.floor() == key) {
                frame.pop(2);
                return Ok(None);
            }
            if key > f64::from(largest) {
                largest = key as i32;
            }
            items += 1;
            frame.pop(1);
        }
        let config = self.config;
        let ratio = config.sparse_ratio.get();
        let is_sparse = ratio > 0
            && i64::from(largest) > i64::from(items) * i64::from(ratio)
            && largest > config.sparse_safe.get();
        match (is_sparse, config.sparse_convert.get()) {
            (false, _) => Ok(Some(largest)),
            (true, true) => Ok(None),
            (true, false) => Err(self.refuse(-1, "excessively sparse array")),
        }
    }

    fn append_array(&mut self, len: i32, depth: i32) -> Result<(), Raise> {
        self.json.push(b'[');
        for n in 1..=len {
            if n > 1 {
                self.json.push(b',');
            }
            self.frame.raw_get_at(-1, n);
            self.append_top(depth)?;
            self.frame.pop(1);
        }
        self.json.push(b']');
        Ok(())
    }

    fn append_object(&mut self, depth: i32) -> Result<(), Raise> {
        let frame = self.frame;
        self.json.push(b'{');
        let mut is_first = true;
        frame.push_nil();
        while frame.next(-2) {
            if !std::mem::take(&mut is_first) {
                self.json.push(b',');
            }
            match frame.kind(-2) {
                Kind::Number => {
                    self.json.push(b'"');
                    self.append_number(-2)?;
                    self.json.push(b'"');
                }
                Kind::Text => self.append_text(-2)?,
                _ => return Err(self.refuse(-2, "table key must be a number or string")),
            }
            self.json.push(b':');
            self.append_top(depth)?;
            frame.pop(1);
        }
        self.json.push(b'}');
        Ok(())
    }

    fn append_number(&mut self, index: c_int) -> Result<(), Raise> {
        let number = self.frame.number(index);
        if !number.is_finite() {
            match self.config.encode_invalid.get() {
                Invalid::Refuse => return Err(self.refuse(index, "must not be NaN or Inf")),
                Invalid::AsNull => {
                    self.json.extend_from_slice(b"null");
                    return Ok(());
                }
                Invalid::Write if number.is_nan() => {
                    self.json.extend_from_slice(b"nan");
                    return Ok(());
                }
                Invalid::Write => {}
            }
        }
        append_g(self.json, number, self.config.precision.get() as usize);
        Ok(())
    }

    fn append_text(&mut self, index: c_int) -> Result<(), Raise> {
        let text = self.frame.bytes(index).unwrap_or_default();
        self.frame.check_room(self.json.len() + text.len())?;
        self.json.reserve(text.len() + 2);
        self.json.push(b'"');
        let mut plain_from = 0;
        for (at, &byte) in text.iter().enumerate() {
            let Some(escaped) = Escaped::of(byte) else {
                continue;
            };
            self.json.extend_from_slice(&text[plain_from..at]);
            escaped.append(self.json);
            plain_from = at + 1;
        }
        self.json.extend_from_slice(&text[plain_from..]);
        self.json.push(b'"');
        Ok(())
    }
}

/// A byte that a JSON text does not show as it is.
enum Escaped {
    Short(u8),
    Code(u8),
}

impl Escaped {
    #[inline]
    fn of(byte: u8) -> Option<Escaped> {
        match byte {
            b'"' | b'\\' | b'/' => Some(Escaped::Short(byte)),
            8 => Some(Escaped::Short(b'b')),
            b'\t' => Some(Escaped::Short(b't')),
            b'\n' => Some(Escaped::Short(b'n')),
            12 => Some(Escaped::Short(b'f')),
            b'\r' => Some(Escaped::Short(b'r')),
            0..=0x1f | 0x7f => Some(Escaped::Code(byte)),
            _ => None,
        }
    }

    fn append(self, json: &mut Vec<u8>) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        match self {
            Escaped::Short(letter) => json.extend([b'\\', letter]),
            Escaped::Code(byte) => {
                json.extend_from_slice(b"\\u00");
                json.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
    }
}
