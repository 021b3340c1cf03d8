//! Examples for every generic command but SORT; the replies are a real Redis 7.0.15's.

use crate::command::EventClass;
use crate::command::testing::Bench;

const SAME: &str = "-ERR source and destination objects are the same";
const NO_KEY: &str = "-ERR no such key";
const SYNTAX: &str = "-ERR syntax error";
const NOT_INTEGER: &str = "-ERR value is not an integer or out of range";
const DB_INDEX: &str = "-ERR DB index is out of range";
const NOT_INT: &str = "-ERR value is out of range, value must between -2147483648 and 2147483647";

fn bench_with(lines: &[&str]) -> Bench {
    let mut bench = Bench::new();
    for line in lines {
        bench.run(line);
    }
    bench
}

/// The bulks of a reply, sorted.
fn bulks(reply: &str) -> Vec<&str> {
    let mut bulks: Vec<&str> = reply
        .split(' ')
        .filter(|word| !word.starts_with(['*', '$']))
        .collect();
    bulks.sort_unstable();
    bulks
}

#[test]
fn keys_are_deleted_and_counted_once() {
    let mut bench = bench_with(&["SET a 1", "RPUSH l x", "SADD s x", "SET gone 1 PX 5"]);
    bench.now_ms += 6;
    bench.check(&[
        ("EXISTS a a l none gone", ":3"),
        ("TOUCH a l none", ":2"),
        ("TYPE a", "+string"),
        ("TYPE l", "+list"),
        ("TYPE s", "+set"),
        ("TYPE none", "+none"),
        ("DEL none", ":0"),
        ("DEL a a none", ":1"),
        ("UNLINK l s a", ":2"),
    ]);
    assert_eq!(bench.events, ["del l", "del s"]);
    assert_eq!(bench.dirty, 2);
}

/// Hits and misses as `INFO stats` of a Redis 7.0.15 shows them after each command.
#[test]
fn reads_count_as_lookups_and_writes_do_not() {
    for (line, hits, misses) in [
        ("GET a", 1, 0),
        ("GET none", 0, 1),
        ("GET gone", 0, 1),
        ("MGET a none l", 2, 1),
        ("EXISTS a a none", 2, 1),
        ("TYPE none", 0, 1),
        ("TTL a", 1, 0),
        ("OBJECT ENCODING none", 0, 1),
        ("SET a 2 XX", 0, 0),
        ("SET a 2 GET", 1, 0),
        ("SETNX none 1", 0, 0),
        ("GETDEL none", 0, 1),
        ("DEL a none", 0, 0),
        ("INCR a", 0, 0),
        ("LLEN l", 1, 0),
        ("LPOP l", 0, 0),
        ("SINTERSTORE d s none", 1, 1),
        ("SORT l BY w_* GET a", 1, 1),
        ("RENAME a b", 0, 0),
        ("COPY a b", 1, 0),
        ("RANDOMKEY", 0, 0),
    ] {
        let mut bench = bench_with(&["SET a 1", "RPUSH l 7", "SADD s x", "SET gone 1 PX 5"]);
        bench.now_ms += 6;
        bench.run(line);
        assert_eq!(bench.lookups(), (hits, misses), "{line}");
    }
}

#[test]
fn who_listens_hears_of_misses() {
    let mut bench = Bench::new();
    bench.config.events = EventClass::MISS;
    for (line, events) in [
        ("GET none", &["keymiss none"][..]),
        ("TTL none", &["keymiss none"]),
        ("OBJECT FREQ none", &[]),
        ("LPOP none", &[]),
    ] {
        bench.run(line);
        assert_eq!(bench.events, events, "{line}");
    }
}

#[test]
fn a_key_is_there_for_the_last_millisecond_of_its_time() {
    let mut bench = bench_with(&["SET a 1 PX 5", "HSET h f v", "HPEXPIRE h 5 FIELDS 1 f"]);
    bench.now_ms += 5;
    assert_eq!(bench.sweep(), 0);
    bench.check(&[
        ("PTTL a", ":0"),
        ("TTL a", ":0"),
        ("GET a", "$1 1"),
        ("HPTTL h FIELDS 1 f", "*1 :0"),
        ("HGET h f", "$1 v"),
    ]);
    bench.now_ms += 1;
    bench.check(&[("EXISTS a h", ":0"), ("PTTL a", ":-2")]);
}

