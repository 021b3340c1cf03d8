//! Examples for every sorted set command; the replies are a real Redis 7.0.15's.

use resp::Protocol;

use crate::command::testing::{Bench, unevenness};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const SYNTAX: &str = "-ERR syntax error";

fn bench_with(lines: &[&str]) -> Bench {
    let mut bench = Bench::new();
    for line in lines {
        let reply = bench.run(line);
        assert!(!reply.starts_with('-'), "{line}: {reply}");
    }
    bench
}

/// a to e with scores 1 to 5 at `z`, a set at `s`.
fn five() -> Bench {
    bench_with(&["ZADD z 1 a 2 b 3 c 4 d 5 e", "SADD s a b x"])
}

#[test]
fn zadd_honours_its_options() {
    let mut bench = Bench::new();
    bench.check(&[
        ("ZADD z 1 a 2 b", ":2"),
        ("ZADD z 1 a 3 b 4 c", ":1"),
        ("ZADD z CH 1 a 4 b 5 d", ":2"),
        ("ZADD z NX 9 a 6 e", ":1"),
        ("ZADD z XX 9 f", ":0"),
        ("ZADD z XX CH 2 a 9 f", ":1"),
        ("ZADD z GT CH 1 a", ":0"),
        ("ZADD z GT CH 3 a 1 g", ":2"),
        ("ZADD z LT CH 4 a", ":0"),
        ("ZADD z LT CH 2 a", ":1"),
        ("ZADD z INCR 5 a", "$1 7"),
        ("ZADD z CH INCR 0 a", "$1 7"),
        ("ZADD z NX INCR 5 a", "$-1"),
        ("ZADD z XX INCR 5 none", "$-1"),
        ("ZADD none XX INCR 5 a", "$-1"),
        ("ZADD none XX 5 a", ":0"),
        ("ZADD z GT INCR -5 a", "$-1"),
        ("ZADD z LT INCR -5 a", "$1 2"),
        ("ZADD z 1 a 2", SYNTAX),
        ("ZADD z NX XX CH", SYNTAX),
        (
            "ZADD z NX XX 1 a",
            "-ERR XX and NX options at the same time are not compatible",
        ),
        (
            "ZADD z NX GT 1 a",
            "-ERR GT, LT, and/or NX options at the same time are not compatible",
        ),
        (
            "ZADD z LT GT 1 a",
            "-ERR GT, LT, and/or NX options at the same time are not compatible",
        ),
        (
            "ZADD z INCR 1 a 2 b",
            "-ERR INCR option supports a single increment-element pair",
        ),
        ("ZADD z x a", "-ERR value is not a valid float"),
        ("ZADD z 1 a nan b", "-ERR value is not a valid float"),
        ("SADD s a", ":1"),
        ("ZADD s x a", "-ERR value is not a valid float"),
        ("ZADD s 1 a", WRONG_TYPE),
        ("ZADD s XX 1 a", WRONG_TYPE),
    ]);
}

#[test]
fn zadd_tells_what_changed() {
    let mut bench = Bench::new();
    bench.run("ZADD z 1 a 2 b");
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["new z".to_owned(), "zadd z".to_owned()][..], 2)
    );
    bench.run("ZADD z 1 a 3 b");
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["zadd z".to_owned()][..], 1)
    );
    bench.run("ZADD z 1 a");
    assert_eq!((bench.events.len(), bench.dirty), (0, 0));
    bench.run("ZINCRBY z 1 a");
    assert_eq!(bench.events, ["zincr z"]);
}

