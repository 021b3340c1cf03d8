//! Who is served, by what, and in which order.

use std::sync::Arc;

use resp::Protocol;

use super::{Outcome, Waiter};
use crate::command::testing::Bench;

/// What a waiter got, with line breaks shown as spaces; none while it waits.
fn got(waiter: &Arc<Waiter>) -> Option<String> {
    Some(match waiter.take_outcome()? {
        Outcome::Served(Ok(reply)) => {
            let text = String::from_utf8(reply.to_vec()).expect("tests use text");
            text.replace("\r\n", " ").trim_end().to_owned()
        }
        Outcome::Served(Err(error)) => error.to_string(),
        other => format!("{other:?}"),
    })
}

#[track_caller]
fn check(waiter: &Arc<Waiter>, expected: &str) {
    assert_eq!(got(waiter).as_deref(), Some(expected));
}

#[test]
fn a_push_serves_first_come_first_served() {
    let mut bench = Bench::new();
    let waiters: Vec<_> = (0..3).map(|_| bench.wait("BLPOP k 0")).collect();
    let mover = bench.wait("BRPOPLPUSH k other 0");
    bench.audit();
    assert_eq!(bench.run("RPUSH k a b"), ":2");
    check(&waiters[0], "*2 $1 k $1 a");
    check(&waiters[1], "*2 $1 k $1 b");
    assert_eq!(
        bench.events,
        ["new k", "rpush k", "lpop k", "lpop k", "del k"]
    );
    assert!(got(&waiters[2]).is_none() && got(&mover).is_none());
    bench.run("RPUSH k c d e");
    check(&waiters[2], "*2 $1 k $1 c");
    check(&mover, "$1 e");
    bench.check(&[("LRANGE other 0 -1", "*1 $1 e"), ("LLEN k", ":1")]);
    bench.audit();
}

#[test]
fn all_of_a_transaction_comes_before_serving() {
    let mut bench = Bench::new();
    let waiter = bench.wait("BLPOP k 0");
    bench.run_together(&["RPUSH k a", "RPUSH k b", "LPUSH k c"]);
    check(&waiter, "*2 $1 k $1 c");
    let waiter = bench.wait("BLPOP k2 0");
    bench.run_together(&["RPUSH k2 a", "DEL k2", "SET k2 x"]);
    assert!(got(&waiter).is_none(), "another type leaves it waiting");
    bench.run("DEL k2");
    bench.run("ZADD k2 1 m");
    assert!(got(&waiter).is_none());
    bench.run("DEL k2");
    bench.run("LPUSH k2 z");
    check(&waiter, "*2 $2 k2 $1 z");
    bench.audit();
}

#[test]
fn of_several_keys_the_first_that_was_changed_serves() {
    let mut bench = Bench::new();
    let waiter = bench.wait("BLPOP a b c 0");
    bench.run_together(&["RPUSH c 1", "RPUSH a 2"]);
    check(&waiter, "*2 $1 c $1 1");
    bench.check(&[("LLEN a", ":1"), ("LLEN c", ":0")]);
    bench.leave("a", &waiter);
    bench.leave("b", &waiter);
    bench.audit();
}

#[test]
fn whoever_has_left_is_passed_over() {
    let mut bench = Bench::new();
    let (gone, late, next) = (
        bench.wait("BLPOP k 0"),
        bench.wait("BLPOP k 0"),
        bench.wait("BLPOP k 0"),
    );
    assert!(gone.end(Outcome::Gone) && late.end(Outcome::TimedOut));
    bench.run("RPUSH k a");
    check(&next, "*2 $1 k $1 a");
    check(&late, "TimedOut");
    bench.audit();
}

