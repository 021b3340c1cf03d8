//! Snapshot files: written and read here, read by Redis, written by Redis.

use harness::{Conn, Server, ServerBuilder};
use std::path::Path;

const FLAGS: [&str; 2] = ["--enable-debug-command", "yes"];

/// Some of everything, small and large.
fn fill(conn: &mut Conn) {
    for line in [
        "SET text hello",
        "SET number 12345",
        "SET timed x PX 100000000",
        "SADD ints 1 2 300000",
        "SELECT 3",
        "SET other database",
        "SELECT 0",
    ] {
        conn.run(line);
    }
    for number in 0..700 {
        conn.run(&format!("RPUSH list element:{number}"));
        conn.run(&format!("HSET hash field:{number} {number}"));
        conn.run(&format!("SADD set member:{number}"));
        conn.run(&format!("ZADD zset {number}.5 member:{number}"));
        conn.run(&format!("HSET small:{number} a 1 b {number}"));
    }
}

fn digest(conn: &mut Conn) -> String {
    conn.run("DEBUG DIGEST").text()
}

/// A server that starts with another one's snapshot.
fn started_with(file: &Path, builder: ServerBuilder) -> Server {
    let file = file.to_str().expect("the harness names its files in ASCII");
    let (dir, name) = file.rsplit_once('/').expect("it has a directory");
    builder
        .args(&FLAGS)
        .args(&["--dir", dir, "--dbfilename", name])
        .start()
}

#[test]
fn a_snapshot_is_read_at_start_here_and_by_redis() {
    let server = ServerBuilder::ours().threads(2).args(&FLAGS).start();
    let mut conn = server.connect();
    fill(&mut conn);
    let before = digest(&mut conn);
    assert_eq!(conn.run("SAVE").text(), "OK");
    assert_eq!(
        server.info("rdb_changes_since_last_save").as_deref(),
        Some("0")
    );
    let file = server.dir().join("dump.rdb");
    for builder in [ServerBuilder::ours().threads(1), ServerBuilder::reference()] {
        let other = started_with(&file, builder);
        assert_eq!(digest(&mut other.connect()), before);
    }
}

#[test]
fn a_snapshot_of_redis_is_read() {
    let reference = ServerBuilder::reference().args(&FLAGS).start();
    let mut conn = reference.connect();
    fill(&mut conn);
    let before = digest(&mut conn);
    assert_eq!(conn.run("SAVE").text(), "OK");
    let file = reference.dir().join("dump.rdb");
    let ours = started_with(&file, ServerBuilder::ours());
    assert_eq!(digest(&mut ours.connect()), before);
}

#[test]
fn a_reload_keeps_everything_and_a_damaged_file_is_refused() {
    let server = ServerBuilder::ours().threads(2).args(&FLAGS).start();
    let mut conn = server.connect();
    fill(&mut conn);
    conn.run("HPEXPIRE hash 100000000 FIELDS 1 field:1");
    let before = digest(&mut conn);
    assert_eq!(conn.run("DEBUG RELOAD").text(), "OK");
    assert_eq!(digest(&mut conn), before);
    let ttl = conn.run("HPTTL hash FIELDS 2 field:1 field:2");
    assert!(ttl.items()[0].int() > Some(90_000_000), "{ttl:?}");
    assert_eq!(ttl.items()[1].int(), Some(-1));
    assert!(conn.run("PTTL timed").int() > Some(90_000_000));

    let file = server.dir().join("dump.rdb");
    let mut bytes = std::fs::read(&file).expect("it was written");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, &bytes).expect("it may be written");
    assert!(
        conn.run("DEBUG RELOAD NOSAVE NOFLUSH")
            .is_error("ERR Error trying to load")
    );
    let started = ServerBuilder::ours()
        .args(&["--dir", server.dir().to_str().expect("ASCII")])
        .try_start();
    assert!(started.is_err(), "nobody starts with half the data");
}

