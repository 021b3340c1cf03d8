//! Transactions: MULTI and EXEC run as one whatever shards their keys live on, WATCH sees every change, and every
//! refusal has Redis's words. Holds against Redis itself too.

use harness::{Conn, Reply, Rng, Server, matrix};
use redis::{Commands, Connection};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn duration() -> Duration {
    let full = std::env::var("REDOX_TEST_FULL").is_ok_and(|value| value == "1");
    Duration::from_millis(if full { 10_000 } else { 800 })
}

fn client(server: &Server) -> Connection {
    redis::Client::open(format!("redis://127.0.0.1:{}/", server.port()))
        .and_then(|client| client.get_connection())
        .expect("the server accepts connections")
}

/// Runs the lines of a script and gives all replies in one line, as they read.
fn play(conns: &mut [Conn], script: &str) -> String {
    let mut replies = Vec::new();
    for line in script.split('|').map(str::trim) {
        let (conn, line) = match line.strip_prefix("B:") {
            Some(line) => (1, line),
            None => (0, line),
        };
        match line.strip_prefix("sleep ") {
            Some(ms) => std::thread::sleep(Duration::from_millis(ms.parse().unwrap())),
            None => replies.push(conns[conn].run(line).show()),
        }
    }
    replies.join(" ")
}

/// Plays every script on two fresh connections and an empty keyspace; the last reply counts.
#[track_caller]
fn check(server: &Server, examples: &[(&str, &str)]) {
    for (script, expected) in examples {
        let mut conns = [server.connect(), server.connect()];
        conns[1].run("FLUSHALL");
        let last = |script: &str, conns: &mut [Conn]| {
            let (before, last) = script.rsplit_once('|').unwrap_or(("PING", script));
            play(conns, before);
            play(conns, last)
        };
        assert_eq!(last(script, &mut conns), *expected, "{script}");
    }
}

#[test]
fn queued_requests_run_in_order() {
    matrix(&[], |server| {
        check(
            server,
            &[
                ("MULTI|EXEC", "[]"),
                ("MULTI|SET a 1", "QUEUED"),
                ("MULTI|SET a 1|INCR a|GET a|PING|EXEC", "[OK 2 2 PONG]"),
                ("MULTI|SET a x|INCR a|SET b 1|EXEC|GET b", "1"),
                ("multi|Set a 1|exec|GET a", "1"),
                ("MULTI|SET a 1|B:GET a", "null"),
                ("MULTI|SET a 1|DISCARD|GET a", "null"),
                ("MULTI|SET a 1|RESET|GET a", "null"),
                (
                    "MULTI|SELECT 1|SET x 1|SELECT 0|EXISTS x|EXEC",
                    "[OK OK OK 0]",
                ),
                ("MULTI|SELECT 3|EXEC|SET x 1|SELECT 0|EXISTS x", "0"),
                ("MULTI|FLUSHALL|SET a 1|DBSIZE|KEYS *|EXEC", "[OK OK 1 [a]]"),
                (
                    "MULTI|MSET a 1 b 2 c 3 d 4|MGET d c b a|EXEC",
                    "[OK [4 3 2 1]]",
                ),
                ("MULTI|SETRANGE a 0 xyz|STRLEN a|UNWATCH|EXEC", "[3 3 OK]"),
            ],
        );
        let mut conn = server.connect();
        play(std::slice::from_mut(&mut conn), "MULTI|SET a x|INCR a");
        let reply = conn.run("EXEC");
        assert!(reply.items()[1].is_error("ERR value is not an integer"));
    });
}

