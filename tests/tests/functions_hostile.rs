//! Guests that mean harm, on a server: each gets an error that names what it did and loses its instance, and another tenant's client on the
//! same core is answered meanwhile. What the engine by itself makes of them is in `udf/tests/hostile.rs`.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use harness::{Conn, Reply, Rng, Server, ServerBuilder, within};

/// How long anything may take here at most.
const PATIENCE: Duration = Duration::from_secs(60);

fn is_full() -> bool {
    std::env::var("REDOX_TEST_FULL").is_ok_and(|value| value == "1")
}

/// A server of one core with a tenant for the guests, `mean`, and one for everybody else, `kind`.
fn server() -> Server {
    let server = ServerBuilder::ours()
        .args(&["--threads", "1", "--wasm-time-limit", "50"])
        .start();
    let mut admin = server.connect();
    for tenant in ["mean", "kind"] {
        let made = admin.run(&format!("TENANT CREATE {tenant} PASSWORD pw"));
        assert_eq!(made.text(), "OK");
    }
    server
}

fn enter(server: &Server, tenant: &str) -> Conn {
    let mut conn = server.connect();
    conn.set_read_timeout(PATIENCE).expect("a socket");
    assert_eq!(conn.run(&format!("AUTH {tenant} pw")).text(), "OK");
    conn
}

fn load(conn: &mut Conn, code: &[u8]) -> Reply {
    conn.call(&[&b"FUNCTION"[..], b"LOAD", b"REPLACE", code])
}

const INT: &str = "(import \"redox1\" \"ret_int\" (func $int (param i64)))";
const GET: &str = "(import \"redox1\" \"get\" (func $get (param i32 i32 i32 i32) (result i32)))";
const SET: &str =
    "(import \"redox1\" \"set\" (func $set (param i32 i32 i32 i32 i32 i64) (result i32)))";
const CALL: &str = "(import \"redox1\" \"call\" (func $call (param i32 i32 i32) (result i32)))";
const ARRAY: &str = "(import \"redox1\" \"ret_array\" (func $array (param i32)))";
const BULK: &str = "(import \"redox1\" \"ret_bulk\" (func $bulk (param i32 i32)))";
const REGISTER: &str =
    "(import \"redox1\" \"register\" (func $register (param i32 i32 i32) (result i32)))";
/// Sets the first key to the bytes at 0.
const WRITE: &str = "(drop (call $set (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 0)))";

