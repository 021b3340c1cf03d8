//! Publish/subscribe over real sockets, with subscribers on every core, in both dialects.

use harness::{Conn, Server, ServerBuilder, matrix, within};
use std::time::Duration;

fn read(conn: &mut Conn) -> String {
    conn.read().expect("a message").show_flat()
}

fn subscriber(server: &Server, line: &str, is_resp3: bool) -> Conn {
    let mut conn = server.connect();
    if is_resp3 {
        conn.hello3().expect("RESP3");
    }
    let words: Vec<&str> = line.split(' ').collect();
    conn.send(&words).expect("the subscription is sent");
    for name in &words[1..] {
        assert!(read(&mut conn).contains(name));
    }
    conn
}

#[test]
fn every_subscriber_gets_every_message_in_order() {
    matrix(&[], |server| {
        let mut readers: Vec<Conn> = (0..8)
            .map(|n| subscriber(server, "SUBSCRIBE news", n % 2 == 0))
            .collect();
        let mut matching = subscriber(server, "PSUBSCRIBE n?ws", false);
        let mut publisher = server.connect();
        for n in 0..100 {
            let receivers = publisher.run(&format!("PUBLISH news {n}"));
            assert_eq!(receivers.int(), Some(9));
        }
        for n in 0..100 {
            for reader in &mut readers {
                assert_eq!(read(reader), format!("message news {n}"));
            }
            assert_eq!(read(&mut matching), format!("pmessage n?ws news {n}"));
        }
    });
}

#[test]
fn messages_count_as_output() {
    const READERS: usize = 8;
    const MESSAGE_BYTES: usize = 100_000;
    matrix(&[], |server| {
        let mut readers: Vec<Conn> = (0..READERS)
            .map(|n| subscriber(server, "SUBSCRIBE news", n % 2 == 0))
            .collect();
        let mut publisher = server.connect();
        publisher.run("CONFIG RESETSTAT");
        publisher.call(&["PUBLISH", "news", &"x".repeat(MESSAGE_BYTES)]);
        for reader in &mut readers {
            assert!(read(reader).len() > MESSAGE_BYTES);
        }
        let bytes = server.info_number("total_net_output_bytes") as usize;
        let messages = READERS * MESSAGE_BYTES;
        assert!(
            (messages..messages + MESSAGE_BYTES).contains(&bytes),
            "{bytes}"
        );
    });
}

#[test]
fn a_confirmed_subscription_sees_what_is_published_after() {
    matrix(&[], |server| {
        let mut publishers = [server.connect(), server.connect()];
        for round in 0..50 {
            let mut reader = subscriber(server, "SUBSCRIBE a b", round % 2 == 0);
            let publisher = &mut publishers[round % 2];
            assert_eq!(publisher.run("PUBLISH a x").int(), Some(1), "{round}");
            assert_eq!(read(&mut reader), "message a x");
            drop(reader);
            within(Duration::from_secs(10), "a closed subscriber goes", || {
                publisher.run("PUBSUB NUMSUB a").items()[1].int() == Some(0)
            });
        }
    });
}

#[test]
fn big_messages_reach_other_cores_whole() {
    matrix(&[], |server| {
        let mut readers: Vec<Conn> = (0..4)
            .map(|n| subscriber(server, "SUBSCRIBE big", n % 2 == 0))
            .collect();
        let mut publisher = server.connect();
        let message = "m".repeat(300_000);
        for _ in 0..3 {
            let receivers = publisher.call(&["PUBLISH", "big", &message]);
            assert_eq!(receivers.int(), Some(4));
        }
        for reader in &mut readers {
            for _ in 0..3 {
                assert_eq!(read(reader), format!("message big {message}"));
            }
        }
    });
}

#[test]
fn resp2_subscribers_may_call_little() {
    matrix(&[], |server| {
        let mut conn = subscriber(server, "SSUBSCRIBE s", false);
        assert_eq!(conn.run("PING").show_flat(), "pong ");
        assert_eq!(conn.run("PING you").show_flat(), "pong you");
        assert_eq!(
            conn.run("GET key").text(),
            "ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
        );
        assert_eq!(conn.run("SUNSUBSCRIBE").show_flat(), "sunsubscribe s 0");
        assert!(conn.run("GET key").is_null());
        conn.run("PSUBSCRIBE *");
        assert_eq!(conn.run("RESET").text(), "RESET");
        assert_eq!(conn.run("PUBLISH any thing").int(), Some(0));
    });
}

#[test]
fn own_messages_come_before_the_reply_and_never_inside_exec() {
    matrix(&[], |server| {
        let mut conn = subscriber(server, "SUBSCRIBE own", true);
        conn.send(&["PUBLISH", "own", "1"]).expect("sends");
        assert_eq!(read(&mut conn), "message own 1");
        assert_eq!(read(&mut conn), "1");
        for line in ["MULTI", "PUBLISH own 2", "SUBSCRIBE more", "EXEC"] {
            conn.send(&line.split(' ').collect::<Vec<_>>())
                .expect("sends");
        }
        let replies: Vec<String> = (0..5).map(|_| read(&mut conn)).collect();
        let expected = [
            "OK",
            "QUEUED",
            "QUEUED",
            "1 subscribe more 2",
            "message own 2",
        ];
        match server.is_redis() {
            true => assert!(replies.concat().contains("message own 2")),
            false => assert_eq!(replies, expected),
        }
    });
}

/// Memory stays bounded by the limit, others keep getting messages, and PUBLISH goes on.
#[test]
fn a_subscriber_that_does_not_read_is_cut() {
    for threads in [1, 2] {
        let server = ServerBuilder::ours()
            .threads(threads)
            .args(&["--client-output-buffer-limit", "pubsub 4mb 1mb 60"])
            .start();
        let mut deaf: Vec<Conn> = (0..4)
            .map(|_| subscriber(&server, "SUBSCRIBE flood", false))
            .collect();
        let mut reader = subscriber(&server, "SUBSCRIBE flood", false);
        let mut publisher = server.connect();
        let message = "x".repeat(10_000);
        let before = server.rss_bytes();
        for n in 0..4000 {
            publisher.call(&["PUBLISH", "flood", &message]);
            assert_eq!(
                read(&mut reader).len(),
                "message flood ".len() + 10_000,
                "{n}"
            );
        }
        assert_eq!(
            publisher.run("PUBSUB NUMSUB flood").items()[1].int(),
            Some(1)
        );
        let grown = server.rss_bytes().saturating_sub(before);
        assert!(
            grown < 64 << 20,
            "{grown} bytes more with {threads} threads"
        );
        for conn in &mut deaf {
            assert!(conn.read_to_close().is_ok());
        }
    }
}

#[test]
fn a_soft_limit_cuts_only_after_its_time() {
    let server = ServerBuilder::ours()
        .args(&["--client-output-buffer-limit", "pubsub 0 100kb 1"])
        .start();
    let deaf = subscriber(&server, "SUBSCRIBE flood", false);
    let mut publisher = server.connect();
    let message = "x".repeat(1 << 20);
    for _ in 0..20 {
        assert_eq!(
            publisher.call(&["PUBLISH", "flood", &message]).int(),
            Some(1)
        );
    }
    within(Duration::from_secs(20), "the soft limit cuts", || {
        publisher.run("PUBSUB NUMSUB flood").items()[1].int() == Some(0)
    });
    drop(deaf);
}