#[test]
fn refusals_have_redis_words() {
    const ABORTED: &str = "EXECABORT Transaction discarded because of previous errors.";
    const ARITY: &str =
        "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command";
    matrix(&[], |server| {
        check(
            server,
            &[
                ("EXEC", "ERR EXEC without MULTI"),
                ("DISCARD", "ERR DISCARD without MULTI"),
                ("UNWATCH", "OK"),
                ("MULTI|MULTI", "ERR MULTI calls can not be nested"),
                ("MULTI|MULTI|EXEC", "[]"),
                ("MULTI|WATCH a", "ERR WATCH inside MULTI is not allowed"),
                ("MULTI|WATCH a|EXEC", "[]"),
                ("MULTI|NOSUCH|SET a 1|EXEC", ABORTED),
                ("MULTI|NOSUCH|SET a 1|EXEC|GET a", "null"),
                ("MULTI|NOSUCH|EXEC|EXEC", "ERR EXEC without MULTI"),
                ("MULTI|NOSUCH|DISCARD", "OK"),
                (
                    "MULTI|GET",
                    "ERR wrong number of arguments for 'get' command",
                ),
                ("MULTI|GET|EXEC", ABORTED),
                ("MULTI|OBJECT NOSUCH x|EXEC", ABORTED),
                (
                    "MULTI|SHUTDOWN",
                    "ERR Command not allowed inside a transaction",
                ),
                ("MULTI|SHUTDOWN|EXEC", ABORTED),
                ("MULTI|EXEC x", ARITY),
                ("MULTI|EXEC x|EXEC", "ERR EXEC without MULTI"),
                ("WATCH a|SET a 1|MULTI|NOSUCH|EXEC", ABORTED),
            ],
        );
    });
}

#[test]
fn watched_keys_decide() {
    matrix(&[], |server| {
        check(
            server,
            &[
                ("WATCH a|MULTI|PING|EXEC", "[PONG]"),
                ("WATCH a|SET a 1|MULTI|PING|EXEC", "null"),
                ("WATCH a b c d|B:SET c 1|MULTI|PING|EXEC", "null"),
                ("WATCH a b c d|B:SET e 1|MULTI|PING|EXEC", "[PONG]"),
                ("WATCH a|MULTI|B:SET a 1|SET b 1|EXEC", "null"),
                ("WATCH a|MULTI|B:SET a 1|SET b 1|EXEC|GET b", "null"),
                ("WATCH a|SET a 1|MULTI|EXEC|MULTI|PING|EXEC", "[PONG]"),
                ("WATCH a|SET a 1|UNWATCH|MULTI|PING|EXEC", "[PONG]"),
                ("WATCH a|SET a 1|MULTI|DISCARD|MULTI|PING|EXEC", "[PONG]"),
                ("WATCH a|MULTI|DISCARD|SET a 1|MULTI|PING|EXEC", "[PONG]"),
                ("WATCH a|RESET|SET a 1|MULTI|PING|EXEC", "[PONG]"),
                ("WATCH a|B:SELECT 1|B:SET a 1|MULTI|PING|EXEC", "[PONG]"),
                ("SET a 1|WATCH a|B:RENAME a b|MULTI|PING|EXEC", "null"),
                ("SET a 1|WATCH b|B:RENAME a b|MULTI|PING|EXEC", "null"),
                ("SET a 1|WATCH b|B:COPY a b|MULTI|PING|EXEC", "null"),
                (
                    "SET a 1|SELECT 2|WATCH a|B:MOVE a 2|MULTI|PING|EXEC",
                    "null",
                ),
                ("LPUSH a 1|WATCH b|B:SORT a STORE b|MULTI|PING|EXEC", "null"),
                ("SET a 1|WATCH a|B:FLUSHALL|MULTI|PING|EXEC", "null"),
                ("WATCH a|B:FLUSHALL|MULTI|PING|EXEC", "[PONG]"),
                ("SET a 1|WATCH a|B:SWAPDB 0 1|MULTI|PING|EXEC", "null"),
                (
                    "SET a 1|SELECT 1|WATCH a|B:SWAPDB 0 1|MULTI|PING|EXEC",
                    "null",
                ),
                ("WATCH a|B:SWAPDB 0 1|MULTI|PING|EXEC", "[PONG]"),
                ("SET a 1 PX 40|WATCH a|sleep 60|MULTI|PING|EXEC", "null"),
                ("SET a 1 PX 40|WATCH a|sleep 300|MULTI|PING|EXEC", "null"),
                ("SET a 1 PX 40|WATCH a|MULTI|PING|sleep 60|EXEC", "null"),
            ],
        );
    });
}