#[test]
fn a_key_that_expires_now_is_deleted() {
    let mut bench = bench_with(&["SET a 1", "SET b 1", "HSET h f v"]);
    bench.check(&[
        ("PEXPIRE a 0", ":1"),
        ("EXISTS a", ":0"),
        ("HPEXPIRE h 0 FIELDS 1 f", "*1 :2"),
        ("EXISTS h", ":0"),
    ]);
    bench.run(&format!("PEXPIREAT b {}", bench.now_ms));
    bench.check(&[("EXISTS b", ":0")]);
}

#[test]
fn a_due_key_expires_and_is_not_deleted() {
    let mut bench = bench_with(&["SET a 1 PX 5"]);
    bench.now_ms += 6;
    bench.check(&[("DEL a", ":0")]);
    assert_eq!(bench.events, ["expired a"]);
    assert_eq!(bench.dirty, 0);
}

#[test]
fn renaming_takes_value_and_expiry_along() {
    let mut bench = bench_with(&["SET a 1", "PEXPIRE a 1500", "RPUSH b x"]);
    bench.check(&[
        ("RENAME none x", NO_KEY),
        ("RENAMENX none none", NO_KEY),
        ("RENAME a a", "+OK"),
        ("RENAMENX a a", ":0"),
        ("RENAMENX a b", ":0"),
        ("RENAME a b", "+OK"),
    ]);
    assert_eq!(bench.events, ["new b", "rename_from a", "rename_to b"]);
    assert_eq!(bench.dirty, 1);
    bench.check(&[
        ("GET b", "$1 1"),
        ("PTTL b", ":1500"),
        ("EXISTS a", ":0"),
        ("RENAMENX b c", ":1"),
        ("PTTL c", ":1500"),
    ]);
}

#[test]
fn an_overwritten_key_loses_its_expiry() {
    let mut bench = bench_with(&["SET a 1", "SET b 2 PX 1500"]);
    bench.check(&[("RENAME a b", "+OK"), ("PTTL b", ":-1"), ("GET b", "$1 1")]);
}

#[test]
fn copies_are_equal_and_apart() {
    let mut bench = bench_with(&[
        "SET a 12",
        "PEXPIRE a 1500",
        "RPUSH l x",
        "SET text abc",
        "APPEND text d",
    ]);
    bench.check(&[
        ("COPY none x", ":0"),
        ("COPY a a", SAME),
        ("COPY a a DB 0", SAME),
        ("COPY a a REPLACE", SAME),
        ("COPY a l", ":0"),
        ("COPY a b DB 16", DB_INDEX),
        ("COPY a b DB x", NOT_INTEGER),
        ("COPY a b DB 2147483648", NOT_INT),
        ("COPY a b DB", SYNTAX),
        ("COPY a b foo", SYNTAX),
        ("COPY a b", ":1"),
    ]);
    assert_eq!(bench.events, ["new b", "copy_to b"]);
    assert_eq!(bench.dirty, 1);
    bench.check(&[
        ("PTTL b", ":1500"),
        ("OBJECT ENCODING b", "$3 int"),
        ("COPY l b REPLACE", ":1"),
        ("PTTL b", ":-1"),
        ("RPUSH b y", ":2"),
        ("LRANGE l 0 -1", "*1 $1 x"),
        ("COPY text raw", ":1"),
        ("OBJECT ENCODING raw", "$3 raw"),
        ("GET raw", "$4 abcd"),
        ("COPY a a DB 1", ":1"),
        ("COPY l a DB 1", ":0"),
        ("COPY l a DB 1 replace", ":1"),
        ("TYPE a", "+string"),
    ]);
    bench.db = 1;
    bench.check(&[("TYPE a", "+list"), ("DBSIZE", ":1")]);
}

#[test]
fn every_type_can_be_copied() {
    let mut bench = bench_with(&[
        "SADD set 1 2",
        "HSET hash f v",
        "ZADD zset 1.5 m",
        "RPUSH list a b",
    ]);
    bench.check(&[
        ("COPY set s", ":1"),
        ("SMEMBERS s", "*2 $1 1 $1 2"),
        ("COPY hash h", ":1"),
        ("HGETALL h", "*2 $1 f $1 v"),
        ("COPY zset z", ":1"),
        ("ZRANGE z 0 -1 WITHSCORES", "*2 $1 m $3 1.5"),
        ("COPY list l", ":1"),
        ("LRANGE l 0 -1", "*2 $1 a $1 b"),
    ]);
}