#[test]
fn zincrby_starts_at_zero() {
    let mut bench = Bench::new();
    bench.check(&[
        ("ZINCRBY z 1.5 a", "$3 1.5"),
        ("ZINCRBY z 1e3 a", "$6 1001.5"),
        ("ZINCRBY z +inf a", "$3 inf"),
        (
            "ZINCRBY z -inf a",
            "-ERR resulting score is not a number (NaN)",
        ),
        ("ZINCRBY z x a", "-ERR value is not a valid float"),
        ("ZINCRBY z nx a", SYNTAX),
        ("ZINCRBY z 3.1 b", "$18 3.1000000000000001"),
    ]);
    bench.protocol = Protocol::Resp3;
    assert_eq!(bench.run("ZINCRBY z 1 c"), ",1");
}

#[test]
fn lookups() {
    let mut bench = five();
    bench.check(&[
        ("ZCARD z", ":5"),
        ("ZCARD none", ":0"),
        ("ZCARD s", WRONG_TYPE),
        ("ZSCORE z b", "$1 2"),
        ("ZSCORE z x", "$-1"),
        ("ZSCORE none x", "$-1"),
        ("ZMSCORE z a x", "*2 $1 1 $-1"),
        ("ZMSCORE none a", "*1 $-1"),
        ("ZMSCORE s a", WRONG_TYPE),
        ("ZRANK z c", ":2"),
        ("ZREVRANK z a", ":4"),
        ("ZRANK z x", "$-1"),
        ("ZRANK none x", "$-1"),
        ("ZRANK none x WITHSCORE", "*-1"),
        ("ZRANK z b WITHSCORE", "*2 :1 $1 2"),
        ("ZREVRANK z b withscore", "*2 :3 $1 2"),
        ("ZRANK z b WITHSCORES", SYNTAX),
        (
            "ZRANK z b WITHSCORE x",
            "-ERR wrong number of arguments for 'zrank' command",
        ),
    ]);
    bench.protocol = Protocol::Resp3;
    bench.check(&[
        ("ZSCORE z b", ",2"),
        ("ZMSCORE z a x", "*2 ,1 _"),
        ("ZRANK z b WITHSCORE", "*2 :1 ,2"),
        ("ZRANK none x", "_"),
    ]);
}

