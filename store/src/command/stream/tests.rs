//! The commands, with the answers of a Redis 7.0.15.

use resp::Protocol;

use crate::command::testing::Bench;

#[test]
fn entries_come_back_in_order() {
    let mut bench = Bench::new();
    bench.check(&[
        ("XADD s 1-1 a 1", "$3 1-1"),
        ("XADD s 1-* a 2 b 3", "$3 1-2"),
        ("XADD s 5 a 4", "$3 5-0"),
        ("XADD s * a 5", "$15 1700000000000-0"),
        ("XADD s * a 6", "$15 1700000000000-1"),
        ("XLEN s", ":5"),
        (
            "XRANGE s - (5-0",
            "*2 *2 $3 1-1 *2 $1 a $1 1 *2 $3 1-2 *4 $1 a $1 2 $1 b $1 3",
        ),
        ("XREVRANGE s 5 5", "*1 *2 $3 5-0 *2 $1 a $1 4"),
        ("XRANGE s - + COUNT 0", "*-1"),
        ("XRANGE nosuch - + COUNT 0", "*0"),
        (
            "XRANGE s x +",
            "-ERR Invalid stream ID specified as stream command argument",
        ),
        ("TYPE s", "+stream"),
        ("OBJECT ENCODING s", "$6 stream"),
        ("XDEL s 1-1 1-1 9-9", ":1"),
        ("XTRIM s MAXLEN 1", ":3"),
        ("XDEL s 1700000000000-1", ":1"),
        ("XLEN s", ":0"),
        ("EXISTS s", ":1"),
        (
            "XADD s 7 a 1",
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
        ),
    ]);
}

