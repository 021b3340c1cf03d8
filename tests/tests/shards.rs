//! Commands over several keys stay atomic whichever shards the keys live on: no reader ever sees half of one.

use harness::{Conn, Reply, Rng, Server, ServerBuilder};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn duration() -> Duration {
    let full = std::env::var("REDOX_TEST_FULL").is_ok_and(|value| value == "1");
    Duration::from_secs(if full { 30 } else { 2 })
}

/// What one client does again and again.
type Job<'a> = &'a (dyn Fn(&mut Conn, &mut Rng) + Sync);

/// Runs every job in a loop on its own connection until the time is up.
fn storm(server: &Server, jobs: &[Job<'_>]) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (i, job) in jobs.iter().enumerate() {
            let (stop, mut conn) = (&stop, server.connect());
            scope.spawn(move || {
                let mut rng = Rng::new(i as u64 + 1);
                while !stop.load(Ordering::Relaxed) {
                    job(&mut conn, &mut rng);
                }
            });
        }
        std::thread::sleep(duration());
        stop.store(true, Ordering::Relaxed);
    });
}

fn server() -> Server {
    ServerBuilder::ours().threads(2).start()
}

#[test]
fn mget_never_sees_half_of_an_mset() {
    let server = server();
    let keys: Vec<String> = (0..12).map(|i| format!("m:{i}")).collect();
    let write = |conn: &mut Conn, rng: &mut Rng| {
        let stamp = rng.next_u64().to_string();
        let mut args = vec!["MSET".to_owned()];
        keys.iter()
            .for_each(|key| args.extend([key.clone(), stamp.clone()]));
        assert_eq!(conn.call(&args).text(), "OK");
    };
    let read = |conn: &mut Conn, rng: &mut Rng| {
        let mut args = vec!["MGET".to_owned()];
        let mut order = keys.clone();
        order.rotate_left(rng.below(keys.len()));
        args.extend(order);
        let reply = conn.call(&args);
        let first = &reply.items()[0];
        assert!(
            reply.items().iter().all(|item| item == first),
            "half an MSET: {reply:?}"
        );
    };
    write(&mut server.connect(), &mut Rng::new(0));
    storm(&server, &[&write, &write, &read, &read]);
}

#[test]
fn renamed_keys_are_always_somewhere() {
    let server = server();
    server.connect().run("SET r:1 value");
    let names = ["r:1", "r:2", "r:3", "r:4"];
    let rename = |conn: &mut Conn, rng: &mut Rng| {
        conn.call(&["RENAME", *rng.pick(&names), *rng.pick(&names)]);
    };
    let look = |conn: &mut Conn, _: &mut Rng| {
        let reply = conn.call(&["EXISTS", "r:1", "r:2", "r:3", "r:4"]);
        assert_eq!(
            reply,
            Reply::Int(1),
            "the key is in one place, never in none or two"
        );
    };
    storm(&server, &[&rename, &rename, &look, &look]);
}

#[test]
fn moved_members_are_in_exactly_one_set() {
    let server = server();
    let mut conn = server.connect();
    (0..50).for_each(|i| {
        conn.run(&format!("SADD s:0 {i}"));
    });
    let names = ["s:0", "s:1", "s:2", "s:3"];
    let shift = |conn: &mut Conn, rng: &mut Rng| {
        let member = rng.below(50).to_string();
        conn.call(&["SMOVE", *rng.pick(&names), *rng.pick(&names), &member]);
    };
    let look = |conn: &mut Conn, rng: &mut Rng| {
        assert_eq!(conn.run("SUNION s:0 s:1 s:2 s:3").items().len(), 50);
        let a = rng.below(4);
        let common = conn.call(&["SINTERCARD", "2", names[a], names[(a + 1) % 4]]);
        assert_eq!(common, Reply::Int(0), "a member in two sets");
    };
    storm(&server, &[&shift, &shift, &look, &look]);
}

