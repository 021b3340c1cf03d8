//! A server at its memory limit: what it is charged stays within the limit, the process near it, policies evict only
//! what they may, and without one writes are refused while everything else goes on. Ten times the limit is written;
//! REDOX_TEST_FULL=1 makes it 256 MB and holds the process to 1.15 times of them with nothing added, with one thread and
//! with two.

use harness::rng::Rng;
use std::time::Duration;

use harness::{Conn, Server, ServerBuilder, within};
use redis::{Connection, Pipeline, RedisResult};

const MIB: usize = 1 << 20;
/// Times that a server which has become less full is filled again.
const FILLED_AGAIN_MAX: usize = 50;
const KEYS: usize = 1 << 20;
/// Longest value written.
const VALUE_BYTES_MAX: usize = 64 << 10;
const OOM: &str = "OOM command not allowed when used memory > 'maxmemory'.";

fn is_full() -> bool {
    std::env::var("REDOX_TEST_FULL").is_ok_and(|value| value == "1")
}

fn limit_mib() -> usize {
    if is_full() { 256 } else { 24 }
}

fn thread_counts() -> &'static [usize] {
    if is_full() { &[1, 2] } else { &[1] }
}

fn start(limit_mib: usize, policy: &str, threads: usize) -> Server {
    let limit = format!("{limit_mib}mb");
    ServerBuilder::ours()
        .args(&["--maxmemory", &limit, "--maxmemory-policy", policy])
        .threads(threads)
        .start()
}

fn connect(server: &Server) -> Connection {
    redis::Client::open(format!("redis://127.0.0.1:{}/", server.port()))
        .and_then(|client| client.get_connection())
        .expect("the server is up")
}

/// How sizes of values come.
#[derive(Clone, Copy, Debug)]
enum Sizes {
    /// Each power of two from 16 bytes on equally often.
    Mixed,
    /// One size after the other, each for a part of the run: what one leaves behind fits none of the next.
    Shifting,
}

impl Sizes {
    fn draw(self, rng: &mut Rng, part_done: f64) -> usize {
        let doublings = match self {
            Sizes::Mixed => rng.below(12),
            Sizes::Shifting => [4, 8, 2, 10, 6, 11, 3][(part_done * 14.0) as usize % 7],
        };
        (16 << doublings) + rng.below(16 << doublings)
    }
}

/// The most seen of what the server is charged and of what the process holds.
#[derive(Default)]
struct Peaks {
    used: usize,
    resident: usize,
}

impl Peaks {
    fn look(&mut self, server: &Server) {
        self.used = self.used.max(server.info_number("used_memory") as usize);
        self.resident = self.resident.max(server.rss_bytes() as usize);
    }
}

/// Writes ten times the limit in strings, hashes and lists. `volatile` gives all a deadline.
fn churn(server: &Server, sizes: Sizes, volatile: bool) -> Peaks {
    let total = 10 * limit_mib() * MIB;
    let (mut conn, mut rng) = (connect(server), Rng::new(7));
    let blob: Vec<u8> = (0..2 * VALUE_BYTES_MAX)
        .map(|_| rng.below(256) as u8)
        .collect();
    let (mut written, mut batches, mut peaks) = (0, 0, Peaks::default());
    while written < total {
        let mut pipeline = Pipeline::new();
        for _ in 0..16 {
            let len = sizes.draw(&mut rng, written as f64 / total as f64);
            let value = &blob[rng.below(VALUE_BYTES_MAX)..][..len.min(VALUE_BYTES_MAX)];
            let key = rng.below(KEYS);
            match rng.below(10) {
                0 if !volatile => pipeline.hset(format!("hash:{key}"), rng.below(100), value),
                1 if !volatile => pipeline.rpush(format!("list:{}", key % 1000), value),
                _ if volatile => pipeline.set_ex(key, value, 10_000 + rng.below(10_000) as u64),
                _ => pipeline.set(key, value),
            };
            written += len + 64;
        }
        let () = pipeline
            .query(&mut conn)
            .expect("an evicting policy makes room");
        batches += 1;
        if batches % 16 == 0 {
            peaks.look(server);
        }
    }
    peaks
}

