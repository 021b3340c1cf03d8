//! The real redis-cli and redis-benchmark, as people use them.

use harness::{Server, matrix};
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn finish(mut command: Command, input: &[u8]) -> String {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{shown}: {e}; install redis-tools"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr)
    );
    assert!(status.success(), "{shown}: {status}\n{text}");
    text
}

/// `redis-cli` on the server, ended after a minute whatever it does.
fn cli(server: &Server, args: &[&str], input: &[u8]) -> String {
    let mut command = Command::new("timeout");
    command
        .args(["60", "redis-cli", "-p", &server.port().to_string()])
        .args(args);
    finish(command, input)
}

fn benchmark(args: &[&str]) {
    let mut command = Command::new("timeout");
    command.args(["300", "redis-benchmark"]).args(args);
    let text = finish(command, b"");
    let results = text.matches("requests per second").count();
    assert!(
        results >= 18,
        "{results} results of the default set:\n{text}"
    );
    assert!(
        !text.contains("rror") && !text.contains("WARNING"),
        "{text}"
    );
}

fn fill(server: &Server) {
    let mut conn = server.connect();
    for i in 0..300 {
        conn.run(&format!("SET string:{i} value-{i}"));
        conn.run(&format!("RPUSH list:{} a b c", i % 20));
        conn.run(&format!("HSET hash:{} f{i} v", i % 10));
        conn.run(&format!("SADD set:{} {i}", i % 10));
        conn.run(&format!("ZADD zset:{} {i} m{i}", i % 5));
    }
}

#[test]
fn cli_finds_big_keys() {
    matrix(&[], |server| {
        fill(server);
        let text = cli(server, &["--bigkeys"], b"");
        assert!(text.contains("Sampled 345 keys in the keyspace!"), "{text}");
        assert!(text.contains("Biggest   list found"), "{text}");
        let text = cli(server, &["--memkeys"], b"");
        assert!(text.contains("Sampled 345 keys in the keyspace!"), "{text}");
    });
}

#[test]
fn cli_scans() {
    matrix(&[], |server| {
        fill(server);
        let text = cli(server, &["--scan", "--pattern", "hash:*"], b"");
        let mut keys: Vec<&str> = text.lines().collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            (0..10).map(|i| format!("hash:{i}")).collect::<Vec<_>>()
        );
    });
}

#[test]
fn cli_pipes_a_mass_insertion() {
    matrix(&[], |server| {
        let mut input = Vec::new();
        for i in 0..50_000 {
            harness::wire::encode(&mut input, &["SET", &format!("key:{i}"), "value"]);
        }
        let text = cli(server, &["--pipe"], &input);
        assert!(text.contains("errors: 0, replies: 50000"), "{text}");
        assert_eq!(server.connect().run("DBSIZE").int(), Some(50_000));
    });
}

#[test]
fn cli_measures_latency() {
    matrix(&[], |server| {
        let text = cli(server, &["--raw", "--latency"], b"");
        let figures: Vec<f64> = text
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        assert_eq!(figures.len(), 4, "min, max, average and samples: {text}");
    });
}

#[test]
fn cli_shows_statistics() {
    matrix(&[], |server| {
        let mut command = Command::new("timeout");
        command.args([
            "-s",
            "INT",
            "--preserve-status",
            "3",
            "stdbuf",
            "-oL",
            "redis-cli",
            "-p",
            &server.port().to_string(),
            "--stat",
            "-i",
            "0.2",
        ]);
        let out = command.output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(text.contains("keys") && text.contains("requests"), "{text}");
        assert!(text.lines().count() >= 3, "{text}");
    });
}

#[test]
fn cli_gets_its_command_table() {
    matrix(&[], |server| {
        let text = cli(server, &["COMMAND", "DOCS", "SET"], b"");
        for word in [
            "summary",
            "since",
            "group",
            "string",
            "complexity",
            "arguments",
            "condition",
            "NX",
        ] {
            assert!(text.contains(word), "{word} is missing in {text}");
        }
        let count: i64 = cli(server, &["COMMAND", "COUNT"], b"")
            .trim()
            .parse()
            .unwrap();
        assert!(count > 50);
        let text = cli(server, &["-3", "HELLO"], b"");
        assert!(text.contains("proto"), "{text}");
    });
}

#[test]
fn benchmark_runs_its_whole_default_set() {
    matrix(&[], |server| {
        let port = server.port().to_string();
        benchmark(&["-p", &port, "-q", "-n", "2000"]);
        benchmark(&["-p", &port, "-q", "-n", "4000", "-P", "16"]);
        benchmark(&[
            "-p",
            &port,
            "-q",
            "-n",
            "4000",
            "--threads",
            "2",
            "-r",
            "1000",
        ]);
        benchmark(&[
            "-s",
            &server.socket().display().to_string(),
            "-q",
            "-n",
            "2000",
        ]);
    });
}
