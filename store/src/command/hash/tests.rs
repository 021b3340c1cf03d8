//! Examples for fields' deadlines, after the documentation of Redis 7.4 and 8.0: the oracle of the other tests has none.

use crate::command::testing::Bench;

/// Of `h`: `a`, `b` and `c`, `a` with a deadline in ten seconds.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.run("HSET h a 1 b 2 c 3");
    assert_eq!(bench.run("HEXPIRE h 10 FIELDS 1 a"), "*1 :1");
    bench
}

#[test]
fn deadlines_are_set_under_conditions() {
    let mut bench = bench();
    bench.check(&[
        ("HPEXPIRE h 5000 FIELDS 3 a b none", "*3 :1 :1 :-2"),
        ("HPTTL h FIELDS 4 a b c none", "*4 :5000 :5000 :-1 :-2"),
        ("HTTL h FIELDS 1 a", "*1 :5"),
        ("HPEXPIRE h 9000 NX FIELDS 2 a c", "*2 :0 :1"),
        ("HPEXPIRE h 9000 XX FIELDS 1 a", "*1 :1"),
        ("HPEXPIRE h 8000 GT FIELDS 1 a", "*1 :0"),
        ("HPEXPIRE h 9001 gt FIELDS 1 a", "*1 :1"),
        ("HPEXPIRE h 9001 LT FIELDS 1 a", "*1 :0"),
        ("HPEXPIRE h 9000 lt fields 1 a", "*1 :1"),
        ("HTTL none FIELDS 2 a b", "*2 :-2 :-2"),
        ("HEXPIRE none 5 FIELDS 2 a b", "*2 :-2 :-2"),
        ("HPERSIST none FIELDS 1 a", "*1 :-2"),
        ("HSET d x 1 y 2", ":2"),
        ("HPEXPIRE d 5 GT FIELDS 1 x", "*1 :0"),
        ("HPEXPIRE d 5 XX FIELDS 1 x", "*1 :0"),
        ("HPEXPIRE d 5 LT FIELDS 1 x", "*1 :1"),
        ("HEXPIREAT h 1700000100 FIELDS 1 b", "*1 :1"),
        ("HEXPIRETIME h FIELDS 1 b", "*1 :1700000100"),
        ("HPEXPIRETIME h FIELDS 1 b", "*1 :1700000100000"),
        ("HPEXPIREAT h 1700000000001 FIELDS 1 b", "*1 :1"),
        ("HTTL h FIELDS 1 b", "*1 :1"),
        ("HPERSIST h FIELDS 3 b c none", "*3 :1 :1 :-2"),
        ("HPERSIST h FIELDS 1 b", "*1 :-1"),
    ]);
}

#[test]
fn what_cannot_be_read_is_refused() {
    const NOT_HERE: &str = "-ERR Mandatory argument FIELDS is missing or not at the right position";
    const MISMATCH: &str = "-ERR The `numfields` parameter must match the number of arguments";
    const INVALID: &str = "-ERR invalid expire time in 'hexpire' command";
    const NOT_INTEGER: &str = "-ERR value is not an integer or out of range";
    const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    let mut bench = bench();
    bench.run("SET s x");
    bench.check(&[
        ("HEXPIRE h x FIELDS 1 a", NOT_INTEGER),
        (
            "HEXPIRE h -1 FIELDS 1 a",
            "-ERR invalid expire time, must be >= 0",
        ),
        ("HEXPIRE h 70368744178 FIELDS 1 a", INVALID),
        ("HEXPIRE h 9223372036854775807 FIELDS 1 a", INVALID),
        ("HEXPIRE h 5 1 a b", NOT_HERE),
        ("HEXPIRE h 5 NX 1 a b", NOT_HERE),
        (
            "HEXPIRE h 5 FIELDS 0 a",
            "-ERR Parameter `numFields` should be greater than 0",
        ),
        (
            "HEXPIRE h 5 FIELDS x a",
            "-ERR Parameter `numFields` should be greater than 0",
        ),
        ("HEXPIRE h 5 FIELDS 2 a", MISMATCH),
        ("HEXPIRE h 5 FIELDS 1 a b", MISMATCH),
        ("HEXPIRE s 5 FIELDS 1 a", WRONG_TYPE),
        ("HEXPIRE s x y 1 a", WRONG_TYPE),
        ("HTTL s FIELDS 1 a", WRONG_TYPE),
        ("HTTL h a FIELDS 1", NOT_HERE),
        (
            "HTTL h FIELDS 0 a",
            "-ERR Number of fields must be a positive integer",
        ),
        ("HPERSIST h FIELDS 3 a b", MISMATCH),
        ("HGETDEL h FIELDS 2 a", MISMATCH),
        (
            "HGETEX h EX 5 PX 5 FIELDS 1 a",
            "-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified",
        ),
        (
            "HGETEX h KEEPTTL FIELDS 1 a",
            "-ERR unknown argument: KEEPTTL",
        ),
        (
            "HGETEX h FIELDS 2 a",
            "-ERR wrong number of arguments for 'hgetex' command",
        ),
        ("HGETEX h FIELDS 0 a", "-ERR invalid number of fields"),
        ("HGETEX h PERSIST x EX", "-ERR unknown argument: x"),
        (
            "HSETEX h FXX EX 60 KEEPTTL FIELDS 1 a 1",
            "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
        ),
        (
            "HSETEX h FNX FXX FIELDS 1 a 1",
            "-ERR Only one of FXX or FNX arguments can be specified",
        ),
        (
            "HSETEX h FIELDS 2 a 1",
            "-ERR wrong number of arguments for 'hsetex' command",
        ),
        (
            "HSETEX h PX -5 FIELDS 1 a 1",
            "-ERR invalid expire time, must be >= 0",
        ),
        ("HSETEX s FIELDS 1 a 1", WRONG_TYPE),
    ]);
}

