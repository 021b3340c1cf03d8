//! WASM functions from outside: loading, calling, listing, what happens to those that go wrong, and what others notice of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use harness::{Conn, Reply, Server, matrix};

fn is_full() -> bool {
    std::env::var("REDOX_TEST_FULL").is_ok_and(|value| value == "1")
}

fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests")
}

/// A library with the functions of this text.
fn library(name: &str, parts: &str) -> Vec<u8> {
    format!("#!wasm name={name}\n(module {parts} (memory (export \"memory\") 1))").into_bytes()
}

/// A function that runs `body` and answers 0.
fn function(name: &str, body: &str) -> String {
    format!("(func (export \"{name}\") (param i32 i32 i32) (result i32) {body} (i32.const 0))")
}

const RET_INT: &str = "(import \"redox1\" \"ret_int\" (func $int (param i64)))";
const INCRBY: &str =
    "(import \"redox1\" \"incrby\" (func $incrby (param i32 i32 i64 i32) (result i32)))";
const CALL: &str = "(import \"redox1\" \"call\" (func $call (param i32 i32 i32) (result i32)))";
/// Adds one to the first key and answers the sum, or the status.
const COUNT: &str = "(local $status i32)
    (local.set $status (call $incrby (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)) (i64.const 1) (i32.const 64)))
    (if (local.get $status) (then (call $int (i64.extend_i32_s (local.get $status)))) (else (call $int (i64.load (i32.const 64)))))";

fn load(conn: &mut Conn, code: &[u8]) -> Reply {
    conn.call(&[&b"FUNCTION"[..], b"LOAD", b"REPLACE", code])
}

fn counter(conn: &mut Conn) {
    let code = library(
        "counter",
        &format!("{RET_INT} {INCRBY} {}", function("count", COUNT)),
    );
    assert_eq!(load(conn, &code).text(), "counter");
}

#[test]
fn libraries_are_loaded_listed_called_and_deleted() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        conn.run("FUNCTION FLUSH");
        counter(&mut conn);
        for (line, expected) in [
            ("FCALL count 1 k", "1"),
            ("FCALL COUNT 1 k", "2"),
            ("GET k", "2"),
            ("FCALL count 0", "-3"),
            (
                "FCALL count 2 k",
                "ERR Number of keys can't be greater than number of args",
            ),
            ("FCALL count -1 k", "ERR Number of keys can't be negative"),
            ("FCALL count x k", "ERR Bad number of keys provided"),
            ("FCALL nothing 0", "ERR Function not found"),
            (
                "FCALL_RO count 1 k",
                "ERR Can not execute a script with write flag using *_ro command.",
            ),
            ("SADD set a", "1"),
            ("FCALL count 1 set", "-2"),
            (
                "FUNCTION LIST",
                "[[library_name counter engine WASM functions [[name count description null flags []]]]]",
            ),
            ("FUNCTION LIST LIBRARYNAME nothing*", "[]"),
            ("FUNCTION STATS", "[running_script null engines"),
            ("FUNCTION DELETE nothing", "ERR Library not found"),
            (
                "FUNCTION KILL",
                "NOTBUSY No scripts in execution right now.",
            ),
            ("FUNCTION DELETE counter", "OK"),
            ("FCALL count 1 k", "ERR Function not found"),
            ("FUNCTION LIST", "[]"),
        ] {
            let shown = conn.run(line).show();
            match line {
                "FUNCTION STATS" => assert!(shown.starts_with(expected), "{shown}"),
                _ => assert_eq!(shown, expected, "{line}"),
            }
        }
    });
}

#[test]
fn what_is_no_library_is_refused() {
    let server = harness::ServerBuilder::ours().start();
    let mut conn = server.connect();
    for (code, expected) in [
        (
            "#!wasm name=a\n(module (func))",
            "ERR the module has no memory",
        ),
        (
            "#!wasm name=a\n(module (memory (export \"memory\") 1))",
            "ERR No functions registered in library 'a': export one of type",
        ),
        ("#!cobol name=a\nx", "ERR Engine 'cobol' not found"),
        ("#!wasm\nx", "ERR Library name was not given"),
        ("wasm", "ERR Missing library metadata"),
        (
            "#!wasm name=a\n(module (import \"wasi_snapshot_preview1\" \"x\" (func)))",
            "ERR the module imports 'x' of WASI",
        ),
    ] {
        let reply = conn.call(&["FUNCTION", "LOAD", code]);
        assert!(reply.is_error(expected), "{}", reply.show());
    }
    counter(&mut conn);
    let again = conn.call(&["FUNCTION", "LOAD", "#!wasm name=counter\n(module)"]);
    assert_eq!(again.show(), "ERR Library 'counter' already exists");
    let other = library(
        "other",
        &format!("{RET_INT} {INCRBY} {}", function("Count", COUNT)),
    );
    assert_eq!(
        load(&mut conn, &other).show(),
        "ERR Function Count already exists"
    );
}

