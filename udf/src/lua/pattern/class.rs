//! What one item of a pattern stands for: a character, a class, a set.

use crate::lua::raise::Raise;

/// The end of the item of `pattern` that begins at `at`, where there is one.
///
/// # Errors
/// An item that the pattern's end cuts off.
#[inline]
pub(super) fn item_end(pattern: &[u8], at: usize) -> Result<usize, Raise> {
    match pattern[at] {
        b'%' if at + 1 == pattern.len() => Err(Raise::Text(c"malformed pattern (ends with '%')")),
        b'%' => Ok(at + 2),
        b'[' => set_end(pattern, at),
        _ => Ok(at + 1),
    }
}

/// The end of a set. A bracket right behind its beginning is one of its characters.
fn set_end(pattern: &[u8], at: usize) -> Result<usize, Raise> {
    let negated = pattern.get(at + 1) == Some(&b'^');
    let mut next = at + 1 + usize::from(negated);
    loop {
        match pattern.get(next) {
            None => return Err(Raise::Text(c"malformed pattern (missing ']')")),
            Some(b'%') if next + 1 < pattern.len() => next += 2,
            Some(_) => next += 1,
        }
        if pattern.get(next) == Some(&b']') {
            return Ok(next + 1);
        }
    }
}

/// Whether `byte` is what the item stands for.
#[inline]
pub(super) fn is_item(item: &[u8], byte: u8) -> bool {
    match item {
        [b'.'] => true,
        [b'%', class] => is_of_class(*class, byte),
        [b'[', ..] => is_in_set(item, byte),
        _ => item[0] == byte,
    }
}

/// Whether `byte` is in a set, which is given with its brackets.
pub(super) fn is_in_set(set: &[u8], byte: u8) -> bool {
    let (negated, mut rest) = match &set[1..set.len() - 1] {
        [b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    loop {
        let (found, next) = match rest {
            [] => return negated,
            [b'%', class, next @ ..] => (is_of_class(*class, byte), next),
            // Left over behind a range: Lua looks at what comes next all the same, which is the bracket.
            [b'%'] => (byte == b']', [].as_slice()),
            [first, b'-', last, next @ ..] => ((*first..=*last).contains(&byte), next),
            [single, next @ ..] => (*single == byte, next),
        };
        if found {
            return !negated;
        }
        rest = next;
    }
}

/// Whether `byte` is of the class that `%` with this letter names; a capital letter names what is not of it, all else itself.
fn is_of_class(class: u8, byte: u8) -> bool {
    let is_of_it = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => matches!(byte, b' ' | b'\t'..=b'\r'),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    is_of_it != class.is_ascii_uppercase()
}
