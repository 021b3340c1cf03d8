//! A long command stays atomic for its tenant and does not keep its core from others.

use harness::{Server, matrix};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

const KEYS: usize = 300_000;

fn fill(server: &Server) {
    let mut conn = server.connect();
    let reply = conn.run(&format!("DEBUG POPULATE {KEYS} key 8"));
    assert_eq!(reply.text(), "OK");
}

/// Commands without keys are answered between the steps of a KEYS, on the same core; those with keys wait for its end.
#[test]
fn a_long_command_gives_its_core_back() {
    matrix(
        &["--threads", "1", "--enable-debug-command", "yes"],
        |server| {
            fill(server);
            let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
            let (mut pinger, mut reader) = (server.connect(), server.connect());
            let mut lister = server.connect();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    assert_eq!(lister.run("KEYS *").items().len(), KEYS);
                    is_over.store(true, SeqCst);
                });
                scope.spawn(|| {
                    while !is_over.load(SeqCst) {
                        assert_eq!(pinger.run("PING").text(), "PONG");
                        answered.fetch_add(1, SeqCst);
                    }
                });
                scope.spawn(|| {
                    while !is_over.load(SeqCst) {
                        assert_eq!(reader.run("EXISTS key:1").int(), Some(1));
                    }
                });
            });
            let mut conn = server.connect();
            assert!(
                answered.load(SeqCst) > 5,
                "{answered:?} PINGs were answered meanwhile"
            );
            assert_eq!(conn.run("DBSIZE").int(), Some(KEYS as i64));
        },
    );
}

/// In a transaction too, with what was queued before and after it.
#[test]
fn a_transaction_breathes_as_a_whole() {
    matrix(
        &["--threads", "2", "--enable-debug-command", "yes"],
        |server| {
            fill(server);
            let mut conn = server.connect();
            for line in [
                "MULTI",
                "SET extra 1",
                "KEYS extr*",
                "DEL extra",
                "KEYS extr*",
            ] {
                conn.run(line);
            }
            assert_eq!(conn.run("EXEC").show(), "[OK [extra] 1 []]");
        },
    );
}
