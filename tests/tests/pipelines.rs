//! Long pipelines and slow readers: replies come in order, nothing hangs, memory stays in bounds, and nobody
//! else waits for a client that does not read.

use harness::wire::encode;
use harness::{Reply, Rng, matrix};
use std::time::Duration;

const MIB: u64 = 1024 * 1024;

#[test]
fn random_keys_answer_in_order() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        let mut rng = Rng::new(5);
        let mut model = std::collections::HashMap::new();
        for _ in 0..30 {
            let (mut out, mut expected) = (Vec::new(), Vec::new());
            for i in 0..400u32 {
                let key = format!("key:{}", rng.below(200));
                if rng.chance(50) {
                    encode(&mut out, &["SET", &key, &i.to_string()]);
                    model.insert(key, i);
                    expected.push(Reply::Status(b"OK".to_vec()));
                } else {
                    encode(&mut out, &["GET", &key]);
                    let value = model.get(&key).map(|n| n.to_string().into_bytes());
                    expected.push(value.map_or(Reply::NullBulk, Reply::Bulk));
                }
            }
            conn.send_raw(&out).unwrap();
            for (at, want) in expected.iter().enumerate() {
                assert_eq!(&conn.read().unwrap(), want, "reply {at}");
            }
        }
    });
}

/// A planner that remembers the last command must not take one subcommand for another.
#[test]
fn subcommands_of_one_container_follow_each_other() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        let mut out = Vec::new();
        encode(&mut out, &["SET", "key", "text"]);
        encode(&mut out, &["OBJECT", "REFCOUNT", "key"]);
        encode(&mut out, &["OBJECT", "ENCODING", "key"]);
        encode(&mut out, &["OBJECT", "REFCOUNT", "none"]);
        conn.send_raw(&out).unwrap();
        for want in [
            Reply::Status(b"OK".to_vec()),
            Reply::Int(1),
            Reply::Bulk(b"embstr".to_vec()),
            Reply::NullBulk,
        ] {
            assert_eq!(conn.read().unwrap(), want);
        }
    });
}

/// A client may write everything before it reads anything: the server has to keep reading.
#[test]
fn two_hundred_thousand_commands_before_the_first_read() {
    matrix(&[], |server| {
        let before = server.rss_bytes();
        let mut conn = server.connect();
        let mut out = Vec::new();
        for i in 0..200_000 {
            encode(&mut out, &["INCR", &format!("n:{}", i % 100)]);
        }
        conn.send_raw(&out).unwrap();
        for i in 0..200_000 {
            assert_eq!(conn.read().unwrap(), Reply::Int(i / 100 + 1));
        }
        let grown = server.rss_bytes().saturating_sub(before);
        assert!(
            grown < 128 * MIB,
            "resident memory grew by {} MiB",
            grown / MIB
        );
    });
}

#[test]
fn replies_larger_than_the_requests_are_kept_for_a_late_reader() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        conn.call(&[b"SET", b"page".as_slice(), &vec![b'p'; 4096]]);
        let before = server.rss_bytes();
        let mut out = Vec::new();
        for _ in 0..10_000 {
            encode(&mut out, &["GET", "page"]);
        }
        conn.send_raw(&out).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        let grown = server.rss_bytes().saturating_sub(before);
        assert!(
            grown < 160 * MIB,
            "40 MiB of replies took {} MiB",
            grown / MIB
        );
        for _ in 0..10_000 {
            assert_eq!(conn.read().unwrap().bytes().map(<[u8]>::len), Some(4096));
        }
    });
}

#[test]
fn nobody_waits_for_a_slow_reader() {
    matrix(&[], |server| {
        let mut slow = server.connect();
        slow.call(&[b"SET", b"blob".as_slice(), &vec![b'b'; 1_000_000]]);
        let mut out = Vec::new();
        for _ in 0..40 {
            encode(&mut out, &["GET", "blob"]);
        }
        slow.send_raw(&out).unwrap();
        let mut other = server.connect();
        // while the slow one reads nothing; a server that waits for it would let these time out
        for _ in 0..500 {
            assert_eq!(other.run("PING").text(), "PONG");
        }
        for _ in 0..40 {
            assert_eq!(
                slow.read().unwrap().bytes().map(<[u8]>::len),
                Some(1_000_000)
            );
        }
    });
}

#[test]
fn a_thousand_clients_at_once() {
    matrix(&["--maxclients", "4000"], |server| {
        let mut conns: Vec<_> = (0..1000).map(|_| server.connect()).collect();
        for round in 0..3 {
            for (i, conn) in conns.iter_mut().enumerate() {
                conn.send(&["SET", &format!("c:{i}"), &format!("{round}")])
                    .unwrap();
                conn.send(&["GET", &format!("c:{i}")]).unwrap();
            }
            for conn in &mut conns {
                assert_eq!(conn.read().unwrap().text(), "OK");
                assert_eq!(conn.read().unwrap().text(), round.to_string());
            }
        }
    });
}