#[test]
fn libraries_move_as_a_payload() {
    let server = harness::ServerBuilder::ours().start();
    let mut conn = server.connect();
    counter(&mut conn);
    let payload = conn
        .run("FUNCTION DUMP")
        .bytes()
        .expect("a payload")
        .to_vec();
    let restore = |conn: &mut Conn, policy: &str| {
        conn.call(&[&b"FUNCTION"[..], b"RESTORE", &payload, policy.as_bytes()])
            .show()
    };
    assert_eq!(
        restore(&mut conn, "APPEND"),
        "ERR Library counter already exists"
    );
    assert_eq!(restore(&mut conn, "REPLACE"), "OK");
    conn.run("FUNCTION FLUSH");
    assert_eq!(restore(&mut conn, "APPEND"), "OK");
    assert_eq!(conn.run("FCALL count 1 k").int(), Some(1));
    assert_eq!(restore(&mut conn, "FLUSH"), "OK");
    assert_eq!(conn.run("FCALL count 1 k").int(), Some(2));
    assert!(restore(&mut conn, "SOMETIMES").starts_with("ERR Wrong restore policy"));
    let damaged = conn.call(&[&b"FUNCTION"[..], b"RESTORE", &payload[1..]]);
    assert_eq!(
        damaged.show(),
        "ERR DUMP payload version or checksum are wrong"
    );
}

#[test]
fn functions_run_in_transactions_and_a_library_may_be_loaded_there() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        conn.run("FLUSHALL");
        conn.run("FUNCTION FLUSH");
        conn.run("MULTI");
        let code = library(
            "counter",
            &format!("{RET_INT} {INCRBY} {}", function("count", COUNT)),
        );
        assert_eq!(load(&mut conn, &code).text(), "QUEUED");
        for line in ["FCALL count 1 k", "INCR k", "FCALL count 1 k"] {
            assert_eq!(conn.run(line).text(), "QUEUED");
        }
        assert_eq!(conn.run("EXEC").show(), "[counter 1 2 3]");
        let (mut watcher, mut other) = (server.connect(), server.connect());
        watcher.run("WATCH k");
        other.run("FCALL count 1 k");
        watcher.run("MULTI");
        watcher.run("GET k");
        assert!(watcher.run("EXEC").is_null());
    });
}

/// A function that calls other commands by name, whose reply it passes on as a number, or raises.
#[test]
fn other_commands_are_called_through_the_general_door() {
    let server = harness::ServerBuilder::ours().start();
    let mut conn = server.connect();
    let parts = format!(
        "{CALL} (import \"redox1\" \"r_i64\" (func $i64 (param i32) (result i64))) {RET_INT} {}",
        function(
            "call",
            "(call $int (call $i64 (call $call (i32.add (local.get 0) (i32.mul (i32.const 8) (local.get 1))) (local.get 2) (i32.const 1))))"
        )
    );
    assert_eq!(load(&mut conn, &library("caller", &parts)).text(), "caller");
    for (line, expected) in [
        ("FCALL call 1 k SETBIT k 3 1", "0"),
        ("FCALL call 1 k BITCOUNT k", "1"),
        (
            "FCALL call 1 k INCR k",
            "ERR value is not an integer or out of range",
        ),
        (
            "FCALL call 1 k INCR other",
            "ERR the function accesses a key that it did not declare",
        ),
        (
            "FCALL call 0 NOTHING",
            "ERR Unknown Redis command called from script",
        ),
        (
            "FCALL call 0 GET",
            "ERR Wrong number of args calling Redis command from script",
        ),
        (
            "FCALL call 0 FCALL call 0",
            "ERR This Redis command is not allowed from script",
        ),
        (
            "FCALL call 0 FUNCTION LIST",
            "ERR This Redis command is not allowed from script",
        ),
        ("FCALL call 0 PUBLISH channel text", "0"),
        ("FCALL call 2 a b MSETNX a 1 b 2", "1"),
        ("FCALL call 1 l LPUSH l a b c", "3"),
        (
            "FCALL call 1 l BLPOP l 0",
            "ERR This Redis command is not allowed from script",
        ),
        ("LRANGE l 0 -1", "[c b a]"),
    ] {
        assert_eq!(conn.run(line).show(), expected, "{line}");
    }
}