const LUA: &str = "#!lua name=words\n\
    redis.register_function('greet', function(keys, args) return 'hello ' .. args[1] end)\n\
    redis.register_function{function_name='look', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}";
const MORE_LUA: &str = "#!lua name=more\nredis.register_function('one', function() return 1 end)";
const WASM: &str = "#!wasm name=seven\n(module (import \"redox1\" \"ret_int\" (func $int (param i64))) \
    (func (export \"seven\") (param i32 i32 i32) (result i32) (call $int (i64.const 7)) (i32.const 0)) (memory (export \"memory\") 1))";

fn load(conn: &mut Conn, code: &str) {
    let reply = conn.call(&["FUNCTION", "LOAD", code]);
    assert!(!reply.is_error(""), "{reply:?}");
}

/// The names and the code of all libraries.
fn libraries(conn: &mut Conn) -> Vec<(String, String)> {
    let list = conn.run("FUNCTION LIST WITHCODE");
    let mut libraries: Vec<_> = list
        .items()
        .iter()
        .map(|library| {
            let fields = library.items();
            let named = |name| fields.chunks(2).find(|pair| pair[0].text() == name);
            let text = |name| named(name).expect("it is listed")[1].text();
            (text("library_name"), text("library_code"))
        })
        .collect();
    libraries.sort();
    libraries
}

#[test]
fn libraries_come_back_here_and_in_redis() {
    let server = ServerBuilder::ours().threads(2).args(&FLAGS).start();
    let mut conn = server.connect();
    conn.run("SET k v");
    for code in [LUA, MORE_LUA, WASM] {
        load(&mut conn, code);
    }
    let before = libraries(&mut conn);
    assert_eq!(before.len(), 3);
    assert_eq!(conn.run("SAVE").text(), "OK");
    let file = server.dir().join("dump.rdb");
    let again = started_with(&file, ServerBuilder::ours().threads(1));
    let mut conn = again.connect();
    assert_eq!(libraries(&mut conn), before);
    assert_eq!(conn.run("FCALL seven 0").int(), Some(7));
    // What only this server can run, Redis reads over.
    let redis = started_with(&file, ServerBuilder::reference());
    let mut of_redis = redis.connect();
    let only_lua = before.iter().filter(|(name, _)| name != "seven");
    assert_eq!(
        libraries(&mut of_redis),
        only_lua.cloned().collect::<Vec<_>>()
    );
    for conn in [&mut conn, &mut of_redis] {
        assert_eq!(conn.run("FCALL greet 0 you").text(), "hello you");
        assert_eq!(conn.run("FCALL_RO look 1 k").text(), "v");
    }
}

#[test]
fn libraries_of_redis_are_read() {
    let reference = ServerBuilder::reference().args(&FLAGS).start();
    let mut conn = reference.connect();
    for code in [LUA, MORE_LUA] {
        load(&mut conn, code);
    }
    conn.run("SET k v");
    let before = libraries(&mut conn);
    assert_eq!(conn.run("SAVE").text(), "OK");
    let file = reference.dir().join("dump.rdb");
    let ours = started_with(&file, ServerBuilder::ours().threads(2));
    let mut conn = ours.connect();
    assert_eq!(libraries(&mut conn), before);
    assert_eq!(conn.run("FCALL greet 0 you").text(), "hello you");
    assert_eq!(conn.run("FCALL look 1 k").text(), "v");
}

