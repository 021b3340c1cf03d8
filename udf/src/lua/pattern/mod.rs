//! `string.find`, `match`, `gmatch`, `gsub` and `rep`.
//!
//! Lua's own would hold a core for as long as a script's author likes: matching can take time without end, and so can searching a long text
//! for one that nearly occurs in it, or repeating. These give the same results and errors, and others their turns meanwhile.

mod class;
mod matcher;
#[cfg(test)]
pub(super) mod tests;

use std::ffi::{CStr, c_int};

use memchr::{memchr_iter, memmem};
use mlua_sys as ffi;

use super::frame::{Frame, Kind};
use super::raise::{Raise, Results, natives};
use matcher::{CAPTURES_MAX, Capture, Extent, Matcher};

/// The longest pattern: what is remembered while it is matched grows with it.
const PATTERN_BYTES_MAX: usize = 4096;
/// Characters that make a text a pattern.
const SPECIALS: &[u8] = b"^$*+?.([%-";
/// Slots that are used besides those of captures.
const OTHER_SLOTS: c_int = 8;
/// In a longer text it is worth preparing a search.
const PREPARED_BYTES_MIN: usize = 1024;
/// Bytes that are added to a repeated text at a time.
const REPEATED_BYTES: usize = 64 * 1024;

natives! {
    find_native = find;
    match_native = match_once;
    gmatch_native = gmatch;
    next_match_native = next_match;
    gsub_native = gsub;
    rep_native = rep;
    index_native = index;
}

/// The functions of `string` that are replaced.
pub(super) const FUNCTIONS: &[(&CStr, ffi::lua_CFunction)] = &[
    (c"find", find_native),
    (c"match", match_native),
    (c"gmatch", gmatch_native),
    (c"gsub", gsub_native),
    (c"rep", rep_native),
];

/// A part of a text, from one place to another.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
}

/// Argument 2 as a pattern: Lua's end with the first zero.
fn check_pattern(frame: Frame<'_>) -> Result<&[u8], Raise> {
    frame.check_bytes(2)?;
    let pattern = frame.c_bytes(2).unwrap_or_default();
    match pattern.len() > PATTERN_BYTES_MAX && is_special(pattern) {
        true => Err(Raise::Text(c"pattern too long")),
        false => Ok(pattern),
    }
}

/// Whether there are characters that make a text a pattern.
fn is_special(pattern: &[u8]) -> bool {
    pattern.iter().any(|byte| SPECIALS.contains(byte))
}

/// The pattern without what binds it to the beginning of the text, and whether something does.
fn anchored(pattern: &[u8]) -> (&[u8], bool) {
    match pattern {
        [b'^', rest @ ..] => (rest, true),
        _ => (pattern, false),
    }
}

fn find(frame: Frame<'_>) -> Results {
    search(frame, true)
}

fn match_once(frame: Frame<'_>) -> Results {
    search(frame, false)
}

fn search(frame: Frame<'_>, finds: bool) -> Results {
    let (text, wanted) = (frame.check_bytes(1)?, frame.check_bytes(2)?);
    let init = match frame.integer_or(3, 1)? {
        init @ 1.. => init - 1,
        0 => 0,
        back => back.saturating_add(text.len() as i64).max(0),
    };
    let init = text.len().min(init as usize);
    if finds && (frame.truth(4) || !is_special(frame.c_bytes(2).unwrap_or_default())) {
        return find_plain(frame, wanted, init);
    }
    let (pattern, is_anchored) = anchored(check_pattern(frame)?);
    let mut matcher = Matcher::new(text, pattern, || frame.step(0));
    for start in init..=text.len() {
        if let Some(end) = matcher.match_at(start)? {
            let part = Part { start, end };
            if !finds {
                return push_captures(frame, 1, &matcher, Some(part));
            }
            frame.push_integer(start as i64 + 1);
            frame.push_integer(end as i64);
            return Ok(2 + push_captures(frame, 1, &matcher, None)?);
        }
        if is_anchored {
            break;
        }
    }
    frame.push_nil();
    Ok(1)
}

fn find_plain(frame: Frame<'_>, wanted: &[u8], init: usize) -> Results {
    let text = frame.check_bytes(1)?;
    match place_of(&text[init..], wanted) {
        Some(at) => {
            let start = init + at;
            frame.push_integer(start as i64 + 1);
            frame.push_integer((start + wanted.len()) as i64);
            Ok(2)
        }
        None => {
            frame.push_nil();
            Ok(1)
        }
    }
}

/// Where `wanted` begins in `text`.
fn place_of(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let [first, ..] = wanted else {
        return Some(0);
    };
    if text.len() > PREPARED_BYTES_MIN {
        return memmem::find(text, wanted);
    }
    memchr_iter(*first, text).find(|&at| text[at..].starts_with(wanted))
}