#[test]
fn keys_move_between_databases() {
    let mut bench = bench_with(&["SET a 1", "PEXPIRE a 1500", "SET b 1"]);
    bench.check(&[
        ("MOVE a 0", SAME),
        ("MOVE a 16", DB_INDEX),
        ("MOVE a -1", DB_INDEX),
        ("MOVE a x", NOT_INTEGER),
        ("MOVE a 4294967296", NOT_INT),
        ("MOVE none 1", ":0"),
        ("MOVE a 1", ":1"),
    ]);
    assert_eq!(bench.events, ["new a", "move_from a", "move_to a"]);
    assert_eq!(bench.dirty, 1);
    bench.check(&[("EXISTS a", ":0"), ("SET a 2", "+OK"), ("MOVE a 1", ":0")]);
    bench.db = 1;
    bench.check(&[("GET a", "$1 1"), ("PTTL a", ":1500"), ("DBSIZE", ":1")]);
}

#[test]
fn expiries_are_set_read_and_removed() {
    let mut bench = bench_with(&["SET a 1"]);
    bench.check(&[
        ("TTL none", ":-2"),
        ("PTTL none", ":-2"),
        ("EXPIRETIME none", ":-2"),
        ("PEXPIRETIME none", ":-2"),
        ("TTL a", ":-1"),
        ("EXPIRETIME a", ":-1"),
        ("PERSIST none", ":0"),
        ("PERSIST a", ":0"),
        ("EXPIRE none 10", ":0"),
        ("EXPIRE a 10", ":1"),
    ]);
    assert_eq!(bench.events, ["expire a"]);
    bench.check(&[
        ("TTL a", ":10"),
        ("PTTL a", ":10000"),
        ("EXPIRETIME a", ":1700000010"),
        ("PEXPIRETIME a", ":1700000010000"),
        ("PEXPIRE a 1499", ":1"),
        ("TTL a", ":1"),
        ("PEXPIRE a 1500", ":1"),
        ("TTL a", ":2"),
        ("EXPIREAT a 1700000020", ":1"),
        ("PTTL a", ":20000"),
        ("PEXPIREAT a 1700000030001", ":1"),
        ("PTTL a", ":30001"),
        ("PERSIST a", ":1"),
    ]);
    assert_eq!(bench.events, ["persist a"]);
    bench.check(&[("TTL a", ":-1")]);
}

#[test]
fn a_time_in_the_past_deletes() {
    for line in [
        "EXPIRE a 0",
        "EXPIRE a -1",
        "PEXPIRE a -99999999999999",
        "EXPIREAT a 1",
        "EXPIREAT a -9",
        "PEXPIREAT a 1700000000000",
    ] {
        let mut bench = bench_with(&["SET a 1"]);
        bench.check(&[(line, ":1")]);
        assert_eq!(bench.events, ["del a"], "{line}");
        assert_eq!(bench.dirty, 1);
        bench.check(&[("EXISTS a", ":0")]);
    }
}

#[test]
fn expiries_that_do_not_fit_are_refused() {
    let mut bench = bench_with(&["SET a 1"]);
    bench.check(&[
        (
            "EXPIRE a 9223372036854775807",
            "-ERR invalid expire time in 'expire' command",
        ),
        (
            "EXPIRE a -9223372036854776",
            "-ERR invalid expire time in 'expire' command",
        ),
        (
            "PEXPIRE a 9223372036854775807",
            "-ERR invalid expire time in 'pexpire' command",
        ),
        (
            "EXPIREAT a 9223372036854776",
            "-ERR invalid expire time in 'expireat' command",
        ),
        ("PEXPIREAT a 9223372036854775807", ":1"),
        ("PTTL a", ":9223370336854775807"),
        ("TTL a", ":9223370336854776"),
        ("EXPIRE a x", NOT_INTEGER),
        ("EXPIRE a x foo", "-ERR Unsupported option foo"),
        (
            "EXPIRE a x NX XX",
            "-ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        (
            "EXPIRE none x GT LT",
            "-ERR GT and LT options at the same time are not compatible",
        ),
    ]);
}