#[test]
fn ranges_by_rank() {
    let mut bench = five();
    bench.check(&[
        ("ZRANGE z 0 1", "*2 $1 a $1 b"),
        ("ZRANGE z -2 -1", "*2 $1 d $1 e"),
        ("ZRANGE z 0 0 REV", "*1 $1 e"),
        ("ZRANGE z 1 2 REV WITHSCORES", "*4 $1 d $1 4 $1 c $1 3"),
        ("ZRANGE z 3 2", "*0"),
        ("ZRANGE z 9 10", "*0"),
        ("ZRANGE none 0 -1", "*0"),
        ("ZRANGE s 0 -1", WRONG_TYPE),
        ("ZRANGE s x -1", "-ERR value is not an integer or out of range"),
        ("ZRANGE z 0 -1 LIMIT 1 -1 WITHSCORES", "*10 $1 a $1 1 $1 b $1 2 $1 c $1 3 $1 d $1 4 $1 e $1 5"),
        (
            "ZRANGE z 0 -1 LIMIT 1 2",
            "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        ),
        ("ZRANGE z 0 -1 LIMIT 1", SYNTAX),
        ("ZRANGE z 0 -1 BYSCORE BYLEX", SYNTAX),
        ("ZREVRANGE z 0 1", "*2 $1 e $1 d"),
        ("ZREVRANGE z 0 1 WITHSCORES", "*4 $1 e $1 5 $1 d $1 4"),
        ("ZREVRANGE z 0 1 REV", SYNTAX),
        ("ZREVRANGE z 0 1 BYSCORE", SYNTAX),
    ]);
    bench.protocol = Protocol::Resp3;
    assert_eq!(
        bench.run("ZRANGE z 0 1 WITHSCORES"),
        "*2 *2 $1 a ,1 *2 $1 b ,2"
    );
}

#[test]
fn ranges_by_score() {
    let mut bench = five();
    bench.check(&[
        ("ZRANGEBYSCORE z 2 4", "*3 $1 b $1 c $1 d"),
        ("ZRANGEBYSCORE z (2 (4", "*1 $1 c"),
        ("ZRANGEBYSCORE z -inf +inf LIMIT 1 2", "*2 $1 b $1 c"),
        ("ZRANGEBYSCORE z -inf +inf LIMIT 4 9", "*1 $1 e"),
        ("ZRANGEBYSCORE z -inf +inf LIMIT 9 9", "*0"),
        ("ZRANGEBYSCORE z -inf +inf LIMIT -1 9", "*0"),
        (
            "ZRANGEBYSCORE z -inf +inf LIMIT 3 -5 WITHSCORES",
            "*4 $1 d $1 4 $1 e $1 5",
        ),
        ("ZRANGEBYSCORE z -inf +inf LIMIT 0 0", "*0"),
        ("ZRANGEBYSCORE z 4 2", "*0"),
        ("ZREVRANGEBYSCORE z 4 2", "*3 $1 d $1 c $1 b"),
        ("ZREVRANGEBYSCORE z +inf -inf LIMIT 1 2", "*2 $1 d $1 c"),
        ("ZRANGE z 2 (4 BYSCORE", "*2 $1 b $1 c"),
        ("ZRANGE z (4 2 BYSCORE REV", "*2 $1 c $1 b"),
        ("ZRANGEBYSCORE z x 4", "-ERR min or max is not a float"),
        ("ZRANGEBYSCORE z 1 nan", "-ERR min or max is not a float"),
        ("ZRANGEBYSCORE z 1 4 REV", SYNTAX),
        ("ZCOUNT z (1 3", ":2"),
        ("ZCOUNT z 9 10", ":0"),
        ("ZCOUNT none 9 10", ":0"),
        ("ZCOUNT s x 10", "-ERR min or max is not a float"),
        ("ZCOUNT s 1 10", WRONG_TYPE),
    ]);
}

#[test]
fn ranges_by_member() {
    let mut bench = bench_with(&["ZADD z 0 a 0 b 0 c 0 d 0 aa", "SADD s a"]);
    bench.check(&[
        ("ZRANGEBYLEX z - +", "*5 $1 a $2 aa $1 b $1 c $1 d"),
        ("ZRANGEBYLEX z [aa (c", "*2 $2 aa $1 b"),
        ("ZRANGEBYLEX z - + LIMIT 1 2", "*2 $2 aa $1 b"),
        ("ZREVRANGEBYLEX z + [b", "*3 $1 d $1 c $1 b"),
        ("ZRANGE z + - BYLEX REV LIMIT 0 1", "*1 $1 d"),
        ("ZRANGEBYLEX z + -", "*0"),
        (
            "ZRANGEBYLEX z a b",
            "-ERR min or max not valid string range item",
        ),
        (
            "ZRANGEBYLEX z -x +",
            "-ERR min or max not valid string range item",
        ),
        (
            "ZRANGE z - + BYLEX WITHSCORES",
            "-ERR syntax error, WITHSCORES not supported in combination with BYLEX",
        ),
        ("ZLEXCOUNT z - [b", ":3"),
        ("ZLEXCOUNT none - +", ":0"),
        (
            "ZLEXCOUNT s a +",
            "-ERR min or max not valid string range item",
        ),
        ("ZLEXCOUNT s - +", WRONG_TYPE),
    ]);
}

#[test]
fn zrangestore_replaces_its_destination() {
    let mut bench = five();
    bench.check(&[
        ("ZRANGESTORE d z 1 2", ":2"),
        ("ZRANGE d 0 -1 WITHSCORES", "*4 $1 b $1 2 $1 c $1 3"),
        ("ZRANGESTORE d z 5 4 BYSCORE REV LIMIT 0 1", ":1"),
        ("ZRANGE d 0 -1", "*1 $1 e"),
        ("ZRANGESTORE d z 0 -1 WITHSCORES", SYNTAX),
        ("ZRANGESTORE d s 0 -1", WRONG_TYPE),
        ("ZRANGESTORE z z 0 1", ":2"),
        ("ZRANGESTORE s none 0 1", ":0"),
    ]);
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["del s".to_owned()][..], 1)
    );
    bench.run("ZRANGESTORE d z 0 -1");
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["zrangestore d".to_owned()][..], 1)
    );
}