#[test]
fn moved_elements_are_neither_lost_nor_doubled() {
    let server = server();
    let mut conn = server.connect();
    (0..200).for_each(|i| {
        conn.run(&format!("RPUSH l:0 {i}"));
    });
    let names = ["l:0", "l:1", "l:2", "l:3"];
    let ends = ["LEFT", "RIGHT"];
    let shift = |conn: &mut Conn, rng: &mut Rng| {
        let (from, to) = (*rng.pick(&names), *rng.pick(&names));
        conn.call(&["LMOVE", from, to, *rng.pick(&ends), *rng.pick(&ends)]);
    };
    storm(&server, &[&shift, &shift, &shift]);
    let mut all: Vec<i64> = names
        .iter()
        .flat_map(|name| conn.call(&["LRANGE", name, "0", "-1"]).items().to_vec())
        .filter_map(|item| item.text().parse().ok())
        .collect();
    all.sort_unstable();
    assert_eq!(all, (0..200).collect::<Vec<i64>>());
}

#[test]
fn stored_results_are_whole() {
    let server = server();
    let mut conn = server.connect();
    (0..100).for_each(|i| {
        conn.run(&format!("SADD a {i}"));
        conn.run(&format!("SADD b {}", i + 100));
    });
    conn.run("SUNIONSTORE d a b");
    let store = |conn: &mut Conn, rng: &mut Rng| {
        match rng.below(3) {
            0 => assert_eq!(conn.run("SUNIONSTORE d a b"), Reply::Int(200)),
            1 => assert_eq!(conn.run("SDIFFSTORE d a b"), Reply::Int(100)),
            _ => assert_eq!(conn.run("SINTERSTORE d b b"), Reply::Int(100)),
        };
    };
    let look = |conn: &mut Conn, _: &mut Rng| {
        let reply = conn.run("SMEMBERS d");
        assert!(
            matches!(reply.items().len(), 100 | 200),
            "{} members",
            reply.items().len()
        );
        assert!(matches!(conn.run("SCARD d"), Reply::Int(100 | 200)));
    };
    storm(&server, &[&store, &store, &look]);
}

#[test]
fn counters_over_all_shards_lose_nothing() {
    let server = server();
    let done = std::sync::atomic::AtomicI64::new(0);
    let count = |conn: &mut Conn, rng: &mut Rng| {
        let mut out = Vec::new();
        for _ in 0..50 {
            harness::wire::encode(&mut out, &["INCR", &format!("c:{}", rng.below(64))]);
        }
        conn.send_raw(&out).unwrap();
        for _ in 0..50 {
            assert!(conn.read().unwrap().int().is_some());
        }
        done.fetch_add(50, Ordering::Relaxed);
    };
    storm(&server, &[&count, &count, &count, &count]);
    let mut conn = server.connect();
    let total: i64 = (0..64)
        .filter_map(|i| conn.run(&format!("GET c:{i}")).text().parse::<i64>().ok())
        .sum();
    assert_eq!(total, done.load(Ordering::Relaxed));
}

#[test]
fn whole_keyspace_commands_are_atomic_too() {
    let server = server();
    let fill = |conn: &mut Conn, _: &mut Rng| {
        assert_eq!(
            conn.run("MSET w:1 x w:2 x w:3 x w:4 x w:5 x w:6 x w:7 x w:8 x")
                .text(),
            "OK"
        );
    };
    let flush = |conn: &mut Conn, _: &mut Rng| {
        assert_eq!(conn.run("FLUSHALL").text(), "OK");
    };
    let look = |conn: &mut Conn, _: &mut Rng| {
        let reply = conn.run("DBSIZE");
        assert!(matches!(reply, Reply::Int(0 | 8)), "DBSIZE {reply:?}");
        let reply = conn.run("EXISTS w:1 w:2 w:3 w:4 w:5 w:6 w:7 w:8");
        assert!(matches!(reply, Reply::Int(0 | 8)), "EXISTS {reply:?}");
    };
    storm(&server, &[&fill, &flush, &look, &look]);
}
