//! SLOWLOG, LATENCY and the times of INFO: what is measured of commands, and where it shows.

use harness::{Conn, Server, matrix};

const FLAGS: [&str; 2] = ["--enable-debug-command", "yes"];

/// The arguments of every entry of the slow log, newest first.
fn logged(conn: &mut Conn) -> Vec<String> {
    let entries = conn.run("SLOWLOG GET -1");
    let args = |entry: &harness::Reply| {
        let words: Vec<String> = entry.items()[3]
            .items()
            .iter()
            .map(|arg| arg.text())
            .collect();
        words.join(" ")
    };
    entries.items().iter().map(args).collect()
}

fn stat(server: &Server, section: &str, name: &str) -> Option<String> {
    let text = server.connect().run(&format!("INFO {section}")).text();
    text.lines().find_map(|line| {
        line.strip_prefix(name)?
            .strip_prefix(':')
            .map(str::to_owned)
    })
}

#[test]
fn slow_commands_are_logged_and_others_not() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        conn.run("CONFIG SET slowlog-log-slower-than 50000");
        conn.run("CLIENT SETNAME sleeper");
        conn.run("SLOWLOG RESET");
        conn.run("PING");
        conn.run("DEBUG SLEEP 0.06");
        let entries = conn.run("SLOWLOG GET");
        let entry = entries.items()[0].items();
        assert_eq!(entry.len(), 6);
        let micros = entry[2].int().expect("a time");
        assert!((60_000..10_000_000).contains(&micros), "{micros}");
        assert_eq!(entry[5].text(), "sleeper");
        assert_eq!(logged(&mut conn), ["DEBUG SLEEP 0.06"]);
        conn.run("CONFIG SET slowlog-log-slower-than -1");
        conn.run("DEBUG SLEEP 0.06");
        assert_eq!(conn.run("SLOWLOG LEN").int(), Some(1));
    });
}

#[test]
fn all_cores_write_one_log_without_secrets() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        conn.run("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 6");
        let mut others: Vec<Conn> = (0..4).map(|_| server.connect()).collect();
        for (at, other) in others.iter_mut().enumerate() {
            other.run(&format!("SET k{at} v"));
        }
        conn.run("AUTH user password");
        conn.run("CONFIG SET masteruser x");
        let found = logged(&mut conn);
        assert_eq!(
            found[..2],
            [
                "CONFIG SET masteruser (redacted)",
                "AUTH (redacted) (redacted)"
            ]
        );
        let mut sets = found[2..].to_vec();
        sets.sort();
        assert_eq!(sets, ["SET k0 v", "SET k1 v", "SET k2 v", "SET k3 v"]);
        conn.run("CONFIG SET slowlog-max-len 2");
        assert_eq!(conn.run("SLOWLOG LEN").int(), Some(2));
        assert_eq!(
            conn.run("SLOWLOG GET -2").text(),
            "ERR count should be greater than or equal to -1"
        );
    });
}

#[test]
fn a_transaction_is_logged_command_by_command() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        conn.run("CONFIG SET slowlog-log-slower-than 30000");
        conn.run("SLOWLOG RESET");
        for line in ["MULTI", "SET a 1", "DEBUG SLEEP 0.04", "SET b 2", "EXEC"] {
            conn.run(line);
        }
        assert_eq!(logged(&mut conn), ["DEBUG SLEEP 0.04"]);
    });
}

#[test]
fn times_are_summed_by_command_over_all_cores() {
    matrix(&FLAGS, |server| {
        let mut conns: Vec<Conn> = (0..4).map(|_| server.connect()).collect();
        conns[0].run("CONFIG RESETSTAT");
        conns.iter_mut().for_each(|conn| drop(conn.run("GET a")));
        conns[0].run("DEBUG SLEEP 0.05");
        let sleep = stat(server, "commandstats", "cmdstat_debug").expect("it was called");
        let micros: u64 = sleep
            .split(['=', ','])
            .nth(3)
            .and_then(|n| n.parse().ok())
            .unwrap();
        assert!((50_000..10_000_000).contains(&micros), "{sleep}");
        let gets = stat(server, "commandstats", "cmdstat_get").expect("it was called");
        assert!(gets.starts_with("calls=4,usec="), "{gets}");
        let percentiles = stat(server, "latencystats", "latency_percentiles_usec_get");
        let percentiles = percentiles.expect("it was called");
        assert!(
            percentiles.starts_with("p50=") && percentiles.contains(",p99.9="),
            "{percentiles}"
        );
        conns[0].call(&["CONFIG", "SET", "latency-tracking-info-percentiles", ""]);
        let none = stat(server, "latencystats", "latency_percentiles_usec_get");
        assert_eq!(none.as_deref(), Some(""));
    });
}

#[test]
fn histograms_count_every_call() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        conn.run("CONFIG RESETSTAT");
        for _ in 0..3 {
            server.connect().run("SET a 1");
        }
        let histogram = conn.run("LATENCY HISTOGRAM set nosuch client");
        let [name, distribution] = histogram.items() else {
            panic!("one command, but {histogram:?}")
        };
        assert_eq!(name.text(), "set");
        let fields = distribution.items();
        assert_eq!(
            (fields[0].text(), fields[1].int()),
            ("calls".into(), Some(3))
        );
        let buckets = fields[3].items();
        assert_eq!(buckets.last().and_then(|calls| calls.int()), Some(3));
        conn.run("CONFIG SET latency-tracking no");
        conn.run("SET a 1");
        let again = conn.run("LATENCY HISTOGRAM set");
        assert_eq!(again.items()[1].items()[1].int(), Some(3));
    });
}

#[test]
fn spikes_are_kept_by_event() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        conn.run("DEBUG SLEEP 0.02");
        assert!(
            conn.run("LATENCY LATEST").items().is_empty(),
            "the monitor is off"
        );
        conn.run("CONFIG SET latency-monitor-threshold 15");
        conn.run("LATENCY RESET");
        conn.run("DEBUG SLEEP 0.03");
        let latest = conn.run("LATENCY LATEST");
        let command = latest
            .items()
            .iter()
            .find(|event| event.items()[0].text() == "command");
        assert!(command.is_some_and(|event| event.items()[3].int() >= Some(30)));
        assert!(!conn.run("LATENCY HISTORY command").items().is_empty());
        assert!(
            conn.run("LATENCY GRAPH command")
                .text()
                .contains("command - high ")
        );
        assert!(conn.run("LATENCY DOCTOR").text().contains(" command: "));
        assert!(
            conn.run("LATENCY GRAPH no")
                .is_error("ERR No samples available for event 'no'")
        );
        assert!(conn.run("LATENCY RESET").int() >= Some(1));
        assert!(conn.run("LATENCY HISTORY command").items().is_empty());
    });
}

#[test]
fn a_command_that_waited_is_logged_once_it_was_served() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        conn.run("CONFIG SET slowlog-log-slower-than 0");
        let mut waiting = server.connect();
        waiting.send(&["BLPOP", "l", "0"]).expect("it is sent");
        while server.info("blocked_clients").as_deref() != Some("1") {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        conn.run("SLOWLOG RESET");
        conn.run("LPUSH l x");
        assert_eq!(waiting.read().expect("an element").items().len(), 2);
        let found = logged(&mut conn);
        assert_eq!(found[..2], ["BLPOP l 0", "LPUSH l x"]);
    });
}
