//! Golden replies in both protocol versions.

use super::*;
use proptest::prelude::*;

fn written(protocol: Protocol, write: impl Fn(&mut ReplyWriter<'_>)) -> String {
    let mut out = OutputBuffer::new();
    write(&mut ReplyWriter::new(&mut out, protocol));
    String::from_utf8(out.to_vec()).expect("golden replies are text")
}

/// Checks one reply; line ends are shown as `|`.
fn check(write: impl Fn(&mut ReplyWriter<'_>), resp2: &str, resp3: &str) {
    for (protocol, expect) in [(Protocol::Resp2, resp2), (Protocol::Resp3, resp3)] {
        assert_eq!(
            written(protocol, &write).replace("\r\n", "|"),
            expect,
            "{protocol:?}"
        );
    }
}

fn check_both(write: impl Fn(&mut ReplyWriter<'_>), expect: &str) {
    check(write, expect, expect);
}

#[test]
fn scalars() {
    check_both(|reply| reply.integer(0), ":0|");
    check_both(|reply| reply.integer(42), ":42|");
    check_both(|reply| reply.integer(-1), ":-1|");
    check_both(|reply| reply.integer(i64::MIN), ":-9223372036854775808|");
    check_both(|reply| reply.bulk(b""), "$0||");
    check_both(|reply| reply.bulk(b"hello"), "$5|hello|");
    check_both(|reply| reply.bulk(b"a\r\nb"), "$4|a|b|");
    check_both(|reply| reply.bulk_integer(-123_456), "$7|-123456|");
    check_both(
        |reply| reply.bulk_integer(i64::MIN),
        "$20|-9223372036854775808|",
    );
    check_both(|reply| reply.simple("PONG"), "+PONG|");
    check_both(|reply| reply.simple("a\r\nb"), "+a  b|");
    check_both(|reply| reply.ok(), "+OK|");
}

#[test]
fn errors_stay_on_their_line() {
    check_both(
        |reply| reply.error("ERR syntax error"),
        "-ERR syntax error|",
    );
    check_both(|reply| reply.error("ERR a\r\nb\nc\r"), "-ERR a  b c |");
    check_both(|reply| reply.error_bytes(b"ERR 'x\n'"), "-ERR 'x '|");
    check_both(
        |reply| reply.error_display(&format_args!("ERR {}{}", "a\r\n", 1)),
        "-ERR a  1|",
    );
    check_both(
        |reply| reply.error_display(&crate::ProtocolError::UnbalancedQuotes),
        "-Protocol error: unbalanced quotes in request|",
    );
}

#[test]
fn what_resp3_types() {
    check(|reply| reply.null(), "$-1|", "_|");
    check(|reply| reply.null_array(), "*-1|", "_|");
    check(|reply| reply.bool(true), ":1|", "#t|");
    check(|reply| reply.bool(false), ":0|", "#f|");
    check(|reply| reply.double(1.5), "$3|1.5|", ",1.5|");
    check(|reply| reply.double(3.0), "$1|3|", ",3|");
    check(
        |reply| reply.double(0.1),
        "$19|0.10000000000000001|",
        ",0.10000000000000001|",
    );
    check(|reply| reply.double(f64::INFINITY), "$3|inf|", ",inf|");
    check(
        |reply| reply.double(f64::NEG_INFINITY),
        "$4|-inf|",
        ",-inf|",
    );
    check(|reply| reply.double(f64::NAN), "$3|nan|", ",nan|");
    check(
        |reply| reply.verbatim("txt", b"some text"),
        "$9|some text|",
        "=13|txt:some text|",
    );
    check(
        |reply| reply.big_number("123456789012345678901"),
        "$21|123456789012345678901|",
        "(123456789012345678901|",
    );
}

#[test]
fn aggregates() {
    check_both(|reply| reply.array(0), "*0|");
    check_both(|reply| reply.array(1000), "*1000|");
    check(|reply| reply.map(7), "*14|", "%7|");
    check(|reply| reply.set(3), "*3|", "~3|");
    check(|reply| reply.push(3), "*3|", ">3|");
}

#[test]
fn deferred_lengths_nest_and_move_what_follows() {
    let nested = |inner: usize, outer: usize| {
        move |reply: &mut ReplyWriter<'_>| {
            reply.ok();
            let map = reply.array_deferred();
            reply.bulk(b"k");
            let set = reply.array_deferred();
            reply.integer(1);
            reply.finish_set(set, inner);
            reply.integer(2);
            reply.finish_map(map, outer);
            reply.ok();
        }
    };
    check(
        nested(1, 2),
        "+OK|*4|$1|k|*1|:1|:2|+OK|",
        "+OK|%2|$1|k|~1|:1|:2|+OK|",
    );
    check(
        nested(10, 100),
        "+OK|*200|$1|k|*10|:1|:2|+OK|",
        "+OK|%100|$1|k|~10|:1|:2|+OK|",
    );
    check_both(
        |reply| {
            let empty = reply.array_deferred();
            reply.finish_array(empty, 0);
        },
        "*0|",
    );
}

#[test]
fn big_values_are_shared_and_small_ones_copied() {
    for (len, shared) in [(SHARED_MIN - 1, false), (SHARED_MIN, true)] {
        let value = Bytes::from(vec![b'v'; len]);
        let mut out = OutputBuffer::new();
        let mut reply = ReplyWriter::new(&mut out, Protocol::Resp2);
        let array = reply.array_deferred();
        reply.bulk_shared(value.clone());
        reply.bulk_shared(value.clone());
        reply.finish_array(array, 10);
        let text = "v".repeat(len);
        assert!(
            out.to_vec() == format!("*10\r\n${len}\r\n{text}\r\n${len}\r\n{text}\r\n").into_bytes()
        );
        assert_eq!(out.len(), out.to_vec().len());
        assert_eq!(
            out.take_chunks()
                .any(|chunk| chunk.as_ref().as_ptr() == value.as_ptr()),
            shared
        );
    }
}

#[test]
fn a_failed_reply_can_be_dropped() {
    let mut out = OutputBuffer::new();
    let mut reply = ReplyWriter::new(&mut out, Protocol::Resp3);
    reply.ok();
    let mark = reply.output().mark();
    reply.array(5);
    reply.bulk_shared(vec![0; SHARED_MIN].into());
    reply.output().rollback(mark);
    reply.error("ERR failed");
    assert_eq!(out.to_vec(), b"+OK\r\n-ERR failed\r\n");
}

proptest! {
    #[test]
    fn an_independent_decoder_reads_what_is_written(value in prop::collection::vec(any::<u8>(), 0..2000), number: i64, double: f64) {
        use redis_protocol::{resp2, resp3};
        let mut out = OutputBuffer::new();
        let mut reply = ReplyWriter::new(&mut out, Protocol::Resp2);
        reply.bulk(&value);
        let (frame, used) = resp2::decode::decode(&out.to_vec()).expect("valid").expect("whole");
        prop_assert_eq!((frame, used), (resp2::types::OwnedFrame::BulkString(value), out.len()));
        out.clear();
        let mut reply = ReplyWriter::new(&mut out, Protocol::Resp3);
        reply.array(2);
        reply.integer(number);
        reply.double(double);
        let (frame, used) = resp3::decode::complete::decode(&out.to_vec()).expect("valid").expect("whole");
        prop_assert_eq!(used, out.len());
        let resp3::types::OwnedFrame::Array { data, .. } = frame else { panic!("an array") };
        prop_assert_eq!(&data[0], &resp3::types::OwnedFrame::Number { data: number, attributes: None });
        let resp3::types::OwnedFrame::Double { data: read, .. } = data[1] else { panic!("a double") };
        prop_assert!(read == double || read.is_nan() && double.is_nan());
    }
}
