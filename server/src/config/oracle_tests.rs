//! The table against a real redis-server 7.0, where one is installed: same names, same
//! defaults, same reasons. What differs on purpose is listed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::directive::{NAMES, lookup};
use super::{Config, Flags, SetError, Values};

/// Names of ours, and of later versions of Redis.
const NOT_IN_REDIS_7_0: [&str; 13] = [
    "core-pinning",
    "io-coalesce-usec",
    "io-driver",
    "log-format",
    "lua-memory-max",
    "set-max-listpack-entries",
    "set-max-listpack-value",
    "shards",
    "threads",
    "wasm-memory-max",
    "wasm-module-max-functions",
    "wasm-module-max-size",
    "wasm-time-limit",
];

/// Defaults that differ, or depend on how the oracle was started.
const OTHER_DEFAULT: [&str; 4] = ["dir", "disable-thp", "port", "save"];

/// Whether one can listen there shows only when it is tried.
const REFUSED_WHEN_APPLIED: [&str; 2] = ["bind", "port"];

struct Oracle {
    process: Child,
    stream: BufReader<TcpStream>,
}

impl Oracle {
    /// Starts redis-server on a free port; `None`, and a line about it, where it is not installed or not 7.0.
    fn start() -> Option<Oracle> {
        let oracle = Oracle::start_installed();
        if oracle.is_none() {
            // Past the test harness, which shows nothing of a test that passes.
            let _ = writeln!(
                std::io::stderr(),
                "!! SKIPPED config::oracle_tests: they compare with Redis 7.0, which this machine does not have"
            );
        }
        oracle
    }

    fn start_installed() -> Option<Oracle> {
        let version = Command::new("redis-server")
            .arg("--version")
            .output()
            .ok()?;
        if !String::from_utf8_lossy(&version.stdout).contains("v=7.0.") {
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port();
        let process = Command::new("redis-server")
            .args([
                "--port",
                &port.to_string(),
                "--save",
                "",
                "--enable-protected-configs",
                "no",
            ])
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        for _ in 0..1200 {
            std::thread::sleep(Duration::from_millis(50));
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                return Some(Oracle {
                    process,
                    stream: BufReader::new(stream),
                });
            }
        }
        panic!("redis-server does not answer");
    }

    fn send(&mut self, words: &[&str]) {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.stream
            .get_mut()
            .write_all(request.as_bytes())
            .expect("sent");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    fn bulks(&mut self) -> Vec<String> {
        let count: usize = self.line()[1..].parse().expect("an array");
        (0..count)
            .map(|_| {
                let len: usize = self.line()[1..].parse().expect("a bulk");
                let mut bytes = vec![0; len + 2];
                self.stream.read_exact(&mut bytes).expect("its bytes");
                String::from_utf8_lossy(&bytes[..len]).into_owned()
            })
            .collect()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn names_and_defaults_are_those_of_redis() {
    let Some(mut oracle) = Oracle::start() else {
        return;
    };
    oracle.send(&["CONFIG", "GET", "*"]);
    let reply = oracle.bulks();
    let values = Values::default();
    let mut seen = Vec::new();
    for pair in reply.chunks_exact(2) {
        let (name, redis) = (pair[0].as_str(), &pair[1]);
        let named = lookup(name.as_bytes()).unwrap_or_else(|| panic!("Redis has {name}"));
        seen.push(name.to_owned());
        let ours = String::from_utf8_lossy(&values.show(named.id)).into_owned();
        assert!(
            OTHER_DEFAULT.contains(&name) || ours == *redis,
            "{name}: {ours:?}, Redis has {redis:?}"
        );
    }
    let visible = NAMES
        .iter()
        .filter(|named| !named.id.directive().flags.contains(Flags::HIDDEN));
    let extra: Vec<_> = visible
        .map(|named| named.name)
        .filter(|name| !seen.contains(&(*name).to_owned()))
        .collect();
    assert_eq!(extra, NOT_IN_REDIS_7_0);
}

#[test]
fn refusals_of_set_are_those_of_redis() {
    let Some(mut oracle) = Oracle::start() else {
        return;
    };
    let config = Config::new(Values::default(), None);
    for named in NAMES
        .iter()
        .filter(|named| !NOT_IN_REDIS_7_0.contains(&named.name))
    {
        if REFUSED_WHEN_APPLIED.contains(&named.name) {
            continue;
        }
        for value in ["not a value", "-5", "99999999999999999999", "101%"] {
            oracle.send(&["CONFIG", "SET", named.name, value]);
            let redis = oracle.line();
            let pair = std::iter::once((named.name.as_bytes(), value.as_bytes()));
            let nothing_to_apply = |_: &_, _: &_| Err(SetError::failed("", "accepted"));
            let ours = config
                .set(pair, false, nothing_to_apply)
                .expect_err("refused")
                .to_string();
            let accepted = ours.ends_with("accepted") || ours.contains("not supported yet");
            match redis.strip_prefix('-') {
                Some(redis) => assert_eq!(ours, redis, "{} {value}", named.name),
                None => assert!(
                    accepted,
                    "{} {value}: Redis takes it, we say {ours}",
                    named.name
                ),
            }
        }
    }
}
