//! Examples for every set command; the replies are a real Redis 7.0.15's.

use resp::Protocol;

use crate::command::testing::{Bench, unevenness};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

/// The members of a reply that is an array of bulks, in order.
fn sorted(reply: &str) -> Vec<String> {
    let mut members: Vec<String> = reply
        .split(' ')
        .skip(1)
        .filter(|word| !word.starts_with('$'))
        .map(str::to_owned)
        .collect();
    members.sort();
    members
}

fn bench_with(lines: &[&str]) -> Bench {
    let mut bench = Bench::new();
    for line in lines {
        bench.run(line);
    }
    bench
}

#[test]
fn members_come_and_go() {
    let mut bench = Bench::new();
    bench.check(&[
        ("SADD s a b a", ":2"),
        ("SADD s b c", ":1"),
        ("SCARD s", ":3"),
        ("SCARD none", ":0"),
        ("SISMEMBER s a", ":1"),
        ("SISMEMBER s z", ":0"),
        ("SISMEMBER none z", ":0"),
        ("SMISMEMBER s a z c", "*3 :1 :0 :1"),
        ("SMISMEMBER none a z", "*2 :0 :0"),
        ("SREM s a z", ":1"),
        ("SREM none a", ":0"),
        ("SMEMBERS none", "*0"),
        ("ZADD z 1 a", ":1"),
        ("SADD z a", WRONG_TYPE),
        ("SREM z a", WRONG_TYPE),
        ("SCARD z", WRONG_TYPE),
        ("SISMEMBER z a", WRONG_TYPE),
        ("SMISMEMBER z a", WRONG_TYPE),
        ("SMEMBERS z", WRONG_TYPE),
    ]);
    assert_eq!(sorted(&bench.run("SMEMBERS s")), ["b", "c"]);
    bench.protocol = Protocol::Resp3;
    assert_eq!(bench.run("SMEMBERS none"), "~0");
    assert!(bench.run("SMEMBERS s").starts_with("~2 "));
}

#[test]
fn the_last_member_takes_the_key_along() {
    let mut bench = bench_with(&["SADD s a b c"]);
    assert_eq!(bench.run("SREM s a b c"), ":3");
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["srem s".to_owned(), "del s".to_owned()][..], 3)
    );
    bench.run("SADD s a a b");
    assert_eq!(
        (bench.events.last().map(String::as_str), bench.dirty),
        (Some("sadd s"), 2)
    );
    bench.run("SADD s a");
    assert_eq!((bench.events.len(), bench.dirty), (0, 0));
}

#[test]
fn smove_moves_at_most_once() {
    let mut bench = bench_with(&["SADD a x y", "SADD b y", "ZADD z 1 m"]);
    bench.check(&[
        ("SMOVE none z x", ":0"),
        ("SMOVE z a x", WRONG_TYPE),
        ("SMOVE a z x", WRONG_TYPE),
        ("SMOVE a b missing", ":0"),
        ("SMOVE a a x", ":1"),
        ("SMOVE a a missing", ":0"),
        ("SMOVE a b y", ":1"),
    ]);
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["srem a".to_owned()][..], 1)
    );
    assert_eq!(bench.run("SMOVE a c x"), ":1");
    assert_eq!(bench.events, ["srem a", "del a", "new c", "sadd c"]);
    assert_eq!(bench.dirty, 2);
}

#[test]
fn spop_takes_what_it_gives() {
    let mut bench = bench_with(&["SADD s a b c", "ZADD z 1 m"]);
    bench.check(&[
        ("SPOP none", "$-1"),
        ("SPOP none 3", "*0"),
        ("SPOP s 0", "*0"),
        ("SPOP s -1", "-ERR value is out of range, must be positive"),
        ("SPOP s x", "-ERR value is out of range, must be positive"),
        ("SPOP s 1 2", "-ERR syntax error"),
        ("SPOP z", WRONG_TYPE),
        ("SPOP z 0", WRONG_TYPE),
    ]);
    let one = bench.run("SPOP s");
    assert_eq!(bench.events, ["spop s"]);
    let mut rest = sorted(&bench.run("SPOP s 9"));
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["spop s".to_owned(), "del s".to_owned()][..], 2)
    );
    rest.push(one.replace("$1 ", ""));
    rest.sort();
    assert_eq!(rest, ["a", "b", "c"]);
    bench.check(&[("SADD s 1 2 3 4 5", ":5")]);
    let popped = sorted(&bench.run("SPOP s 3"));
    assert_eq!((popped.len(), bench.dirty), (3, 3));
    assert_eq!(sorted(&bench.run("SMEMBERS s")).len(), 2);
    bench.run("SPOP s");
    bench.run("SPOP s");
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["spop s".to_owned(), "del s".to_owned()][..], 1)
    );
}

