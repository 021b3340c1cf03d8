//! Replies, events and stored bytes, as redis-server 7.0.15 gives them.

use crate::command::testing::Bench;

const NO_HLL: &str = "-WRONGTYPE Key is not a valid HyperLogLog string value.";
const CORRUPTED: &str = "-INVALIDOBJ Corrupted HLL object detected";

#[test]
fn adding_and_counting() {
    let mut bench = Bench::new();
    bench.check(&[
        ("PFADD h", ":1"),
        ("PFADD h", ":0"),
        ("PFCOUNT h", ":0"),
        ("PFADD h a b c d e f g", ":1"),
        ("PFADD h a g", ":0"),
        ("PFCOUNT h", ":7"),
        ("PFCOUNT none", ":0"),
        ("PFADD i 1 2 3", ":1"),
        ("PFCOUNT h none i", ":10"),
        ("PFMERGE h i", "+OK"),
        ("PFCOUNT h", ":10"),
        ("OBJECT ENCODING h", "$3 raw"),
        ("PFDEBUG ENCODING h", "+sparse"),
        ("PFDEBUG TODENSE h", ":1"),
        ("PFDEBUG todense h", ":0"),
        ("PFDEBUG ENCODING h", "+dense"),
        ("STRLEN h", ":12304"),
        ("PFCOUNT h", ":10"),
        ("PFADD h x", ":1"),
        ("PFCOUNT h", ":11"),
        ("PFDEBUG DECODE h", "-ERR HLL encoding is not sparse"),
        (
            "PFDEBUG DECODE none",
            "-ERR The specified key does not exist",
        ),
        ("PFDEBUG NO h", "-ERR Unknown PFDEBUG subcommand 'NO'"),
        ("PFSELFTEST", "+OK"),
    ]);
}

#[test]
fn the_bytes_are_those_of_redis() {
    let mut bench = Bench::new();
    bench.run("PFADD h a b c");
    assert_eq!(
        bench.run_args(&[b"GET", b"h"]),
        b"$27\r\nHYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x60\xf3\x80\x50\xb1\x84\x4b\xfb\x80\x42\x5a\r\n"
    );
    bench.check(&[(
        "PFDEBUG DECODE h",
        "$44 Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603",
    )]);
}

#[test]
fn an_expiry_outlives_changes() {
    let mut bench = Bench::new();
    bench.check(&[
        ("PFADD h a", ":1"),
        ("EXPIRE h 100", ":1"),
        ("PFADD h b c", ":1"),
        ("PFMERGE h none", "+OK"),
        ("TTL h", ":100"),
    ]);
}

#[test]
fn events_and_changes() {
    let mut bench = Bench::new();
    for (line, events, dirty) in [
        ("PFADD h a b", &["new h", "pfadd h"][..], 3),
        ("PFADD h a", &[], 0),
        ("PFCOUNT h", &[], 1),
        ("PFCOUNT h", &[], 0),
        ("PFMERGE d h", &["new d", "pfadd d"], 1),
        ("PFDEBUG TODENSE h", &[], 1),
    ] {
        bench.run(line);
        assert_eq!(
            (&bench.events[..], bench.dirty),
            (
                &events
                    .iter()
                    .map(|event| (*event).to_owned())
                    .collect::<Vec<_>>()[..],
                dirty
            ),
            "{line}"
        );
    }
}

#[test]
fn what_is_no_hyperloglog_is_refused() {
    let mut bench = Bench::new();
    bench.run_args(&[b"SET", b"cut", b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xfe"]);
    bench.check(&[
        ("SET s text", "+OK"),
        ("SET n 1234567890123456789", "+OK"),
        ("SADD set a", ":1"),
        ("PFADD s a", NO_HLL),
        ("PFADD n a", NO_HLL),
        ("PFCOUNT s", NO_HLL),
        ("PFCOUNT none s", NO_HLL),
        ("PFMERGE d s", NO_HLL),
        (
            "PFADD set a",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("PFCOUNT cut", CORRUPTED),
        ("PFCOUNT cut none", CORRUPTED),
        ("PFMERGE cut none", CORRUPTED),
        ("PFDEBUG GETREG cut", CORRUPTED),
    ]);
}