#[test]
fn removals() {
    let mut bench = five();
    bench.check(&[
        ("ZREM z a none", ":1"),
        ("ZREM none a", ":0"),
        ("ZREM s a", WRONG_TYPE),
        ("ZREMRANGEBYRANK z 0 0", ":1"),
        ("ZREMRANGEBYRANK z 7 9", ":0"),
        (
            "ZREMRANGEBYRANK s x 9",
            "-ERR value is not an integer or out of range",
        ),
        ("ZREMRANGEBYSCORE z (3 4", ":1"),
        ("ZREMRANGEBYSCORE z x 4", "-ERR min or max is not a float"),
        ("ZREMRANGEBYLEX z [c [c", ":1"),
        (
            "ZREMRANGEBYLEX z c [c",
            "-ERR min or max not valid string range item",
        ),
        ("ZREMRANGEBYSCORE z -inf +inf", ":1"),
    ]);
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (
            &["zremrangebyscore z".to_owned(), "del z".to_owned()][..],
            1
        )
    );
    bench.run("ZADD z 1 a 2 b");
    bench.run("ZREM z a b");
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["zrem z".to_owned(), "del z".to_owned()][..], 2)
    );
}

#[test]
fn pops() {
    let mut bench = five();
    bench.check(&[
        ("ZPOPMIN z", "*2 $1 a $1 1"),
        ("ZPOPMAX z 2", "*4 $1 e $1 5 $1 d $1 4"),
        ("ZPOPMIN z 0", "*0"),
        ("ZPOPMIN none", "*0"),
        ("ZPOPMIN none 2", "*0"),
        ("ZPOPMIN s", WRONG_TYPE),
        (
            "ZPOPMIN z -1",
            "-ERR value is out of range, must be positive",
        ),
        (
            "ZPOPMIN z x",
            "-ERR value is out of range, must be positive",
        ),
        ("ZPOPMIN z 1 2", SYNTAX),
    ]);
    bench.protocol = Protocol::Resp3;
    assert_eq!(bench.run("ZPOPMIN z"), "*2 $1 b ,2");
    assert_eq!(bench.run("ZPOPMAX z 9"), "*1 *2 $1 c ,3");
    assert_eq!(
        (bench.events.as_slice(), bench.dirty),
        (&["zpopmax z".to_owned(), "del z".to_owned()][..], 1)
    );
}

#[test]
fn zmpop_takes_from_the_first_that_has_any() {
    let mut bench = five();
    bench.check(&[
        ("ZMPOP 2 none z MIN", "*2 $1 z *1 *2 $1 a $1 1"),
        (
            "ZMPOP 1 z max COUNT 2",
            "*2 $1 z *2 *2 $1 e $1 5 *2 $1 d $1 4",
        ),
        ("ZMPOP 1 none MIN", "*-1"),
        ("ZMPOP 2 none s MIN", WRONG_TYPE),
        ("ZMPOP 0 z MIN", "-ERR numkeys should be greater than 0"),
        ("ZMPOP x z MIN", "-ERR numkeys should be greater than 0"),
        ("ZMPOP 9 z MIN", SYNTAX),
        ("ZMPOP 9223372036854775807 z MIN", SYNTAX),
        ("ZMPOP 1 z MID", SYNTAX),
        ("ZMPOP 1 z MIN COUNT", SYNTAX),
        (
            "ZMPOP 1 z MIN COUNT 0",
            "-ERR count should be greater than 0",
        ),
        ("ZMPOP 1 z MIN COUNT 1 COUNT 1", SYNTAX),
    ]);
}

