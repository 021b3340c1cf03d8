//! Guests that mean harm, and those that only go wrong: each gets an error that names what it was, and the engine goes on.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use resp::{OutputBuffer, Protocol};
use store::command::{Ctx, Key};
use udf::wasm::{Compiler, WasmEngine};
use udf::{Call, CallError, Denied, Engine, Host, Intent, Loaded, LocalHost, LogLevel, Pulse};

fn engine() -> &'static WasmEngine {
    static ENGINE: OnceLock<WasmEngine> = OnceLock::new();
    ENGINE.get_or_init(|| WasmEngine::new(Compiler::Here).expect("WASM runs here"))
}

fn load(source: impl AsRef<[u8]>) -> Result<Loaded, String> {
    engine().load(source.as_ref()).map_err(|error| error.0)
}

/// A module around these imports, functions and bodies.
fn module(parts: &str) -> String {
    format!("(module {parts} (memory (export \"memory\") 1))")
}

/// A module with the function `f` of this body.
fn function(imports: &str, body: &str) -> String {
    module(&format!(
        "{imports} (func (export \"f\") (param i32 i32 i32) (result i32) {body} (i32.const 0))"
    ))
}

/// Loads a module and calls its first function with the key `k`.
fn run(source: &str) -> Result<String, String> {
    let loaded = load(source)?;
    let mut host = LocalHost::new(&["k"]);
    call(&loaded, &mut host)
}

fn call(loaded: &Loaded, host: &mut LocalHost) -> Result<String, String> {
    let mut instance = loaded
        .program
        .instantiate(|| Pulse::Alive)
        .map_err(|error| error.to_string())?;
    let call = Call {
        function: 0,
        keys: &[b"k"],
        args: &[b"argument"],
        protocol: Protocol::Resp2,
        time_limit_ms: 500,
    };
    let mut out = OutputBuffer::new();
    match instance.call(&call, host, &mut out) {
        Ok(()) => Ok(String::from_utf8_lossy(&out.to_vec())
            .replace("\r\n", " ")
            .trim_end()
            .to_owned()),
        Err(error) => {
            let is_trap = matches!(error, CallError::Trapped { .. });
            assert!(is_trap != error.is_clean() || !is_trap, "{error}");
            Err(error.to_string())
        }
    }
}

/// An import that takes so many numbers and gives one.
fn import(name: &str, params: usize) -> String {
    let params = "i32 ".repeat(params);
    format!("(import \"redox1\" \"{name}\" (func ${name} (param {params}) (result i32)))")
}

/// That the error says `expected`, within a time in which nobody gets impatient.
fn refused(what: &str, result: Result<String, String>, since: Instant, expected: &str) {
    let error = result.expect_err(what);
    assert!(error.contains(expected), "{what}: {error}");
    assert!(
        since.elapsed() < Duration::from_secs(20),
        "{what} took {:?}",
        since.elapsed()
    );
}

