//! Glob-style patterns as KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET take them.
//!
//! `?` is any byte, `*` any run of bytes, `[a-c]` a class, `[^a-c]` its complement,
//! `\x` the byte x. Bytes are compared as bytes: no encoding is assumed.
//!
//! Clients choose both pattern and text, so the work is bounded: a mismatch goes back
//! to the last `*` only, which is enough, because whatever an earlier `*` could skip
//! the last one can skip as well. At most pattern × text steps, no recursion. Patterns
//! that need more than a thousand `*` match nothing, as in Redis, which recurses on each.

/// Runs of `*` that may be entered before a pattern is given up as not matching.
const STARS_MAX: usize = 1000;

/// How letters compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Sensitive,
    Ignored,
}

/// Whether `text` matches `pattern` as a whole.
///
/// The empty text matches the empty pattern only, not `*`: so Redis has it.
#[must_use]
pub fn glob_match(pattern: &[u8], text: &[u8]) -> bool {
    matches(pattern, text, Case::Sensitive)
}

/// Like [`glob_match`], ASCII letters of either case being equal.
#[must_use]
pub fn glob_match_ignore_case(pattern: &[u8], text: &[u8]) -> bool {
    matches(pattern, text, Case::Ignored)
}

/// The place to go back to on a mismatch: behind the last `*`, and the first text byte it has not swallowed.
struct Star<'a> {
    rest: &'a [u8],
    text: &'a [u8],
}

fn matches<'a>(mut pattern: &'a [u8], mut text: &'a [u8], case: Case) -> bool {
    let mut star: Option<Star<'a>> = None;
    let mut stars = 0;
    if text.is_empty() {
        return pattern.is_empty();
    }
    loop {
        if let [b'*', rest @ ..] = pattern {
            pattern = skip_stars(rest);
            if pattern.is_empty() {
                return true;
            }
            stars += 1;
            if stars > STARS_MAX {
                return false;
            }
            star = Some(Star {
                rest: pattern,
                text,
            });
        }
        match match_one(pattern, text[0], case) {
            Some(rest) => {
                pattern = rest;
                text = &text[1..];
            }
            None => match star.as_mut().and_then(|star| swallow(star, case)) {
                Some(again) => (pattern, text) = again,
                None => return false,
            },
        }
        if text.is_empty() {
            // What is left must need no text. Going back would only leave less text for the same pattern.
            return skip_stars(pattern).is_empty();
        }
    }
}

/// Lets the star take at least one byte more; none when no text would be left.
fn swallow<'a>(star: &mut Star<'a>, case: Case) -> Option<(&'a [u8], &'a [u8])> {
    let after = &star.text[1..];
    let skipped = match (case, star.rest.first()) {
        (Case::Sensitive, Some(&byte)) if !matches!(byte, b'?' | b'[' | b'\\' | b'*') => {
            memchr::memchr(byte, after)?
        }
        _ => 0,
    };
    star.text = &after[skipped..];
    (!star.text.is_empty()).then_some((star.rest, star.text))
}

fn skip_stars(mut pattern: &[u8]) -> &[u8] {
    while let [b'*', rest @ ..] = pattern {
        pattern = rest;
    }
    pattern
}

/// Matches one pattern element, not a `*`, with one byte; the pattern behind it when they fit.
fn match_one(pattern: &[u8], byte: u8, case: Case) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', rest @ ..] => Some(rest),
        [b'[', class @ ..] => match_class(class, byte, case),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            same(*literal, byte, case).then_some(rest)
        }
    }
}

/// Matches a class, the `[` already gone; a class without its `]` ends with the pattern.
fn match_class(class: &[u8], byte: u8, case: Case) -> Option<&[u8]> {
    let (negated, mut class) = match class {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, class),
    };
    let mut found = false;
    let rest = loop {
        class = match class {
            [] => break class,
            [b'\\', literal, rest @ ..] => {
                // An escaped byte of a class is compared exactly, whatever the case rule.
                found |= *literal == byte;
                rest
            }
            [b']', rest @ ..] => break rest,
            [first, b'-', last, rest @ ..] => {
                found |= in_range(*first, *last, byte, case);
                rest
            }
            [literal, rest @ ..] => {
                found |= same(*literal, byte, case);
                rest
            }
        };
    };
    (found != negated).then_some(rest)
}

fn same(a: u8, b: u8, case: Case) -> bool {
    match case {
        Case::Sensitive => a == b,
        Case::Ignored => a.eq_ignore_ascii_case(&b),
    }
}

/// Whether `byte` lies between two bytes, in whichever order they are given. Bytes count as signed, as in C's `char`.
fn in_range(first: u8, last: u8, byte: u8, case: Case) -> bool {
    let fold = |byte: u8| match case {
        Case::Sensitive => byte as i8,
        Case::Ignored => byte.to_ascii_lowercase() as i8,
    };
    let (low, high) = if first as i8 > last as i8 {
        (last, first)
    } else {
        (first, last)
    };
    (fold(low)..=fold(high)).contains(&fold(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", false),
            ("*", "a", true),
            ("**", "abc", true),
            ("a*", "a", true),
            ("a**", "a", true),
            ("*a", "a", true),
            ("*a", "ba", true),
            ("*a", "ab", false),
            ("*a", "aa", true),
            ("a*b", "ab", true),
            ("a*b", "aXXb", true),
            ("a*b", "aXXbc", false),
            ("a*b*c", "a1b2bc", true),
            ("a*b?d", "abcbxd", true),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("h[a-c]llo", "hdllo", false),
            ("[\\]]", "]", true),
            ("[]a]", "a", false),
            ("[a-]", "a", true),
            ("[a", "a", true),
            ("[", "[", false),
            ("[^", "x", true),
            ("[^", "xy", false),
            ("[a\\", "\\", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("\\?a", "?a", true),
            ("a\\", "a\\", true),
            ("*\\*", "ab*", true),
            ("A", "a", false),
        ] {
            assert_eq!(
                glob_match(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern:?} {text:?}"
            );
        }
    }

    #[test]
    fn case_is_ignored_on_request() {
        for (pattern, text, expected) in [
            ("MaxMemory*", "maxmemory-policy", true),
            ("*POLICY", "maxmemory-policy", true),
            ("[A-C]x", "bX", true),
            ("[^a]", "A", false),
            ("[\\a]", "A", false),
        ] {
            assert_eq!(
                glob_match_ignore_case(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern:?} {text:?}"
            );
        }
    }

    #[test]
    fn hostile_patterns_end_soon() {
        let text = vec![b'a'; 20_000];
        let mut pattern = b"a*".repeat(500);
        pattern.push(b'b');
        assert!(!glob_match(&pattern, &text));
        assert!(!glob_match(&b"*[^b]".repeat(100), &text[..60]));
        assert!(glob_match(&b"*?".repeat(1000), &text));
        assert!(!glob_match(&b"*?".repeat(1001), &text));
        assert!(glob_match(
            &[b"*?".repeat(1000), b"*".to_vec()].concat(),
            &text
        ));
    }

    /// The textbook definition, exponential and obviously right.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|at| naive(rest, &text[at..])),
            _ => {
                let Some((first, after)) = text.split_first() else {
                    return false;
                };
                match_one(pattern, *first, Case::Sensitive).is_some_and(|rest| naive(rest, after))
            }
        }
    }

    proptest! {
        #[test]
        fn the_matcher_agrees_with_the_definition(pattern in "[ab*?^\\[\\]\\\\-]{0,8}", text in "[ab\\]\\\\*-]{1,8}") {
            prop_assert_eq!(glob_match(pattern.as_bytes(), text.as_bytes()), naive(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