#[test]
fn unions() {
    let mut bench = bench_with(&[
        "ZADD a 1 x 2 y",
        "ZADD b 3 y 4 w",
        "SADD s x q",
        "SADD ints 5 7",
        "SET l e",
    ]);
    bench.check(&[
        ("ZUNION 2 a b", "*3 $1 x $1 w $1 y"),
        (
            "ZUNION 2 a b WITHSCORES",
            "*6 $1 x $1 1 $1 w $1 4 $1 y $1 5",
        ),
        (
            "ZUNION 2 a s WITHSCORES",
            "*6 $1 q $1 1 $1 x $1 2 $1 y $1 2",
        ),
        (
            "ZUNION 2 a b WEIGHTS 2 3 AGGREGATE MAX WITHSCORES",
            "*6 $1 x $1 2 $1 y $1 9 $1 w $2 12",
        ),
        (
            "ZUNION 2 a b AGGREGATE min WITHSCORES",
            "*6 $1 x $1 1 $1 y $1 2 $1 w $1 4",
        ),
        (
            "ZUNION 2 a ints WITHSCORES",
            "*8 $1 5 $1 1 $1 7 $1 1 $1 x $1 1 $1 y $1 2",
        ),
        ("ZUNION 1 none", "*0"),
        (
            "ZUNION 0 a",
            "-ERR at least 1 input key is needed for 'zunion' command",
        ),
        ("ZUNION x a", "-ERR value is not an integer or out of range"),
        ("ZUNION 3 a b", SYNTAX),
        ("ZUNION 2 a l BOGUS", WRONG_TYPE),
        ("ZUNION 1 a BOGUS", SYNTAX),
        ("ZUNION 2 a b WEIGHTS 1", SYNTAX),
        (
            "ZUNION 2 a b WEIGHTS 1 x",
            "-ERR weight value is not a float",
        ),
        ("ZUNION 2 a b AGGREGATE avg", SYNTAX),
        ("ZUNIONSTORE d 2 a b", ":3"),
        ("ZUNIONSTORE d 2 a b WITHSCORES", SYNTAX),
        (
            "ZUNIONSTORE d 0 a b",
            "-ERR at least 1 input key is needed for 'zunionstore' command",
        ),
        ("ZUNIONSTORE d 1 none", ":0"),
    ]);
}

#[test]
fn infinities_cancel_to_zero() {
    let mut bench = bench_with(&["ZADD a inf x", "ZADD b -inf x"]);
    bench.check(&[
        ("ZUNION 2 a b WITHSCORES", "*2 $1 x $1 0"),
        ("ZINTER 2 a b WITHSCORES", "*2 $1 x $1 0"),
        ("ZUNION 1 a WEIGHTS 0 WITHSCORES", "*2 $1 x $1 0"),
        (
            "ZINTER 2 a b WEIGHTS 0 1 AGGREGATE MIN WITHSCORES",
            "*2 $1 x $4 -inf",
        ),
    ]);
}

