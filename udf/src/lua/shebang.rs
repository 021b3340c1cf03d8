//! The first line of a script, `#!lua flags=no-writes,allow-oom`.

use bitflags::bitflags;

bitflags! {
    /// What a script or function says of itself.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct ScriptFlags: u32 {
        /// It does not write.
        const NO_WRITES = 1;
        /// It may run although there is no memory.
        const ALLOW_OOM = 1 << 1;
        /// It may run on a stale replica.
        const ALLOW_STALE = 1 << 2;
        /// It may not run in a cluster.
        const NO_CLUSTER = 1 << 3;
        /// Its keys may be in several slots.
        const ALLOW_CROSS_SLOT = 1 << 4;
        /// It says nothing: it has no such line.
        const UNDECLARED = 1 << 5;
    }
}

/// The flags by name.
pub const FLAG_NAMES: &[(&str, ScriptFlags)] = &[
    ("no-writes", ScriptFlags::NO_WRITES),
    ("allow-oom", ScriptFlags::ALLOW_OOM),
    ("allow-stale", ScriptFlags::ALLOW_STALE),
    ("no-cluster", ScriptFlags::NO_CLUSTER),
    ("allow-cross-slot-keys", ScriptFlags::ALLOW_CROSS_SLOT),
];

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

/// Reads the first line of a script. Gives its flags and what to compile: the text from the end of that line on, so that lines keep their
/// numbers.
pub fn parse(script: &[u8]) -> Result<(ScriptFlags, &[u8]), ShebangError> {
    if !script.starts_with(b"#!") {
        return Ok((ScriptFlags::UNDECLARED, script));
    }
    let end = script
        .iter()
        .position(|&byte| byte == b'\n')
        .ok_or(ShebangError::NoLineEnd)?;
    let (line, body) = script.split_at(end);
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    match words.next() {
        None => return Err(ShebangError::NoEngine),
        Some("#!lua") => {}
        Some(engine) => return Err(ShebangError::Engine(engine.to_owned())),
    }
    let mut flags = ScriptFlags::empty();
    for word in words {
        let Some(names) = word.strip_prefix("flags=") else {
            return Err(ShebangError::Option(word.to_owned()));
        };
        for name in names.split(',').filter(|_| !names.is_empty()) {
            flags |= flag(name).ok_or_else(|| ShebangError::Flag(name.to_owned()))?;
        }
    }
    Ok((flags, body))
}

/// The flag of this name.
pub fn flag(name: &str) -> Option<ScriptFlags> {
    FLAG_NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, flag)| *flag)
}

#[cfg(test)]
mod tests {
    use super::{ScriptFlags, parse};

    #[test]
    fn first_lines() {
        let flags = |script: &str| {
            parse(script.as_bytes())
                .map(|(flags, _)| flags)
                .map_err(|error| error.to_string())
        };
        assert_eq!(flags("return 1"), Ok(ScriptFlags::UNDECLARED));
        assert_eq!(flags("#!lua\nreturn 1"), Ok(ScriptFlags::empty()));
        assert_eq!(
            flags("#!lua flags=no-writes,allow-oom\n"),
            Ok(ScriptFlags::NO_WRITES | ScriptFlags::ALLOW_OOM)
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
