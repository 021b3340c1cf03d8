//! Replies, events and stored bytes, as redis-server 7.0.15 gives them.

use crate::command::testing::Bench;

const OFFSET_ERROR: &str = "-ERR bit offset is not an integer or out of range";

#[test]
fn single_bits() {
    let mut bench = Bench::new();
    bench.check(&[
        ("SETBIT k 7 1", ":0"),
        ("GET k", "$1 \u{1}"),
        ("SETBIT k 7 1", ":1"),
        ("SETBIT k 1 1", ":0"),
        ("GETBIT k 1", ":1"),
        ("GETBIT k 800", ":0"),
        ("GETBIT none 0", ":0"),
        ("SETBIT k 0 2", "-ERR bit is not an integer or out of range"),
        ("SETBIT k 0 x", "-ERR bit is not an integer or out of range"),
        ("SETBIT k -1 1", OFFSET_ERROR),
        ("SETBIT k 4294967296 1", OFFSET_ERROR),
        ("GETBIT k #1", OFFSET_ERROR),
        ("SET n 1", "+OK"),
        ("SETBIT n 6 1", ":0"),
        ("GET n", "$1 3"),
        ("OBJECT ENCODING n", "$3 raw"),
        ("SADD s a", ":1"),
        (
            "SETBIT s 0 1",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
    ]);
    for (line, events) in [
        ("SETBIT k 7 1", &[][..]),
        ("SETBIT k 7 0", &["setbit k"]),
        ("SETBIT k 80 0", &["setbit k"]),
        ("SETBIT fresh 3 0", &["new fresh", "setbit fresh"]),
    ] {
        bench.run(line);
        assert_eq!(bench.events, events, "{line}");
    }
}

#[test]
fn counts() {
    let mut bench = Bench::new();
    bench.check(&[
        ("SET k foobar", "+OK"),
        ("BITCOUNT k", ":26"),
        ("BITCOUNT k 0 0", ":4"),
        ("BITCOUNT k 1 1 BYTE", ":6"),
        ("BITCOUNT k 5 30 BIT", ":17"),
        ("BITCOUNT k -9223372036854775808 9223372036854775807", ":26"),
        ("BITCOUNT k -1 -3 nonsense", ":0"),
        ("BITCOUNT k 0 1 nonsense", "-ERR syntax error"),
        ("BITCOUNT k 0", "-ERR syntax error"),
        ("BITCOUNT none 0", ":0"),
        ("SET n 12", "+OK"),
        ("BITCOUNT n", ":6"),
    ]);
}

#[test]
fn positions() {
    let mut bench = Bench::new();
    bench.run_args(&[b"SET", b"k", b"\xff\xf0\x00"]);
    bench.run_args(&[b"SET", b"ones", b"\xff\xff\xff"]);
    bench.check(&[
        ("BITPOS k 0", ":12"),
        ("BITPOS k 1 2", ":-1"),
        ("BITPOS k 1 1 -1", ":8"),
        ("BITPOS k 0 3 11 BIT", ":-1"),
        ("BITPOS k 0 3 12 bit", ":12"),
        ("BITPOS ones 0", ":24"),
        ("BITPOS ones 0 1", ":24"),
        ("BITPOS ones 0 0 -1", ":-1"),
        ("BITPOS ones 0 7", ":-1"),
        ("BITPOS none 0 x y z", ":0"),
        ("BITPOS none 1", ":-1"),
        ("BITPOS k 2", "-ERR The bit argument must be 1 or 0."),
        ("BITPOS k a", "-ERR value is not an integer or out of range"),
        ("BITPOS k 0 0 x bad", "-ERR syntax error"),
    ]);
}

#[test]
fn whole_strings() {
    let mut bench = Bench::new();
    bench.check(&[
        ("SET a abcdefghij", "+OK"),
        ("SET b ab", "+OK"),
        ("BITOP AND d a b", ":10"),
        ("GET d", "$10 ab\0\0\0\0\0\0\0\0"),
        ("OBJECT ENCODING d", "$3 raw"),
        ("BITOP or d a none b", ":10"),
        ("GET d", "$10 abcdefghij"),
        ("BITOP XOR d a a", ":10"),
        ("BITOP NOT d none", ":0"),
        ("EXISTS d", ":0"),
        ("SET n 7", "+OK"),
        ("BITOP AND d n n", ":1"),
        ("GET d", "$1 7"),
        (
            "BITOP NOT d a b",
            "-ERR BITOP NOT must be called with a single source key.",
        ),
        ("BITOP NAND d a", "-ERR syntax error"),
        ("SADD s x", ":1"),
        (
            "BITOP AND d a s",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
    ]);
    bench.run("BITOP AND d a b");
    assert_eq!(bench.events, ["set d"]);
    bench.run("BITOP AND d none none");
    assert_eq!(bench.events, ["del d"]);
}

#[test]
fn fields() {
    const BAD_TYPE: &str = "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
    let mut bench = Bench::new();
    bench.check(&[
        ("BITFIELD k", "*0"),
        ("BITFIELD k GET u8 0", "*1 :0"),
        ("EXISTS k", ":0"),
        (
            "BITFIELD k SET u8 0 255 GET i8 0 INCRBY u8 0 1",
            "*3 :0 :-1 :0",
        ),
        (
            "BITFIELD k SET i5 #1 15 OVERFLOW SAT INCRBY i5 5 100",
            "*2 :0 :15",
        ),
        (
            "BITFIELD k OVERFLOW FAIL INCRBY i5 5 1 GET i5 5",
            "*2 $-1 :15",
        ),
        ("BITFIELD k OVERFLOW WRAP INCRBY i5 5 1", "*1 :-16"),
        ("BITFIELD k OVERFLOW SAT SET u4 0 -1 GET u4 0", "*2 :0 :15"),
        (
            "BITFIELD k SET i64 3 -9223372036854775808 GET i64 3",
            "*2 :-6917529027641081856 :-9223372036854775808",
        ),
        ("BITFIELD_RO k GET u1 0", "*1 :1"),
        (
            "BITFIELD_RO k SET u1 0 0",
            "-ERR BITFIELD_RO only supports the GET subcommand",
        ),
        ("BITFIELD k GET u64 0", BAD_TYPE),
        ("BITFIELD k GET x8 0", BAD_TYPE),
        ("BITFIELD k GET u8 -1", OFFSET_ERROR),
        ("BITFIELD k GET u8 #9223372036854775807", OFFSET_ERROR),
        (
            "BITFIELD k SET u8 0 x",
            "-ERR value is not an integer or out of range",
        ),
        (
            "BITFIELD k OVERFLOW no",
            "-ERR Invalid OVERFLOW type specified",
        ),
        ("BITFIELD k GET u8", "-ERR syntax error"),
    ]);
    // As Redis has it: what is far too low saturates at the top.
    bench.check(&[
        (
            "BITFIELD sat OVERFLOW SAT SET i8 0 -200 GET i8 0",
            "*2 :0 :-128",
        ),
        (
            "BITFIELD sat OVERFLOW SAT SET i8 0 -9223372036854775808 GET i8 0",
            "*2 :-128 :127",
        ),
        (
            "BITFIELD sat OVERFLOW SAT INCRBY i8 0 -9223372036854775808",
            "*1 :-128",
        ),
    ]);
    bench.run("BITFIELD f SET u8 0 0 SET u8 8 0");
    assert_eq!(
        (bench.events.len(), bench.dirty),
        (2, 2),
        "new and one setbit"
    );
    bench.run("BITFIELD f SET u8 0 0");
    assert_eq!((bench.events.len(), bench.dirty), (0, 0));
}

/// After the documentation of Redis 8.2.
#[test]
fn bits_of_one_and_of_others_combine() {
    let mut bench = Bench::new();
    for (key, value) in [
        ("x", &b"\xf0\xff"[..]),
        ("y", b"\xcc"),
        ("z", b"\xaa\x01\x80"),
    ] {
        bench.run_args(&[b"SET", key.as_bytes(), value]);
    }
    for (line, expected) in [
        ("BITOP DIFF d x y z", &b"\x10\xfe\0"[..]),
        ("BITOP DIFF1 d x y z", b"\x0e\0\x80"),
        ("BITOP ANDOR d x y z", b"\xe0\x01\0"),
        ("BITOP ONE d x y z", b"\x16\xfe\x80"),
        ("BITOP ONE d x", b"\xf0\xff"),
        ("BITOP DIFF d none x", b"\0\0"),
        ("BITOP DIFF1 d none x", b"\xf0\xff"),
    ] {
        assert_eq!(bench.run(line), format!(":{}", expected.len()), "{line}");
        let reply = bench.run_args(&[b"GET", b"d"]);
        let body = &reply[4..reply.len() - 2];
        assert_eq!(body, expected, "{line}");
    }
    for name in ["DIFF", "DIFF1", "ANDOR"] {
        let error = format!("-ERR BITOP {name} must be called with at least two source keys.");
        assert_eq!(bench.run(&format!("BITOP {name} d x")), error);
    }
}
