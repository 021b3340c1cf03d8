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
