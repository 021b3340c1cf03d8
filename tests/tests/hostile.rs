//! Input no client sends: malformed, truncated, oversized, endless. The answers are Redis's, byte for byte, and
//! whatever comes the server goes on for everybody else.

use harness::{Conn, Server, ServerBuilder, matrix};
use std::io;
use std::net::TcpStream;
use std::time::Duration;

const MIB: u64 = 1024 * 1024;

/// Everything a server answers to raw bytes after which the client closes its sending half.
fn exchange(port: u16, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut conn = Conn::tcp(port)?;
    // the server may close before it has read everything
    let _ = conn.send_raw(bytes);
    let _ = conn.close_write();
    conn.read_to_close()
}

fn malformed() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        "PING\r\n",
        "PING\n",
        "\r\n\r\nPING\r\n",
        "*0\r\nPING\r\n",
        "*-1\r\nPING\r\n",
        "*-9\r\n*1\r\n$4\r\nPING\r\n",
        "*1\r\n$-1\r\n",
        "*1\r\n$-2\r\nPING\r\n",
        "*1\r\n$4294967296\r\n",
        "*1\r\n$9223372036854775808\r\n",
        "*9223372036854775808\r\n",
        "*18446744073709551616\r\n",
        "*2147483648\r\n",
        "*abc\r\n",
        "*\r\n",
        "*1\r\n$\r\n",
        "*1\r\n:4\r\n",
        "*1\r\nPING\r\n",
        "*2\r\n$4\r\nPING\r\n+x\r\n",
        "*1\r\n$abc\r\n",
        "*1\r\n$536870913\r\n",
        "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
        "*1\r\n$4\r\nPI",
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n",
        "*1",
        "*1\r",
        "*1\r\n",
        "SET k \"unbalanced\r\n",
        "SET k 'unbalanced\r\n",
        "SET k \"a\"b\r\n",
        "SET k \"\\x41\\n\\\"\" \r\nGET k\r\n",
        "SET k 'it\\'s'\r\nGET k\r\n",
        "  PING  \r\n",
        "\0\0\0\0\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
        "post x\r\nPING\r\n",
        "Host: evil\r\nPING\r\n",
        "nosuch a b c\r\n",
        "*1\r\n$0\r\n\r\n",
        "*2\r\n$0\r\n\r\n$0\r\n\r\n",
        "PING\r\nPING\r\n*1\r\n$x\r\nPING\r\n",
        "*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n*1\r\n$4\r\nPING\r\n",
        "+OK\r\n",
        "$4\r\nPING\r\n",
        "*1\n$4\nPING\n",
        "*+1\r\n$4\r\nPING\r\n",
        "*01\r\n$4\r\nPING\r\n",
        "* 1\r\n$4\r\nPING\r\n",
        "*1\r\n$ 4\r\nPING\r\n",
        "*1\r\n$+4\r\nPING\r\n",
        "*1\r\n$04\r\nPING\r\n",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    all.push("*1\r\n".repeat(100_000).into_bytes());
    all.push([b"*".to_vec(), vec![b'1'; 70_000]].concat());
    all.push([b"*1\r\n$".to_vec(), vec![b'1'; 70_000]].concat());
    all.push(vec![b'x'; 70_000]);
    all.push([vec![b'x'; 60_000], b"\r\n".to_vec()].concat());
    all.push([b"ECHO ".to_vec(), vec![b'e'; 60_000], b"\r\n".to_vec()].concat());
    all
}

#[test]
fn malformed_input_gets_the_reference_answer() {
    let reference = ServerBuilder::reference().start();
    matrix(&[], |server| {
        for input in malformed() {
            server.connect().run("FLUSHALL");
            reference.connect().run("FLUSHALL");
            let head = input[..input.len().min(60)].escape_ascii().to_string();
            let ours = exchange(server.port(), &input).unwrap_or_else(|e| panic!("{head}: {e}"));
            let theirs = exchange(reference.port(), &input).unwrap();
            assert_eq!(
                ours.escape_ascii().to_string(),
                theirs.escape_ascii().to_string(),
                "after {head}"
            );
        }
    });
}