#[test]
fn a_move_serves_those_at_its_destination() {
    let mut bench = Bench::new();
    let first = bench.wait("BLMOVE a b LEFT RIGHT 0");
    let second = bench.wait("BLMOVE b c LEFT RIGHT 0");
    let third = bench.wait("BLPOP c 0");
    bench.run("RPUSH a x");
    check(&first, "$1 x");
    check(&second, "$1 x");
    check(&third, "*2 $1 c $1 x");
    bench.check(&[("EXISTS a b c", ":0")]);
    let itself = bench.wait("BRPOPLPUSH s s 0");
    bench.run("RPUSH s y");
    check(&itself, "$1 y");
    bench.check(&[("LRANGE s 0 -1", "*1 $1 y")]);
    bench.audit();
}

#[test]
fn a_destination_of_another_type_is_an_error_and_takes_nothing() {
    let mut bench = Bench::new();
    bench.run("SET s x");
    let mover = bench.wait("BLMOVE k s LEFT LEFT 0");
    let waiter = bench.wait("BLPOP k 0");
    bench.run("RPUSH k a");
    check(
        &mover,
        "WRONGTYPE Operation against a key holding the wrong kind of value",
    );
    check(&waiter, "*2 $1 k $1 a");
    bench.audit();
}

#[test]
fn sorted_sets_serve_in_the_waiters_protocol() {
    let mut bench = Bench::new();
    let low = bench.wait("BZPOPMIN z 0");
    let list = bench.wait("BLPOP z 0");
    bench.protocol = Protocol::Resp3;
    let (high, some) = (
        bench.wait("BZPOPMAX z 0"),
        bench.wait("BZMPOP 0 2 y z MIN COUNT 9"),
    );
    bench.protocol = Protocol::Resp2;
    bench.run("ZADD z 1 a 2 b 3 c 4 d");
    check(&low, "*3 $1 z $1 a $1 1");
    check(&high, "*3 $1 z $1 d ,4");
    check(&some, "*2 $1 z *2 *2 $1 b ,2 *2 $1 c ,3");
    assert!(got(&list).is_none());
    bench.leave("y", &some);
    bench.audit();
}

#[test]
fn whatever_makes_a_list_serves() {
    let mut bench = Bench::new();
    for (before, change) in [
        ("RPUSH from a", "RENAME from k"),
        ("RPUSH from a", "LMOVE from k LEFT LEFT"),
        ("RPUSH from a", "RPOPLPUSH from k"),
        ("RPUSH from a", "COPY from k"),
        ("SADD from a", "SORT from BY nosort STORE k"),
    ] {
        bench.run("DEL from");
        bench.run(before);
        let waiter = bench.wait("BLMPOP 0 1 k LEFT COUNT 5");
        bench.run(change);
        check(&waiter, "*2 $1 k *1 $1 a");
    }
    for (before, change) in [
        ("ZADD from 1 a", "RENAME from k"),
        ("ZADD from 1 a", "ZUNIONSTORE k 1 from"),
        ("ZADD from 1 a", "ZRANGESTORE k from 0 -1"),
    ] {
        bench.run("DEL from");
        bench.run(before);
        let waiter = bench.wait("BZPOPMIN k 0");
        bench.run(change);
        check(&waiter, "*3 $1 k $1 a $1 1");
    }
    bench.audit();
}

#[test]
fn changes_of_databases_serve() {
    let mut bench = Bench::new();
    bench.db = 1;
    bench.run("RPUSH k a");
    bench.run("RPUSH m b");
    bench.db = 0;
    let (moved, swapped) = (bench.wait("BLPOP m 0"), bench.wait("BLPOP k 0"));
    bench.db = 1;
    bench.run("MOVE m 0");
    check(&moved, "*2 $1 m $1 b");
    assert!(got(&swapped).is_none());
    bench.run("SWAPDB 0 1");
    check(&swapped, "*2 $1 k $1 a");
    bench.audit();
}

