//! The outer edges of the surface: commands that are not here, listening elsewhere while serving, clients disconnected
//! for what they hold.

use harness::{Conn, Reply, Server, ServerBuilder, matrix};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

fn names(server: &Server) -> BTreeSet<String> {
    let list = server.connect().run("COMMAND LIST");
    let names = list.items().iter().map(Reply::text);
    names.filter(|name| !name.contains('|')).collect()
}

#[test]
fn every_command_of_redis_is_here_or_says_why_not() {
    let Ok(reference) = ServerBuilder::reference().try_start() else {
        eprintln!("!! SKIPPED: there is no redis-server to compare with");
        return;
    };
    let server = ServerBuilder::ours().start();
    let (known, mut conn) = (names(&server), server.connect());
    for name in names(&reference).difference(&known) {
        let reply = conn.call(&[name.as_str()]);
        let says_why = format!("ERR '{name}' is not supported: ");
        assert!(reply.is_error(&says_why), "{name}: {}", reply.show());
    }
}

#[test]
fn what_modules_bring_is_unknown_as_to_redis() {
    let server = ServerBuilder::ours().start();
    let reply = server.connect().run("JSON.GET doc $");
    let text = "ERR unknown command 'JSON.GET', with args beginning with: 'doc' '$' ";
    assert!(reply.is_error(text), "{}", reply.show());
}

#[test]
fn the_port_changes_while_clients_stay() {
    matrix(&[], |server| {
        let (mut conn, old) = (server.connect(), server.port());
        let new = harness::server::free_port();
        let set = |conn: &mut Conn, port: u16| conn.run(&format!("CONFIG SET port {port}"));
        assert_eq!(set(&mut conn, new).text(), "OK");
        assert!(Conn::tcp(old).is_err(), "the old port is closed");
        for _ in 0..8 {
            let mut other = Conn::tcp(new).expect("the new port is open");
            assert_eq!(other.run("PING").text(), "PONG");
        }
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("it is bound").port();
        let refusal = "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port";
        assert!(set(&mut conn, port).is_error(refusal));
        assert_eq!(
            conn.run("CONFIG GET port").items()[1].text(),
            new.to_string()
        );
        assert!(Conn::tcp(new).is_ok(), "nothing has changed");
        assert_eq!(set(&mut conn, old).text(), "OK");
        assert_eq!(server.connect().run("PING").text(), "PONG");
    });
}

#[test]
fn addresses_change_while_clients_stay() {
    let server = ServerBuilder::ours().threads(2).start();
    let mut conn = server.connect();
    assert_eq!(conn.call(&["CONFIG", "SET", "bind", ""]).text(), "OK");
    assert!(Conn::tcp(server.port()).is_err(), "nothing is listened on");
    let refused = conn.call(&["CONFIG", "SET", "bind", "192.0.2.1"]);
    assert!(
        refused.is_error(
            "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind"
        )
    );
    assert_eq!(
        conn.call(&["CONFIG", "SET", "bind", "127.0.0.1"]).text(),
        "OK"
    );
    assert_eq!(server.connect().run("PING").text(), "PONG");
}

#[test]
fn the_largest_clients_go_when_all_hold_too_much() {
    matrix(&[], |server| {
        let mut control = server.connect();
        control.run("CLIENT NO-EVICT ON");
        let unfinished = |bytes: usize| {
            let mut conn = server.connect();
            let head = format!("*2\r\n$3\r\nSET\r\n${}\r\n", bytes + 1);
            conn.send_raw(head.as_bytes()).expect("sent");
            conn.send_raw(&vec![b'x'; bytes]).expect("sent");
            conn
        };
        let (mut small, mut large) = (unfinished(300_000), unfinished(900_000));
        let begun = Instant::now();
        while control
            .run("CLIENT LIST")
            .text()
            .matches("qbuf=900000")
            .count()
            == 0
        {
            assert!(begun.elapsed() < Duration::from_secs(10), "it arrives");
        }
        assert_eq!(
            control.run("CONFIG SET maxmemory-clients 800kb").text(),
            "OK"
        );
        assert!(large.read_to_close().unwrap_or_default().is_empty());
        assert!(!control.run("CLIENT LIST").text().contains("qbuf=900000"));
        assert_eq!(server.info("evicted_clients").as_deref(), Some("1"));
        small.send_raw(b"x\r\n").expect("it is still connected");
        assert!(
            small
                .read()
                .expect("an answer")
                .is_error("ERR wrong number of arguments")
        );
    });
}

#[test]
fn nothing_of_a_reply_beyond_the_limit_is_sent() {
    matrix(
        &["--client-output-buffer-limit", "normal 100000 0 0"],
        |server| {
            server
                .connect()
                .call(&[b"SET", b"page".as_slice(), &[b'p'; 60_000]]);
            server.connect().run("HSET h f v");
            for line in ["MGET page page", "HRANDFIELD h -9000000000"] {
                let mut conn = server.connect();
                conn.send(&line.split(' ').collect::<Vec<_>>())
                    .expect("sent");
                let got = conn.read_to_close().unwrap_or_default();
                assert!(got.is_empty(), "{line}: {} bytes", got.len());
            }
            assert_eq!(server.connect().run("STRLEN page").int(), Some(60_000));
        },
    );
}

#[test]
fn who_waits_for_a_stream_learns_that_it_expired() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        conn.run("XGROUP CREATE s g $ MKSTREAM");
        let mut waiter = server.connect();
        let words = "XREADGROUP GROUP g c BLOCK 20000 STREAMS s >";
        waiter
            .send(&words.split(' ').collect::<Vec<_>>())
            .expect("sent");
        let begun = Instant::now();
        while !conn.run("CLIENT LIST").text().contains(" flags=b ") {
            assert!(begun.elapsed() < Duration::from_secs(10), "it waits");
        }
        conn.run("PEXPIRE s 50");
        let reply = waiter.read().expect("an answer");
        assert!(
            reply.is_error("UNBLOCKED the stream key no longer exists"),
            "{}",
            reply.show()
        );
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "nobody looked the key up"
        );
    });
}

#[test]
fn waiting_for_files_answers_that_there_are_none() {
    let server = ServerBuilder::ours().start();
    let mut conn = server.connect();
    assert_eq!(conn.run("WAITAOF 0 0 0").show(), "[0 0]");
    assert_eq!(conn.run("WAITAOF 0 1 10").show(), "[0 0]");
    assert!(
        conn.run("WAITAOF 1 0 0")
            .is_error("ERR WAITAOF cannot be used when numlocal is set")
    );
}
