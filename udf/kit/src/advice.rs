//! What to change when the engine or a server refuses a library or ends a call: by what stands in the error's text. Of traps the engine
//! itself says it.

/// Parts of error texts, and what helps against each. The first that fits is given.
const ADVICE: &[(&str, &str)] = &[
    (
        "killed by user with SCRIPT KILL",
        "it runs too long, or for ever: bound its loops; a limit that is meant to be higher is time_limit_ms in a case; on a server others are answered -BUSY after busy-reply-threshold",
    ),
    (
        "wrong number of arguments for function",
        "the function itself says so, by returning -2: check keys and arguments",
    ),
    (
        "the key was not declared",
        "declare every key it touches, in front of the arguments: FCALL name numkeys key…",
    ),
    (
        "key that it did not declare",
        "declare every key it touches, in front of the arguments: FCALL name numkeys key…",
    ),
    (
        "touches a key that it was not given",
        "declare every key it touches, in front of the arguments: FCALL name numkeys key…",
    ),
    (
        "from read-only scripts",
        "it is registered with no_writes: take the flag away, or do not write",
    ),
    (
        "NOPERM the function may not",
        "it is registered with no_writes, or the user may not do this to the key",
    ),
    (
        "already exists",
        "give --replace to take the place of the library; a function's name can be in one library only",
    ),
];

/// What to change, where that is known.
pub(crate) fn advice(error: &str) -> Option<String> {
    let known = ADVICE.iter().find(|(part, _)| error.contains(part));
    known.map(|(_, advice)| (*advice).to_owned())
}

/// An error with what to change behind it.
pub(crate) fn advised(error: &str) -> String {
    match advice(error) {
        Some(advice) => format!("{error}\n  {advice}"),
        None => error.to_owned(),
    }
}