/// A library with the guest `f`, and `calls`, which tells how often its instance was asked that.
fn guest(parts: &str, body: &str) -> Vec<u8> {
    let counts = "(global $n (mut i64) (i64.const 0))
        (func (export \"calls\") (param i32 i32 i32) (result i32)
            (global.set $n (i64.add (global.get $n) (i64.const 1))) (call $int (global.get $n)) (i32.const 0))";
    let f = format!("(func (export \"f\") (param i32 i32 i32) (result i32) {body} (i32.const 0))");
    format!("#!wasm name=guest\n(module {INT} {parts} (memory (export \"memory\") 1) {counts} {f})")
        .into_bytes()
}

/// What is called, and what its error says behind `ERR function 'f' trapped: `.
fn guests() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let wide = format!(
        "(func $wide (param i64) {} (call $wide (i64.const 1)) (drop (i64.add (local.get 1) (local.get 99))))",
        "(local i64)".repeat(100)
    );
    let kept = format!(
        "{CALL} (data (i32.const 8) \"\\18\\00\\00\\00\\05\\00\\00\\00\") (data (i32.const 24) \"touch\")"
    );
    let limit = "time limit of 50 ms exceeded";
    let pointer = "out of bounds pointer";
    vec![
        ("an infinite loop", guest("", "(loop $l (br $l))"), limit),
        (
            "a loop of tail calls",
            guest("(func $t (return_call $t))", "(call $t)"),
            limit,
        ),
        (
            "host calls without end",
            guest(
                GET,
                "(loop $l (drop (call $get (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 8))) (br $l))",
            ),
            limit,
        ),
        (
            "recursion",
            guest("(func $r (call $r) (call $r))", "(call $r)"),
            "call stack exhausted",
        ),
        (
            "wide frames",
            guest(&wide, "(call $wide (i64.const 0))"),
            "call stack exhausted",
        ),
        (
            "out of bounds",
            guest("", "(drop (i32.load (i32.const -4)))"),
            "out of bounds memory access",
        ),
        (
            "division by zero",
            guest("", "(drop (i32.div_s (i32.const 1) (i32.const 0)))"),
            "integer divide by zero",
        ),
        (
            "a bad indirect call",
            guest("(table 1 funcref)", "(call_indirect (i32.const 5))"),
            "undefined element",
        ),
        (
            "a fill of 16 MiB",
            guest(
                "",
                "(memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216))",
            ),
            "out of bounds memory access",
        ),
        (
            "a pointer out of range",
            guest(
                GET,
                "(drop (call $get (i32.const 70000000) (i32.const 1) (i32.const 0) (i32.const 0)))",
            ),
            pointer,
        ),
        (
            "a pointer that wraps",
            guest(
                GET,
                "(drop (call $get (i32.const -1) (i32.const 2) (i32.const 0) (i32.const 0)))",
            ),
            pointer,
        ),
        (
            "replies that are kept",
            guest(
                &kept,
                "(loop $l (drop (call $call (i32.const 8) (i32.const 1) (i32.const 0))) (br $l))",
            ),
            "it holds more than 1024 replies",
        ),
        (
            "a gigantic reply",
            guest(
                &format!("{ARRAY} {BULK}"),
                "(call $array (i32.const 4000000)) (loop $l (call $bulk (i32.const 0) (i32.const 65536)) (br $l))",
            ),
            "its reply is too large",
        ),
        (
            "a gigantic array",
            guest(ARRAY, "(call $array (i32.const 0x7fffffff))"),
            "its reply is too large",
        ),
        (
            "arrays in arrays",
            guest(ARRAY, "(loop $l (call $array (i32.const 1)) (br $l))"),
            "its reply nests too deep",
        ),
        (
            "register outside of load",
            guest(
                REGISTER,
                "(drop (call $register (i32.const 0) (i32.const 1) (i32.const 0)))",
            ),
            "register outside of redox_load",
        ),
        (
            "a trap in the middle of writing",
            guest(
                &format!("{SET} (data (i32.const 0) \"w\")"),
                &format!("{WRITE} unreachable"),
            ),
            "wasm `unreachable` instruction executed",
        ),
    ]
}

#[test]
fn each_is_named_and_loses_its_instance() {
    let server = server();
    let (mut mean, mut kind) = (enter(&server, "mean"), enter(&server, "kind"));
    for (what, code, kind_of_trap) in guests() {
        // A gigantic reply takes its time to be written.
        let is_slow = what == "a gigantic reply";
        let limit = if is_slow { 60_000 } else { 0 };
        let set = server
            .connect()
            .run(&format!("TENANT SET mean WASM-TIME-LIMIT {limit}"));
        assert_eq!(set.text(), "OK");
        assert_eq!(load(&mut mean, &code).show(), "guest", "{what}");
        assert_eq!(mean.run("FCALL calls 0").int(), Some(1), "{what}");
        assert_eq!(mean.run("FCALL calls 0").int(), Some(2), "{what}");
        let reply = mean.run("FCALL f 1 k").show();
        let expected = format!("ERR function 'f' trapped: {kind_of_trap}");
        assert!(reply.starts_with(&expected), "{what}: {reply}");
        assert_eq!(mean.run("FCALL calls 0").int(), Some(1), "{what}");
        assert_eq!(kind.run("PING").text(), "PONG", "{what}");
    }
    assert_eq!(mean.run("GET k").text(), "w", "what was written stays");
    assert_eq!(kind.run("DBSIZE").int(), Some(0));
}