#[test]
fn conditions_hold_an_expiry_back() {
    bench_with(&["SET a 1"]).check(&[
        ("EXPIRE a 100 XX", ":0"),
        ("EXPIRE a 100 GT", ":0"),
        ("EXPIRE a 100 NX", ":1"),
        ("EXPIRE a 200 NX", ":0"),
        ("EXPIRE a 200 LT", ":0"),
        ("EXPIRE a 100 GT", ":0"),
        ("EXPIRE a 200 XX GT", ":1"),
        ("TTL a", ":200"),
        ("EXPIRE a -1 GT", ":0"),
        ("EXPIRE a 50 lt", ":1"),
        ("TTL a", ":50"),
        ("EXPIRE a -1 LT", ":1"),
        ("EXISTS a", ":0"),
    ]);
}

#[test]
fn keys_lists_what_matches() {
    let mut bench = bench_with(&["SET one 1", "SET two 2", "SET three 3", "SET due 1 PX 5"]);
    bench.now_ms += 6;
    assert_eq!(bulks(&bench.run("KEYS *")), ["one", "three", "two"]);
    assert_eq!(bulks(&bench.run("KEYS t*")), ["three", "two"]);
    bench.check(&[("KEYS o?e", "*1 $3 one"), ("KEYS x*", "*0")]);
    bench.run("FLUSHALL");
    bench.check(&[("RANDOMKEY", "$-1")]);
    bench.run("SET only 1");
    bench.check(&[("RANDOMKEY", "$4 only")]);
}

/// Walks to the end; the names met, sorted.
fn scan_all(bench: &mut Bench, options: &str) -> Vec<String> {
    let (mut cursor, mut names) = ("0".to_owned(), Vec::new());
    loop {
        let reply = bench.run(&format!("SCAN {cursor}{options}"));
        let words: Vec<&str> = reply.split(' ').collect();
        let found = words[4..].iter().filter(|word| !word.starts_with('$'));
        names.extend(found.map(|&name| name.to_owned()));
        cursor = words[2].to_owned();
        if cursor == "0" {
            names.sort_unstable();
            return names;
        }
    }
}

#[test]
fn scan_meets_every_key_once() {
    let mut bench = Bench::new();
    let mut expected: Vec<String> = (0..1000).map(|number| format!("key:{number}")).collect();
    for key in &expected {
        bench.run(&format!("SET {key} x"));
    }
    bench.run("RPUSH list x");
    bench.run("SET due x PX 5");
    bench.now_ms += 6;
    expected.push("list".to_owned());
    expected.sort_unstable();
    for count in ["", " COUNT 1", " COUNT 100", " COUNT 9223372036854775807"] {
        assert_eq!(scan_all(&mut bench, count), expected, "{count}");
    }
    assert_eq!(scan_all(&mut bench, " MATCH key:99?").len(), 10);
    assert_eq!(scan_all(&mut bench, " TYPE LIST"), ["list"]);
    assert_eq!(scan_all(&mut bench, " MATCH key:* TYPE list"), [""; 0]);
    assert_eq!(scan_all(&mut bench, " TYPE nonsense"), [""; 0]);
}

#[test]
fn scan_refuses_what_it_cannot_read() {
    Bench::new().check(&[
        ("SCAN x", "-ERR invalid cursor"),
        ("SCAN x FOO", "-ERR invalid cursor"),
        ("SCAN 0 COUNT 0", SYNTAX),
        ("SCAN 0 COUNT x", NOT_INTEGER),
        ("SCAN 0 MATCH", SYNTAX),
        ("SCAN 0 TYPE", SYNTAX),
        ("SCAN 0 FOO", SYNTAX),
        ("SCAN 0", "*2 $1 0 *0"),
    ]);
}

#[test]
fn object_tells_how_a_value_is_kept() {
    let mut bench = bench_with(&["SET n 12", "SET big 10000", "SET t abc", "SADD s 1"]);
    bench.now_ms += 90_000;
    bench.check(&[
        ("OBJECT ENCODING n", "$3 int"),
        ("OBJECT encoding t", "$6 embstr"),
        ("OBJECT ENCODING s", "$6 intset"),
        ("OBJECT ENCODING none", "$-1"),
        ("OBJECT IDLETIME t", ":90"),
        ("OBJECT IDLETIME none", "$-1"),
        ("OBJECT REFCOUNT n", ":2147483647"),
        ("OBJECT REFCOUNT big", ":1"),
        ("OBJECT REFCOUNT t", ":1"),
        ("OBJECT REFCOUNT none", "$-1"),
        ("OBJECT FREQ none", "$-1"),
        ("TOUCH t", ":1"),
        ("OBJECT IDLETIME t", ":0"),
    ]);
    assert!(
        bench
            .run("OBJECT FREQ t")
            .starts_with("-ERR An LFU maxmemory policy is not selected, access frequency not")
    );
    assert!(
        bench
            .run("OBJECT HELP")
            .starts_with("*11 +OBJECT <subcommand>")
    );
}

