//! INFO's counters of lookups, changes and errors: what each command adds, as a real Redis 7.0.15 counts it.

use harness::matrix;
use std::time::{Duration, Instant};

const FLAGS: [&str; 2] = ["--enable-debug-command", "yes"];

#[test]
fn lookups_are_counted_until_the_counters_are_reset() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        ["SET a 1", "GET a", "EXISTS a b c d", "LPOP b", "MGET a b"]
            .iter()
            .for_each(|line| drop(conn.run(line)));
        assert_eq!(server.info_number("keyspace_hits"), 3);
        assert_eq!(server.info_number("keyspace_misses"), 4);
        assert_eq!(conn.run("CONFIG RESETSTAT").text(), "OK");
        assert_eq!(server.info_number("keyspace_hits"), 0);
        assert_eq!(server.info_number("keyspace_misses"), 0);
    });
}

/// What finds out that it takes long is run again; its lookups count once.
#[test]
fn a_long_command_counts_its_lookups_once() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        for (command, key) in [("RPUSH", "list"), ("SADD", "set"), ("SADD", "other")] {
            let numbers = (0..9000).map(|number| number.to_string());
            let request: Vec<String> = [command.into(), key.into()]
                .into_iter()
                .chain(numbers)
                .collect();
            assert_eq!(conn.call(&request).int(), Some(9000));
        }
        conn.run("MSET weight:1 1 weight:2 2");
        for (line, hits, misses) in [
            ("LRANGE list 0 -1", 1, 0),
            ("SUNION set none other", 2, 1),
            ("ZUNIONSTORE result 2 set other", 2, 0),
            ("ZRANGE result 0 -1", 1, 0),
            ("SORT list BY weight:* LIMIT 0 1", 3, 8998),
            ("SORT none BY weight:*", 0, 1),
        ] {
            conn.run("CONFIG RESETSTAT");
            conn.run(line);
            let seen = ["keyspace_hits", "keyspace_misses"].map(|field| server.info_number(field));
            assert_eq!(seen, [hits, misses], "{line}");
        }
    });
}

#[test]
fn what_is_freed_later_is_counted() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        let members = (0..1000).map(|number| number.to_string());
        let request: Vec<String> = ["SADD".into(), "set".into()]
            .into_iter()
            .chain(members)
            .collect();
        for remove in ["DEL set", "FLUSHALL"] {
            conn.run("CONFIG RESETSTAT");
            conn.call(&request);
            conn.run("SADD small a");
            conn.run("DEL small");
            assert_eq!(server.info_number("lazyfreed_objects"), 0);
            conn.run(remove);
            let begun = Instant::now();
            while server.info_number("lazyfree_pending_objects") > 0 {
                assert!(begun.elapsed() < Duration::from_secs(60), "it is freed");
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(server.info_number("lazyfreed_objects"), 1, "{remove}");
        }
    });
}

#[test]
fn changes_since_the_last_save_are_counted() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        for (line, changes) in [
            ("SET a 1", 1),
            ("GET a", 1),
            ("RPUSH l a b c", 4),
            ("DEL a b", 5),
            ("DEL a b", 5),
            ("CONFIG RESETSTAT", 5),
        ] {
            conn.run(line);
            assert_eq!(
                server.info_number("rdb_changes_since_last_save"),
                changes,
                "{line}"
            );
        }
    });
}

#[test]
fn errors_are_counted_by_code_and_by_command() {
    matrix(&FLAGS, |server| {
        let mut conn = server.connect();
        for line in [
            "RPUSH l a",
            "CONFIG RESETSTAT",
            "GET l",
            "INCR l",
            "GET",
            "NOSUCH x",
            "DEBUG ERROR CODE",
        ] {
            conn.run(line);
        }
        assert_eq!(server.info_number("total_error_replies"), 4);
        let info = conn.run("INFO everything").text();
        for line in ["errorstat_ERR:count=2", "errorstat_WRONGTYPE:count=2"] {
            assert!(info.lines().any(|found| found == line), "{line} in {info}");
        }
        let of_get = info
            .lines()
            .find(|line| line.starts_with("cmdstat_get:calls=1,"));
        assert!(of_get.is_some_and(|line| line.ends_with(",rejected_calls=1,failed_calls=1")));
        conn.run("CONFIG RESETSTAT");
        assert!(!conn.run("INFO errorstats").text().contains("errorstat_"));
    });
}
