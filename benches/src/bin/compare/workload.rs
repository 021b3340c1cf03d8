//! What is measured: the commands, what has to be in the server before each, and one run of redis-benchmark.

use harness::wire::encode;
use harness::{Conn, Server};
use std::io;
use std::process::Command;

/// Keys, fields and members that random arguments range over.
const KEYSPACE: usize = 100_000;
/// Clients that redis-benchmark opens.
const CLIENTS: &str = "50";

/// One command under load.
pub struct Workload {
    /// The name in the table.
    pub name: &'static str,
    /// The command as redis-benchmark takes it; `__rand_int__` becomes twelve random digits.
    pub command: &'static [&'static str],
    /// What the server holds before.
    pub fill: Fill,
}

/// The data a workload starts from.
#[derive(Clone, Copy)]
pub enum Fill {
    /// Nothing.
    Empty,
    /// Every key of the random range, with a value of 64 bytes.
    Strings,
    /// `list` with so many elements, or as many as there will be requests when `None`.
    List(Option<usize>),
    /// `set` with as many members as there will be requests.
    Set,
    /// `zset` with as many members as there will be requests.
    Zset,
}

const VALUE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The commands in the order of the table.
pub const WORKLOADS: [Workload; 12] = [
    Workload {
        name: "GET",
        command: &["GET", "key:__rand_int__"],
        fill: Fill::Strings,
    },
    Workload {
        name: "SET",
        command: &["SET", "key:__rand_int__", VALUE],
        fill: Fill::Empty,
    },
    Workload {
        name: "INCR",
        command: &["INCR", "counter:__rand_int__"],
        fill: Fill::Empty,
    },
    Workload {
        name: "LPUSH",
        command: &["LPUSH", "list", "element"],
        fill: Fill::Empty,
    },
    Workload {
        name: "RPOP",
        command: &["RPOP", "list"],
        fill: Fill::List(None),
    },
    Workload {
        name: "SADD",
        command: &["SADD", "set", "member:__rand_int__"],
        fill: Fill::Empty,
    },
    Workload {
        name: "HSET",
        command: &["HSET", "hash", "field:__rand_int__", "value"],
        fill: Fill::Empty,
    },
    Workload {
        name: "SPOP",
        command: &["SPOP", "set"],
        fill: Fill::Set,
    },
    Workload {
        name: "ZADD",
        command: &["ZADD", "zset", "__rand_int__", "member:__rand_int__"],
        fill: Fill::Empty,
    },
    Workload {
        name: "ZPOPMIN",
        command: &["ZPOPMIN", "zset"],
        fill: Fill::Zset,
    },
    Workload {
        name: "LRANGE 100",
        command: &["LRANGE", "list", "0", "99"],
        fill: Fill::List(Some(1000)),
    },
    Workload {
        name: "MSET 10",
        command: &[
            "MSET",
            "key:__rand_int__",
            VALUE,
            "key:__rand_int__",
            VALUE,
            "key:__rand_int__",
            VALUE,
            "key:__rand_int__",
            VALUE,
            "key:__rand_int__",
            VALUE,
            "key:__rand_int__",
            VALUE,
            "key:__rand_int__",
            VALUE,
            "key:__rand_int__",
            VALUE,
            "key:__rand_int__",
            VALUE,
            "key:__rand_int__",
            VALUE,
        ],
        fill: Fill::Empty,
    },
];

/// What one run of one workload on one server gave.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Requests a second, as the load generator saw them.
    pub requests_per_s: f64,
    /// CPU time of all the server's threads for one request, in microseconds.
    pub cpu_us: f64,
    /// Median latency in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile of latency in milliseconds.
    pub p99_ms: f64,
}