#[test]
fn a_running_function_is_shown_and_killed() {
    let server = harness::ServerBuilder::ours()
        .args(&["--wasm-time-limit", "0"])
        .start();
    let mut conn = server.connect();
    let code = library("spinner", &function("spin", "(loop $l (br $l))"));
    assert_eq!(load(&mut conn, &code).text(), "spinner");
    std::thread::scope(|scope| {
        let spinning = scope.spawn(|| conn.run("FCALL spin 1 k word").show());
        let mut other = server.connect();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let shown = other.run("FUNCTION STATS").show();
            if shown.contains("name spin command [FCALL spin 1 k word] duration_ms") {
                break;
            }
            assert!(Instant::now() < deadline, "{shown}");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(other.run("FUNCTION KILL").text(), "OK");
        let ended = spinning.join().expect("it was answered");
        assert_eq!(
            ended,
            "ERR function 'spin' trapped: killed by FUNCTION KILL"
        );
    });
}

#[test]
fn loading_and_deleting_leaves_nothing_behind() {
    let server = harness::ServerBuilder::ours()
        .args(&["--threads", "1"])
        .start();
    let mut conn = server.connect();
    let rounds = if is_full() { 10_000 } else { 400 };
    let mut round = |number: usize| {
        counter(&mut conn);
        assert!(conn.run("FCALL count 1 k").int().is_some());
        if number.is_multiple_of(2) {
            assert_eq!(conn.run("FUNCTION DELETE counter").text(), "OK");
        }
    };
    (0..rounds / 4).for_each(&mut round);
    std::thread::sleep(Duration::from_millis(300));
    let before = server.rss_bytes();
    (0..rounds).for_each(&mut round);
    std::thread::sleep(Duration::from_millis(300));
    let grown = server.rss_bytes().saturating_sub(before);
    assert!(grown < 8 << 20, "{} KiB more", grown >> 10);
}

/// The same function in every language whose compiler is here.
#[test]
fn guests_of_every_toolchain_do_the_same() {
    let dir = std::env::temp_dir().join(format!("redox-guests-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory for guests");
    let source = |name: &str| guests().join(name).display().to_string();
    let out = dir.join("cas.wasm").display().to_string();
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/node_modules/.bin/asc");
    let rustc = "/usr/bin/rustc --target wasm32-unknown-unknown -O --crate-type cdylib -C panic=abort -C linker=wasm-ld";
    let toolchains = [
        (
            "C",
            format!(
                "clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry -o {out} {}",
                source("cas.c")
            ),
        ),
        ("Rust", format!("{rustc} -o {out} {}", source("cas.rs"))),
        (
            "AssemblyScript",
            format!(
                "{} {} -O3 --runtime stub --noAssert --use abort= -o {out}",
                node.display(),
                source("cas.ts")
            ),
        ),
    ];
    let server = harness::ServerBuilder::ours().start();
    let text = std::fs::read(guests().join("cas.wat")).expect("the guest is there");
    check_guest(&server, "WAT", &text);
    for (language, command) in toolchains {
        match build(&command) {
            Ok(()) => check_guest(
                &server,
                language,
                &std::fs::read(&out).expect("it was built"),
            ),
            Err(why) => eprintln!("!! SKIPPED the guest in {language}: {why}"),
        }
    }
    let _ = std::fs::remove_dir_all(dir);
}

fn build(command: &str) -> Result<(), String> {
    let mut words = command.split(' ');
    let program = words.next().unwrap_or_default();
    let output = Command::new(program)
        .args(words)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn check_guest(server: &Server, language: &str, module: &[u8]) {
    let mut conn = server.connect();
    conn.run("FLUSHALL");
    conn.run("FUNCTION FLUSH");
    let code = [b"#!wasm name=guest\n", module].concat();
    assert_eq!(load(&mut conn, &code).show(), "guest", "{language}");
    for (line, expected) in [
        ("FCALL cas 1 k a b", "0"),
        ("SET k a", "OK"),
        ("FCALL cas 1 k a b", "1"),
        ("FCALL cas 1 k a b", "0"),
        ("GET k", "b"),
        (
            "FCALL cas 1 k a",
            "ERR wrong number of arguments for function 'cas'",
        ),
        ("EXISTS other", "0"),
    ] {
        assert_eq!(conn.run(line).show(), expected, "{language}: {line}");
    }
}