#[test]
fn a_deadline_in_the_past_removes_at_once() {
    let mut bench = bench();
    bench.check(&[
        ("HEXPIRE h 0 FIELDS 2 a b", "*2 :2 :2"),
        ("HGETALL h", "*2 $1 c $1 3"),
    ]);
    bench.check(&[("HPEXPIREAT h 1 FIELDS 1 c", "*1 :2")]);
    assert_eq!(bench.events, ["hdel h", "del h"]);
    assert_eq!(bench.dirty, 1);
    bench.check(&[
        ("EXISTS h", ":0"),
        ("HSETEX h EXAT 1 FIELDS 1 a 1", ":1"),
        ("EXISTS h", ":0"),
    ]);
}

#[test]
fn due_fields_are_gone_for_everybody() {
    let mut bench = bench();
    bench.now_ms += 10_001;
    bench.check(&[("HGET h a", "$-1")]);
    assert_eq!(bench.events, ["hexpired h"]);
    bench.check(&[
        ("HLEN h", ":2"),
        ("HEXISTS h a", ":0"),
        ("HMGET h a b", "*2 $-1 $1 2"),
        ("HSTRLEN h a", ":0"),
        ("HDEL h a", ":0"),
        ("HTTL h FIELDS 1 a", "*1 :-2"),
        ("HSETNX h a 5", ":1"),
        ("HPEXPIRE h 10 FIELDS 3 a b c", "*3 :1 :1 :1"),
    ]);
    bench.now_ms += 11;
    bench.check(&[("HGETALL h", "*0")]);
    assert_eq!(bench.events, ["hexpired h", "del h"]);
    bench.check(&[("EXISTS h", ":0")]);
}

/// More fields at once than a lookup removes: the others are hidden until the sweep comes.
#[test]
fn fields_too_many_to_remove_are_hidden() {
    let mut bench = Bench::new();
    for field in 0..3000 {
        bench.run(&format!("HSET h f{field} v"));
        bench.run(&format!("HPEXPIRE h 10 FIELDS 1 f{field}"));
    }
    bench.run("HSET h last v");
    bench.now_ms += 11;
    bench.check(&[("HGETALL h", "*2 $4 last $1 v")]);
    assert_ne!(bench.run("HLEN h"), ":1");
    bench.check(&[
        ("HKEYS h", "*1 $4 last"),
        ("HRANDFIELD h", "$4 last"),
        ("HRANDFIELD h 5", "*1 $4 last"),
        ("HSCAN h 0 COUNT 100000", "*2 $1 0 *2 $4 last $1 v"),
        ("COPY h copy", ":1"),
        ("HLEN copy", ":1"),
        ("HDEL h last", ":1"),
        ("HRANDFIELD h 5", "*0"),
        ("HRANDFIELD h", "$-1"),
        ("HSET h f1 again", ":1"),
    ]);
    while bench.sweep() > 0 {}
    bench.check(&[("HLEN h", ":1"), ("HGETALL h", "*2 $2 f1 $5 again")]);
    bench.audit();
}