#[test]
fn a_reload_brings_libraries_back() {
    let server = ServerBuilder::ours().threads(2).args(&FLAGS).start();
    let mut conn = server.connect();
    for code in [LUA, WASM] {
        load(&mut conn, code);
    }
    let before = libraries(&mut conn);
    assert_eq!(conn.run("DEBUG RELOAD").text(), "OK");
    assert_eq!(libraries(&mut conn), before);
    assert_eq!(conn.run("FCALL seven 0").int(), Some(7));
    // What came after the snapshot goes, unless it is to stay; what went comes back.
    conn.run("FUNCTION FLUSH");
    load(&mut conn, MORE_LUA);
    assert_eq!(conn.run("DEBUG RELOAD NOSAVE NOFLUSH").text(), "OK");
    assert_eq!(libraries(&mut conn).len(), 3);
    let twice = conn.run("DEBUG RELOAD NOSAVE NOFLUSH");
    assert!(twice.is_error("ERR Error trying to load"), "{twice:?}");
    let merged = conn.run("DEBUG RELOAD NOSAVE NOFLUSH MERGE");
    assert_eq!(merged.text(), "OK");
    assert_eq!(libraries(&mut conn).len(), 3);
    assert_eq!(conn.run("DEBUG RELOAD NOSAVE").text(), "OK");
    assert_eq!(libraries(&mut conn), before);
    // The same from a pipeline and from a transaction.
    for line in ["KEYS *", "DEBUG RELOAD", "FCALL greet 0 a", "MULTI"] {
        conn.send(&line.split(' ').collect::<Vec<_>>())
            .expect("it is sent");
    }
    for line in ["DEBUG RELOAD NOSAVE", "FCALL seven 0", "EXEC"] {
        conn.send(&line.split(' ').collect::<Vec<_>>())
            .expect("it is sent");
    }
    let answers: Vec<String> = (0..7)
        .map(|_| conn.read().expect("a reply").show())
        .collect();
    let expected = ["[]", "OK", "hello a", "OK", "QUEUED", "QUEUED", "[OK 7]"];
    assert_eq!(answers, expected);
    // A function that is there already under another library's name.
    conn.run("FUNCTION DELETE words");
    load(&mut conn, &LUA.replace("name=words", "name=others"));
    let refused = conn.run("DEBUG RELOAD NOSAVE NOFLUSH");
    assert!(refused.is_error("ERR Error trying to load"), "{refused:?}");
    assert_eq!(conn.run("FCALL greet 0 b").text(), "hello b");
}

#[test]
fn libraries_belong_to_their_tenants_part_and_are_checked_as_it_is_read() {
    let server = ServerBuilder::ours().threads(2).start();
    let mut conn = server.connect();
    conn.run("TENANT CREATE web PASSWORD secret");
    conn.run("ACL SETUSER web +function");
    let mut of_web = server.connect();
    assert_eq!(of_web.run("AUTH web secret").text(), "OK");
    load(&mut of_web, MORE_LUA);
    let remark = format!("(module (; {} ;)", "x".repeat(2000));
    load(&mut of_web, &WASM.replace("(module", &remark));
    load(&mut conn, LUA);
    assert_eq!(conn.run("SAVE").text(), "OK");
    let dir = server.dir().to_str().expect("ASCII").to_owned();
    let config = server.dir().join("tenants.conf");
    let lines = "tenant web\nuser web on >secret ~* &* +@all tenant=web\n";
    std::fs::write(&config, lines).expect("it may be written");
    let start = |more: &[&str]| {
        ServerBuilder::ours()
            .config_file(config.to_str().expect("ASCII"))
            .args(&["--dir", &dir])
            .args(more)
            .try_start()
    };
    let again = start(&[]).expect("it starts");
    let mut of_web = again.connect();
    assert_eq!(of_web.run("AUTH web secret").text(), "OK");
    assert_eq!(of_web.run("FCALL one 0").int(), Some(1));
    assert_eq!(of_web.run("FCALL seven 0").int(), Some(7));
    assert!(of_web.run("FCALL greet 0 x").is_error("ERR Function not"));
    assert_eq!(libraries(&mut again.connect()).len(), 1);
    // The limits of the day hold.
    let why = start(&["--wasm-module-max-size", "1kb"])
        .err()
        .expect("it does not start");
    assert!(why.contains("dump.tenant-web.rdb"), "{why}");
}
