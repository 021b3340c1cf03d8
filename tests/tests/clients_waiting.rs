//! What the `redis` crate gets later or unasked, in both dialects: messages, blocking pops, entries for a consumer
//! group, and word that a tracked key changed.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use harness::{Server, matrix};
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{Commands, Connection, PushInfo, PushKind, Value};

const PATIENCE: Duration = Duration::from_secs(20);

fn connect(server: &Server, query: &str) -> Connection {
    let url = format!("redis://127.0.0.1:{}/{query}", server.port());
    let conn = redis::Client::open(url.as_str())
        .and_then(|client| client.get_connection())
        .unwrap_or_else(|e| panic!("{url}: {e}"));
    conn.set_read_timeout(Some(PATIENCE)).unwrap();
    conn
}

fn both_dialects(check: impl Fn(&Server, &str) + Copy) {
    matrix(&[], |server| {
        for query in ["", "?protocol=resp3"] {
            let () = redis::cmd("FLUSHALL")
                .query(&mut connect(server, ""))
                .unwrap();
            check(server, query);
        }
    });
}

/// Waits until a client waits for a key.
fn blocked(conn: &mut Connection) {
    let end = Instant::now() + PATIENCE;
    loop {
        let info: String = redis::cmd("INFO").arg("clients").query(conn).unwrap();
        if info.contains("blocked_clients:1\r") {
            return;
        }
        assert!(Instant::now() < end, "nobody waits:\n{info}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The next word of a kind that the server sends unasked; the crate reads it while it waits for a reply.
fn pushed(conn: &mut Connection, pushes: &Receiver<PushInfo>, kind: &PushKind) -> Vec<Value> {
    let end = Instant::now() + PATIENCE;
    loop {
        let () = redis::cmd("PING").query(conn).unwrap();
        if let Some(push) = pushes.try_iter().find(|push| push.kind == *kind) {
            return push.data;
        }
        assert!(Instant::now() < end, "no {kind} comes");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn subscribers_hear_messages() {
    both_dialects(|server, query| {
        let mut publisher = connect(server, query);
        let mut conn = connect(server, "");
        let mut pubsub = conn.as_pubsub();
        pubsub.set_read_timeout(Some(PATIENCE)).unwrap();
        pubsub.subscribe("news").unwrap();
        pubsub.psubscribe("n*").unwrap();
        let heard: i64 = publisher.publish("news", "hello").unwrap();
        assert_eq!(heard, 2);
        let messages = [pubsub.get_message().unwrap(), pubsub.get_message().unwrap()];
        for message in &messages {
            assert_eq!(message.get_channel_name(), "news");
            assert_eq!(message.get_payload::<String>().unwrap(), "hello");
        }
        assert_ne!(messages[0].from_pattern(), messages[1].from_pattern());
        drop(pubsub);
        assert_eq!(publisher.publish::<_, _, i64>("news", "gone").unwrap(), 0);
        assert!(!conn.exists::<_, bool>("news").unwrap());
    });
}

#[test]
fn pushes_come_between_replies() {
    matrix(&[], |server| {
        let mut publisher = connect(server, "");
        let mut conn = connect(server, "?protocol=resp3");
        let (sender, pushes) = channel();
        conn.set_push_sender(sender);
        conn.subscribe_resp3("news").unwrap();
        pushed(&mut conn, &pushes, &PushKind::Subscribe);
        let () = publisher.publish("news", "hello").unwrap();
        let () = conn.set("k", 1).unwrap();
        assert_eq!(conn.get::<_, i64>("k").unwrap(), 1);
        let text = |text: &str| Value::BulkString(text.into());
        assert_eq!(
            pushed(&mut conn, &pushes, &PushKind::Message),
            [text("news"), text("hello")]
        );
    });
}

#[test]
fn a_tracked_key_that_changes_is_told() {
    matrix(&[], |server| {
        let mut writer = connect(server, "");
        let mut conn = connect(server, "?protocol=resp3");
        let (sender, pushes) = channel();
        conn.set_push_sender(sender);
        let () = redis::cmd("CLIENT")
            .arg(&["TRACKING", "ON"])
            .query(&mut conn)
            .unwrap();
        assert_eq!(conn.get::<_, Option<i64>>("k").unwrap(), None);
        let () = writer.set("other", 1).unwrap();
        let () = writer.set("k", 1).unwrap();
        assert_eq!(
            pushed(&mut conn, &pushes, &PushKind::Invalidate),
            [Value::Array(vec![Value::BulkString(b"k".to_vec())])]
        );
    });
}

#[test]
fn blocking_pops_wait_for_a_push() {
    both_dialects(|server, query| {
        let mut waiting = connect(server, query);
        let mut other = connect(server, query);
        let popped = thread::spawn(move || {
            let element: Option<(String, String)> = waiting.blpop("queue", 10.0).unwrap();
            let lowest: Option<(String, String, f64)> = waiting.bzpopmin("z", 10.0).unwrap();
            let nothing: Option<(String, String)> = waiting.brpop("empty", 0.05).unwrap();
            (element, lowest, nothing)
        });
        blocked(&mut other);
        let () = other.rpush("queue", "job").unwrap();
        blocked(&mut other);
        let () = other.zadd("z", "m", 1.5).unwrap();
        let (element, lowest, nothing) = popped.join().unwrap();
        assert_eq!(element, Some(("queue".into(), "job".into())));
        assert_eq!(lowest, Some(("z".into(), "m".into(), 1.5)));
        assert_eq!(nothing, None);
    });
}

#[test]
fn a_consumer_group_shares_a_stream() {
    both_dialects(|server, query| {
        let mut conn = connect(server, query);
        let mut other = connect(server, query);
        let () = conn.xgroup_create_mkstream("s", "g", "$").unwrap();
        let reader = thread::spawn(move || -> (Connection, StreamReadReply) {
            let options = StreamReadOptions::default()
                .group("g", "alice")
                .count(10)
                .block(10_000);
            let read: Option<StreamReadReply> =
                conn.xread_options(&["s"], &[">"], &options).unwrap();
            (conn, read.expect("an entry comes"))
        });
        blocked(&mut other);
        let id: String = other
            .xadd("s", "*", &[("n", 1)])
            .map(Option::unwrap)
            .unwrap();
        let (mut conn, read) = reader.join().unwrap();
        assert_eq!(read.keys[0].key, "s");
        assert_eq!(read.keys[0].ids[0].id, id);
        assert_eq!(read.keys[0].ids[0].get::<i64>("n"), Some(1));
        let pending: redis::streams::StreamPendingReply = other.xpending("s", "g").unwrap();
        assert_eq!(pending.count(), 1);
        assert_eq!(conn.xack::<_, _, _, i64>("s", "g", &[id]).unwrap(), 1);
        let groups: redis::streams::StreamInfoGroupsReply = conn.xinfo_groups("s").unwrap();
        assert_eq!(
            (groups.groups[0].pending, groups.groups[0].consumers),
            (0, 1)
        );
    });
}