#[test]
fn what_may_not_wait_answers_null() {
    let mut bench = Bench::new();
    bench.check(&[
        ("BLPOP k 0", "*-1"),
        ("BLMOVE a b LEFT RIGHT 0", "$-1"),
        ("BRPOPLPUSH a b 0", "$-1"),
        ("BLMPOP 0 1 k LEFT", "*-1"),
        ("BZPOPMIN k 0", "*-1"),
        ("BZMPOP 0 1 k MAX", "*-1"),
    ]);
}

#[test]
fn errors_come_in_redis_order() {
    let mut bench = Bench::new();
    bench.run("SET s x");
    bench.run("RPUSH l a");
    let wrong_type = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    bench.check(&[
        ("BLPOP s -1", "-ERR timeout is negative"),
        ("BLPOP nothing s l 0", wrong_type),
        ("BLPOP l s 0", "*2 $1 l $1 a"),
        ("BLMOVE l l UP LEFT x", "-ERR syntax error"),
        (
            "BLMOVE s l LEFT LEFT x",
            "-ERR timeout is not a float or out of range",
        ),
        ("BLMOVE s l LEFT LEFT 0", wrong_type),
        ("BLMPOP x 0 k LEFT", "-ERR numkeys should be greater than 0"),
        (
            "BLMPOP x 1 s LEFT",
            "-ERR timeout is not a float or out of range",
        ),
        ("BLMPOP 0 1 s UP", "-ERR syntax error"),
        (
            "BLMPOP 0 1 s LEFT COUNT 0",
            "-ERR count should be greater than 0",
        ),
        ("BZMPOP 0 1 s MIN", wrong_type),
        (
            "BZPOPMIN s x",
            "-ERR timeout is not a float or out of range",
        ),
    ]);
}

#[test]
fn readers_of_streams_wait_for_what_is_new() {
    let mut bench = Bench::new();
    bench.run("XADD s 1 a 1");
    let plain = bench.wait("XREAD BLOCK 0 STREAMS s t $ 0");
    bench.run("XDEL s 1");
    assert_eq!(got(&plain), None);
    bench.run_together(&["XADD s 2 a 2", "XADD s 3 a 3"]);
    check(
        &plain,
        "*1 *2 $1 s *2 *2 $3 2-0 *2 $1 a $1 2 *2 $3 3-0 *2 $1 a $1 3",
    );
    // Gone before anybody looks: the ID was there, and nothing is left to show.
    let plain = bench.wait("XREAD BLOCK 0 STREAMS s $");
    bench.run_together(&["XADD s 4 a 4", "XDEL s 4"]);
    check(&plain, "*1 *2 $1 s *0");
    let plain = bench.wait("XREAD BLOCK 0 STREAMS s $");
    bench.run_together(&["XADD s 5 a 5", "DEL s", "LPUSH s x"]);
    assert_eq!(got(&plain), None);
    bench.audit();
}

#[test]
fn readers_for_a_group_mind_its_end() {
    let mut bench = Bench::new();
    let wait = |bench: &mut Bench| {
        bench.run("DEL s");
        bench.run("XGROUP CREATE s g $ MKSTREAM");
        bench.wait("XREADGROUP GROUP g c BLOCK 0 STREAMS s >")
    };
    let (one, other) = (
        wait(&mut bench),
        bench.wait("XREADGROUP GROUP g d BLOCK 0 STREAMS s >"),
    );
    bench.run("XADD s 1 a 1");
    check(&one, "*1 *2 $1 s *1 *2 $3 1-0 *2 $1 a $1 1");
    assert_eq!(got(&other), None);
    let gone = "UNBLOCKED the stream key no longer exists";
    for end in ["DEL s", "SET s x", "RENAME s t", "FLUSHDB"] {
        let waiter = wait(&mut bench);
        bench.run(end);
        check(&waiter, gone);
    }
    check(&other, gone);
    let waiter = wait(&mut bench);
    bench.run("XGROUP DESTROY s g");
    check(
        &waiter,
        "NOGROUP the consumer group this client was blocked on no longer exists",
    );
    bench.audit();
}
