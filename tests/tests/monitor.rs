//! MONITOR: the lines as Redis prints them, from every core, without secrets, and none when nobody listens.

use harness::{Conn, matrix};

/// A connection that monitors.
fn monitor(server: &harness::Server) -> Conn {
    let mut conn = server.connect();
    assert_eq!(conn.run("MONITOR").text(), "OK");
    conn
}

/// The next line without its time and the client's port, which are checked for their form only.
fn line(monitor: &mut Conn) -> String {
    let text = monitor.read().expect("a line").text();
    let (time, rest) = text.split_once(' ').expect("a time first");
    let (seconds, micros) = time.split_once('.').expect("seconds and microseconds");
    assert!(
        seconds.parse::<u64>().is_ok() && micros.len() == 6,
        "{text}"
    );
    let (client, command) = rest.split_once("] ").expect("a client");
    let (db, addr) = client[1..].split_once(' ').expect("a database");
    let host = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
    format!("{db} {host} {command}")
}

#[test]
fn commands_of_all_cores_are_shown() {
    matrix(&[], |server| {
        let mut monitor = monitor(server);
        for at in 0..6 {
            server.connect().run(&format!("SET key{at} value"));
            assert_eq!(
                line(&mut monitor),
                format!("0 127.0.0.1 \"SET\" \"key{at}\" \"value\"")
            );
        }
        let mut other = server.connect();
        other.run("SELECT 3");
        assert_eq!(line(&mut monitor), "3 127.0.0.1 \"SELECT\" \"3\"");
        other.call(&[b"SET".as_slice(), b"a\"b", b"\x00\r\xff"]);
        assert_eq!(
            line(&mut monitor),
            "3 127.0.0.1 \"SET\" \"a\\\"b\" \"\\x00\\r\\xff\""
        );
    });
}

#[test]
fn secrets_and_administration_are_not_shown() {
    matrix(&[], |server| {
        let mut monitor = monitor(server);
        let mut other = server.connect();
        for command in [
            "CONFIG SET maxclients 500",
            "CLIENT LIST",
            "AUTH default pw",
            "NOSUCH x",
        ] {
            other.run(command);
        }
        other.run("HELLO 3 AUTH default pw");
        other.run("ECHO end");
        assert_eq!(
            line(&mut monitor),
            "0 127.0.0.1 \"AUTH\" \"(redacted)\" \"(redacted)\""
        );
        assert_eq!(
            line(&mut monitor),
            "0 127.0.0.1 \"HELLO\" \"3\" \"AUTH\" \"(redacted)\" \"(redacted)\""
        );
        assert_eq!(line(&mut monitor), "0 127.0.0.1 \"ECHO\" \"end\"");
    });
}

#[test]
fn a_transaction_shows_what_it_runs_in_order() {
    matrix(&[], |server| {
        let mut monitor = monitor(server);
        let mut other = server.connect();
        for command in ["MULTI", "SET a 1", "GET a", "EXEC"] {
            other.run(command);
        }
        let lines: Vec<String> = (0..4).map(|_| line(&mut monitor)).collect();
        let expected = [
            "\"MULTI\"",
            "\"SET\" \"a\" \"1\"",
            "\"GET\" \"a\"",
            "\"EXEC\"",
        ];
        assert_eq!(lines, expected.map(|line| format!("0 127.0.0.1 {line}")));
    });
}

#[test]
fn it_is_refused_in_a_transaction_and_ended_by_reset() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        conn.run("MULTI");
        assert_eq!(conn.run("MONITOR").text(), "QUEUED");
        let replies = conn.run("EXEC");
        assert_eq!(
            replies.items()[0].text(),
            "ERR MONITOR isn't allowed for DENY BLOCKING client"
        );
        assert_eq!(conn.run("MONITOR").text(), "OK");
        let flags = |server: &harness::Server| server.connect().run("CLIENT LIST").text();
        assert!(flags(server).contains(" flags=O "));
        conn.send(&["RESET"]).expect("it is sent");
        while conn.read().expect("a line or the answer").text() != "RESET" {}
        assert!(!flags(server).contains(" flags=O "));
        server.connect().run("SET a 1");
        assert_eq!(conn.run("ECHO x").text(), "x");
    });
}

#[test]
fn one_that_goes_away_leaves_nothing_behind() {
    matrix(&[], |server| {
        drop(monitor(server));
        let mut left = monitor(server);
        server.connect().run("SET a 1");
        assert_eq!(line(&mut left), "0 127.0.0.1 \"SET\" \"a\" \"1\"");
    });
}