#[test]
fn what_goes_wrong_while_running_is_named() {
    let grows = "(import \"redox1\" \"ret_array\" (func $array (param i32)))";
    let bulk = "(import \"redox1\" \"ret_bulk\" (func $bulk (param i32 i32)))";
    let get = "(import \"redox1\" \"get\" (func $get (param i32 i32 i32 i32) (result i32)))";
    let calls = "(import \"redox1\" \"call\" (func $call (param i32 i32 i32) (result i32)))";
    let register =
        "(import \"redox1\" \"register\" (func $register (param i32 i32 i32) (result i32)))";
    let ints = "(import \"redox1\" \"ret_ints\" (func $ints (param i32 i32)))";
    let bulks = "(import \"redox1\" \"ret_bulks\" (func $bulks (param i32 i32)))";
    let wide = format!(
        "(func $wide (param i64) {} (call $wide (i64.const 1)) (drop (i64.add (local.get 1) (local.get 99))))",
        "(local i64)".repeat(100)
    );
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "an infinite loop",
            function("", "(loop $l (br $l))"),
            "time limit of 500 ms exceeded",
        ),
        (
            "a loop of tail calls",
            module(
                "(func $t (result i32) (return_call $t)) (func (export \"f\") (param i32 i32 i32) (result i32) (call $t))",
            ),
            "time limit",
        ),
        (
            "recursion",
            module(
                "(func $r (call $r) (call $r)) (func (export \"f\") (param i32 i32 i32) (result i32) (call $r) (i32.const 0))",
            ),
            "call stack exhausted",
        ),
        (
            "wide frames",
            module(&format!(
                "{wide} (func (export \"f\") (param i32 i32 i32) (result i32) (call $wide (i64.const 0)) (i32.const 0))"
            )),
            "call stack exhausted",
        ),
        (
            "reading out of bounds",
            function("", "(drop (i32.load (i32.const -4)))"),
            "out of bounds memory access",
        ),
        (
            "division by zero",
            function("", "(drop (i32.div_s (i32.const 1) (i32.const 0)))"),
            "integer divide by zero",
        ),
        (
            "overflow",
            function(
                "",
                "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
            ),
            "integer overflow",
        ),
        (
            "a bad conversion",
            function("", "(drop (i32.trunc_f64_s (f64.const nan)))"),
            "invalid conversion to integer",
        ),
        (
            "unreachable",
            function("", "unreachable"),
            "wasm `unreachable` instruction executed",
        ),
        (
            "a bad indirect call",
            function("(table 1 funcref)", "(call_indirect (i32.const 5))"),
            "undefined element",
        ),
        (
            "a null indirect call",
            function("(table 1 funcref)", "(call_indirect (i32.const 0))"),
            "uninitialized element",
        ),
        (
            "an indirect call of another type",
            function(
                "(table 1 funcref) (elem (i32.const 0) $x) (func $x (param i64))",
                "(call_indirect (i32.const 0))",
            ),
            "indirect call type mismatch",
        ),
        (
            "a fill of 16 MiB",
            function(
                "",
                "(memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216))",
            ),
            "out of bounds memory access",
        ),
        (
            "a pointer out of bounds",
            function(
                get,
                "(drop (call $get (i32.const 70000000) (i32.const 1) (i32.const 0) (i32.const 0)))",
            ),
            "out of bounds pointer",
        ),
        (
            "a pointer that wraps",
            function(
                get,
                "(drop (call $get (i32.const -1) (i32.const 2) (i32.const 0) (i32.const 0)))",
            ),
            "out of bounds pointer",
        ),
        (
            "room that wraps",
            function(
                get,
                "(drop (call $get (i32.const 0) (i32.const 1) (i32.const 8) (i32.const -1)))",
            ),
            "out of bounds pointer",
        ),
        (
            "a bulk out of bounds",
            function(bulk, "(call $bulk (i32.const 65536) (i32.const 65537))"),
            "out of bounds pointer",
        ),
        (
            "arguments out of bounds",
            function(
                calls,
                "(drop (call $call (i32.const 131000) (i32.const 60000) (i32.const 0)))",
            ),
            "out of bounds pointer",
        ),
        (
            "a list out of bounds",
            function(
                &import("hmget", 6),
                "(drop (call $hmget (i32.const 0) (i32.const 1) (i32.const 131000) (i32.const 1000) (i32.const 0) (i32.const 8)))",
            ),
            "out of bounds pointer",
        ),
        (
            "a field out of bounds",
            function(
                &import("hmget", 6),
                "(i32.store (i32.const 16) (i32.const -2)) (i32.store (i32.const 20) (i32.const 3))
                 (drop (call $hmget (i32.const 0) (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 8)))",
            ),
            "out of bounds pointer",
        ),
        (
            "room for fields that wraps",
            function(
                &import("hmget", 6),
                "(drop (call $hmget (i32.const 0) (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8) (i32.const -1)))",
            ),
            "out of bounds pointer",
        ),
        (
            "pairs out of bounds",
            function(
                &import("hmset", 4),
                "(drop (call $hmset (i32.const 0) (i32.const 1) (i32.const 131000) (i32.const 1000)))",
            ),
            "out of bounds pointer",
        ),
        (
            "room for rows that wraps",
            function(
                &import("zrange", 7),
                "(drop (call $zrange (i32.const 0) (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 8) (i32.const -1)))",
            ),
            "out of bounds pointer",
        ),
        (
            "integers out of bounds",
            function(ints, "(call $ints (i32.const 8) (i32.const 16384))"),
            "out of bounds pointer",
        ),
        (
            "so many integers that their size wraps",
            function(ints, "(call $ints (i32.const 0) (i32.const 0x20000001))"),
            "out of bounds pointer",
        ),
        (
            "too many texts",
            function(bulks, "(call $bulks (i32.const 0) (i32.const 1025))"),
            "its reply is too large",
        ),
        (
            "texts listed out of bounds",
            function(bulks, "(call $bulks (i32.const -4) (i32.const 1))"),
            "out of bounds pointer",
        ),
        (
            "host calls without end",
            function(
                get,
                "(loop $l (drop (call $get (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 8))) (br $l))",
            ),
            "time limit",
        ),
        (
            "a gigantic array",
            function(grows, "(call $array (i32.const 0x7fffffff))"),
            "its reply is too large",
        ),
        (
            "an array that lacks elements",
            function(grows, "(call $array (i32.const 3))"),
            "its reply is incomplete",
        ),
        (
            "arrays in arrays",
            function(grows, "(loop $l (call $array (i32.const 1)) (br $l))"),
            "nests too deep",
        ),
        (
            "a gigantic reply",
            function(
                &format!("{grows} {bulk}"),
                "(call $array (i32.const 8000000)) (loop $l (call $bulk (i32.const 0) (i32.const 65536)) (br $l))",
            ),
            "its reply is too large",
        ),
        (
            "two replies",
            function(
                bulk,
                "(call $bulk (i32.const 0) (i32.const 1)) (call $bulk (i32.const 0) (i32.const 1))",
            ),
            "it replies twice",
        ),
        (
            "register outside of load",
            function(
                register,
                "(drop (call $register (i32.const 0) (i32.const 1) (i32.const 0)))",
            ),
            "register outside of redox_load",
        ),
        (
            "an unknown status",
            function("", "(return (i32.const 77))"),
            "unknown status 77",
        ),
        (
            "an error without a text",
            function("", "(return (i32.const -1))"),
            "fails without an error",
        ),
        (
            "replies that are kept",
            function(
                &format!(
                    "{calls} (data (i32.const 8) \"\\18\\00\\00\\00\\05\\00\\00\\00\") (data (i32.const 24) \"touch\")"
                ),
                "(loop $l (drop (call $call (i32.const 8) (i32.const 1) (i32.const 0))) (br $l))",
            ),
            "more than 1024 replies",
        ),
    ];
    for (what, source, expected) in cases {
        let since = Instant::now();
        let error = run(&source);
        let shown = error.clone();
        refused(what, error, since, expected);
        assert!(
            shown
                .expect_err(what)
                .starts_with("ERR function 'f' trapped: "),
            "{what}"
        );
    }
}