/// Empties and fills the server, then loads it with so many requests.
pub fn measure(
    server: &Server,
    workload: &Workload,
    pipeline: usize,
    requests: usize,
    pin: Option<&str>,
) -> io::Result<Sample> {
    let mut conn = server.connect();
    conn.try_call(&["FLUSHALL"])?;
    fill(&mut conn, workload.fill, requests)?;
    let mut command = match pin {
        Some(cpu) => {
            let mut command = Command::new("taskset");
            command.args(["-c", cpu, "redis-benchmark"]);
            command
        }
        None => Command::new("redis-benchmark"),
    };
    let words = [server.port(), 0].map(|n| n.to_string());
    let (keyspace, requests_word, pipeline_word) = (
        KEYSPACE.to_string(),
        requests.to_string(),
        pipeline.to_string(),
    );
    command.args([
        "-p",
        &words[0],
        "-c",
        CLIENTS,
        "-n",
        &requests_word,
        "-P",
        &pipeline_word,
        "-r",
        &keyspace,
        "--csv",
    ]);
    let before = server.cpu_time();
    let output = command.args(workload.command).output()?;
    let cpu = server.cpu_time() - before;
    let text = String::from_utf8_lossy(&output.stdout);
    let figures = parse_csv(&text).ok_or_else(|| {
        io::Error::other(format!(
            "redis-benchmark said: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        ))
    })?;
    Ok(Sample {
        requests_per_s: figures[0],
        cpu_us: cpu.as_secs_f64() * 1e6 / requests as f64,
        p50_ms: figures[3],
        p99_ms: figures[5],
    })
}

/// Loads so many keys of 16 bytes with values of 64 and gives the resident memory each takes.
pub fn memory_per_key(server: &Server, keys: usize) -> io::Result<f64> {
    let mut conn = server.connect();
    conn.try_call(&["FLUSHALL"])?;
    let before = server.rss_bytes();
    load(&mut conn, keys, |i, out| {
        encode(out, &["SET", &format!("key:{i:012}"), VALUE])
    })?;
    Ok(server.rss_bytes().saturating_sub(before) as f64 / keys as f64)
}

fn fill(conn: &mut Conn, fill: Fill, requests: usize) -> io::Result<()> {
    match fill {
        Fill::Empty => Ok(()),
        Fill::Strings => load(conn, KEYSPACE, |i, out| {
            encode(out, &["SET", &format!("key:{i:012}"), VALUE])
        }),
        Fill::List(count) => load(conn, count.unwrap_or(requests), |_, out| {
            encode(out, &["LPUSH", "list", "element"])
        }),
        Fill::Set => load(conn, requests, |i, out| {
            encode(out, &["SADD", "set", &format!("member:{i:012}")])
        }),
        Fill::Zset => load(conn, requests, |i, out| {
            encode(
                out,
                &["ZADD", "zset", &i.to_string(), &format!("member:{i:012}")],
            )
        }),
    }
}

/// Sends commands in pipelines of a thousand.
fn load(conn: &mut Conn, count: usize, one: impl Fn(usize, &mut Vec<u8>)) -> io::Result<()> {
    let mut at = 0;
    while at < count {
        let end = count.min(at + 1000);
        let mut out = Vec::new();
        (at..end).for_each(|i| one(i, &mut out));
        conn.send_raw(&out)?;
        for _ in at..end {
            let reply = conn.read()?;
            if reply.is_error("") {
                return Err(io::Error::other(format!("{reply:?}")));
            }
        }
        at = end;
    }
    Ok(())
}

/// The figures of the last line: requests a second, then latencies (average, minimum, p50, p95, p99, maximum).
fn parse_csv(text: &str) -> Option<Vec<f64>> {
    let line = text.lines().last()?;
    let figures: Vec<f64> = line
        .rsplitn(8, ',')
        .filter_map(|word| word.trim_matches('"').parse().ok())
        .collect();
    (figures.len() >= 7).then(|| figures.into_iter().take(7).rev().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_benchmarks_csv() {
        let text = "\"test\",\"rps\",\"avg\"\n\"GET k\",\"1000.5\",\"0.1\",\"0.2\",\"0.3\",\"0.4\",\"0.5\",\"0.6\"\n";
        assert_eq!(
            parse_csv(text),
            Some(vec![1000.5, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
        );
        assert_eq!(parse_csv("Error: refused"), None);
    }
}