#[test]
fn srandmember_leaves_the_set_alone() {
    let mut bench = bench_with(&["SADD s a b c", "ZADD z 1 m"]);
    bench.check(&[
        ("SRANDMEMBER none", "$-1"),
        ("SRANDMEMBER none 3", "*0"),
        ("SRANDMEMBER s 0", "*0"),
        ("SRANDMEMBER s x", "-ERR value is not an integer or out of range"),
        (
            "SRANDMEMBER s -9223372036854775808",
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ),
        ("SRANDMEMBER s 1 2", "-ERR syntax error"),
        ("SRANDMEMBER z", WRONG_TYPE),
    ]);
    assert_eq!(sorted(&bench.run("SRANDMEMBER s 99")), ["a", "b", "c"]);
    assert_eq!(sorted(&bench.run("SRANDMEMBER s -50")).len(), 50);
    let two = sorted(&bench.run("SRANDMEMBER s 2"));
    assert!(two.len() == 2 && two[0] != two[1]);
    bench.config.bulk_len_max = 1000;
    assert!(
        bench
            .run("SRANDMEMBER s -9223372036854775807")
            .starts_with("-ERR reply exceeds")
    );
}

#[test]
fn few_of_many_are_drawn_without_repetition() {
    let mut bench = Bench::new();
    let members: Vec<String> = (0..5000).map(|n| format!("m{n}")).collect();
    let mut words: Vec<&[u8]> = vec![b"SADD", b"s"];
    words.extend(members.iter().map(|member| member.as_bytes()));
    bench.run_args(&words);
    let mut drawn = sorted(&bench.run("SRANDMEMBER s 200"));
    drawn.dedup();
    assert_eq!(drawn.len(), 200);
}

#[test]
fn intersections() {
    let mut bench = bench_with(&[
        "SADD a 1 2 3 x",
        "SADD b 2 3 4 x",
        "SADD c 3 x y",
        "ZADD z 1 m",
    ]);
    assert_eq!(sorted(&bench.run("SINTER a b c")), ["3", "x"]);
    assert_eq!(sorted(&bench.run("SINTER a a")), ["1", "2", "3", "x"]);
    bench.check(&[
        ("SINTER a none", "*0"),
        ("SINTER a z", WRONG_TYPE),
        ("SINTER none z", WRONG_TYPE),
        ("SINTERCARD 2 a b", ":3"),
        ("SINTERCARD 2 a b LIMIT 2", ":2"),
        ("SINTERCARD 2 a b limit 0", ":3"),
        ("SINTERCARD 2 a none", ":0"),
        ("SINTERCARD 0 a", "-ERR numkeys should be greater than 0"),
        ("SINTERCARD x a", "-ERR numkeys should be greater than 0"),
        (
            "SINTERCARD 3 a b",
            "-ERR Number of keys can't be greater than number of args",
        ),
        ("SINTERCARD 1 a LIMIT -1", "-ERR LIMIT can't be negative"),
        ("SINTERCARD 1 a LIMIT x", "-ERR LIMIT can't be negative"),
        ("SINTERCARD 1 a LIMIT", "-ERR syntax error"),
        ("SINTERCARD 1 a b", "-ERR syntax error"),
        ("SINTERSTORE d a b", ":3"),
    ]);
    assert_eq!(bench.events, ["new d", "sinterstore d"]);
    assert_eq!(sorted(&bench.run("SMEMBERS d")), ["2", "3", "x"]);
    assert_eq!(bench.run("SINTERSTORE d a none"), ":0");
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["del d".to_owned()][..], 1)
    );
    assert_eq!(bench.run("SINTERSTORE d a none"), ":0");
    assert_eq!((bench.events.len(), bench.dirty), (0, 0));
    assert_eq!(bench.run("SINTERSTORE z a b"), ":3");
    bench.protocol = Protocol::Resp3;
    assert!(bench.run("SINTER a b").starts_with("~3 "));
}