#[test]
fn what_grows_without_end_stays_within_its_limits() {
    let memory = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (call $int (i64.extend_i32_u (memory.size)))";
    let int = "(import \"redox1\" \"ret_int\" (func $int (param i64)))";
    assert_eq!(run(&function(int, memory)), Ok(":64".into()));
    let table = "(loop $l (br_if $l (i32.ne (table.grow (ref.null func) (i32.const 100)) (i32.const -1)))) (call $int (i64.extend_i32_u (table.size)))";
    let source = function(&format!("{int} (table 1 funcref)"), table);
    assert_eq!(run(&source), Ok(":9901".into()));
}

#[test]
fn what_may_not_be_loaded_is_named() {
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "a loop in start",
            module(
                "(func $s (loop $l (br $l))) (start $s)  (func (export \"f\") (param i32 i32 i32) (result i32) (i32.const 0))",
            ),
            "time limit",
        ),
        (
            "start that calls the host",
            module(
                "(import \"redox1\" \"get\" (func $get (param i32 i32 i32 i32) (result i32))) (func $s (drop (call $get (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))) (start $s) (func (export \"f\") (param i32 i32 i32) (result i32) (i32.const 0))",
            ),
            "the start function calls the host",
        ),
        (
            "load that reads data",
            module(
                "(import \"redox1\" \"get\" (func $get (param i32 i32 i32 i32) (result i32))) (func (export \"redox_load\") (result i32) (call $get (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))",
            ),
            "data is not there while a library loads",
        ),
        (
            "load that fails",
            module("(func (export \"redox_load\") (result i32) (i32.const 3))"),
            "redox_load fails: it returns 3",
        ),
        (
            "load that loops",
            module("(func (export \"redox_load\") (result i32) (loop $l (br $l)) (i32.const 0))"),
            "time limit",
        ),
        (
            "a registered function that is not there",
            module(
                "(import \"redox1\" \"register\" (func $register (param i32 i32 i32) (result i32))) (data (i32.const 0) \"nope\") (func (export \"redox_load\") (result i32) (call $register (i32.const 0) (i32.const 4) (i32.const 0)))",
            ),
            "'nope' is registered",
        ),
        (
            "a huge memory",
            "(module (memory (export \"memory\") 30000))".into(),
            "the module's memory starts with 30000 pages",
        ),
        (
            "a huge table",
            module("(table 20000 funcref)"),
            "the module's table starts with 20000 elements",
        ),
        (
            "three tables",
            module("(table 1 funcref) (table 1 funcref) (table 1 funcref)"),
            "more than 2 tables",
        ),
        (
            "64-bit memory",
            "(module (memory (export \"memory\") i64 1))".into(),
            "64-bit",
        ),
        (
            "shared memory",
            "(module (memory (export \"memory\") 1 1 shared))".into(),
            "shared",
        ),
        (
            "two memories",
            "(module (memory 1) (memory 1))".into(),
            "several memories",
        ),
        (
            "an imported memory",
            "(module (import \"env\" \"memory\" (memory 1)))".into(),
            "imports its memory",
        ),
        (
            "an imported global",
            module("(import \"env\" \"g\" (global i32))").replace("(memory", " (memory"),
            "which is no function",
        ),
        (
            "WASI",
            module(
                "(import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))",
            ),
            "WASI",
        ),
        (
            "another module",
            module("(import \"env\" \"abort\" (func))"),
            "functions import from 'redox1' only",
        ),
        (
            "an unknown import",
            module("(import \"redox1\" \"exec\" (func))"),
            "'redox1' has no function 'exec'",
        ),
        (
            "an import of another type",
            function("(import \"redox1\" \"get\" (func (param i64)))", ""),
            "import 'get' has the type (i64) -> nothing, it must be (i32, i32, i32, i32) -> i32",
        ),
        (
            "no memory",
            "(module (func (export \"f\") (param i32 i32 i32) (result i32) (i32.const 0)))".into(),
            "has no memory",
        ),
        (
            "an invalid body",
            module("(func (result i32))"),
            "not a WASM module that functions may be",
        ),
        ("no text", "\u{1}\u{2}".into(), "WAT: "),
        (
            "deep text",
            module(&format!(
                "(func {}{})",
                "(drop ".repeat(3000),
                ")".repeat(3000)
            )),
            "deeper than",
        ),
        (
            "500 locals and 2000 ifs",
            module(&format!(
                "(func {} {})",
                "(local i64)".repeat(500),
                "(if (i32.const 1) (then))".repeat(2000)
            )),
            "500 locals, 256 are allowed",
        ),
        (
            "200 locals and 2000 ifs",
            module(&format!(
                "(func {} {})",
                "(local i64)".repeat(200),
                "(if (i32.const 1) (then))".repeat(2000)
            )),
            "200 locals and 2000 blocks",
        ),
        (
            "50,000 functions",
            module(&"(func)".repeat(50_000)),
            "50000 functions",
        ),
        (
            "a long body",
            module(&format!(
                "(func {})",
                "(drop (i64.const 1234567890123))".repeat(5000)
            )),
            "a body of",
        ),
        (
            "a large module",
            module(&format!("(data \"{}\")", "x".repeat(1 << 20))),
            "wasm-module-max-size",
        ),
        ("an exception tag", module("(tag)"), "exceptions"),
    ];
    for (what, source, expected) in cases {
        let since = Instant::now();
        let result = load(&source).map(|_| String::new());
        refused(what, result, since, expected);
    }
    // Blocks within blocks as deep as a body allows, and a table of branches as long: within the limits, so they compile.
    let nested = format!(
        "(func (param i32) {} {})",
        "block ".repeat(10_000),
        "end ".repeat(10_000)
    );
    load(function("", "").replace("(module", &format!("(module {nested}")))
        .map(drop)
        .expect("it is allowed");
    let targets = "0 ".repeat(20_000);
    let branches = format!("(func (param i32) (block (br_table {targets} (local.get 0))))");
    load(function("", "").replace("(module", &format!("(module {branches}")))
        .map(drop)
        .expect("it is allowed");
}

