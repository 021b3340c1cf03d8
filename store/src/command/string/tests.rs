//! Examples for what Redis 8.4 added to strings, after its documentation.

use crate::command::testing::Bench;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const BAD_DIGEST: &str = "-ERR must be exactly 16 hexadecimal characters";
const SYNTAX: &str = "-ERR syntax error";

#[test]
fn strings_are_set_by_what_they_were() {
    let mut bench = Bench::new();
    bench.run("RPUSH list x");
    bench.check(&[
        ("SET k 1 IFEQ x", "$-1"),
        ("EXISTS k", ":0"),
        ("SET k 1 IFNE x", "+OK"),
        ("SET k 2 IFNE 1", "$-1"),
        ("SET k 2 IFEQ 1 GET", "$1 1"),
        ("SET k 3 IFEQ 1 GET", "$1 2"),
        ("GET k", "$1 2"),
        ("SET k 5 IFEQ 2 EX 10", "+OK"),
        ("TTL k", ":10"),
        ("SET k 6 IFEQ 5 KEEPTTL", "+OK"),
        ("TTL k", ":10"),
        ("SET k 6 IFDEQ 123", BAD_DIGEST),
        ("SET k 6 IFDEQ 0123456789abcdeg", BAD_DIGEST),
        ("SET k 6 NX IFEQ 5", SYNTAX),
        ("SET k 6 IFEQ", SYNTAX),
        ("SET list x IFEQ x", WRONG_TYPE),
        ("SET list x IFNE x", WRONG_TYPE),
    ]);
    bench.run_args(&[b"SET", b"k", b"Hello world"]);
    bench.check(&[
        ("DIGEST k", "$16 b6acb9d84a38ff74"),
        ("DIGEST none", "$-1"),
        ("DIGEST list", WRONG_TYPE),
        ("SET k 1 IFDNE b6acb9d84a38ff74", "$-1"),
        ("SET k 1 IFDEQ B6ACB9D84A38FF74", "+OK"),
        ("SET k 2 IFDEQ b6acb9d84a38ff74", "$-1"),
        ("SET none 1 IFDEQ b6acb9d84a38ff74", "$-1"),
        ("SET none 1 IFDNE b6acb9d84a38ff74", "+OK"),
    ]);
}

#[test]
fn keys_are_deleted_by_what_they_hold() {
    let mut bench = Bench::new();
    for line in ["RPUSH list x", "SET a 1", "SET b 2"] {
        bench.run(line);
    }
    bench.check(&[
        ("DELEX none", ":0"),
        ("DELEX none IFNE x", ":0"),
        ("DELEX a IFEQ 2", ":0"),
        ("DELEX a IFNE 1", ":0"),
        ("DELEX list IFEQ x", WRONG_TYPE),
        ("DELEX a IFEQ 1 x", SYNTAX),
        ("DELEX a FOO 1", SYNTAX),
        ("DELEX a IFDNE zz", BAD_DIGEST),
        ("DELEX list", ":1"),
        ("DELEX a IFEQ 1", ":1"),
        ("DELEX b IFDNE 0000000000000000", ":1"),
    ]);
    assert_eq!(bench.events, ["del b"]);
}

#[test]
fn several_strings_are_set_with_one_expiry() {
    let mut bench = Bench::new();
    bench.check(&[
        ("MSETEX 2 a 1 b 2 EX 10 NX", ":1"),
        ("MGET a b", "*2 $1 1 $1 2"),
        ("TTL b", ":10"),
        ("MSETEX 2 a 3 c 3 NX", ":0"),
        ("MSETEX 2 a 3 c 3 XX", ":0"),
        ("MGET a c", "*2 $1 1 $-1"),
        ("MSETEX 1 a 3 KEEPTTL XX", ":1"),
        ("TTL a", ":10"),
        ("MSETEX 1 a 3", ":1"),
        ("TTL a", ":-1"),
        ("MSETEX 0 a 1", "-ERR invalid numkeys value"),
        ("MSETEX x a 1", "-ERR invalid numkeys value"),
        ("MSETEX 2 a 1 b", "-ERR wrong number of key-value pairs"),
        (
            "MSETEX 9223372036854775807 a 1",
            "-ERR wrong number of key-value pairs",
        ),
        ("MSETEX 1 a 1 GET", SYNTAX),
        ("MSETEX 1 a 1 NX XX", SYNTAX),
        (
            "MSETEX 1 a 1 EX 0",
            "-ERR invalid expire time in 'msetex' command",
        ),
    ]);
}
