//! The first line of a script, `#!lua flags=no-writes,allow-oom`.

use crate::FunctionFlags;

/// Why such a line is not understood. `Display` is the text behind the error code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShebangError {
    /// There is nothing else.
    #[error("Invalid script shebang")]
    NoLineEnd,
    /// No engine is named.
    #[error("Invalid engine in script shebang")]
    NoEngine,
    /// Another engine than Lua.
    #[error("Unexpected engine in script shebang: {0}")]
    Engine(String),
    /// An unknown flag.
    #[error("Unexpected flag in script shebang: {0}")]
    Flag(String),
    /// Something else than flags.
    #[error("Unknown lua shebang option: {0}")]
    Option(String),
}

/// Reads the first line of a script. Gives its flags, none when it has no such line, and what to compile: the text from the end of that line
/// on, so that lines keep their numbers.
///
/// # Errors
/// [`ShebangError`]
pub fn parse(script: &[u8]) -> Result<(Option<FunctionFlags>, &[u8]), ShebangError> {
    if !script.starts_with(b"#!") {
        return Ok((None, script));
    }
    let end = script
        .iter()
        .position(|&byte| byte == b'\n')
        .ok_or(ShebangError::NoLineEnd)?;
    let (line, body) = script.split_at(end);
    let words = resp::split_words(line).ok_or(ShebangError::NoEngine)?;
    let mut words = words.iter().map(|word| String::from_utf8_lossy(word));
    match words.next().as_deref() {
        None => return Err(ShebangError::NoEngine),
        Some("#!lua") => {}
        Some(engine) => return Err(ShebangError::Engine(engine.to_owned())),
    }
    let mut flags = FunctionFlags::empty();
    for word in words {
        let Some(names) = word.strip_prefix("flags=") else {
            return Err(ShebangError::Option(word.into_owned()));
        };
        for name in names.split(',').filter(|_| !names.is_empty()) {
            flags |=
                FunctionFlags::of_lua(name).ok_or_else(|| ShebangError::Flag(name.to_owned()))?;
        }
    }
    Ok((Some(flags), body))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::FunctionFlags;

    #[test]
    fn first_lines() {
        let flags = |script: &str| {
            parse(script.as_bytes())
                .map(|(flags, _)| flags)
                .map_err(|error| error.to_string())
        };
        assert_eq!(flags("return 1"), Ok(None));
        assert_eq!(flags("#!lua\nreturn 1"), Ok(Some(FunctionFlags::empty())));
        assert_eq!(
            flags("#!lua flags=no-writes,allow-oom\n"),
            Ok(Some(FunctionFlags::NO_WRITES | FunctionFlags::ALLOW_OOM))
        );
        assert_eq!(
            flags("#!lua \"flags=no-writes\"\n"),
            Ok(Some(FunctionFlags::NO_WRITES))
        );
        for (script, error) in [
            ("#!lua", "Invalid script shebang"),
            (
                "#!not-lua\n",
                "Unexpected engine in script shebang: #!not-lua",
            ),
            (
                "#!lua flags=bad\n",
                "Unexpected flag in script shebang: bad",
            ),
            ("#!lua 'flags=\n", "Invalid engine in script shebang"),
            (
                "#!lua badarg=bad\n",
                "Unknown lua shebang option: badarg=bad",
            ),
        ] {
            assert_eq!(flags(script), Err(error.to_owned()));
        }
        assert_eq!(parse(b"#!lua\nx").unwrap().1, b"\nx");
    }
}