#[test]
fn random_bytes_are_refused() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let sound = wat::parse_str(function("", "(drop (i32.const 1))")).expect("it is fine");
    for round in 0..300 {
        let mut bytes = match round % 2 {
            0 => [
                b"\0asm\x01\0\0\0".to_vec(),
                (0..next() % 400).map(|_| next() as u8).collect(),
            ]
            .concat(),
            _ => sound.clone(),
        };
        for _ in 0..round % 7 {
            let at = next() as usize % bytes.len();
            bytes[at] = next() as u8;
        }
        if let Ok(loaded) = load(&bytes) {
            let _ = call(&loaded, &mut LocalHost::new(&["k"]));
        }
    }
}

#[test]
fn a_killed_function_ends() {
    let loaded = load(function("", "(loop $l (br $l))")).expect("it is fine");
    let mut host = LocalHost::new(&["k"]).kill_after(Duration::from_millis(5));
    let error = call(&loaded, &mut host).expect_err("it was killed");
    assert_eq!(error, "ERR function 'f' trapped: killed by FUNCTION KILL");
    assert!(host.breaths > 0);
}

#[test]
fn what_was_written_before_a_trap_stays() {
    let set =
        "(import \"redox1\" \"set\" (func $set (param i32 i32 i32 i32 i32 i64) (result i32)))";
    let source = function(
        &format!("{set} (data (i32.const 0) \"k\")"),
        "(drop (call $set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 0))) unreachable",
    );
    let loaded = load(source).expect("it is fine");
    let mut host = LocalHost::new(&["k"]);
    call(&loaded, &mut host).expect_err("it traps");
    assert_eq!(host.run("get k"), "$1 k");
}