#[test]
fn additions_are_refused_as_redis_refuses_them() {
    let mut bench = Bench::new();
    bench.check(&[
        ("XADD s NOMKSTREAM * a 1", "$-1"),
        ("EXISTS s", ":0"),
        (
            "XADD s 0-0 a 1",
            "-ERR The ID specified in XADD must be greater than 0-0",
        ),
        (
            "XADD s * a 1 b",
            "-ERR wrong number of arguments for 'xadd' command",
        ),
        (
            "XADD s MAXLEN 5 MINID 3 * a 1",
            "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
        ),
        (
            "XADD s MAXLEN 5 LIMIT 3 * a 1",
            "-ERR syntax error, LIMIT cannot be used without the special ~ option",
        ),
        (
            "XADD s LIMIT 3 * a 1",
            "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
        ),
        (
            "XADD s 18446744073709551615-18446744073709551615 a 1",
            "$41 18446744073709551615-18446744073709551615",
        ),
        (
            "XADD s * a 1",
            "-ERR The stream has exhausted the last possible ID, unable to add more items",
        ),
        ("SET t 1", "+OK"),
        (
            "XADD t * a 1",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
    ]);
}

#[test]
fn changes_are_told() {
    let mut bench = Bench::new();
    for (line, events, dirty) in [
        ("XADD s 1 a 1", vec!["new s", "xadd s"], 1),
        ("XADD s MAXLEN 1 2 a 1", vec!["xadd s", "xtrim s"], 1),
        ("XADD s 3 a 1", vec!["xadd s"], 1),
        ("XTRIM s MINID 3", vec!["xtrim s"], 1),
        ("XGROUP CREATE s g 0", vec!["xgroup-create s"], 1),
        (
            "XREADGROUP GROUP g c STREAMS s >",
            vec!["xgroup-createconsumer s"],
            2,
        ),
        ("XACK s g 3", vec![], 1),
        ("XGROUP DELCONSUMER s g c", vec!["xgroup-delconsumer s"], 1),
        ("XGROUP SETID s g 0", vec!["xgroup-setid s"], 1),
        ("XSETID s 9", vec!["xsetid s"], 1),
        ("XGROUP DESTROY s g", vec!["xgroup-destroy s"], 1),
        ("XDEL s 3", vec!["xdel s"], 1),
        ("XDEL s 3", vec![], 0),
    ] {
        bench.run(line);
        assert_eq!(
            (&bench.events, bench.dirty),
            (
                &events.iter().map(|event| (*event).to_owned()).collect(),
                dirty
            ),
            "{line}"
        );
    }
}

/// A stream of three entries, read by a group up to the second.
fn half_read() -> Bench {
    let mut bench = Bench::new();
    for line in [
        "XADD s 1 a 1",
        "XADD s 2 a 2",
        "XADD s 3 b 3",
        "XGROUP CREATE s g 0",
    ] {
        bench.run(line);
    }
    bench.check(&[(
        "XREADGROUP GROUP g c COUNT 2 STREAMS s >",
        "*1 *2 $1 s *2 *2 $3 1-0 *2 $1 a $1 1 *2 $3 2-0 *2 $1 a $1 2",
    )]);
    bench
}

#[test]
fn groups_remember_what_they_handed_out() {
    let mut bench = half_read();
    bench.now_ms += 1000;
    bench.check(&[
        ("XPENDING s g", "*4 :2 $3 1-0 $3 2-0 *1 *2 $1 c $1 2"),
        ("XPENDING s g - + 1", "*1 *4 $3 1-0 $1 c :1000 :1"),
        ("XPENDING s g IDLE 1001 - + 9", "*0"),
        ("XPENDING s g - + 9 nobody", "*0"),
        ("XDEL s 1", ":1"),
        (
            "XREADGROUP GROUP g c STREAMS s 0",
            "*1 *2 $1 s *2 *2 $3 1-0 *-1 *2 $3 2-0 *2 $1 a $1 2",
        ),
        (
            "XAUTOCLAIM s g d 0 - COUNT 1 JUSTID",
            "*3 $3 2-0 *0 *1 $3 1-0",
        ),
        ("XCLAIM s g d 0 2", "*1 *2 $3 2-0 *2 $1 a $1 2"),
        ("XPENDING s g - + 9", "*1 *4 $3 2-0 $1 d :0 :3"),
        ("XACK s g 2 3", ":1"),
        ("XPENDING s g", "*4 :0 $-1 $-1 *-1"),
        ("XCLAIM s g d 0 3 FORCE JUSTID", "*1 $3 3-0"),
        (
            "XCLAIM s g d 0 3 BOGUS",
            "-ERR Unrecognized XCLAIM option 'BOGUS'",
        ),
        ("XGROUP DELCONSUMER s g d", ":1"),
        (
            "XREADGROUP GROUP h c STREAMS s >",
            "-NOGROUP No such key 's' or consumer group 'h' in XREADGROUP with GROUP option",
        ),
        (
            "XGROUP CREATE s g $",
            "-BUSYGROUP Consumer Group name already exists",
        ),
    ]);
}

#[test]
fn streams_can_be_looked_into() {
    let mut bench = half_read();
    bench.protocol = Protocol::Resp3;
    bench.check(&[
        (
            "XINFO STREAM s",
            "%10 $6 length :3 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 $17 last-generated-id $3 3-0 \
             $20 max-deleted-entry-id $3 0-0 $13 entries-added :3 $23 recorded-first-entry-id $3 1-0 $6 groups :1 \
             $11 first-entry *2 $3 1-0 *2 $1 a $1 1 $10 last-entry *2 $3 3-0 *2 $1 b $1 3",
        ),
        (
            "XINFO GROUPS s",
            "*1 %6 $4 name $1 g $9 consumers :1 $7 pending :2 $17 last-delivered-id $3 2-0 $12 entries-read :2 $3 lag :1",
        ),
        (
            "XINFO CONSUMERS s g",
            "*1 %4 $4 name $1 c $7 pending :2 $4 idle :0 $8 inactive :0",
        ),
        ("XREAD STREAMS s t 2 0", "%1 $1 s *1 *2 $3 3-0 *2 $1 b $1 3"),
        ("XREAD STREAMS s +", "%1 $1 s *1 *2 $3 3-0 *2 $1 b $1 3"),
        ("XREAD STREAMS s $", "_"),
        (
            "XREADGROUP GROUP g STREAMS STREAMS s >",
            "%1 $1 s *1 *2 $3 3-0 *2 $1 b $1 3",
        ),
        (
            "XREAD STREAMS s t 0",
            "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
        ),
        (
            "XINFO STREAM s FULL x",
            "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.",
        ),
    ]);
}

#[test]
fn a_copy_is_independent() {
    let mut bench = half_read();
    bench.check(&[
        ("COPY s t", ":1"),
        ("XACK t g 1 2", ":2"),
        ("XPENDING s g", "*4 :2 $3 1-0 $3 2-0 *1 *2 $1 c $1 2"),
        ("XTRIM t MAXLEN 0", ":3"),
        ("XLEN s", ":3"),
        ("RENAME t s", "+OK"),
        ("XINFO GROUPS s", "*1 *12 $4 name $1 g $9 consumers :1 $7 pending :0 $17 last-delivered-id $3 2-0 $12 entries-read :2 $3 lag :1"),
        ("SORT s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("DEL s", ":1"),
    ]);
}

/// By the documentation of Redis 8.2.
#[test]
fn deleting_minds_what_groups_hold() {
    let mut bench = Bench::new();
    bench.check(&[
        ("XDELEX s IDS 1 1-1", "*1 :-1"),
        ("XADD s 1-0 a 1", "$3 1-0"),
        ("XADD s 2-0 a 1", "$3 2-0"),
        ("XADD s 3-0 a 1", "$3 3-0"),
        ("XADD s 4-0 a 1", "$3 4-0"),
        ("XGROUP CREATE s g 0", "+OK"),
        (
            "XREADGROUP GROUP g c COUNT 3 STREAMS s >",
            "*1 *2 $1 s *3 *2 $3 1-0 *2 $1 a $1 1 *2 $3 2-0 *2 $1 a $1 1 *2 $3 3-0 *2 $1 a $1 1",
        ),
        ("XACK s g 1-0", ":1"),
        ("XDELEX s ACKED IDS 4 1-0 2-0 4-0 9-0", "*4 :1 :2 :2 :-1"),
        ("XDELEX s IDS 1 2-0", "*1 :1"),
        ("XPENDING s g", "*4 :2 $3 2-0 $3 3-0 *1 *2 $1 c $1 2"),
        ("XDELEX s DELREF IDS 1 3-0", "*1 :1"),
        ("XPENDING s g", "*4 :1 $3 2-0 $3 2-0 *1 *2 $1 c $1 1"),
        ("XACKDEL s g IDS 2 2-0 4-0", "*2 :1 :-1"),
        ("XACKDEL s nosuch IDS 1 4-0", "*1 :-1"),
        ("XLEN s", ":1"),
        (
            "XDELEX s IDS 0 1-1",
            "-ERR Number of IDs must be a positive integer",
        ),
        (
            "XDELEX s IDS 2 1-1",
            "-ERR The `numids` parameter must match the number of arguments",
        ),
        ("XDELEX s KEEPREF ACKED IDS 1 1-1", "-ERR syntax error"),
        ("XDELEX s WHAT IDS 1 1-1", "-ERR syntax error"),
    ]);
}

#[test]
fn acknowledging_with_deletion_spares_what_other_groups_hold() {
    let mut bench = Bench::new();
    bench.check(&[
        ("XADD s 1-0 a 1", "$3 1-0"),
        ("XGROUP CREATE s g 0", "+OK"),
        ("XGROUP CREATE s h 0", "+OK"),
        (
            "XREADGROUP GROUP g c STREAMS s >",
            "*1 *2 $1 s *1 *2 $3 1-0 *2 $1 a $1 1",
        ),
        ("XACKDEL s g ACKED IDS 1 1-0", "*1 :2"),
        (
            "XREADGROUP GROUP h c STREAMS s >",
            "*1 *2 $1 s *1 *2 $3 1-0 *2 $1 a $1 1",
        ),
        ("XACKDEL s h ACKED IDS 1 1-0", "*1 :1"),
        ("XLEN s", ":0"),
    ]);
}

#[test]
fn trimming_minds_what_groups_hold() {
    let mut bench = Bench::new();
    bench.check(&[
        ("XADD s 1-0 a 1", "$3 1-0"),
        ("XADD s 2-0 a 1", "$3 2-0"),
        ("XADD s 3-0 a 1", "$3 3-0"),
        ("XGROUP CREATE s g 0", "+OK"),
        (
            "XREADGROUP GROUP g c COUNT 2 STREAMS s >",
            "*1 *2 $1 s *2 *2 $3 1-0 *2 $1 a $1 1 *2 $3 2-0 *2 $1 a $1 1",
        ),
        ("XACK s g 2-0", ":1"),
        ("XTRIM s MAXLEN 0 ACKED", ":1"),
        ("XTRIM s MINID 2 DELREF", ":1"),
        ("XPENDING s g", "*4 :0 $-1 $-1 *-1"),
        ("XADD s DELREF MAXLEN 1 9-0 a 1", "$3 9-0"),
        ("XRANGE s - +", "*1 *2 $3 9-0 *2 $1 a $1 1"),
        ("XTRIM s MAXLEN 1 ACKED KEEPREF", "-ERR syntax error"),
    ]);
}
