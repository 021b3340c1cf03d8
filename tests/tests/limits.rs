//! The limits an operator sets on clients: how many, how idle, how far behind, with which password.

use harness::wire::encode;
use harness::{Conn, ServerBuilder, matrix, within};
use std::time::{Duration, Instant};

#[test]
fn maxclients_refuses_the_next_one_and_recovers() {
    matrix(&["--maxclients", "10"], |server| {
        let mut held: Vec<Conn> = (0..10).map(|_| server.connect()).collect();
        held.iter_mut()
            .for_each(|conn| assert_eq!(conn.run("PING").text(), "PONG"));
        let refused = server.connect().read_to_close().unwrap();
        assert_eq!(
            refused.escape_ascii().to_string(),
            "-ERR max number of clients reached\\r\\n"
        );
        assert_eq!(held[0].run("PING").text(), "PONG");
        held.truncate(5);
        within(Duration::from_secs(60), "places come free", || {
            let pong = server.connect().try_call(&["PING"]);
            pong.is_ok_and(|reply| reply.text() == "PONG")
        });
    });
}

#[test]
fn idle_clients_are_closed_after_the_timeout() {
    matrix(&["--timeout", "1"], |server| {
        let mut idle = server.connect();
        let start = Instant::now();
        idle.run("PING");
        assert_eq!(idle.read_to_close().unwrap(), b"");
        assert!(
            start.elapsed() > Duration::from_millis(700),
            "closed after {:?}",
            start.elapsed()
        );
    });
}

#[test]
fn a_client_too_far_behind_is_closed_and_only_that_one() {
    matrix(
        &["--client-output-buffer-limit", "normal 2mb 0 0"],
        |server| {
            let mut other = server.connect();
            other.call(&[b"SET", b"page".as_slice(), &vec![b'p'; 10_000]]);
            let mut greedy = server.connect();
            // It counts only from when the server has accepted it.
            assert_eq!(greedy.run("PING").text(), "PONG");
            let mut out = Vec::new();
            for _ in 0..20_000 {
                encode(&mut out, &["GET", "page"]);
            }
            let _ = greedy.send_raw(&out);
            // unread until the server has given it up
            within(Duration::from_secs(60), "it is disconnected", || {
                server.info("connected_clients").as_deref() == Some("2")
            });
            let got = greedy.read_to_close().unwrap().len();
            assert!(got < 200_000_000, "the whole of 200 MB was delivered");
            assert_eq!(other.run("PING").text(), "PONG");
        },
    );
}

#[test]
fn a_password_is_asked_for() {
    matrix(&["--requirepass", "secret"], |server| {
        let mut conn = server.connect();
        assert_eq!(conn.run("GET k").text(), "NOAUTH Authentication required.");
        assert!(conn.run("AUTH wrong").is_error("WRONGPASS "));
        assert!(conn.run("AUTH default wrong").is_error("WRONGPASS "));
        assert_eq!(conn.run("AUTH secret").text(), "OK");
        assert!(conn.run("GET k").is_null());
        let mut other = server.connect();
        assert!(other.run("HELLO 3").is_error("NOAUTH "));
        assert!(!other.run("HELLO 3 AUTH default secret").is_error(""));
        assert!(other.run("GET k").is_null());
    });
}

#[test]
fn protocol_limits_follow_the_configuration() {
    let server = ServerBuilder::ours()
        .args(&["--proto-max-bulk-len", "1mb"])
        .start();
    let mut conn = server.connect();
    conn.send_raw(b"*2\r\n$3\r\nGET\r\n$1048577\r\n").unwrap();
    assert_eq!(
        conn.read_to_close().unwrap(),
        b"-ERR Protocol error: invalid bulk length\r\n"
    );
}
