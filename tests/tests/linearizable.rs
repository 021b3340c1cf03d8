//! What clients of several cores see at once can be put into one order: short concurrent histories over a few keys on
//! different shards, each judged by `harness::linear`.

use harness::linear::{Ask, KEYS, Operation, Told, is_linearizable};
use harness::{Conn, Reply, Rng, Server, ServerBuilder};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

const CLIENTS: usize = 5;
const OPERATIONS: usize = 10;

fn duration() -> Duration {
    let full = std::env::var("REDOX_TEST_FULL").is_ok_and(|value| value == "1");
    Duration::from_secs(if full { 30 } else { 2 })
}

fn key(number: usize) -> String {
    format!("register:{number}")
}

const OVERTAKE: &str = "
    local a, b = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
    local over = math.max(tonumber(a or 0), tonumber(b or 0)) + 1
    redis.call('SET', KEYS[1], over)
    return {a, b, over}";
const EXCHANGE: &str = "
    local a, b = redis.call('GET', ARGV[1]), redis.call('GET', ARGV[2])
    local function put(key, value)
        if value then redis.call('SET', key, value) else redis.call('DEL', key) end
    end
    put(ARGV[1], b)
    put(ARGV[2], a)
    return {b, a}";

fn choose(rng: &mut Rng) -> Ask {
    let value = rng.between(1, 1000) * 1000;
    let (one, other) = (rng.below(KEYS), rng.below(KEYS - 1));
    let other = (one + 1 + other) % KEYS;
    match rng.below(12) {
        0 => Ask::Set(one, value),
        1 => Ask::Swap(one, value),
        2 => Ask::SetAll(value),
        3 => Ask::Delete(one, other),
        4 | 5 => Ask::IncrBoth(one, other),
        6 => Ask::Get(one),
        7 => Ask::Incr(one),
        8 => Ask::Overtake(one, other),
        9 => Ask::Exchange(one, other),
        _ => Ask::GetAll,
    }
}

fn number(reply: &Reply) -> Option<i64> {
    match reply.is_null() {
        true => None,
        false => Some(
            reply
                .int()
                .unwrap_or_else(|| reply.text().parse().expect("registers hold numbers")),
        ),
    }
}

fn run(conn: &mut Conn, ask: &Ask) -> Told {
    match *ask {
        Ask::Get(at) => vec![number(&conn.run(&format!("GET {}", key(at))))],
        Ask::Set(at, value) => {
            assert_eq!(conn.run(&format!("SET {} {value}", key(at))).text(), "OK");
            Vec::new()
        }
        Ask::Incr(at) => vec![conn.run(&format!("INCR {}", key(at))).int()],
        Ask::Swap(at, value) => vec![number(&conn.run(&format!("SET {} {value} GET", key(at))))],
        Ask::GetAll => {
            let names: Vec<String> = (0..KEYS).map(key).collect();
            let reply = conn.run(&format!("MGET {}", names.join(" ")));
            reply.items().iter().map(number).collect()
        }
        Ask::SetAll(value) => {
            let pairs: Vec<String> = (0..KEYS).map(|at| format!("{} {value}", key(at))).collect();
            assert_eq!(conn.run(&format!("MSET {}", pairs.join(" "))).text(), "OK");
            Vec::new()
        }
        Ask::Delete(a, b) => vec![conn.run(&format!("DEL {} {}", key(a), key(b))).int()],
        Ask::IncrBoth(a, b) => {
            conn.run("MULTI");
            conn.run(&format!("INCR {}", key(a)));
            conn.run(&format!("INCR {}", key(b)));
            conn.run("EXEC").items().iter().map(Reply::int).collect()
        }
        Ask::Overtake(a, b) => script(conn, OVERTAKE, "2", a, b),
        Ask::Exchange(a, b) => script(conn, EXCHANGE, "0", a, b),
    }
}

fn script(conn: &mut Conn, script: &str, key_count: &str, a: usize, b: usize) -> Told {
    let reply = conn.call(&["EVAL", script, key_count, &key(a), &key(b)]);
    reply.items().iter().map(number).collect()
}

/// One round: every client runs some operations at once.
fn history(server: &Server, conns: &mut [Conn], seed: u64) -> Vec<Operation> {
    server.connect().run("FLUSHALL");
    let (start, origin) = (Barrier::new(conns.len()), Instant::now());
    let history = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (client, conn) in conns.iter_mut().enumerate() {
            let (start, history) = (&start, &history);
            scope.spawn(move || {
                let mut rng = Rng::new(seed * 1000 + client as u64);
                let now = || origin.elapsed().as_nanos() as u64;
                start.wait();
                for _ in 0..OPERATIONS {
                    let ask = choose(&mut rng);
                    let called_at = now();
                    let told = run(conn, &ask);
                    let operation = Operation {
                        called_at,
                        returned_at: now(),
                        ask,
                        told,
                    };
                    history.lock().expect("no client panicked").push(operation);
                }
            });
        }
    });
    history.into_inner().expect("no client panicked")
}

fn check(driver: &str) {
    let builder = ServerBuilder::ours().args(&["--io-driver", driver]);
    let server = builder.threads(2).start();
    let mut conns: Vec<Conn> = (0..CLIENTS).map(|_| server.connect()).collect();
    let until = Instant::now() + duration();
    let mut seed = 1;
    while Instant::now() < until || seed < 20 {
        let mut history = history(&server, &mut conns, seed);
        assert!(is_linearizable(&history), "round {seed}: {history:#?}");
        // The checker sees what it is there for: a value that nobody wrote.
        if let Some(read) = history.iter_mut().find(|one| one.ask == Ask::GetAll) {
            read.told[0] = Some(-1);
            assert!(!is_linearizable(&history), "round {seed}");
        }
        seed += 1;
    }
}

#[test]
fn histories_over_io_uring_have_an_order() {
    check("auto");
}

#[test]
fn histories_over_epoll_have_an_order() {
    check("epoll");
}
