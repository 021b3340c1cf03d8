//! Examples for SORT; the replies are a real Redis 7.0.15's.

use resp::Args;

use super::SORT;
use crate::command::key_positions;
use crate::command::testing::Bench;

const NOT_DOUBLE: &str = "-ERR One or more scores can't be converted into double";
const SYNTAX: &str = "-ERR syntax error";

fn bench() -> Bench {
    let mut bench = Bench::new();
    for line in [
        "RPUSH l 3 1 10 2",
        "SADD s b a c",
        "ZADD z 1 30 2 20 3 10",
        "MSET w_1 4 w_2 3 w_3 2 w_10 1",
        "MSET t_1 x t_3 w t_10 x",
        "HSET o_1 name one rank 9",
        "HSET o_2 name two rank 8",
        "HSET o_3 rank 7",
        "SET text abc",
    ] {
        bench.run(line);
    }
    bench
}

#[test]
fn numbers_and_texts_are_put_in_order() {
    bench().check(&[
        ("SORT l", "*4 $1 1 $1 2 $1 3 $2 10"),
        ("SORT l DESC", "*4 $2 10 $1 3 $1 2 $1 1"),
        ("SORT l DESC ASC", "*4 $1 1 $1 2 $1 3 $2 10"),
        ("SORT l ALPHA", "*4 $1 1 $2 10 $1 2 $1 3"),
        ("SORT l ALPHA desc", "*4 $1 3 $1 2 $2 10 $1 1"),
        ("SORT_RO l", "*4 $1 1 $1 2 $1 3 $2 10"),
        ("SORT z", "*3 $2 10 $2 20 $2 30"),
        ("SORT s ALPHA", "*3 $1 a $1 b $1 c"),
        ("SORT s", NOT_DOUBLE),
        ("SORT none", "*0"),
        (
            "SORT text",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "SORT o_1",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
    ]);
}

#[test]
fn replies_are_in_the_order_of_c_strings() {
    let mut bench = Bench::new();
    bench.check(&[
        ("RPUSH l a\0b a\0a a", ":3"),
        ("SORT l ALPHA", "*3 $3 a\0b $3 a\0a $1 a"),
        ("SORT l ALPHA STORE d", ":3"),
        ("LRANGE d 0 -1", "*3 $1 a $3 a\0a $3 a\0b"),
    ]);
}

#[test]
fn limits_choose_a_part() {
    bench().check(&[
        ("SORT l LIMIT 1 2", "*2 $1 2 $1 3"),
        ("SORT l LIMIT 0 0", "*0"),
        ("SORT l LIMIT 3 9", "*1 $2 10"),
        ("SORT l LIMIT 4 1", "*0"),
        ("SORT l LIMIT -3 1", "*1 $1 1"),
        ("SORT l LIMIT 2 -1", "*2 $1 3 $2 10"),
        ("SORT l LIMIT 1 2 DESC", "*2 $1 3 $1 2"),
        ("SORT l BY nosort LIMIT 1 2", "*2 $1 1 $2 10"),
        ("SORT l BY nosort LIMIT 1 2 DESC", "*2 $2 10 $1 1"),
        ("SORT z BY nosort LIMIT 1 1 DESC", "*1 $2 20"),
        (
            "SORT l LIMIT x 1",
            "-ERR value is not an integer or out of range",
        ),
        ("SORT l LIMIT 1", SYNTAX),
    ]);
}

#[test]
fn a_constant_pattern_leaves_the_order() {
    bench().check(&[
        ("SORT l BY nosort", "*4 $1 3 $1 1 $2 10 $1 2"),
        ("SORT l BY nosort DESC", "*4 $1 2 $2 10 $1 1 $1 3"),
        ("SORT l BY # ALPHA", "*4 $1 3 $1 1 $2 10 $1 2"),
        ("SORT z BY nosort", "*3 $2 30 $2 20 $2 10"),
        ("SORT z BY nosort DESC", "*3 $2 10 $2 20 $2 30"),
        ("SORT s BY nosort STORE d", ":3"),
        ("LRANGE d 0 -1", "*3 $1 a $1 b $1 c"),
        ("SORT s BY nosort DESC STORE d", ":3"),
        ("LRANGE d 0 -1", "*3 $1 c $1 b $1 a"),
    ]);
}

#[test]
fn elements_are_ordered_by_what_they_name() {
    bench().check(&[
        ("SORT l BY w_*", "*4 $2 10 $1 3 $1 2 $1 1"),
        ("SORT l BY w_* LIMIT 1 2", "*2 $1 3 $1 2"),
        // The fields of 10 are missing and count as 0.
        ("SORT l BY o_*->rank", "*4 $2 10 $1 3 $1 2 $1 1"),
        // Without weights, elements are in the order of their bytes.
        ("SORT l BY none_*", "*4 $1 1 $2 10 $1 2 $1 3"),
        ("SORT l BY none_* DESC", "*4 $1 3 $1 2 $2 10 $1 1"),
        ("SORT l BY t_*", NOT_DOUBLE),
        // What is missing comes first; equals keep their order.
        ("SORT l BY t_* ALPHA", "*4 $1 2 $1 3 $1 1 $2 10"),
        // A hash where a string is looked for, and the reverse.
        ("SORT l BY o_*", "*4 $1 1 $2 10 $1 2 $1 3"),
        ("SORT l BY w_*->rank", "*4 $1 1 $2 10 $1 2 $1 3"),
    ]);
}

#[test]
fn get_shows_what_elements_name() {
    bench().check(&[
        (
            "SORT l GET # GET o_*->name GET w_*",
            "*12 $1 1 $3 one $1 4 $1 2 $3 two $1 3 $1 3 $-1 $1 2 $2 10 $-1 $1 1",
        ),
        ("SORT l GET const", "*4 $-1 $-1 $-1 $-1"),
        ("SORT l GET o_*", "*4 $-1 $-1 $-1 $-1"),
        ("SORT l BY nosort GET w_* LIMIT 0 1", "*1 $1 2"),
        ("SORT l GET", SYNTAX),
        ("SORT l BY", SYNTAX),
        ("SORT l FOO", SYNTAX),
    ]);
}

#[test]
fn results_are_stored_as_a_list() {
    let mut bench = bench();
    bench.check(&[
        ("SORT_RO l STORE d", SYNTAX),
        ("SORT l STORE", SYNTAX),
        ("SORT l STORE d", ":4"),
    ]);
    assert_eq!(bench.events, ["new d", "sortstore d"]);
    assert_eq!(bench.dirty, 4);
    bench.check(&[
        ("LRANGE d 0 -1", "*4 $1 1 $1 2 $1 3 $2 10"),
        ("SORT l GET o_*->name STORE d", ":4"),
        ("LRANGE d 0 -1", "*4 $3 one $3 two $0  $0"),
        ("SORT d STORE d", NOT_DOUBLE),
        ("SORT d ALPHA STORE d", ":4"),
        ("LRANGE d 0 -1", "*4 $0  $0  $3 one $3 two"),
        ("SORT l STORE e STORE text", ":4"),
        ("TYPE text", "+list"),
        ("EXISTS e", ":0"),
        ("SORT none STORE d", ":0"),
    ]);
    assert_eq!(bench.events, ["del d"]);
    assert_eq!(bench.dirty, 1);
    bench.check(&[("EXISTS d", ":0"), ("SORT none STORE d", ":0")]);
    assert_eq!(bench.events, [""; 0]);
}

#[test]
fn the_last_store_is_a_key() {
    for (line, expected) in [
        ("SORT k", vec![1]),
        ("SORT k STORE d", vec![1, 3]),
        ("SORT k STORE d STORE e", vec![1, 5]),
        ("SORT k BY STORE GET STORE STORE d", vec![1, 7]),
        ("SORT k LIMIT STORE 1 STORE", vec![1]),
        ("SORT k STORE STORE", vec![1, 3]),
    ] {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut found = Vec::new();
        let keys = key_positions(&SORT.spec, Args::from_slices(&words), |index, _| {
            found.push(index);
        });
        assert_eq!((keys, found), (Ok(()), expected), "{line}");
    }
}