/// `gmatch`: the next match is [`next_match`]'s, which keeps the text, the pattern and the place.
fn gmatch(frame: Frame<'_>) -> Results {
    frame.check_bytes(1)?;
    check_pattern(frame)?;
    frame.set_top(2);
    frame.push_number(0.0);
    // SAFETY: the three upvalues are on top.
    unsafe { ffi::lua_pushcclosure(frame.raw(), next_match_native, 3) };
    Ok(1)
}

fn next_match(frame: Frame<'_>) -> Results {
    let [text_at, pattern_at, place_at] = [1, 2, 3].map(ffi::lua_upvalueindex);
    let text = frame.check_bytes(text_at)?;
    let pattern = frame.c_bytes(pattern_at).unwrap_or_default();
    let mut matcher = Matcher::new(text, pattern, || frame.step(0));
    for start in frame.number(place_at) as usize..=text.len() {
        if let Some(end) = matcher.match_at(start)? {
            // An empty match is not found twice.
            let next = end + usize::from(end == start);
            frame.push_integer(next as i64);
            frame.replace(place_at);
            return push_captures(frame, text_at, &matcher, Some(Part { start, end }));
        }
    }
    Ok(0)
}

/// Pushes what was captured; the whole match, if there is one, where nothing was.
fn push_captures<P: FnMut() -> Result<(), Raise>>(
    frame: Frame<'_>,
    text: c_int,
    matcher: &Matcher<'_, P>,
    whole: Option<Part>,
) -> Results {
    let captures = matcher.captures();
    if !frame.reserve(CAPTURES_MAX as c_int + OTHER_SLOTS) {
        return Err(Raise::Text(c"too many captures"));
    }
    let text = frame.check_bytes(text)?;
    if let (Some(whole), []) = (whole, captures) {
        frame.push_bytes(&text[whole.start..whole.end]);
        return Ok(1);
    }
    for capture in captures {
        push_capture(frame, text, capture)?;
    }
    Ok(captures.len() as c_int)
}

fn push_capture(frame: Frame<'_>, text: &[u8], capture: &Capture) -> Result<(), Raise> {
    match capture.extent {
        Extent::Open => return Err(Raise::Text(c"unfinished capture")),
        Extent::Place => frame.push_integer(capture.start as i64 + 1),
        Extent::End(end) => frame.push_bytes(&text[capture.start..end]),
    }
    Ok(())
}

fn gsub(frame: Frame<'_>) -> Results {
    let text = frame.check_bytes(1)?;
    let pattern = check_pattern(frame)?;
    let kind = frame.kind(3);
    // Lua counts in 32 bits here.
    let most = frame.integer_or(4, text.len() as i64 + 1)? as i32;
    let replaces = matches!(
        kind,
        Kind::Number | Kind::Text | Kind::Table | Kind::Function
    );
    if !replaces {
        return Err(Raise::Arg(3, c"string/function/table expected"));
    }
    if !frame.reserve(CAPTURES_MAX as c_int + OTHER_SLOTS) {
        return Err(Raise::Text(c"too many captures"));
    }
    frame.set_top(3);
    let replaced = frame.push_built(|out| replace_all(frame, pattern, most, out))?;
    frame.push_integer(replaced);
    Ok(2)
}

/// Writes the text of `gsub` to `out`; how many parts were replaced.
fn replace_all(
    frame: Frame<'_>,
    pattern: &[u8],
    most: i32,
    out: &mut Vec<u8>,
) -> Result<i64, Raise> {
    let text = frame.check_bytes(1)?;
    let (pattern, is_anchored) = anchored(pattern);
    let mut matcher = Matcher::new(text, pattern, || frame.step(0));
    let (mut at, mut count) = (0, 0);
    while count < i64::from(most) {
        frame.step(out.len())?;
        let end = matcher.match_at(at)?;
        if let Some(end) = end {
            count += 1;
            let part = Part { start: at, end };
            replace(frame, &matcher, part, out)?;
        }
        match end {
            Some(end) if end > at => at = end,
            _ if at < text.len() => {
                out.push(text[at]);
                at += 1;
            }
            _ => break,
        }
        if is_anchored {
            break;
        }
    }
    frame.check_room(out.len() + text.len() - at)?;
    out.extend_from_slice(&text[at..]);
    Ok(count)
}

