//! From JSON to a value.

use std::ffi::c_int;
use std::ptr;

use super::{DEPTH_MAX, JsonConfig};
use crate::lua::frame::Frame;
use crate::lua::raise::{Raise, Results};

/// `cjson.decode(text)`
pub(super) fn decode(frame: Frame<'_>) -> Results {
    if frame.top() != 1 {
        return Err(Raise::Arg(1, c"expected 1 argument"));
    }
    let json = frame.bytes(1).ok_or(Raise::Type(1, c"string"))?;
    if json.len() >= 2 && json[..2].contains(&0) {
        return Err(Raise::Text(
            c"JSON parser does not support UTF-16 or UTF-32",
        ));
    }
    frame.context().with_buffer(|text| {
        let mut decoder = Decoder {
            frame,
            config: &frame.context().json,
            json,
            at: 0,
            depth: 0,
            text,
        };
        decoder.push_document()
    })?;
    Ok(1)
}

/// What comes next. A text is in the decoder's room for one.
#[derive(Clone, Copy, Debug)]
enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Text,
    Number(f64),
    Bool(bool),
    Null,
    Colon,
    Comma,
    End,
    Error(&'static str),
}

impl Token {
    /// What messages call it.
    fn name(self) -> &'static str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::Text => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Bool(_) => "T_BOOLEAN",
            Token::Null => "T_NULL",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Error(text) => text,
        }
    }
}

struct Decoder<'a, 't> {
    frame: Frame<'a>,
    config: &'a JsonConfig,
    json: &'a [u8],
    at: usize,
    depth: i32,
    text: &'t mut Vec<u8>,
}

/// A token and where it begins.
type Found = (Token, usize);

impl Decoder<'_, '_> {
    fn push_document(&mut self) -> Result<(), Raise> {
        let found = self.next();
        self.push_value(found)?;
        match self.next() {
            (Token::End, _) => Ok(()),
            found => Err(self.unexpected("the end", found)),
        }
    }

    fn unexpected(&self, expected: &str, (token, at): Found) -> Raise {
        let (found, place) = (token.name(), at + 1);
        let text = format!("Expected {expected} but found {found} at character {place}");
        Raise::text(self.frame, &text)
    }

    fn push_value(&mut self, found: Found) -> Result<(), Raise> {
        let frame = self.frame;
        frame.step(self.text.capacity())?;
        match found.0 {
            Token::Text => frame.push_bytes(self.text),
            Token::Number(number) => frame.push_number(number),
            Token::Bool(value) => frame.push_bool(value),
            Token::Null => frame.push_light(ptr::null()),
            Token::ObjectBegin => self.push_object()?,
            Token::ArrayBegin => self.push_array()?,
            _ => return Err(self.unexpected("value", found)),
        }
        Ok(())
    }

    fn descend(&mut self, slots: c_int) -> Result<(), Raise> {
        self.depth += 1;
        let depth_max = self.config.decode_depth_max.get().min(DEPTH_MAX);
        if self.depth > depth_max || !self.frame.reserve(slots) {
            let (depth, at) = (self.depth, self.at);
            let text = format!("Found too many nested data structures ({depth}) at character {at}");
            return Err(Raise::text(self.frame, &text));
        }
        Ok(())
    }