/// What grows, and what touches what it may not, is answered with a number instead.
#[test]
fn what_may_not_be_done_is_not_done() {
    let server = ServerBuilder::ours().threads(2).start();
    let mut conn = server.connect();
    let grow = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (call $int (i64.extend_i32_u (memory.size)))";
    let table = "(loop $l (br_if $l (i32.ne (table.grow (ref.null func) (i32.const 100)) (i32.const -1)))) (call $int (i64.extend_i32_u (table.size)))";
    let set_k = "(call $int (i64.extend_i32_s (call $set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 0))))";
    let sets = format!("{SET} (data (i32.const 0) \"kf\")");
    let reads_only = format!(
        "{sets} {REGISTER} (func (export \"redox_load\") (result i32) (call $register (i32.const 1) (i32.const 1) (i32.const 1)))"
    );
    for (what, code, line, expected) in [
        ("memory", guest("", grow), "FCALL f 0", "64"),
        (
            "a table",
            guest("(table 1 funcref)", table),
            "FCALL f 0",
            "9901",
        ),
        ("a key", guest(&sets, set_k), "FCALL f 1 k", "0"),
        ("no key", guest(&sets, set_k), "FCALL f 0", "-3"),
        // 64 other keys, so some on every shard: the key is still not one of them.
        (
            "keys of other shards",
            guest(&sets, set_k),
            &format!(
                "FCALL f 64 {}",
                (0..64).map(|n| format!("o{n} ")).collect::<String>()
            ),
            "-3",
        ),
        (
            "a write against its own word",
            guest(&reads_only, set_k),
            "FCALL f 1 k",
            "-5",
        ),
    ] {
        conn.run("DEL k");
        assert_eq!(load(&mut conn, &code).show(), "guest", "{what}");
        assert_eq!(conn.run(line.trim()).show(), expected, "{what}");
        let is_there = if expected == "0" { 1 } else { 0 };
        assert_eq!(conn.run("EXISTS k").int(), Some(is_there), "{what}");
    }
}

/// Those that do not end by themselves: as long as they run, others are answered.
#[test]
fn others_are_served_while_one_runs() {
    let server = server();
    let mut admin = server.connect();
    for (what, code, expected) in guests().into_iter().take(3) {
        admin.run("TENANT SET mean WASM-TIME-LIMIT 3600000");
        let (mut mean, mut kind) = (enter(&server, "mean"), enter(&server, "kind"));
        let mut watch = enter(&server, "mean");
        assert_eq!(load(&mut mean, &code).show(), "guest", "{what}");
        mean.send(&["FCALL", "f", "1", "k"]).expect("sent");
        within(PATIENCE, &format!("{what} runs"), || {
            let stats = watch.run("FUNCTION STATS").show();
            stats.contains("name f command [FCALL f 1 k]")
        });
        for n in 0..100 {
            assert_eq!(kind.run(&format!("SET k {n}")).text(), "OK", "{what}");
            assert_eq!(kind.run("GET k").text(), n.to_string(), "{what}");
        }
        let stats = watch.run("FUNCTION STATS").show();
        assert!(stats.contains("name f"), "{what} still runs: {stats}");
        assert_eq!(watch.run("FUNCTION KILL").text(), "OK", "{what}");
        let killed = mean.read().expect("an answer").show();
        assert_eq!(killed, "ERR function 'f' trapped: killed by FUNCTION KILL");
        assert_eq!(mean.run("FCALL calls 0").int(), Some(1), "{what}");
        admin.run("TENANT SET mean WASM-TIME-LIMIT 0");
        let ended = mean.run("FCALL f 1 k").show();
        let expected = format!("ERR function 'f' trapped: {expected}");
        assert!(ended.starts_with(&expected), "{what}: {ended}");
    }
}

/// On one core at most one call that takes long stands still without a stack of its own; the order in which they end is any.
#[test]
fn several_that_run_long_on_one_core_end_in_any_order() {
    let server = server();
    let mut admin = server.connect();
    admin.run("TENANT CREATE third PASSWORD pw");
    let code = guest(
        "(func (export \"trap\") (param i32 i32 i32) (result i32) unreachable)",
        "(loop $l (br $l))",
    );
    let mut watches = Vec::new();
    for tenant in ["mean", "kind", "third"] {
        admin.run(&format!("TENANT SET {tenant} WASM-TIME-LIMIT 3600000"));
        let mut watch = enter(&server, tenant);
        assert_eq!(load(&mut watch, &code).show(), "guest");
        watches.push(watch);
    }
    let [mean, kind, third] = &mut watches[..] else {
        unreachable!("three tenants")
    };
    let start = |tenant: &str, watch: &mut Conn| {
        let mut runs = enter(&server, tenant);
        runs.send(&["FCALL", "f", "1", "k"]).expect("sent");
        within(PATIENCE, &format!("{tenant}'s runs"), || {
            let stats = watch.run("FUNCTION STATS").show();
            stats.contains("name f command")
        });
        runs
    };
    let end = |watch: &mut Conn, mut runs: Conn| {
        assert_eq!(watch.run("FUNCTION KILL").text(), "OK");
        let ended = runs.read().expect("an answer").show();
        assert_eq!(ended, "ERR function 'f' trapped: killed by FUNCTION KILL");
    };
    // Short calls, those that trap among them, between the turns of the long ones.
    let short = |watch: &mut Conn| {
        for n in 1..20 {
            assert_eq!(watch.run("FCALL calls 0").int(), Some(n));
        }
        let trapped = watch.run("FCALL trap 0").show();
        assert!(trapped.contains("unreachable"), "{trapped}");
    };
    for first_ends_first in [true, false] {
        let first = start("mean", mean);
        short(third);
        let second = start("kind", kind);
        short(third);
        match first_ends_first {
            true => {
                end(mean, first);
                short(third);
                let again = start("mean", mean);
                short(third);
                end(kind, second);
                short(third);
                end(mean, again);
            }
            false => {
                end(kind, second);
                short(third);
                end(mean, first);
            }
        }
        short(third);
        short(mean);
        short(kind);
    }
}

