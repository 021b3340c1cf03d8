//! From the value that a function returns to the reply that its client gets.
//!
//! Tables nest as deep as the script likes, so what is open is kept in a list and not on the thread's stack.

use std::ffi::{CStr, c_int};

use resp::{DeferredLen, Protocol, ReplyWriter};

use super::error::{tell, trim};
use super::frame::{Frame, Kind};
use super::number::to_integer;

/// Slots that one level of tables takes.
const SLOTS: c_int = 8;

/// A table whose elements are being written.
enum Open {
    /// The table is on top.
    Array { next: c_int, len: c_int },
    /// The table is below its `map` field, the last key on top, or the value when that is due.
    Map {
        len: DeferredLen,
        pairs: usize,
        value_is_due: bool,
    },
    /// The table is below its `set` field, the last key on top.
    Set { len: DeferredLen, members: usize },
}

/// Writes the value on top of the stack and takes it off. `note_error` hears of errors in it, and whether they are counted.
pub(super) fn write_result(
    frame: Frame<'_>,
    reply: &mut ReplyWriter<'_>,
    note_error: impl FnMut(&[u8], bool),
) {
    let mut writer = Writer {
        frame,
        reply,
        note_error,
        open: Vec::new(),
    };
    writer.write_top();
    while writer.advance() {
        writer.write_top();
    }
}

struct Writer<'a, 'r, 'o, F> {
    frame: Frame<'a>,
    reply: &'r mut ReplyWriter<'o>,
    note_error: F,
    open: Vec<Open>,
}

impl<F: FnMut(&[u8], bool)> Writer<'_, '_, '_, F> {
    /// Writes the value on top and takes it off, or opens it.
    fn write_top(&mut self) {
        let frame = self.frame;
        let context = frame.context();
        if context.step() {
            // What has run is over: it cannot be killed any more.
            let _ = context.breathe();
        }
        if !frame.reserve(SLOTS) {
            let text = b"ERR reached lua stack limit";
            (self.note_error)(text, false);
            self.reply.error_bytes(text);
            return frame.pop(1);
        }
        match frame.kind(-1) {
            Kind::Text => self.reply.bulk(frame.bytes(-1).unwrap_or_default()),
            Kind::Number => self.reply.integer(to_integer(frame.number(-1))),
            Kind::Bool => self.write_bool(),
            Kind::Table => return self.write_table(),
            _ => self.reply.null(),
        }
        frame.pop(1);
    }

    fn write_bool(&mut self) {
        let value = self.frame.truth(-1);
        match (self.frame.context().protocol.get(), value) {
            (Protocol::Resp3, value) => self.reply.bool(value),
            (Protocol::Resp2, true) => self.reply.integer(1),
            (Protocol::Resp2, false) => self.reply.null(),
        }
    }

    /// Writes a table that stands for one reply and takes it off, or opens it.
    fn write_table(&mut self) {
        let frame = self.frame;
        if self.has_field(c"err", Kind::Text) {
            frame.pop(1);
            self.write_error();
        } else if self.has_field(c"ok", Kind::Text) {
            self.reply
                .simple_bytes(frame.c_bytes(-1).unwrap_or_default());
            frame.pop(1);
        } else if self.has_field(c"double", Kind::Number) {
            self.reply.double(frame.number(-1));
            frame.pop(1);
        } else if self.has_field(c"big_number", Kind::Text) {
            let digits = frame.bytes(-1).unwrap_or_default();
            let digits: Vec<u8> = digits.iter().copied().map(on_one_line).collect();
            self.reply.big_number(&digits);
            frame.pop(1);
        } else if self.has_field(c"verbatim_string", Kind::Table) {
            let is_verbatim = self.write_verbatim();
            frame.pop(1);
            if !is_verbatim {
                return self.open_aggregate();
            }
        } else {
            return self.open_aggregate();
        }
        frame.pop(1);
    }

    /// Pushes a field of the table on top if it is of this kind.
    fn has_field(&self, name: &CStr, kind: Kind) -> bool {
        self.frame.push_bytes(name.to_bytes());
        self.frame.raw_get(-2);
        let has = self.frame.kind(-1) == kind;
        if !has {
            self.frame.pop(1);
        }
        has
    }

    fn write_error(&mut self) {
        self.frame.context().with_buffer(|text| {
            let told = tell(self.frame, -1, None, text);
            let line = trim(told.text);
            (self.note_error)(line, told.counted);
            self.reply.error_bytes(line);
        });
    }

    /// Writes the verbatim string that the table on top describes, if it does.
    fn write_verbatim(&mut self) -> bool {
        let frame = self.frame;
        if !self.has_field(c"format", Kind::Text) {
            return false;
        }
        frame.push_bytes(b"string");
        frame.raw_get(-3);
        let is_text = frame.kind(-1) == Kind::Text;
        if is_text {
            let mut format = [b' '; 3];
            let given = frame.c_bytes(-2).unwrap_or_default();
            let len = given.len().min(format.len());
            format[..len].copy_from_slice(&given[..len]);
            let text = frame.bytes(-1).unwrap_or_default();
            self.reply.verbatim(format, text);
        }
        frame.pop(2);
        is_text
    }

    fn open_aggregate(&mut self) {
        let frame = self.frame;
        if self.has_field(c"map", Kind::Table) {
            frame.push_nil();
            let len = self.reply.array_deferred();
            self.open.push(Open::Map {
                len,
                pairs: 0,
                value_is_due: false,
            });
        } else if self.has_field(c"set", Kind::Table) {
            frame.push_nil();
            let len = self.reply.array_deferred();
            self.open.push(Open::Set { len, members: 0 });
        } else {
            let len = self.count_elements();
            self.reply.array(len as usize);
            self.open.push(Open::Array { next: 1, len });
        }
    }

    /// How many elements come before the first nil.
    fn count_elements(&self) -> c_int {
        let mut len = 0;
        loop {
            self.frame.raw_get_at(-1, len + 1);
            let is_end = self.frame.kind(-1) == Kind::Nil;
            self.frame.pop(1);
            if is_end {
                return len;
            }
            len += 1;
        }
    }

    /// Puts the next value to write on top, closing what is complete; false when nothing is open any more.
    fn advance(&mut self) -> bool {
        let frame = self.frame;
        while let Some(open) = self.open.pop() {
            match open {
                Open::Array { next, len } if next <= len => {
                    frame.raw_get_at(-1, next);
                    self.open.push(Open::Array {
                        next: next + 1,
                        len,
                    });
                    return true;
                }
                Open::Array { .. } => frame.pop(1),
                Open::Map {
                    len,
                    pairs,
                    value_is_due,
                } => {
                    let has_more = value_is_due || frame.next(-2);
                    if !has_more {
                        self.reply.finish_map(len, pairs);
                        frame.pop(2);
                        continue;
                    }
                    if !value_is_due {
                        frame.push_copy(-2);
                    }
                    self.open.push(Open::Map {
                        len,
                        pairs: pairs + usize::from(!value_is_due),
                        value_is_due: !value_is_due,
                    });
                    return true;
                }
                Open::Set { len, members } => {
                    if !frame.next(-2) {
                        self.reply.finish_set(len, members);
                        frame.pop(2);
                        continue;
                    }
                    frame.pop(1);
                    frame.push_copy(-1);
                    self.open.push(Open::Set {
                        len,
                        members: members + 1,
                    });
                    return true;
                }
            }
        }
        false
    }
}

/// The byte, or a space for an end of a line.
fn on_one_line(byte: u8) -> u8 {
    match byte {
        b'\r' | b'\n' => b' ',
        other => other,
    }
}
