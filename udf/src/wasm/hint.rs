//! What to change when a function traps: behind the name of the trap, for whoever reads the error.

/// Parts of what traps are called, and what helps against each. The first that fits is given.
const HINTS: &[(&str, &str)] = &[
    (
        "time limit of",
        "bound its loops, or raise wasm-time-limit (time_limit_ms in a case)",
    ),
    (
        "out of bounds memory access",
        "check its pointers and lengths, and that a length an import gave is no negative status",
    ),
    (
        "out of bounds pointer",
        "check its pointers and lengths, and that a length an import gave is no negative status",
    ),
    ("undefined element", "check its function pointers"),
    ("uninitialized element", "check its function pointers"),
    (
        "indirect call type mismatch",
        "check casts between its function types",
    ),
    ("divide by zero", "check the divisor first"),
    (
        "call stack exhausted",
        "use a loop instead of recursion, or keep less on the stack",
    ),
    (
        "unreachable",
        "it panicked or aborted (in Rust a panic, an index out of range, an unwrap); its last log line may say where",
    ),
    (
        "its reply is incomplete",
        "ret_array, ret_map or ret_set announced more values than followed: write that many (a map needs two a pair)",
    ),
    (
        "it replies twice",
        "announce several values with ret_array, and reply once",
    ),
    (
        "its reply nests too deep",
        "it opens arrays within arrays without an end: flatten its reply",
    ),
    (
        "its reply is too large",
        "reply with less, or in several calls",
    ),
    (
        "it fails without an error",
        "it returned -1 without ret_error: write the error first, or return 0",
    ),
    (
        "it returns the unknown status",
        "return 0, -1 (after ret_error) or -2 (wrong number of arguments)",
    ),
    (
        "register outside of redox_load",
        "only redox_load may call register: move it there",
    ),
    ("replies", "free them with r_free when they are read"),
];

/// The name of a trap, with what to change where that is known.
pub(super) fn with_hint(kind: String) -> String {
    match HINTS.iter().find(|(part, _)| kind.contains(part)) {
        Some((_, hint)) => format!("{kind}: {hint}"),
        None => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::with_hint;

    #[test]
    fn what_is_known_is_said() {
        assert_eq!(
            with_hint("integer divide by zero".into()),
            "integer divide by zero: check the divisor first"
        );
        assert_eq!(
            with_hint("killed by FUNCTION KILL".into()),
            "killed by FUNCTION KILL"
        );
    }
}