#[test]
fn keys_that_were_not_declared_and_writes_that_were_ruled_out_are_denied() {
    let parts =
        "(import \"redox1\" \"set\" (func $set (param i32 i32 i32 i32 i32 i64) (result i32)))
        (import \"redox1\" \"ret_int\" (func $int (param i64))) (data (i32.const 0) \"kx\")";
    let set = |key: u32| {
        function(
            parts,
            &format!(
                "(call $int (i64.extend_i32_s (call $set (i32.const {key}) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 0))))"
            ),
        )
    };
    assert_eq!(run(&set(0)), Ok(":0".into()));
    assert_eq!(run(&set(1)), Ok(":-3".into()));
    let loaded = load(set(0)).expect("it is fine");
    let mut host = LocalHost::new(&["k"]);
    host.read_only = true;
    assert_eq!(call(&loaded, &mut host), Ok(":-5".into()));
}

#[test]
fn what_a_call_took_is_not_booked_to_the_next_ones_arguments() {
    let source = module(
        "(func (export \"redox_alloc\") (param i32) (result i32) (i32.const 0))
        (func (export \"f\") (param i32 i32 i32) (result i32) (local $left i32)
            (local.set $left (i32.const 20000000))
            (loop $l (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $l (local.get $left)))
            (i32.const 0))",
    );
    let loaded = load(source).expect("it is fine");
    let mut instance = loaded
        .program
        .instantiate(|| Pulse::Alive)
        .expect("it starts");
    let mut host = LocalHost::new(&[]);
    let mut out = OutputBuffer::new();
    for bytes in [1, 10_000] {
        let call = Call {
            function: 0,
            keys: &[],
            args: &[&vec![b'x'; bytes]],
            protocol: Protocol::Resp2,
            time_limit_ms: 1000,
        };
        let ended = instance.call(&call, &mut host, &mut out);
        assert!(ended.is_ok(), "{ended:?}");
        // Longer than a call may take, and nothing runs meanwhile.
        std::thread::sleep(Duration::from_millis(1100));
    }
}

/// A host that has other calls run whenever the function stands still, and ends it after some.
struct Interrupted<'a> {
    data: LocalHost,
    others: &'a Loaded,
    left: u32,
}

impl Host for Interrupted<'_> {
    fn call(&mut self, args: &[&[u8]], protocol: Protocol, out: &mut OutputBuffer) {
        self.data.call(args, protocol, out);
    }

    fn data(
        &mut self,
        command: &'static str,
        intent: Intent,
        key: &[u8],
        work: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>),
    ) -> Result<(), Denied> {
        self.data.data(command, intent, key, work)
    }

    fn breathe(&mut self) -> Pulse {
        for _ in 0..2 {
            let ended = call(self.others, &mut LocalHost::new(&["k"]));
            assert_eq!(ended, Ok(":7".into()));
        }
        self.left -= 1;
        match self.left {
            0 => Pulse::Killed,
            _ => Pulse::Alive,
        }
    }

    fn now_ms(&self) -> u64 {
        self.data.now_ms()
    }

    fn random(&mut self) -> u64 {
        self.data.random()
    }

    fn log_level(&self) -> LogLevel {
        self.data.log_level()
    }

    fn log(&mut self, level: LogLevel, text: &[u8]) {
        self.data.log(level, text);
    }

    fn permits(&self, args: &[&[u8]]) -> Option<bool> {
        self.data.permits(args)
    }
}