#[test]
fn unions_and_differences() {
    let mut bench = bench_with(&["SADD a 1 2 3 x", "SADD b 2 y", "SADD c 3", "ZADD z 1 m"]);
    assert_eq!(
        sorted(&bench.run("SUNION a b none")),
        ["1", "2", "3", "x", "y"]
    );
    assert_eq!(sorted(&bench.run("SDIFF a b c")), ["1", "x"]);
    bench.check(&[
        ("SUNION none", "*0"),
        ("SUNION a z", WRONG_TYPE),
        ("SDIFF none a", "*0"),
        ("SDIFF a a", "*0"),
        ("SDIFF a z", WRONG_TYPE),
        ("SUNIONSTORE d b c", ":3"),
        ("SDIFFSTORE d a b c b c b c b c", ":2"),
    ]);
    assert_eq!(sorted(&bench.run("SMEMBERS d")), ["1", "x"]);
    assert_eq!(bench.run("SDIFFSTORE a a a"), ":0");
    assert_eq!(bench.events, ["del a"]);
}

#[test]
fn sscan_filters_by_pattern() {
    let mut bench = bench_with(&["SADD s aa ab bb", "ZADD z 1 m"]);
    assert_eq!(
        sorted(&bench.run("SSCAN s 0 MATCH a* COUNT 1")),
        ["*2", "0", "aa", "ab"]
    );
    bench.check(&[
        ("SSCAN none 0 COUNT", "*2 $1 0 *0"),
        ("SSCAN z 0", WRONG_TYPE),
        ("SSCAN s x", "-ERR invalid cursor"),
        ("SSCAN s 0 COUNT 0", "-ERR syntax error"),
        (
            "SSCAN s 0 COUNT x",
            "-ERR value is not an integer or out of range",
        ),
        ("SSCAN s 0 COUNT", "-ERR syntax error"),
        ("SSCAN s 0 TYPE set", "-ERR syntax error"),
        ("SSCAN s 0 MATCH z*", "*2 $1 0 *0"),
    ]);
}

#[test]
fn sscan_visits_every_member_of_a_large_set() {
    let mut bench = Bench::new();
    for n in 0..3000 {
        bench.run(&format!("SADD s member:{n}"));
    }
    let mut seen = std::collections::HashSet::new();
    let mut cursor = "0".to_owned();
    loop {
        let reply = bench.run(&format!("SSCAN s {cursor} COUNT 50"));
        let words: Vec<&str> = reply.split(' ').collect();
        cursor = words[2].to_owned();
        seen.extend(
            words[4..]
                .iter()
                .filter(|word| !word.starts_with('$'))
                .map(|word| (*word).to_owned()),
        );
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(seen.len(), 3000);
}

#[test]
fn draws_are_even_in_every_encoding() {
    for (members, prefix) in [(100, ""), (100, "m"), (1000, ""), (1000, "m")] {
        let mut bench = Bench::new();
        for n in 0..members {
            bench.run(&format!("SADD s {prefix}{n}"));
        }
        let spread = unevenness(
            &bench.run(&format!("SRANDMEMBER s -{}", members * 100)),
            members,
        );
        assert!((0.5..1.7).contains(&spread), "{members} {prefix}: {spread}");
    }
}

#[test]
fn distinct_draws_and_pops_are_even() {
    let mut bench = Bench::new();
    let mut draws = String::new();
    let mut pops = String::new();
    for _ in 0..3000 {
        bench.run("SADD s a b c d e f g h i j");
        draws.push_str(&bench.run("SRANDMEMBER s 3")["*3".len()..]);
        pops.push_str(&bench.run("SPOP s 3")["*3".len()..]);
        bench.run("SPOP s 10");
    }
    // Drawn without repetition, so spread a little more evenly than at random.
    assert!(unevenness(&draws, 10) < 2.5, "{}", unevenness(&draws, 10));
    assert!(unevenness(&pops, 10) < 2.5, "{}", unevenness(&pops, 10));
}