#[test]
fn an_aborted_exec_is_null_in_either_dialect() {
    matrix(&[], |server| {
        for (hello, expected) in [("HELLO 2", &b"*-1\r\n"[..]), ("HELLO 3", b"_\r\n")] {
            let mut conn = server.connect();
            conn.run(hello);
            play(std::slice::from_mut(&mut conn), "WATCH a|INCR a|MULTI|PING");
            conn.send(&["EXEC"]).unwrap();
            conn.close_write().unwrap();
            assert_eq!(conn.read_to_close().unwrap(), expected);
        }
    });
}

#[test]
fn whole_pipelines_hold_transactions() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        conn.run("FLUSHALL");
        let mut out = Vec::new();
        for i in 0..200 {
            harness::wire::encode(&mut out, &["MULTI"]);
            for key in ["p:1", "p:2", "p:3"] {
                harness::wire::encode(&mut out, &["INCR", key]);
            }
            harness::wire::encode(&mut out, &["EXEC"]);
            harness::wire::encode(&mut out, &["SET", "last", &i.to_string()]);
        }
        conn.send_raw(&out).unwrap();
        for i in 1..=200 {
            let replies: Vec<String> = (0..6).map(|_| conn.read().unwrap().show()).collect();
            let exec = format!("[{i} {i} {i}]");
            assert_eq!(replies, ["OK", "QUEUED", "QUEUED", "QUEUED", &exec, "OK"]);
        }
    });
}

#[test]
fn client_list_shows_transactions() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        let fields = |reply: &Reply| {
            let text = reply.text();
            let field = |name: &str| {
                let start = format!("{name}=");
                let mut words = text.split(' ');
                words.find_map(|word| word.strip_prefix(start.as_str()).map(str::to_owned))
            };
            (field("flags").unwrap(), field("multi").unwrap())
        };
        let own = |flags: &str, multi: &str| (flags.to_owned(), multi.to_owned());
        assert_eq!(fields(&conn.run("CLIENT INFO")), own("N", "-1"));
        conn.run("WATCH a");
        conn.run("SET a 1");
        assert_eq!(fields(&conn.run("CLIENT INFO")), own("d", "-1"));
        conn.run("UNWATCH");
        conn.run("MULTI");
        conn.run("CLIENT INFO");
        assert_eq!(fields(&conn.run("EXEC").items()[0]), own("x", "1"));
        assert_eq!(fields(&conn.run("CLIENT INFO")), own("N", "-1"));
    });
}

#[test]
fn a_closed_connection_watches_nothing_any_more() {
    matrix(&[], |server| {
        let watchers = |server: &Server| -> Vec<Conn> {
            let open = |_| {
                let mut conn = server.connect();
                conn.run("WATCH a b c d e f");
                conn
            };
            (0..20).map(open).collect()
        };
        // The rest of the life of each is a race between its end and the next change.
        for _ in 0..5 {
            drop(watchers(server));
            server.connect().run("MSET a 1 b 2 c 3 d 4 e 5 f 6");
        }
        check(server, &[("WATCH a|MULTI|PING|EXEC", "[PONG]")]);
    });
}

#[test]
fn a_queue_has_a_limit() {
    matrix(&["--client-query-buffer-limit", "2mb"], |server| {
        if server.is_redis() {
            return;
        }
        let mut conn = server.connect();
        let value = "v".repeat(100_000);
        conn.run("MULTI");
        let replies: Vec<Reply> = (0..30).map(|_| conn.call(&["SET", "a", &value])).collect();
        assert_eq!(replies[0].text(), "QUEUED");
        assert_eq!(
            replies.iter().filter(|reply| reply.is_error("ERR")).count(),
            1
        );
        assert!(conn.run("EXEC").is_error("EXECABORT"));
        assert!(conn.run("EXISTS a").int() == Some(0));
    });
}