/// A command that takes long gives the core back in the middle, though a function called it.
#[test]
fn others_are_served_while_a_command_of_one_runs() {
    let server = server();
    let (mut mean, mut kind) = (enter(&server, "mean"), enter(&server, "kind"));
    server
        .connect()
        .run("TENANT SET mean WASM-TIME-LIMIT 3600000");
    const MEMBERS: usize = 400_000;
    for from in (0..MEMBERS).step_by(1000) {
        let members: Vec<String> = (from..from + 1000).map(|n| n.to_string()).collect();
        let mut request = vec!["SADD", "s"];
        request.extend(members.iter().map(String::as_str));
        assert_eq!(mean.call(&request).int(), Some(1000));
    }
    // sunionstore u s
    let words = "(data (i32.const 8) \"\\20\\00\\00\\00\\0b\\00\\00\\00\\30\\00\\00\\00\\01\\00\\00\\00\\31\\00\\00\\00\\01\\00\\00\\00\")
        (data (i32.const 32) \"sunionstore\") (data (i32.const 48) \"us\")";
    let code = guest(
        &format!("{CALL} {words}"),
        "(drop (call $call (i32.const 8) (i32.const 3) (i32.const 1)))",
    );
    assert_eq!(load(&mut mean, &code).show(), "guest");
    let is_over = AtomicBool::new(false);
    let mut answered = 0;
    mean.send(&["FCALL", "f", "2", "u", "s"]).expect("sent");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let reply = mean.read().expect("an answer");
            is_over.store(true, SeqCst);
            assert!(reply.is_null(), "{}", reply.show());
        });
        while !is_over.load(SeqCst) {
            assert_eq!(kind.run("PING").text(), "PONG");
            answered += 1;
        }
    });
    assert_eq!(mean.run("SCARD u").int(), Some(MEMBERS as i64));
    assert!(answered > 5, "{answered} PINGs were answered meanwhile");
}

/// Modules that pass the scan and are much for a compiler, and those that do not.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let module = |parts: &str| {
        format!("#!wasm name=bomb\n(module {parts} (memory (export \"memory\") 1))").into_bytes()
    };
    let local = |n: usize| n % 240 + 3;
    let body: String = (0..400)
        .map(|n| {
            format!(
                "(if (i64.eqz (local.get {})) (then (local.set {} (i64.add (local.get {}) (local.get {})))))",
                local(n),
                local(n * 7),
                local(n * 11),
                local(n * 13)
            )
        })
        .collect();
    let many: String = (0..24)
        .map(|n| {
            format!(
                "(func (export \"f{n}\") (param i32 i32 i32) (result i32) {} {body} (i32.const 0))",
                "(local i64)".repeat(240)
            )
        })
        .collect();
    vec![
        ("24 functions of 240 locals and 400 ifs", module(&many)),
        (
            "500 locals and 2000 ifs",
            module(&format!(
                "(func {} {})",
                "(local i64)".repeat(500),
                "(if (i32.const 1) (then))".repeat(2000)
            )),
        ),
        ("50,000 functions", module(&"(func)".repeat(50_000))),
        (
            "deep text",
            module(&format!(
                "(func {}{})",
                "(drop ".repeat(100_000),
                ")".repeat(100_000)
            )),
        ),
    ]
}