#[test]
fn the_sweep_removes_due_fields_and_what_is_left_empty() {
    let mut bench = bench();
    bench.run("HSET other x 1");
    bench.run("HPEXPIRE other 20000 FIELDS 1 x");
    bench.now_ms += 10_001;
    assert_eq!(bench.sweep(), 1);
    bench.check(&[("HLEN h", ":2"), ("DBSIZE", ":2")]);
    bench.now_ms += 10_001;
    assert_eq!(bench.sweep(), 1);
    bench.check(&[("DBSIZE", ":1")]);
    bench.audit();
}

#[test]
fn what_sets_a_field_clears_its_deadline_and_what_alters_it_does_not() {
    for (line, left) in [
        ("HSET h a 5", ":-1"),
        ("HMSET h a 5", ":-1"),
        ("HINCRBY h a 5", ":10"),
        ("HINCRBYFLOAT h a 0.5", ":10"),
        ("HSETEX h KEEPTTL FIELDS 1 a 5", ":10"),
        ("HSETEX h FIELDS 1 a 5", ":-1"),
        ("HSETEX h EX 20 FIELDS 1 a 5", ":20"),
        ("HGETEX h FIELDS 1 a", ":10"),
        ("HGETEX h PERSIST FIELDS 1 a", ":-1"),
        ("RENAME h g", ":10"),
        ("COPY h g", ":10"),
        ("MOVE h 1", ":10"),
    ] {
        let mut bench = bench();
        bench.run(line);
        let key = match line {
            "RENAME h g" | "COPY h g" => "g",
            _ => "h",
        };
        bench.db = usize::from(line == "MOVE h 1");
        let expected = format!("*1 {left}");
        assert_eq!(
            bench.run(&format!("HTTL {key} FIELDS 1 a")),
            expected,
            "{line}"
        );
        bench.now_ms += 10_001;
        bench.run(&format!("HGET {key} a"));
        assert_eq!(bench.events.is_empty(), left != ":10", "{line}");
    }
}

#[test]
fn values_are_given_out_while_they_change() {
    let mut bench = bench();
    bench.check(&[("HGETEX h EX 20 FIELDS 2 b none", "*2 $1 2 $-1")]);
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["hexpire h".to_owned()][..], 1)
    );
    bench.check(&[("HGETEX h PERSIST FIELDS 2 a b", "*2 $1 1 $1 2")]);
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["hpersist h".to_owned()][..], 2)
    );
    bench.check(&[
        ("HGETEX h FIELDS 1 a", "*1 $1 1"),
        ("HGETEX none EX 5 FIELDS 2 a b", "*2 $-1 $-1"),
        ("HGETDEL none FIELDS 1 a", "*1 $-1"),
        ("HGETDEL h FIELDS 3 a a none", "*3 $1 1 $-1 $-1"),
    ]);
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["hdel h".to_owned()][..], 1)
    );
    bench.check(&[("HGETDEL h FIELDS 2 b c", "*2 $1 2 $1 3")]);
    assert_eq!(bench.events, ["hdel h", "del h"]);
}

#[test]
fn fields_are_set_all_or_none() {
    let mut bench = bench();
    bench.check(&[
        ("HSETEX h FNX FIELDS 2 x 1 a 2", ":0"),
        ("HSETEX h FXX FIELDS 2 x 1 a 2", ":0"),
        ("HMGET h x a", "*2 $-1 $1 1"),
        ("HSETEX h FNX EX 5 FIELDS 2 x 1 y 2", ":1"),
        ("HSETEX h FXX FIELDS 2 x 3 a 4", ":1"),
        ("HMGET h x a", "*2 $1 3 $1 4"),
        ("HSETEX none FXX FIELDS 1 x 1", ":0"),
        ("EXISTS none", ":0"),
        ("HSETEX none FNX PX 500 FIELDS 1 x 1", ":1"),
    ]);
    assert_eq!(bench.events, ["new none", "hset none", "hexpire none"]);
}