#[test]
fn intersections_and_differences() {
    let mut bench = bench_with(&["ZADD a 1 x 2 y 3 v", "ZADD b 3 y 4 w 5 x", "SADD s x q"]);
    bench.check(&[
        ("ZINTER 2 a b WITHSCORES", "*4 $1 y $1 5 $1 x $1 6"),
        ("ZINTER 3 a b s WITHSCORES", "*2 $1 x $1 7"),
        (
            "ZINTER 2 a a WITHSCORES",
            "*6 $1 x $1 2 $1 y $1 4 $1 v $1 6",
        ),
        ("ZINTER 2 a none", "*0"),
        ("ZINTERCARD 2 a b", ":2"),
        ("ZINTERCARD 2 a b LIMIT 1", ":1"),
        ("ZINTERCARD 2 a b LIMIT 0", ":2"),
        ("ZINTERCARD 2 a b LIMIT -1", "-ERR LIMIT can't be negative"),
        ("ZINTERCARD 2 a b LIMIT", SYNTAX),
        ("ZINTERCARD 2 a b WITHSCORES", SYNTAX),
        ("ZINTERCARD 2 a b WEIGHTS 1 2", SYNTAX),
        (
            "ZINTERCARD 0 a",
            "-ERR at least 1 input key is needed for 'zintercard' command",
        ),
        ("ZDIFF 2 a b WITHSCORES", "*2 $1 v $1 3"),
        ("ZDIFF 2 a s", "*2 $1 y $1 v"),
        ("ZDIFF 2 s a WITHSCORES", "*2 $1 q $1 1"),
        ("ZDIFF 8 a s s s s s s s", "*2 $1 y $1 v"),
        ("ZDIFF 2 a b WEIGHTS 1 2", SYNTAX),
        ("ZDIFFSTORE d 2 a b", ":1"),
        ("ZINTERSTORE d 2 a b WEIGHTS 1 10 AGGREGATE SUM", ":2"),
        ("ZRANGE d 0 -1 WITHSCORES", "*4 $1 y $2 32 $1 x $2 51"),
        ("ZINTERSTORE d 2 a none", ":0"),
    ]);
    assert_eq!(bench.events, ["del d"]);
    bench.protocol = Protocol::Resp3;
    assert_eq!(bench.run("ZDIFF 2 a b WITHSCORES"), "*1 *2 $1 v ,3");
}

#[test]
fn zrandmember_leaves_the_set_alone() {
    let mut bench = five();
    bench.check(&[
        ("ZRANDMEMBER none", "$-1"),
        ("ZRANDMEMBER none 2", "*0"),
        ("ZRANDMEMBER z 0", "*0"),
        ("ZRANDMEMBER s", WRONG_TYPE),
        ("ZRANDMEMBER z x", "-ERR value is not an integer or out of range"),
        ("ZRANDMEMBER z 1 WITHSCORE", SYNTAX),
        ("ZRANDMEMBER z 1 WITHSCORES x", SYNTAX),
        ("ZRANDMEMBER z -9223372036854775807 WITHSCORES", "-ERR value is out of range"),
        (
            "ZRANDMEMBER z -9223372036854775808",
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ),
    ]);
    assert!(bench.run("ZRANDMEMBER z 9").starts_with("*5 "));
    assert!(bench.run("ZRANDMEMBER z 2 WITHSCORES").starts_with("*4 "));
    assert!(
        bench
            .run("ZRANDMEMBER z -20 WITHSCORES")
            .starts_with("*40 ")
    );
    bench.protocol = Protocol::Resp3;
    assert!(
        bench
            .run("ZRANDMEMBER z 2 WITHSCORES")
            .starts_with("*2 *2 ")
    );
}

#[test]
fn zscan_gives_members_with_scores() {
    let mut bench = five();
    bench.check(&[
        ("ZSCAN z 0 MATCH [ab]", "*2 $1 0 *4 $1 a $1 1 $1 b $1 2"),
        ("ZADD huge 1e17 m", ":1"),
        ("ZSCAN huge 0", "*2 $1 0 *2 $1 m $18 100000000000000000"),
        ("ZSCAN none 0", "*2 $1 0 *0"),
        ("ZSCAN s 0", WRONG_TYPE),
        ("ZSCAN z x", "-ERR invalid cursor"),
        ("ZSCAN z 0 NOVALUES", SYNTAX),
    ]);
}

#[test]
fn draws_are_even_in_every_encoding() {
    for members in [100, 1000] {
        let mut bench = Bench::new();
        for n in 0..members {
            bench.run(&format!("ZADD z {n} m{n}"));
        }
        let spread = unevenness(
            &bench.run(&format!("ZRANDMEMBER z -{}", members * 100)),
            members,
        );
        assert!((0.5..1.7).contains(&spread), "{members}: {spread}");
    }
}