    fn push_object(&mut self) -> Result<(), Raise> {
        self.descend(4)?;
        self.frame.push_table(0, 0);
        let mut found = self.next();
        if matches!(found.0, Token::ObjectEnd) {
            self.depth -= 1;
            return Ok(());
        }
        loop {
            match found.0 {
                Token::Text => self.frame.push_bytes(self.text),
                _ => return Err(self.unexpected("object key string", found)),
            }
            match self.next() {
                (Token::Colon, _) => {}
                found => return Err(self.unexpected("colon", found)),
            }
            found = self.next();
            self.push_value(found)?;
            self.frame.raw_set(-3);
            match self.next() {
                (Token::ObjectEnd, _) => break,
                (Token::Comma, _) => found = self.next(),
                found => return Err(self.unexpected("comma or object end", found)),
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn push_array(&mut self) -> Result<(), Raise> {
        self.descend(3)?;
        self.frame.push_table(0, 0);
        let mut found = self.next();
        if matches!(found.0, Token::ArrayEnd) {
            self.depth -= 1;
            return Ok(());
        }
        for n in 1.. {
            self.push_value(found)?;
            self.frame.raw_set_at(-2, n);
            match self.next() {
                (Token::ArrayEnd, _) => break,
                (Token::Comma, _) => found = self.next(),
                found => return Err(self.unexpected("comma or array end", found)),
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// The byte at `at`, 0 behind the end as Lua's texts have it.
    fn byte(&self, at: usize) -> u8 {
        self.json.get(at).copied().unwrap_or(0)
    }

    fn next(&mut self) -> Found {
        while matches!(self.byte(self.at), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        let begin = self.at;
        let single = match self.byte(begin) {
            0 => return (Token::End, begin),
            b'{' => Token::ObjectBegin,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b',' => Token::Comma,
            b':' => Token::Colon,
            b'"' => return self.next_text(),
            b'-' | b'0'..=b'9' => {
                if !self.config.decode_invalid.get() && self.is_invalid_number() {
                    return (Token::Error("invalid number"), begin);
                }
                return self.next_number();
            }
            b'f' | b'i' | b'I' | b'n' | b'N' | b't' | b'+' => return self.next_word(),
            _ => return (Token::Error("invalid token"), begin),
        };
        self.at += 1;
        (single, begin)
    }

    fn next_word(&mut self) -> Found {
        let begin = self.at;
        let words = [
            (&b"true"[..], Token::Bool(true)),
            (b"false", Token::Bool(false)),
            (b"null", Token::Null),
        ];
        for (word, token) in words {
            if self.json[begin..].starts_with(word) {
                self.at += word.len();
                return (token, begin);
            }
        }
        match self.config.decode_invalid.get() && self.is_invalid_number() {
            true => self.next_number(),
            false => (Token::Error("invalid token"), begin),
        }
    }

    /// Whether what comes is a number to C but not to JSON.
    fn is_invalid_number(&self) -> bool {
        let mut at = self.at;
        if self.byte(at) == b'+' {
            return true;
        }
        if self.byte(at) == b'-' {
            at += 1;
        }
        match self.byte(at) {
            b'0' => matches!(self.byte(at + 1), b'x' | b'X' | b'0'..=b'9'),
            0..=b'9' => false,
            _ => {
                let word = self.json.get(at..at + 3).unwrap_or_default();
                word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"nan")
            }
        }
    }

    fn next_number(&mut self) -> Found {
        let begin = self.at;
        match read_number(&self.json[begin..]) {
            Some((number, len)) => {
                self.at += len;
                (Token::Number(number), begin)
            }
            None => (Token::Error("invalid number"), begin),
        }
    }

    fn next_text(&mut self) -> Found {
        let begin = self.at;
        self.at += 1;
        self.text.clear();
        loop {
            let rest = &self.json[self.at..];
            let plain = rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0));
            let Some(plain) = plain else {
                self.at = self.json.len();
                return (Token::Error("unexpected end of string"), self.at);
            };
            self.text.extend_from_slice(&rest[..plain]);
            self.at += plain;
            match rest[plain] {
                b'"' => {
                    self.at += 1;
                    return (Token::Text, begin);
                }
                b'\\' => {
                    if let Err(text) = self.unescape() {
                        return (Token::Error(text), self.at);
                    }
                }
                _ => return (Token::Error("unexpected end of string"), self.at),
            }
        }
    }

    /// Takes the escape that begins here.
    fn unescape(&mut self) -> Result<(), &'static str> {
        let letter = match self.byte(self.at + 1) {
            letter @ (b'"' | b'\\' | b'/') => letter,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'f' => 12,
            b'r' => b'\r',
            b'u' => {
                let (code, len) = self.code_point().ok_or("invalid unicode escape code")?;
                push_utf8(self.text, code);
                self.at += len;
                return Ok(());
            }
            _ => return Err("invalid escape code"),
        };
        self.text.push(letter);
        self.at += 2;
        Ok(())
    }

    /// The character of the `\uXXXX` here, or of two that are a pair, and their length.
    fn code_point(&self) -> Option<(u32, usize)> {
        let high = self.hex4(self.at + 2)?;
        if high & 0xF800 != 0xD800 {
            return Some((high, 6));
        }
        let follows = self.byte(self.at + 6) == b'\\' && self.byte(self.at + 7) == b'u';
        if high & 0x400 != 0 || !follows {
            return None;
        }
        let low = self.hex4(self.at + 8)?;
        (low & 0xFC00 == 0xDC00).then(|| ((((high & 0x3FF) << 10) | (low & 0x3FF)) + 0x1_0000, 12))
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        (at..at + 4).try_fold(0, |code, at| {
            Some((code << 4) | char::from(self.byte(at)).to_digit(16)?)
        })
    }
}

fn push_utf8(text: &mut Vec<u8>, code: u32) {
    if let Some(character) = char::from_u32(code) {
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// The number at the beginning, as C reads it, and its length: decimal or hexadecimal, inf, nan.
fn read_number(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let signed = |number: f64| match text.first() {
        Some(b'-') => -number,
        _ => number,
    };
    let rest = &text[sign..];
    let starts = |word: &[u8]| {
        rest.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    for (word, number) in [
        (&b"infinity"[..], f64::INFINITY),
        (b"inf", f64::INFINITY),
        (b"nan", f64::NAN),
    ] {
        if starts(word) {
            return Some((signed(number), sign + word.len()));
        }
    }
    if starts(b"0x") && rest.get(2).is_some_and(u8::is_ascii_hexdigit) {
        let digits = rest[2..].iter().take_while(|byte| byte.is_ascii_hexdigit());
        let (mut number, mut len) = (0f64, 2);
        for digit in digits {
            number = number * 16.0 + f64::from(char::from(*digit).to_digit(16).unwrap_or(0));
            len += 1;
        }
        return Some((signed(number), sign + len));
    }
    let len = decimal_len(rest)?;
    let digits = std::str::from_utf8(&rest[..len]).ok()?;
    Some((signed(digits.parse().ok()?), sign + len))
}

/// How long the decimal number is that begins here.
fn decimal_len(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        text.get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let whole = digits(0);
    let mut len = whole;
    if text.get(len) == Some(&b'.') {
        let fraction = digits(len + 1);
        if whole + fraction > 0 {
            len += 1 + fraction;
        }
    }
    if len == 0 {
        return None;
    }
    if matches!(text.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(len + 1), Some(b'-' | b'+')));
        let exponent = digits(len + 1 + sign);
        if exponent > 0 {
            len += 1 + sign + exponent;
        }
    }
    Some(len)
}