/// Churns at the limit and holds what the server is charged and what the process holds to their bounds.
fn check_bounds(policy: &str, threads: usize, sizes: Sizes) {
    let limit = limit_mib() * MIB;
    let server = start(limit_mib(), policy, threads);
    // Beside the data of a small process its program, buffers and what the allocator keeps at hand weigh more.
    let grace = match is_full() {
        true => 0,
        false => server.rss_bytes() as usize + 24 * MIB,
    };
    let Peaks { used, resident } = churn(&server, sizes, policy.starts_with("volatile"));
    let case = format!("{policy}, {threads} threads, {sizes:?} sizes");
    println!(
        "{case}: {:.3} of the limit held",
        resident as f64 / limit as f64
    );
    assert!(
        used > limit * 9 / 10 && used <= limit + limit / 100,
        "{case}: charged {used} of {limit}"
    );
    assert!(
        resident <= limit * 115 / 100 + grace,
        "{case}: {resident} bytes in memory for a limit of {limit}"
    );
    let evicted = server.info_number("evicted_keys");
    assert!(evicted > 1000, "{case}: {evicted}");
}

#[test]
fn requests_that_are_half_here_push_data_out_at_once() {
    let server = ServerBuilder::ours()
        .args(&["--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru"])
        .args(&["--enable-debug-command", "yes"])
        .threads(1)
        .start();
    let mut admin = server.connect();
    // Nothing goes by the clock.
    assert_eq!(admin.call(&["DEBUG", "PAUSE-CRON", "1"]).text(), "OK");
    let value = "v".repeat(100_000);
    for key in 0..50 {
        admin.call(&["SET", &key.to_string(), &value]);
    }
    let part = format!("$1000\r\n{}\r\n", "x".repeat(1000)).repeat(200);
    let mut clients: Vec<Conn> = (0..30).map(|_| server.connect()).collect();
    for client in &mut clients {
        client
            .send_raw(format!("*250\r\n{part}").as_bytes())
            .expect("the server reads");
    }
    let sent = 50 * value.len() + 30 * part.len();
    let has_read_all = || {
        let read = server.info("total_net_input_bytes");
        read.and_then(|read| read.parse::<usize>().ok()) >= Some(sent)
    };
    within(Duration::from_secs(30), "all of it is read", has_read_all);
    assert_eq!(server.info("evicted_clients").as_deref(), Some("0"));
    let left = admin.call(&["DBSIZE"]).int().expect("a number");
    assert!(left < 50, "{left} keys beside six megabytes of requests");
}

#[test]
fn every_evicting_policy_keeps_the_limit() {
    for policy in [
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    ] {
        for &threads in thread_counts() {
            check_bounds(policy, threads, Sizes::Mixed);
        }
    }
}

/// Without moving what lies sparsely the process would hold twice the limit.
#[test]
fn pages_of_other_sizes_are_given_back() {
    check_bounds("allkeys-lru", 1, Sizes::Shifting);
}

#[test]
fn volatile_policies_spare_keys_without_a_deadline() {
    for policy in [
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    ] {
        let server = start(8, policy, 2);
        let mut conn = connect(&server);
        for key in 0..1000 {
            let () = redis::cmd("SET")
                .arg(format!("kept:{key}"))
                .arg(key)
                .query(&mut conn)
                .unwrap();
        }
        for key in 0..20_000 {
            let mut set = redis::cmd("SET");
            set.arg(key).arg(vec![b'x'; 1000]).arg("EX").arg(10_000);
            let () = set.query(&mut conn).unwrap();
        }
        for key in 0..1000 {
            let kept: Option<u64> = redis::cmd("GET")
                .arg(format!("kept:{key}"))
                .query(&mut conn)
                .unwrap();
            assert_eq!(kept, Some(key), "{policy}");
        }
        let () = redis::cmd("CONFIG")
            .arg("SET")
            .arg("maxmemory")
            .arg(1 << 20)
            .query(&mut conn)
            .unwrap();
        // Nothing volatile is left in the end: now writes are refused, as under noeviction.
        let refused = (0..3000).find_map(|key| set(&mut conn, &format!("more:{key}"), 1000).err());
        assert!(
            refused.is_some_and(|error| error.to_string().contains("OOM")),
            "{policy}"
        );
    }
}

