//! Modules that are refused when they are loaded, on a server: each with an error that names what is wrong with it, and nothing left of it. Guests
//! that do harm when they are called are in `functions_hostile.rs`.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use harness::{Conn, Server, ServerBuilder};

/// How long anything may take here at most.
const PATIENCE: Duration = Duration::from_secs(60);

fn server() -> Server {
    ServerBuilder::ours().args(&["--threads", "1"]).start()
}

fn load(conn: &mut Conn, module: &str) -> String {
    let code = format!("#!wasm name=guest\n{module}");
    conn.call(&["FUNCTION", "LOAD", "REPLACE", &code]).show()
}

/// A module of these parts with the function `f` of this body.
fn module(parts: &str, body: &str) -> String {
    format!(
        "(module {parts} (memory (export \"memory\") 1) (func (export \"f\") (param i32 i32 i32) (result i32) {body} (i32.const 0)))"
    )
}

#[test]
fn each_is_named() {
    let start = "(func $s (loop $l (br $l))) (start $s)";
    let hook = "(func (export \"redox_load\") (result i32) (loop $l (br $l)) (i32.const 0))";
    let asks =
        "(import \"redox1\" \"get\" (func $get (param i32 i32 i32 i32) (result i32)))
        (func $s (drop (call $get (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))) (start $s)";
    let wasi = "(import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))";
    let text = |depth: usize| format!("{}{}", "(drop ".repeat(depth), ")".repeat(depth));
    let cases = [
        (
            "a loop in start",
            module(start, ""),
            "time limit of 100 ms exceeded",
        ),
        (
            "a loop in redox_load",
            module(hook, ""),
            "redox_load fails: time limit of 100 ms exceeded",
        ),
        (
            "start that calls the host",
            module(asks, ""),
            "the start function calls the host",
        ),
        (
            "a huge memory",
            "(module (memory (export \"memory\") 30000))".into(),
            "the module's memory starts with 30000 pages",
        ),
        (
            "a huge table",
            module("(table 20000 funcref)", ""),
            "the module's table starts with 20000 elements",
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
            "an imported memory",
            "(module (import \"env\" \"memory\" (memory 1)))".into(),
            "imports its memory",
        ),
        ("WASI", module(wasi, ""), "WASI"),
        (
            "deep text",
            module(&format!("(func {})", text(100_000)), ""),
            "deeper than",
        ),
        (
            "500 locals and 2000 ifs",
            module(
                &format!(
                    "(func {} {})",
                    "(local i64)".repeat(500),
                    "(if (i32.const 1) (then))".repeat(2000)
                ),
                "",
            ),
            "500 locals, 256 are allowed",
        ),
        (
            "50,000 functions",
            module(&"(func)".repeat(50_000), ""),
            "the module has 50001 functions",
        ),
    ];
    let server = server();
    let mut conn = server.connect();
    for (what, module, expected) in cases {
        let reply = load(&mut conn, &module);
        assert!(reply.starts_with("ERR "), "{what}: {reply}");
        assert!(reply.contains(expected), "{what}: {reply}");
    }
    assert_eq!(conn.run("FUNCTION LIST").items().len(), 0);
}

/// What is as large as it may be is taken in and runs.
#[test]
fn nests_and_tables_of_branches_within_the_limits_are_no_harm() {
    let nest = format!("{} {}", "block ".repeat(10_000), "end ".repeat(10_000));
    let targets = "0 ".repeat(20_000);
    let branches = format!("(block (br_table {targets} (local.get 0)))");
    let server = server();
    let mut conn = server.connect();
    for (what, body) in [("a nest", nest), ("branches", branches)] {
        assert_eq!(load(&mut conn, &module("", &body)), "guest", "{what}");
        assert!(conn.run("FCALL f 0").is_null(), "{what}");
    }
}

#[test]
fn functions_do_not_call_functions() {
    let call = "(import \"redox1\" \"call\" (func $call (param i32 i32 i32) (result i32)))
        (data (i32.const 8) \"\\20\\00\\00\\00\\05\\00\\00\\00\\28\\00\\00\\00\\01\\00\\00\\00\\29\\00\\00\\00\\01\\00\\00\\00\")
        (data (i32.const 32) \"fcall\") (data (i32.const 40) \"f0\")";
    let nested = "(drop (call $call (i32.const 8) (i32.const 3) (i32.const 1)))";
    let server = server();
    let mut conn = server.connect();
    assert_eq!(load(&mut conn, &module(call, nested)), "guest");
    assert_eq!(
        conn.run("FCALL f 0").show(),
        "ERR This Redis command is not allowed from script"
    );
    assert_eq!(conn.run("PING").text(), "PONG");
}

/// One tenant's queue of modules that take their time keeps another's module waiting for one of them at most, and nobody's commands.
#[test]
fn tenants_load_in_turns() {
    let server = server();
    let mut admin = server.connect();
    for tenant in ["mean", "kind"] {
        let made = admin.run(&format!("TENANT CREATE {tenant} PASSWORD pw"));
        assert_eq!(made.text(), "OK");
    }
    let enter = |tenant: &str| {
        let mut conn = server.connect();
        conn.set_read_timeout(PATIENCE).expect("a socket");
        assert_eq!(conn.run(&format!("AUTH {tenant} pw")).text(), "OK");
        conn
    };
    // Each is another module, so that none is known from before; its start takes all the time that it may.
    let slow = |n: usize| {
        let start = format!("(func $s (loop $l (br $l))) (start $s) (global i32 (i32.const {n}))");
        format!("#!wasm name=slow\n{}", module(&start, ""))
    };
    const SLOW: usize = 30;
    let mut kind = enter("kind");
    let mut queue: Vec<Conn> = (0..SLOW).map(|_| enter("mean")).collect();
    for (n, conn) in queue.iter_mut().enumerate() {
        let code = slow(n);
        conn.send(&["FUNCTION", "LOAD", &code]).expect("sent");
    }
    // Once one of them has had its turn, all the others are in line.
    let first = queue[0].read().expect("an answer").show();
    assert!(first.contains("time limit"), "{first}");
    let over = AtomicUsize::new(1);
    std::thread::scope(|scope| {
        // Which of them the server read last is not known, so all are watched.
        for conn in &mut queue[1..] {
            scope.spawn(|| {
                let reply = conn.read().expect("an answer").show();
                assert!(reply.contains("time limit"), "{reply}");
                over.fetch_add(1, SeqCst);
            });
        }
        assert_eq!(load(&mut kind, &module("", "")), "guest");
        assert!(over.load(SeqCst) < SLOW, "it waited for all of another's");
    });
}