/// The words of a command that restores what DUMP gives for `source`.
fn restore(bench: &mut Bench, source: &str, command: &str) -> String {
    let dumped = bench.run_args(&[b"DUMP", source.as_bytes()]);
    let start = dumped.windows(2).position(|two| two == b"\r\n");
    let payload = &dumped[start.expect("a bulk begins with a line") + 2..dumped.len() - 2];
    let words: Vec<&[u8]> = command
        .split(' ')
        .map(|word| match word {
            "PAYLOAD" => payload,
            word => word.as_bytes(),
        })
        .collect();
    String::from_utf8_lossy(&bench.run_args(&words))
        .trim_end()
        .to_owned()
}

#[test]
fn payloads_are_restored_with_expiry_and_access_time() {
    let mut bench = bench_with(&["RPUSH list a 1 b", "SET busy x"]);
    bench.check(&[("DUMP none", "$-1")]);
    for (command, reply, events) in [
        (
            "RESTORE copy 0 PAYLOAD",
            "+OK",
            &["new copy", "restore copy"][..],
        ),
        (
            "RESTORE busy 0 PAYLOAD",
            "-BUSYKEY Target key name already exists.",
            &[],
        ),
        (
            "RESTORE busy 0 PAYLOAD REPLACE",
            "+OK",
            &["new busy", "restore busy"],
        ),
        (
            "RESTORE busy 5 PAYLOAD REPLACE ABSTTL",
            "+OK",
            &["del busy"],
        ),
        ("RESTORE busy 5 PAYLOAD ABSTTL", "+OK", &[]),
        (
            "RESTORE timed 5000 PAYLOAD IDLETIME 30",
            "+OK",
            &["new timed", "restore timed"],
        ),
        ("RESTORE k x PAYLOAD", NOT_INTEGER, &[]),
        (
            "RESTORE k -1 PAYLOAD",
            "-ERR Invalid TTL value, must be >= 0",
            &[],
        ),
        (
            "RESTORE k 0 PAYLOAD IDLETIME -1",
            "-ERR Invalid IDLETIME value, must be >= 0",
            &[],
        ),
        (
            "RESTORE k 0 PAYLOAD FREQ 256",
            "-ERR Invalid FREQ value, must be >= 0 and <= 255",
            &[],
        ),
        ("RESTORE k 0 PAYLOAD FREQ 1 IDLETIME 1", SYNTAX, &[]),
        ("RESTORE k 0 PAYLOAD IDLETIME", SYNTAX, &[]),
        (
            "RESTORE k 0 nonsense",
            "-ERR DUMP payload version or checksum are wrong",
            &[],
        ),
    ] {
        assert_eq!(restore(&mut bench, "list", command), reply, "{command}");
        assert_eq!(bench.events, events, "{command}");
    }
    bench.check(&[
        ("LRANGE copy 0 -1", "*3 $1 a $1 1 $1 b"),
        ("OBJECT IDLETIME timed", ":30"),
        ("PTTL timed", ":5000"),
        ("TTL copy", ":-1"),
        ("EXISTS busy k", ":0"),
    ]);
}

#[test]
fn keys_that_may_not_go_yet_are_out_of_sight() {
    let mut bench = Bench::new();
    bench.run("SET k v PX 10");
    bench.run("RPUSH l a");
    bench.run("PEXPIRE l 10");
    bench.now_ms += 20;
    bench.keeps_due = true;
    bench.check(&[
        ("GET k", "$-1"),
        ("MGET k", "*1 $-1"),
        ("EXISTS k l", ":0"),
        ("LLEN l", ":0"),
        ("TTL k", ":-2"),
        ("TYPE l", "+none"),
        ("DBSIZE", ":2"),
    ]);
    bench.keeps_due = false;
    bench.check(&[("EXISTS k l", ":0"), ("DBSIZE", ":0")]);
}
