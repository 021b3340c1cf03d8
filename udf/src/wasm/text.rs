//! Modules as text (WAT): looked over before the parser sees them, which recurses.

use std::borrow::Cow;

use super::limits::TEXT_DEPTH_MAX;
use crate::LoadError;

/// The module in binary: as it is, or made from its text.
///
/// # Errors
/// What is wrong with the text, and where.
pub(super) fn to_binary(source: &[u8]) -> Result<Cow<'_, [u8]>, LoadError> {
    if source.starts_with(b"\0asm") {
        return Ok(Cow::Borrowed(source));
    }
    let text = std::str::from_utf8(source).map_err(|_| {
        LoadError(
            "the library is neither a WASM module (it must start with \\0asm) nor WAT text".into(),
        )
    })?;
    if depth_of(text) > TEXT_DEPTH_MAX {
        return Err(LoadError(format!(
            "the WAT text nests brackets deeper than {TEXT_DEPTH_MAX}: flatten its expressions or load the binary module"
        )));
    }
    wat::parse_str(text)
        .map(Cow::Owned)
        .map_err(|error| LoadError(format!("WAT: {}", one_line(&error.to_string()))))
}

/// An error's text in one line, shortened.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = words.join(" ");
    if let Some((cut, _)) = line.char_indices().nth(400) {
        line.truncate(cut);
    }
    line
}

/// How deep brackets nest at most, those in comments counted. Instructions written without brackets do not make the parser recurse.
fn depth_of(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let mut in_string = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            b'(' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::{depth_of, to_binary};

    #[test]
    fn text_becomes_a_module() {
        let module = to_binary(b"\n(module (func))").expect("it is fine");
        assert!(module.starts_with(b"\0asm"));
        let error = to_binary(b"(module (fnc))").expect_err("it is not");
        assert!(error.0.starts_with("WAT: "), "{error}");
    }

    #[test]
    fn brackets_are_counted() {
        assert_eq!(depth_of("(a (b \"(((\\\"(\" ) (c (d)))"), 3);
        let deep = format!(
            "(module (func {}{}))",
            "(drop ".repeat(5000),
            ")".repeat(5000)
        );
        let error = to_binary(deep.as_bytes()).expect_err("it is too deep");
        assert!(error.0.contains("deeper than"), "{error}");
    }
}