/// Adds what argument 3 makes of a match.
fn replace<P: FnMut() -> Result<(), Raise>>(
    frame: Frame<'_>,
    matcher: &Matcher<'_, P>,
    part: Part,
    out: &mut Vec<u8>,
) -> Result<(), Raise> {
    let text = frame.check_bytes(1)?;
    let args = match frame.kind(3) {
        Kind::Table => {
            frame.push_function(index_native);
            frame.push_copy(3);
            push_first(frame, matcher, part)?;
            2
        }
        Kind::Function => {
            frame.push_copy(3);
            push_captures(frame, 1, matcher, Some(part))?
        }
        _ => return fill_in(frame, matcher, part, out),
    };
    // SAFETY: the function and its arguments are on top. Errors are caught, so nothing is jumped over.
    let call = || unsafe { ffi::lua_pcall(frame.raw(), args, 1, 0) };
    if frame.context().limited(call) != 0 {
        return Err(Raise::Top);
    }
    if !frame.truth(-1) {
        out.extend_from_slice(&text[part.start..part.end]);
    } else if matches!(frame.kind(-1), Kind::Text | Kind::Number) {
        let value = frame.bytes(-1).unwrap_or_default();
        frame.check_room(out.len() + value.len())?;
        out.extend_from_slice(value);
    } else {
        let name = frame.type_name(-1).to_string_lossy();
        let wrong = format!("invalid replacement value (a {name})");
        return Err(Raise::text(frame, &wrong));
    }
    frame.pop(1);
    Ok(())
}

/// Pushes the first capture, or the whole match where there is none.
fn push_first<P: FnMut() -> Result<(), Raise>>(
    frame: Frame<'_>,
    matcher: &Matcher<'_, P>,
    part: Part,
) -> Result<(), Raise> {
    let text = frame.check_bytes(1)?;
    match matcher.captures().first() {
        Some(capture) => push_capture(frame, text, capture),
        None => {
            frame.push_bytes(&text[part.start..part.end]);
            Ok(())
        }
    }
}

/// What a table has under a key, by way of its metatable: for who has to catch the errors of that.
fn index(frame: Frame<'_>) -> Results {
    // SAFETY: the table and the key are the arguments.
    frame
        .context()
        .limited(|| unsafe { ffi::lua_gettable_(frame.raw(), 1) });
    Ok(1)
}

/// Adds a replacement text with its `%1` and the like filled in.
fn fill_in<P: FnMut() -> Result<(), Raise>>(
    frame: Frame<'_>,
    matcher: &Matcher<'_, P>,
    part: Part,
    out: &mut Vec<u8>,
) -> Result<(), Raise> {
    let (text, replacement) = (frame.check_bytes(1)?, frame.check_bytes(3)?);
    let mut rest = replacement.iter();
    while let Some(&byte) = rest.next() {
        let byte = match byte {
            // Behind the end of a text there is a zero.
            b'%' => rest.next().copied().unwrap_or(0),
            _ => {
                out.push(byte);
                continue;
            }
        };
        match byte {
            b'0' => add_part(frame, out, &text[part.start..part.end])?,
            b'1'..=b'9' => {
                let number = usize::from(byte - b'1');
                match matcher.captures().get(number) {
                    None if number == 0 => add_part(frame, out, &text[part.start..part.end])?,
                    None => return Err(Raise::Text(c"invalid capture index")),
                    Some(capture) => {
                        push_capture(frame, text, capture)?;
                        add_part(frame, out, frame.bytes(-1).unwrap_or_default())?;
                        frame.pop(1);
                    }
                }
            }
            _ => out.push(byte),
        }
    }
    Ok(())
}

fn add_part(frame: Frame<'_>, out: &mut Vec<u8>, part: &[u8]) -> Result<(), Raise> {
    frame.check_room(out.len() + part.len())?;
    out.extend_from_slice(part);
    Ok(())
}

/// `string.rep`.
fn rep(frame: Frame<'_>) -> Results {
    let text = frame.check_bytes(1)?;
    let count = usize::try_from(frame.check_integer(2)?).unwrap_or(0);
    let total = text.len().saturating_mul(count);
    frame.check_room(total)?;
    frame.push_built(|out| repeat(frame, text, total, out))?;
    Ok(1)
}

/// Repeats `text` in `out` up to `total` bytes.
fn repeat(frame: Frame<'_>, text: &[u8], total: usize, out: &mut Vec<u8>) -> Result<(), Raise> {
    if total == 0 {
        return Ok(());
    }
    out.reserve_exact(total);
    out.extend_from_slice(text);
    while out.len() < total {
        frame.step(out.len())?;
        // What is there already is whole repetitions, and so are these.
        let piece = match out.len() < REPEATED_BYTES {
            true => out.len(),
            false => REPEATED_BYTES / text.len().min(REPEATED_BYTES) * text.len(),
        };
        let piece = piece.min(out.len()).min(total - out.len());
        out.extend_from_within(..piece);
    }
    Ok(())
}
