//! A command that panics, which DEBUG PANIC does on purpose: its client gets an error, everybody else notices nothing, and the
//! books still balance.

use harness::{Conn, Server, matrix};
use std::time::{Duration, Instant};

const FLAGS: [&str; 2] = ["--enable-debug-command", "yes"];
const ERROR: &str = "ERR internal error";

/// Keys that lie on several shards.
const KEYS: &str = "a b c d e f g h";

/// What the values and keys take, once what was replaced has been freed.
fn dataset_bytes(server: &Server) -> u64 {
    let read = || server.info_number("used_memory_dataset");
    let end = Instant::now() + Duration::from_secs(10);
    let mut last: u64 = read();
    loop {
        std::thread::sleep(Duration::from_millis(60));
        match read() {
            bytes if bytes == last || Instant::now() > end => return bytes,
            bytes => last = bytes,
        }
    }
}

/// That the server serves: on this connection, on new ones, on all shards.
fn check_serves(server: &Server, conn: &mut Conn) {
    assert_eq!(conn.run("PING").text(), "PONG");
    for conn in [conn, &mut server.connect(), &mut server.connect()] {
        for key in KEYS.split(' ') {
            assert_eq!(conn.run(&format!("SET {key} value")).text(), "OK");
        }
        assert_eq!(conn.run("DBSIZE").int(), Some(8));
        assert!(
            conn.run("MGET a b c d e f g h")
                .items()
                .iter()
                .all(|value| value.text() == "value")
        );
    }
}

#[test]
fn a_panic_is_an_error_for_one_client_only() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        check_serves(server, &mut conn);
        let before = dataset_bytes(server);
        for line in [
            "DEBUG PANIC",
            "DEBUG PANIC a",
            &format!("DEBUG PANIC {KEYS}"),
        ] {
            let reply = conn.run(line);
            assert!(reply.is_error(ERROR), "{line}: {reply:?}");
            check_serves(server, &mut conn);
            assert_eq!(dataset_bytes(server), before, "{line}");
        }
        assert!(
            server.log_text().contains("a command panicked"),
            "it is logged"
        );
    });
}

#[test]
fn the_other_requests_of_a_pipeline_are_answered() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        for words in [
            &["SET", "a", "1"] as &[&str],
            &["DEBUG", "PANIC", "b"],
            &["DEBUG", "PANIC"],
            &["GET", "a"],
        ] {
            conn.send(words).expect("it is sent");
        }
        assert_eq!(conn.read().expect("an answer").text(), "OK");
        assert!(conn.read().expect("an answer").is_error(ERROR));
        assert!(conn.read().expect("an answer").is_error(ERROR));
        assert_eq!(conn.read().expect("an answer").text(), "1");
    });
}

#[test]
fn a_transaction_goes_on_behind_it() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        check_serves(server, &mut conn);
        let before = dataset_bytes(server);
        let panic = format!("DEBUG PANIC {KEYS}");
        for line in [
            "MULTI",
            "SET a 1",
            &panic,
            "DEBUG PANIC",
            "GET a",
            "SET b 2",
        ] {
            assert!(
                matches!(conn.run(line).text().as_str(), "OK" | "QUEUED"),
                "{line}"
            );
        }
        let replies = conn.run("EXEC");
        let [set, first, second, get, last] = replies.items() else {
            panic!("five replies, but {replies:?}")
        };
        assert!(first.is_error(ERROR) && second.is_error(ERROR));
        assert_eq!(
            [set.text(), get.text(), last.text()],
            ["OK", "changed by DEBUG PANIC", "OK"]
        );
        check_serves(server, &mut conn);
        assert_eq!(dataset_bytes(server), before);
    });
}
