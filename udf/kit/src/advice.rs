//! What to change when the engine or a server refuses a library or ends a call: by what stands in the error's text.

/// Parts of error texts, and what helps against each. The first that fits is given.
const ADVICE: &[(&str, &str)] = &[
    (
        "time limit of",
        "it runs too long, or for ever: bound its loops; a limit that is meant to be higher is time_limit_ms in a case and wasm-time-limit on the server",
    ),
    (
        "out of bounds memory access",
        "it reads or writes outside of its memory: check its pointers and lengths, and that a length an import returned is no negative status",
    ),
    (
        "pointer",
        "it gives an import a pointer and a length that leave its memory: check both, and that a length an import returned is no negative status",
    ),
    (
        "undefined element",
        "it calls through a table entry that is not set: check its function pointers",
    ),
    (
        "indirect call type mismatch",
        "it calls a function pointer as another type than it has: check casts between function types",
    ),
    (
        "divide by zero",
        "it divides by zero: check the divisor first",
    ),
    (
        "call stack exhausted",
        "it recurses too deep: use a loop, or keep less on the stack",
    ),
    (
        "unreachable",
        "it panicked or aborted (in Rust a panic, an index out of range, an unwrap); its last log line says where",
    ),
    (
        "its reply is incomplete",
        "ret_array, ret_map or ret_set announced more values than followed: write that many (a map needs two a pair)",
    ),
    (
        "it replies twice",
        "it wrote a value after its reply was complete: announce several with ret_array, and reply once",
    ),
    (
        "its reply nests too deep",
        "it opened arrays within arrays without an end: flatten its reply",
    ),
    (
        "its reply is too large",
        "reply with less, or in several calls",
    ),
    (
        "fails without an error",
        "it returned -1 without ret_error: write the error first, or return 0",
    ),
    (
        "returns the unknown status",
        "a function returns 0, -1 (with ret_error) or -2 (wrong number of arguments): check what it returns",
    ),
    (
        "register outside of redox_load",
        "only redox_load may call register: move it there",
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
    (
        "No functions registered",
        "export a function of type (i32, i32, i32) -> i32, or register one in redox_load",
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