#[test]
fn others_run_while_a_call_stands_still() {
    let endless = load(function("", "(loop $l (br $l))")).expect("it is fine");
    let int = "(import \"redox1\" \"ret_int\" (func $int (param i64)))";
    let body = "(local $left i32) (local.set $left (i32.const 5000000))
        (loop $l (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $l (local.get $left)))
        (call $int (i64.const 7))";
    let others = load(function(int, body)).expect("it is fine");
    for _ in 0..2 {
        let mut host = Interrupted {
            data: LocalHost::new(&["k"]),
            others: &others,
            left: 5,
        };
        let mut instance = endless
            .program
            .instantiate(|| Pulse::Alive)
            .expect("it starts");
        let call = Call {
            function: 0,
            keys: &[],
            args: &[],
            protocol: Protocol::Resp2,
            time_limit_ms: 0,
        };
        let error = instance
            .call(&call, &mut host, &mut OutputBuffer::new())
            .expect_err("it was killed");
        assert!(error.to_string().contains("killed"), "{error}");
        assert_eq!(host.left, 0);
    }
}

/// A start that takes its time is asked at every tick whether it goes on, which is where a server gives its core to others.
#[test]
fn start_breathes() {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    static PULSES: AtomicU32 = AtomicU32::new(0);
    let start = "(func $s (local $left i32) (local.set $left (i32.const 2000000))
        (loop $l (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $l (local.get $left)))) (start $s)";
    let loaded = load(function(start, "")).expect("it is fine");
    // It may be over before the clock ticks, but not for ever.
    while PULSES.load(Relaxed) < 3 {
        let started = loaded.program.instantiate(|| {
            PULSES.fetch_add(1, Relaxed);
            Pulse::Alive
        });
        started.map(drop).expect("it starts");
    }
    let killed = loop {
        match loaded.program.instantiate(|| Pulse::Killed) {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(killed.to_string().contains("killed"), "{killed}");
}