#[test]
fn compile_bombs_are_refused_and_nobody_waits_for_them() {
    let server = server();
    for (what, code) in bombs() {
        let (mut mean, mut kind) = (enter(&server, "mean"), enter(&server, "kind"));
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let loading = scope.spawn(|| {
                let since = Instant::now();
                let reply = load(&mut mean, &code).show();
                is_over.store(true, SeqCst);
                eprintln!("{what}: {reply} after {:?}", since.elapsed());
                reply
            });
            let mut answered = 0;
            let mut slowest = Duration::ZERO;
            while !is_over.load(SeqCst) {
                let since = Instant::now();
                assert_eq!(kind.run("PING").text(), "PONG", "{what}");
                slowest = slowest.max(since.elapsed());
                answered += 1;
            }
            let reply = loading.join().expect("an answer");
            eprintln!("{what}: {answered} PINGs meanwhile, the slowest took {slowest:?}");
            if reply.contains("to compile") {
                // Two attempts of a second of CPU time each.
                assert!(answered > 0, "{what}: nobody was served");
            }
            assert!(
                reply == "bomb" || reply.starts_with("ERR "),
                "{what}: {reply}"
            );
        });
        mean.run("FUNCTION FLUSH");
    }
}

/// Random modules, and sound ones with bytes changed: loaded or refused, called or trapped, and the server goes on.
#[test]
fn random_modules_do_no_harm() {
    let mut server = server();
    let (mut mean, mut kind) = (enter(&server, "mean"), enter(&server, "kind"));
    let mut rng = Rng::new(7);
    let sound = sound_module();
    let rounds = if is_full() { 20_000 } else { 150 };
    let (mut taken, mut begun) = (0, Instant::now());
    for round in 0..rounds {
        let mut module = match round % 3 {
            0 => [
                b"\0asm\x01\0\0\0".to_vec(),
                (0..rng.below(300)).map(|_| rng.below(256) as u8).collect(),
            ]
            .concat(),
            _ => sound.clone(),
        };
        for _ in 0..rng.below(4) {
            let at = rng.below(module.len());
            module[at] = rng.below(256) as u8;
        }
        let code = [b"#!wasm name=guest\n", &module[..]].concat();
        let reply = load(&mut mean, &code).show();
        if reply == "guest" {
            taken += 1;
            let called = mean.run("FCALL f 1 k").show();
            assert!(!called.is_empty());
        } else {
            assert!(reply.starts_with("ERR "), "{reply}");
        }
        if round % 50 == 0 {
            assert_eq!(kind.run("PING").text(), "PONG");
            assert!(server.is_running());
        }
        if begun.elapsed() > PATIENCE {
            eprintln!("{round} random modules so far, {taken} taken in");
            begun = Instant::now();
        }
    }
    eprintln!("{rounds} random modules, {taken} taken in");
    assert!(taken > 0, "some are whole");
    assert!(server.is_running());
    assert_eq!(kind.run("PING").text(), "PONG");
}

/// A module in binary with a function `f` that loops and stores: type, function, memory, export and code sections.
fn sound_module() -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    let sections: [&[u8]; 5] = [
        b"\x01\x08\x01\x60\x03\x7f\x7f\x7f\x01\x7f",
        b"\x03\x02\x01\x00",
        b"\x05\x03\x01\x00\x01",
        b"\x07\x0e\x02\x06memory\x02\x00\x01f\x00\x00",
        // loop { store nkeys at argv; nkeys -= 1; repeat while it is above 0 } 0
        b"\x0a\x1c\x01\x1a\x00\x03\x40\x20\x00\x20\x01\x36\x02\x00\x20\x01\x41\x01\x6b\x22\x01\x41\x00\x4a\x0d\x00\x0b\x41\x00\x0b",
    ];
    sections
        .iter()
        .for_each(|section| module.extend_from_slice(section));
    module
}

#[test]
fn the_sound_module_is_sound() {
    let server = server();
    let mut mean = enter(&server, "mean");
    let code = [b"#!wasm name=guest\n", &sound_module()[..]].concat();
    assert_eq!(load(&mut mean, &code).show(), "guest");
    assert!(mean.run("FCALL f 1 k").is_null());
}