/// Accounts on all shards; every transfer is a transaction, every look another.
#[test]
fn transfers_keep_the_sum() {
    const ACCOUNTS: usize = 16;
    const EACH: i64 = 100;
    let name = |i: usize| format!("account:{i}");
    matrix(&[], |server| {
        let mut conn = client(server);
        for i in 0..ACCOUNTS {
            let () = conn.set(name(i), EACH).unwrap();
        }
        let end = Instant::now() + duration();
        let transfer = |seed: u64| {
            let (mut conn, mut rng) = (client(server), Rng::new(seed));
            while Instant::now() < end {
                let (from, to) = (rng.below(ACCOUNTS), rng.below(ACCOUNTS));
                let amount = rng.below(10) as i64;
                let (_, _): (i64, i64) = redis::pipe()
                    .atomic()
                    .decr(name(from), amount)
                    .incr(name(to), amount)
                    .query(&mut conn)
                    .unwrap();
            }
        };
        let look = || {
            let (mut conn, mut looks) = (client(server), 0);
            while Instant::now() < end {
                let mut pipe = redis::pipe();
                pipe.atomic();
                for i in 0..ACCOUNTS {
                    pipe.get(name(i));
                }
                let amounts: Vec<i64> = pipe.query(&mut conn).unwrap();
                assert_eq!(amounts.iter().sum::<i64>(), ACCOUNTS as i64 * EACH);
                let amounts: Vec<i64> = conn
                    .mget((0..ACCOUNTS).map(name).collect::<Vec<_>>())
                    .unwrap();
                assert_eq!(amounts.iter().sum::<i64>(), ACCOUNTS as i64 * EACH);
                looks += 1;
            }
            assert!(looks > 0);
        };
        std::thread::scope(|scope| {
            for seed in 1..=4 {
                scope.spawn(move || transfer(seed));
            }
            scope.spawn(look);
            scope.spawn(look);
        });
    });
}

/// Read, add one, write back unless somebody else did: over keys of several shards, by eight clients.
#[test]
fn watched_increments_lose_none() {
    const KEYS: usize = 3;
    let name = |i: usize| format!("counter:{i}");
    matrix(&[], |server| {
        let stop = AtomicBool::new(false);
        let increment = |seed: u64| {
            let (mut conn, mut rng, mut done) = (client(server), Rng::new(seed), [0i64; KEYS]);
            while !stop.load(Ordering::Relaxed) {
                let (one, other) = (rng.below(KEYS), rng.below(KEYS));
                let keys = [name(one), name(other)];
                let () = redis::cmd("WATCH").arg(&keys).query(&mut conn).unwrap();
                let old: Vec<Option<i64>> = conn.mget(&keys).unwrap();
                let written: Option<(String, String)> = redis::pipe()
                    .atomic()
                    .cmd("SET")
                    .arg(&keys[0])
                    .arg(old[0].unwrap_or(0) + 1)
                    .cmd("SET")
                    .arg(&keys[1])
                    .arg(old[1].unwrap_or(0) + 1)
                    .query(&mut conn)
                    .unwrap();
                if written.is_some() {
                    done[one] += 1;
                    done[other] += i64::from(one != other);
                }
            }
            done
        };
        let total = std::thread::scope(|scope| {
            let increment = &increment;
            let clients: Vec<_> = (1..=8)
                .map(|seed| scope.spawn(move || increment(seed)))
                .collect();
            std::thread::sleep(duration());
            stop.store(true, Ordering::Relaxed);
            clients
                .into_iter()
                .map(|client| client.join().expect("no client failed"))
                .fold([0; KEYS], |sum, done| {
                    std::array::from_fn(|i| sum[i] + done[i])
                })
        });
        assert!(total.iter().sum::<i64>() > 0);
        let mut conn = client(server);
        for (i, total) in total.into_iter().enumerate() {
            assert_eq!(
                conn.get::<_, Option<i64>>(name(i)).unwrap().unwrap_or(0),
                total
            );
        }
    });
}
