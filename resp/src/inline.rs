//! Inline commands: a line of words as typed into telnet, split as Redis's shell-like splitter does. Configuration files and the first lines of
//! scripts are split in the same way.
//!
//! ```text
//! set "a\x41\n" 'it\'s' plain      words end at blanks; a closing quote must end its word
//! ```
//!
//! Words without quotes stay ranges of the buffer; words with quotes are unescaped into bytes of their own. This is a path for people, not
//! for clients in a hurry.

use crate::args::{Arg, Args};
use crate::error::ProtocolError;
use bytes::Bytes;

/// Splits `buf[start..end]` (a line without its end) into arguments. A zero byte ends the line.
pub(crate) fn split(
    buf: &[u8],
    start: usize,
    end: usize,
    args: &mut Vec<Arg>,
    owned: &mut Vec<Bytes>,
) -> Result<(), ProtocolError> {
    let line = &buf[..end];
    let mut at = start;
    loop {
        at += line[at..]
            .iter()
            .take_while(|&&byte| is_blank(byte))
            .count();
        if peek(line, at) == 0 {
            return Ok(());
        }
        let plain = line[at..]
            .iter()
            .take_while(|&&byte| !ends_word(byte) && !is_quote(byte))
            .count();
        if is_quote(peek(line, at + plain)) {
            let (word, next) = unquote(line, at)?;
            owned.push(word.into());
            args.push(Arg::owned(owned.len() - 1));
            at = next;
        } else {
            args.push(Arg::range(at, plain));
            at += plain;
        }
    }
}

/// The words of one line, quotes taken off and escapes resolved. `"…"` takes the escapes `\n \r \t \b \a \xHH` and `\` before any other byte;
/// `'…'` takes `\'` only. `None` when a quote is not closed, or is closed before anything but a blank.
pub fn split_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut args, mut owned) = (Vec::new(), Vec::new());
    split(line, 0, line.len(), &mut args, &mut owned).ok()?;
    let args = Args::from_wire(line, &args, &owned);
    Some(args.iter().map(<[u8]>::to_vec).collect())
}

/// The byte at `at`, or zero at the end of the line.
fn peek(line: &[u8], at: usize) -> u8 {
    line.get(at).copied().unwrap_or(0)
}

/// What may stand between words.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// What ends a word outside quotes; vertical tab and form feed do not.
fn ends_word(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0)
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// Reads a word that contains quotes; returns it and where it ends.
fn unquote(line: &[u8], mut at: usize) -> Result<(Vec<u8>, usize), ProtocolError> {
    let mut word = Vec::new();
    loop {
        match peek(line, at) {
            byte if ends_word(byte) => return Ok((word, at)),
            b'"' => return double_quoted(line, at + 1, word),
            b'\'' => return single_quoted(line, at + 1, word),
            byte => word.push(byte),
        }
        at += 1;
    }
}

fn double_quoted(
    line: &[u8],
    mut at: usize,
    mut word: Vec<u8>,
) -> Result<(Vec<u8>, usize), ProtocolError> {
    loop {
        match (peek(line, at), peek(line, at + 1)) {
            (b'\\', b'x') if hex_pair(line, at + 2).is_some() => {
                word.extend(hex_pair(line, at + 2));
                at += 4;
            }
            (b'\\', escaped) if escaped != 0 => {
                word.push(unescape(escaped));
                at += 2;
            }
            (b'"', after) => return close_quote(at, after, word),
            (0, _) => return Err(ProtocolError::UnbalancedQuotes),
            (byte, _) => {
                word.push(byte);
                at += 1;
            }
        }
    }
}

fn single_quoted(
    line: &[u8],
    mut at: usize,
    mut word: Vec<u8>,
) -> Result<(Vec<u8>, usize), ProtocolError> {
    loop {
        match (peek(line, at), peek(line, at + 1)) {
            (b'\\', b'\'') => {
                word.push(b'\'');
                at += 2;
            }
            (b'\'', after) => return close_quote(at, after, word),
            (0, _) => return Err(ProtocolError::UnbalancedQuotes),
            (byte, _) => {
                word.push(byte);
                at += 1;
            }
        }
    }
}

/// A closing quote at `at` must be followed by a blank or the end of the line.
fn close_quote(at: usize, after: u8, word: Vec<u8>) -> Result<(Vec<u8>, usize), ProtocolError> {
    if after == 0 || is_blank(after) {
        Ok((word, at + 1))
    } else {
        Err(ProtocolError::UnbalancedQuotes)
    }
}

/// The byte that two hex digits at `at` stand for.
fn hex_pair(line: &[u8], at: usize) -> Option<u8> {
    let high = char::from(peek(line, at)).to_digit(16)?;
    let low = char::from(peek(line, at + 1)).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

#[cfg(test)]
#[path = "inline_tests.rs"]
mod tests;
