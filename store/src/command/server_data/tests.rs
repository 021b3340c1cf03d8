//! Examples for the commands on whole databases; the replies are a real Redis 7.0.15's.

use crate::command::testing::Bench;

const SYNTAX: &str = "-ERR syntax error";
const DB_INDEX: &str = "-ERR DB index is out of range";

#[test]
fn databases_are_counted_and_emptied() {
    let mut bench = Bench::new();
    bench.check(&[
        ("DBSIZE", ":0"),
        ("MSET a 1 b 2 c 3", "+OK"),
        ("DBSIZE", ":3"),
        ("COPY a a DB 1", ":1"),
        ("FLUSHDB FOO", SYNTAX),
        ("FLUSHDB SYNC ASYNC", SYNTAX),
        ("FLUSHALL FOO", SYNTAX),
        ("FLUSHDB", "+OK"),
    ]);
    assert_eq!(bench.dirty, 3);
    bench.check(&[("DBSIZE", ":0"), ("SET a 1", "+OK")]);
    bench.db = 1;
    bench.check(&[("DBSIZE", ":1"), ("FLUSHALL async", "+OK")]);
    assert_eq!(bench.dirty, 2);
    bench.check(&[("DBSIZE", ":0"), ("FLUSHDB Sync", "+OK")]);
    bench.db = 0;
    bench.check(&[("DBSIZE", ":0")]);
}

#[test]
fn databases_change_places() {
    let mut bench = Bench::new();
    bench.check(&[
        ("SET a 1", "+OK"),
        ("SWAPDB x 1", "-ERR invalid first DB index"),
        ("SWAPDB 0 2147483648", "-ERR invalid second DB index"),
        ("SWAPDB 16 x", "-ERR invalid second DB index"),
        ("SWAPDB 0 16", DB_INDEX),
        ("SWAPDB -1 0", DB_INDEX),
        ("SWAPDB 0 0", "+OK"),
        ("EXISTS a", ":1"),
        ("SWAPDB 0 1", "+OK"),
    ]);
    assert_eq!(bench.dirty, 1);
    bench.check(&[("EXISTS a", ":0")]);
    bench.db = 1;
    bench.check(&[("EXISTS a", ":1")]);
}