fn set(conn: &mut Connection, key: &str, len: usize) -> RedisResult<()> {
    redis::cmd("SET").arg(key).arg(vec![b'x'; len]).query(conn)
}

#[test]
fn noeviction_refuses_what_adds_and_serves_the_rest() {
    let server = start(8, "noeviction", 2);
    let mut conn = server.connect();
    let value = vec![b'x'; 1000];
    let mut stored = 0;
    let mut fill = |conn: &mut Conn| {
        loop {
            let reply = conn.call(&[b"SET", format!("key:{stored}").as_bytes(), &value]);
            if reply.text() != "OK" {
                break (reply, stored);
            }
            stored += 1;
        }
    };
    let (refusal, stored) = fill(&mut conn);
    assert_eq!(refusal.text(), OOM);
    assert!(
        (6000..8389).contains(&stored),
        "{stored} values of 1000 bytes in 8 MiB"
    );
    let used = server.info_number("used_memory") as usize;
    assert!(used <= 8 * MIB + 8 * MIB / 100, "{used}");
    for (line, reply) in [
        ("GET absent", "null"),
        ("EXISTS key:0", "1"),
        ("STRLEN key:0", "1000"),
        ("EXPIRE key:0 1000", "1"),
        ("LPUSH list element", OOM),
        ("APPEND key:0 more", OOM),
        ("SETRANGE key:0 100000 more", OOM),
        ("HSET hash field value", OOM),
        ("ZADD zset 1 member", OOM),
        ("COPY key:0 copy", OOM),
        ("LPOP absent", "null"),
        ("RENAME key:0 renamed", "OK"),
        ("PING", "PONG"),
    ] {
        let mut got = conn.run(line);
        for _ in 0..FILLED_AGAIN_MAX {
            if reply != OOM || got.text() == OOM {
                break;
            }
            // A connection's buffers were counted again, and there was room once more.
            fill(&mut conn);
            got = conn.run(line);
        }
        let shown = if got.is_error("") {
            got.text()
        } else {
            got.show()
        };
        assert_eq!(shown.trim_matches(['(', ')']), reply, "{line}");
    }
    for key in 1..500 {
        assert_eq!(conn.run(&format!("DEL key:{key}")).int(), Some(1));
    }
    assert_eq!(conn.run("LPUSH other element").int(), Some(1));
    assert_eq!(server.info("evicted_keys").as_deref(), Some("0"));
}

/// Growth that the request does not show is charged before the next command of the same pipeline runs.
#[test]
fn a_pipeline_of_growing_commands_stays_near_the_limit() {
    for policy in ["allkeys-lru", "noeviction"] {
        let server = start(16, policy, 1);
        let mut conn = connect(&server);
        let mut pipeline = Pipeline::new();
        for key in 0..2000 {
            pipeline
                .setrange(format!("key:{key}"), 100_000, "x")
                .ignore();
        }
        let refused: RedisResult<()> = pipeline.query(&mut conn);
        assert_eq!(
            refused.is_err(),
            policy == "noeviction",
            "{policy}: {refused:?}"
        );
        let peak = server.info_number("used_memory_peak") as usize;
        let used = server.info_number("used_memory") as usize;
        let most = 16 * MIB + 16 * MIB / 100 + 100_100;
        assert!(used <= most, "{policy}: {used} of {most}");
        assert!(peak <= most + 20 * MIB, "{policy}: {peak}");
    }
}
