//! Scripts and functions take memory of their tenant: it is counted, held against the quota, given back, and nobody
//! else's.

use std::time::Duration;

use harness::{Conn, Server, matrix, within};

/// How long what comes by itself may take.
const PATIENCE: Duration = Duration::from_secs(30);

const OOM: &str = "OOM command not allowed when used memory > 'maxmemory'.";

/// `grow` takes 32 pages of 64 KiB more.
const GREEDY: &str = "#!wasm name=greedy
    (module (memory (export \"memory\") 1)
      (func (export \"grow\") (param i32 i32 i32) (result i32)
        (drop (memory.grow (i32.const 32))) (i32.const 0)))";

/// `keep` keeps a quarter of a megabyte with every call.
const HOARDER: &str = "#!lua name=hoarder
local kept = {}
redis.register_function('keep', function()
  for at = 1, 256 do kept[#kept + 1] = string.rep('x', 1000) .. #kept end
  return #kept
end)";

fn create(server: &Server, name: &str, options: &str) {
    let mut admin = server.connect();
    let made = admin.run(&format!("TENANT CREATE {name} {options} PASSWORD pw"));
    assert_eq!(made.text(), "OK", "{name}");
}

fn enter(server: &Server, name: &str) -> Conn {
    let mut conn = server.connect();
    assert_eq!(conn.run(&format!("AUTH {name} pw")).text(), "OK");
    conn
}

/// A figure of INFO memory.
fn figure(conn: &mut Conn, name: &str) -> usize {
    let info = conn.run("INFO memory").text();
    let found = info.lines().find_map(|line| line.strip_prefix(name));
    let text = found.and_then(|rest| rest.strip_prefix(':'));
    text.and_then(|text| text.trim().parse().ok())
        .unwrap_or_else(|| panic!("no {name} in {info}"))
}

/// A figure of TENANT STATS.
fn stat(server: &Server, tenant: &str, name: &str) -> usize {
    let stats = server.connect().run(&format!("TENANT STATS {tenant}"));
    let mut pairs = stats.items().chunks(2);
    let found = pairs.find(|pair| pair[0].text() == name);
    found
        .and_then(|pair| pair[1].int())
        .expect("TENANT STATS has it") as usize
}

fn load(conn: &mut Conn, code: &str) -> String {
    conn.call(&["FUNCTION", "LOAD", "REPLACE", code]).text()
}

/// What the neighbour has stays, and there is room for more.
fn neighbour(conn: &mut Conn) {
    assert_eq!(conn.run("GET mine").text(), "value");
    assert_eq!(conn.run("SET more value").text(), "OK");
}

#[test]
fn a_tenant_whose_functions_have_spent_its_quota_has_no_room_for_data() {
    matrix(&[], |server| {
        create(server, "a", "MAXMEMORY 2mb");
        create(server, "b", "MAXMEMORY 2mb");
        let (mut a, mut b) = (enter(server, "a"), enter(server, "b"));
        assert_eq!(b.run("SET mine value").text(), "OK");
        assert_eq!(a.run("SET k v").text(), "OK");
        assert_eq!(load(&mut a, GREEDY), "greedy");
        let loaded = figure(&mut a, "used_memory_functions");
        assert!(loaded > GREEDY.len(), "{loaded}");
        assert_eq!(a.run("SET k v2").text(), "OK");
        let reply = a.run("FCALL grow 0");
        assert!(!reply.is_error("OOM"), "{}", reply.show());
        for line in ["SET k v3", "APPEND k x", "LPUSH l x"] {
            assert_eq!(a.run(line).text(), OOM, "{line}");
        }
        assert_eq!(load(&mut a, HOARDER), OOM);
        assert_eq!(a.run("SCRIPT LOAD return-nothing").text(), OOM);
        assert!(a.run("FCALL grow 0").is_error("OOM"));
        assert_eq!(a.run("GET k").text(), "v2");
        neighbour(&mut b);
        let memories = figure(&mut a, "used_memory_vm_functions");
        assert!(memories >= 32 << 16, "{memories}");
        assert!(figure(&mut a, "used_memory") >= loaded + memories);
        assert!(stat(server, "a", "used_memory") >= loaded + memories);
        assert_eq!(
            stat(server, "a", "used_memory_functions"),
            loaded + memories
        );
        assert_eq!(stat(server, "b", "used_memory_functions"), 0);
        assert_eq!(a.run("FUNCTION FLUSH").text(), "OK");
        assert_eq!(a.run("SET k v4").text(), "OK");
        assert_eq!(stat(server, "a", "used_memory_functions"), 0);
    });
}

#[test]
fn data_makes_room_for_code_where_it_may_and_only_the_tenants_own() {
    matrix(
        &["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"],
        |server| {
            create(server, "a", "MAXMEMORY 4mb POLICY allkeys-lru");
            create(server, "b", "");
            let (mut a, mut b) = (enter(server, "a"), enter(server, "b"));
            assert_eq!(b.run("SET mine value").text(), "OK");
            let value = "x".repeat(10_000);
            for at in 0..600 {
                assert_eq!(a.call(&["SET", &format!("key{at}"), &value]).text(), "OK");
            }
            let keys = a.run("DBSIZE").int().expect("a number");
            assert_eq!(load(&mut a, HOARDER), "hoarder");
            for _ in 0..8 {
                let reply = a.run("FCALL keep 0");
                assert!(reply.int().is_some(), "{}", reply.show());
            }
            let kept = figure(&mut a, "used_memory_vm_functions");
            assert!(kept >= 2_000_000, "{kept}");
            assert_eq!(a.call(&["SET", "one", &value]).text(), "OK");
            let fewer = a.run("DBSIZE").int().expect("a number");
            assert!(fewer < keys * 3 / 4, "{fewer} of {keys}");
            // Nothing asks before Lua's memory grows; the next command that adds finds no room.
            for _ in 0..16 {
                a.run("FCALL keep 0");
            }
            assert_eq!(a.call(&["SET", "two", &value]).text(), OOM);
            assert_eq!(a.run("DBSIZE").int(), Some(0));
            neighbour(&mut b);
            assert_eq!(stat(server, "b", "evicted_keys"), 0);
            assert_eq!(a.run("FUNCTION DELETE hoarder").text(), "OK");
            assert_eq!(a.call(&["SET", "two", &value]).text(), "OK");
        },
    );
}

#[test]
fn scripts_are_charged_until_they_are_flushed() {
    matrix(&[], |server| {
        create(server, "a", "MAXMEMORY 3mb");
        let mut a = enter(server, "a");
        let before = stat(server, "a", "used_memory");
        let filler = "x".repeat(100_000);
        let kept = (0..100).find(|at| {
            let script = format!("return {at} --{filler}");
            a.call(&["SCRIPT", "LOAD", &script]).text() == OOM
        });
        assert!(kept.is_some_and(|kept| (5..40).contains(&kept)), "{kept:?}");
        let texts = figure(&mut a, "used_memory_scripts_eval");
        let states = figure(&mut a, "used_memory_vm_eval");
        assert!(texts >= 500_000 && states > 0, "{texts} {states}");
        assert!(stat(server, "a", "used_memory") >= before + texts);
        assert!(figure(&mut a, "used_memory") >= texts + states);
        assert_eq!(a.run("SCRIPT FLUSH").text(), "OK");
        within(PATIENCE, "what was flushed is given back", || {
            stat(server, "a", "used_memory_scripts") < texts / 2
        });
        assert_eq!(a.run("SET k v").text(), "OK");
        let script = format!("return 1 --{filler}");
        assert_eq!(a.call(&["EVAL", &script, "0"]).int(), Some(1));
    });
}

/// What Lua takes while it runs is bounded for each tenant: the script gets an error, and the memory is free again.
#[test]
fn a_script_that_wants_too_much_memory_is_refused_it() {
    const REFUSED: &str = "not enough memory";
    matrix(&["--lua-memory-max", "32mb"], |server| {
        create(server, "a", "");
        create(server, "b", "MAXMEMORY 4mb");
        let (mut a, mut b) = (enter(server, "a"), enter(server, "b"));
        assert_eq!(b.run("SET mine value").text(), "OK");
        let eval = |conn: &mut Conn, script: &str| conn.call(&["EVAL", script, "0"]).show();
        for greedy in [
            "return #string.rep('x', 100000000)",
            "local t = {} while true do t[#t + 1] = string.rep('x', 1000) .. #t end",
            "local t = {} while true do t[#t + 1] = {#t} end",
            "redis.call('SET', 'k', string.rep('x', 1000000)) local t = {} while true do t[#t + 1] = redis.call('GET', 'k') .. #t end",
        ] {
            let reply = eval(&mut a, greedy);
            assert!(reply.starts_with("ERR "), "{greedy}: {reply}");
            assert!(reply.contains(REFUSED), "{greedy}: {reply}");
            assert_eq!(eval(&mut a, "return 7"), "7");
            neighbour(&mut b);
        }
        assert_eq!(a.run("STRLEN k").int(), Some(1_000_000));
        within(PATIENCE, "what it took is free again", || {
            stat(server, "a", "used_memory_scripts") < 16 << 20
        });
        // A tenant with less has less.
        let half = "return #string.rep('x', 8000000)";
        assert_eq!(eval(&mut a, half), "8000000");
        assert!(eval(&mut b, half).contains(REFUSED));
        neighbour(&mut b);
        // Functions in Lua, once they are loaded: what they keep stays theirs.
        assert_eq!(load(&mut a, HOARDER), "hoarder");
        let refused = (0..1000).find_map(|_| {
            let reply = a.run("FCALL keep 0");
            reply.int().is_none().then(|| reply.show())
        });
        assert!(refused.is_some_and(|reply| reply.contains(REFUSED)));
        assert_eq!(a.run("FUNCTION DELETE hoarder").text(), "OK");
        let mut admin = server.connect();
        let more = "return #string.rep('x', 30000000)";
        assert!(eval(&mut a, more).contains(REFUSED));
        assert_eq!(admin.run("CONFIG SET lua-memory-max 256mb").text(), "OK");
        within(PATIENCE, "there is more", || {
            eval(&mut a, more) == "30000000"
        });
    });
}

#[test]
fn what_a_removed_tenants_code_took_is_free_again() {
    matrix(&["--maxmemory", "64mb"], |server| {
        let mut admin = server.connect();
        create(server, "a", "");
        let mut a = enter(server, "a");
        let before = figure(&mut admin, "used_memory");
        load(&mut a, GREEDY);
        a.run("FCALL grow 0");
        assert!(figure(&mut admin, "used_memory") >= before + (2 << 20));
        assert_eq!(admin.run("TENANT DEL a FORCE").text(), "OK");
        within(PATIENCE, "its code is charged to nobody", || {
            figure(&mut admin, "used_memory") < before + (1 << 20)
        });
    });
}