/// A browser talked into asking this port: whatever the first line gets, the header ends the connection.
#[test]
fn a_web_request_is_cut_off_at_its_header() {
    matrix(&[], |server| {
        let answer = exchange(server.port(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\nPING\r\n").unwrap();
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert!(!text.contains("PONG") && !text.contains("Host"), "{text}");
    });
}

#[test]
fn before_authentication_limits_are_tight() {
    let reference = ServerBuilder::reference()
        .args(&["--requirepass", "secret"])
        .start();
    let ours = ServerBuilder::ours()
        .args(&["--requirepass", "secret"])
        .start();
    for input in [
        "*11\r\n",
        "*1\r\n$16385\r\n",
        "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
        "PING\r\n",
        "AUTH wrong\r\nPING\r\n",
        "AUTH secret\r\nPING\r\n",
        "HELLO 3\r\n",
        "QUIT\r\n",
    ] {
        let (mine, theirs) = (
            exchange(ours.port(), input.as_bytes()).unwrap(),
            exchange(reference.port(), input.as_bytes()).unwrap(),
        );
        assert_eq!(
            mine.escape_ascii().to_string(),
            theirs.escape_ascii().to_string(),
            "after {}",
            input.escape_default()
        );
    }
}

/// However much the system would hold of what it does not read, and even when it reads all: a client that only ever hears
/// that it must log in is not talked to for long.
#[test]
fn who_does_not_log_in_hears_only_so_much() {
    const ENOUGH: usize = 64 * MIB as usize;
    matrix(&["--requirepass", "secret"], |server| {
        let mut conn = server.connect();
        let (requests, mut heard) = (b"SET x 5\r\n".repeat(100), 0);
        let reply = "NOAUTH Authentication required.";
        while heard < ENOUGH && conn.send_raw(&requests).is_ok() {
            let replies = (0..100).map_while(|_| conn.read().ok());
            let count = replies.inspect(|one| assert!(one.is_error(reply))).count();
            heard += count * reply.len();
            if count < 100 {
                break;
            }
        }
        assert!((MIB as usize / 2..ENOUGH).contains(&heard), "{heard}");
        assert_eq!(server.connect().run("AUTH secret").text(), "OK");
    });
}

#[test]
fn a_request_may_come_byte_by_byte() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        for byte in b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nv\r\nvv\r\nGET k\r\n" {
            conn.send_raw(&[*byte]).unwrap();
        }
        assert_eq!(conn.read().unwrap().text(), "OK");
        assert_eq!(conn.read().unwrap().bytes(), Some(b"v\r\nvv".as_slice()));
    });
}

#[test]
fn random_bytes_never_take_the_server_down() {
    let mut server = ServerBuilder::ours().threads(2).start();
    let mut rng = harness::Rng::new(99);
    for _ in 0..300 {
        let mut bytes: Vec<u8> = (0..rng.below(400))
            .map(|_| *rng.pick(b"*$+-:0123456789\r\n\r\nGETSPING \"'\\x\0\xff"))
            .collect();
        if rng.chance(50) {
            bytes.splice(0..0, *b"*3\r\n$3\r\nSET\r\n");
        }
        let _ = exchange(server.port(), &bytes);
    }
    assert!(server.is_running());
    assert_eq!(server.connect().run("PING").text(), "PONG");
}

#[test]
fn announced_sizes_cost_nothing_until_the_bytes_come() {
    let server = ServerBuilder::ours().threads(2).start();
    let before = server.rss_bytes();
    let holders: Vec<Conn> = (0..100)
        .map(|i| {
            let mut conn = server.connect();
            conn.send_raw(if i % 2 == 0 {
                b"*2\r\n$3\r\nGET\r\n$536870912\r\nx"
            } else {
                b"*1000000\r\n$3\r\nSET\r\n"
            })
            .unwrap();
            conn
        })
        .collect();
    assert_eq!(server.connect().run("PING").text(), "PONG");
    let grown = server.rss_bytes().saturating_sub(before);
    assert!(
        grown < 200 * MIB,
        "resident memory grew by {} MiB",
        grown / MIB
    );
    drop(holders);
}

#[test]
fn slow_senders_hold_nobody_up() {
    matrix(&[], |server| {
        let mut slow: Vec<Conn> = (0..200).map(|_| server.connect()).collect();
        let mut quick = server.connect();
        for byte in b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n" {
            slow.iter_mut()
                .for_each(|conn| conn.send_raw(&[*byte]).unwrap());
            assert_eq!(quick.run("PING").text(), "PONG");
        }
        slow.iter_mut()
            .for_each(|conn| assert_eq!(conn.read().unwrap().text(), "hi"));
    });
}

#[test]
fn a_half_closed_client_still_gets_its_answers() {
    matrix(&[], |server| {
        let answers = exchange(server.port(), b"SET k v\r\nGET k\r\nECHO done\r\n").unwrap();
        assert_eq!(
            answers.escape_ascii().to_string(),
            "+OK\\r\\n$1\\r\\nv\\r\\n$4\\r\\ndone\\r\\n"
        );
    });
}

fn open_files(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).map_or(0, Iterator::count)
}

#[test]
fn ten_thousand_connects_and_drops_leave_nothing_behind() {
    for driver in ["auto", "epoll"] {
        let server = ServerBuilder::ours()
            .args(&["--io-driver", driver])
            .threads(2)
            .start();
        let before = open_files(&server);
        for i in 0..10_000 {
            let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
            if i % 3 == 0 {
                let _ = io::Write::write_all(&mut &stream, b"PING\r\n");
            }
        }
        let mut conn = server.connect();
        let mut seen = (None, 0);
        for _ in 0..1200 {
            seen = (server.info("connected_clients"), open_files(&server));
            if seen.0.as_deref() == Some("2") && seen.1 <= before + 8 {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(
            seen.0.as_deref(),
            Some("2"),
            "this connection and the one that asks"
        );
        assert!(
            seen.1 <= before + 8,
            "{} files open, {before} before",
            seen.1
        );
        assert_eq!(conn.run("PING").text(), "PONG");
    }
}
