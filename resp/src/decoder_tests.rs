//! The decoder against tables of rules, against an independent decoder, and against every way of cutting a stream into reads.

use super::*;
use crate::BIG_ARG;
use proptest::prelude::*;
use redis_protocol::resp2::{decode::decode as decode_oracle, types::OwnedFrame};
use std::time::Duration;

type Request = Vec<Vec<u8>>;

/// A connection in miniature: keeps the tail, fills big arguments, collects requests.
struct Peer {
    decoder: Decoder,
    batch: Batch,
    limits: Limits,
    buf: Vec<u8>,
    requests: Vec<Request>,
    error: Option<ProtocolError>,
    big_bulks: usize,
}

impl Peer {
    fn new(limits: Limits, batch_max: usize) -> Self {
        let batch = Batch::new(batch_max);
        Self {
            decoder: Decoder::new(),
            batch,
            limits,
            buf: Vec::new(),
            requests: Vec::new(),
            error: None,
            big_bulks: 0,
        }
    }

    /// Takes one read's worth of bytes, in as many pieces as a big argument asks for.
    fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.error.is_none() {
            let taken = match self.decoder.big_bulk() {
                Some(big) => {
                    let taken = big.room().min(bytes.len());
                    big.target().extend_from_slice(&bytes[..taken]);
                    taken
                }
                None => {
                    self.buf.extend_from_slice(bytes);
                    bytes.len()
                }
            };
            bytes = &bytes[taken..];
            self.decode();
        }
    }

    fn decode(&mut self) {
        loop {
            let progress = self
                .decoder
                .decode(&self.buf, &self.limits, &mut self.batch);
            for i in 0..self.batch.len() {
                self.requests.push(
                    self.batch
                        .args(&self.buf, i)
                        .iter()
                        .map(<[u8]>::to_vec)
                        .collect(),
                );
            }
            let args = (0..self.batch.len())
                .map(|i| self.batch.args(&self.buf, i).len())
                .sum::<usize>();
            assert_eq!(
                self.batch.args.len(),
                args,
                "no arguments without a request"
            );
            self.batch.clear();
            self.buf.truncate(progress.retained);
            self.buf.drain(..progress.consumed);
            match progress.status {
                Status::BatchFull => continue,
                Status::NeedMore => return,
                Status::BigBulk { missing } => {
                    assert_eq!(
                        self.decoder.big_bulk().map(|big| big.missing()),
                        Some(missing)
                    );
                    self.big_bulks += 1;
                    return;
                }
                Status::Error(error) => {
                    self.error = Some(error);
                    return;
                }
            }
        }
    }
}

fn decode_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Peer {
    let mut peer = Peer::new(Limits::default(), 3);
    pieces.into_iter().for_each(|piece| peer.feed(piece));
    peer
}

fn encode(request: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = format!("*{}\r\n", request.len()).into_bytes();
    for arg in request {
        wire.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        wire.extend_from_slice(arg);
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

/// The requests of a stream as the redis-protocol crate reads them.
fn oracle(mut wire: &[u8]) -> Vec<Request> {
    let mut requests = Vec::new();
    while !wire.is_empty() {
        let (frame, used) = decode_oracle(wire).expect("valid").expect("whole");
        let OwnedFrame::Array(args) = frame else {
            panic!("a request is an array")
        };
        let text = |arg| match arg {
            OwnedFrame::BulkString(text) => text,
            other => panic!("an argument is a bulk string, not {other:?}"),
        };
        requests.push(args.into_iter().map(text).collect());
        wire = &wire[used..];
    }
    requests
}

fn words(request: &[&str]) -> Request {
    request
        .iter()
        .map(|word| word.as_bytes().to_vec())
        .collect()
}

fn requests_of(wire: &[u8]) -> Vec<Request> {
    let peer = decode_pieces([wire]);
    assert_eq!(peer.error, None);
    peer.requests
}

#[test]
fn requests_and_blank_lines_are_read_in_order() {
    let wire =
        b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n\r\n*0\r\n*-1\r\n*-5\r\nset a b\n*1\r\n$0\r\n\r\n";
    assert_eq!(
        requests_of(wire),
        [
            words(&["GET", "k"]),
            words(&["PING"]),
            words(&["set", "a", "b"]),
            words(&[""])
        ]
    );
}

#[test]
fn line_ends_are_skipped_unchecked() {
    assert_eq!(
        requests_of(b"*2xx".get(..0).unwrap_or_default()),
        Vec::<Request>::new()
    );
    assert_eq!(
        requests_of(b"*2\r?$3\r?GET##$1\r?k##"),
        [words(&["GET", "k"])]
    );
}

#[test]
fn the_batch_limit_is_kept() {
    let wire = b"PING\r\nPING\r\nPING\r\n";
    let mut batch = Batch::new(2);
    let progress = Decoder::new().decode(wire, &Limits::default(), &mut batch);
    assert_eq!(
        (progress.consumed, progress.status, batch.len()),
        (12, Status::BatchFull, 2)
    );
}

#[test]
fn requests_before_an_error_are_kept() {
    let peer =
        decode_pieces([b"PING\r\n*1\r\n$4\r\nECHO\r\n*1\r\n$1\r\nx\r\n*x\r\nPING\r\n".as_slice()]);
    assert_eq!(
        peer.requests,
        [words(&["PING"]), words(&["ECHO"]), words(&["x"])]
    );
    assert_eq!(peer.error, Some(ProtocolError::ArrayLength));
}

#[test]
fn broken_requests_have_their_own_errors() {
    let open = Limits::default();
    let small = Limits {
        bulk_len_max: 100,
        args_max: 20,
        ..open
    };
    let closed = Limits {
        unauthenticated: true,
        ..open
    };
    let long = |start: &str| [start.as_bytes(), &vec![b'1'; INLINE_MAX + 1]].concat();
    let cases: &[(&[u8], Limits, &str)] = &[
        (&long(""), open, "too big inline request"),
        (b"set \"a\r\n", open, "unbalanced quotes in request"),
        (b"set 'a\r\n", open, "unbalanced quotes in request"),
        (b"set \"a\"b\r\n", open, "unbalanced quotes in request"),
        (&long("*"), open, "too big mbulk count string"),
        (b"*\r\n", open, "invalid multibulk length"),
        (b"*01\r\n", open, "invalid multibulk length"),
        (b"*00000001\r\n", open, "invalid multibulk length"),
        (b"*+1\r\n", open, "invalid multibulk length"),
        (b"* 1\r\n", open, "invalid multibulk length"),
        (b"*1a\r\n", open, "invalid multibulk length"),
        (b"*2147483648\r\n", open, "invalid multibulk length"),
        (
            b"*99999999999999999999\r\n",
            open,
            "invalid multibulk length",
        ),
        (b"*21\r\n$1\r\n", small, "invalid multibulk length"),
        (b"*11\r\n", closed, "unauthenticated multibulk length"),
        (
            b"*11\r\n$4\r\nPING\r\n",
            closed,
            "unauthenticated multibulk length",
        ),
        (&long("*1\r\n$"), open, "too big bulk count string"),
        (&long("*1\r\n"), open, "too big bulk count string"),
        (b"*2\r\n$4\r\nPING\r\n:1\r\n", open, "expected '$', got ':'"),
        (b"*1\r\n:1\r\n", open, "expected '$', got ':'"),
        (b"*1\r\n\r\n\r\n", open, "expected '$', got ' '"),
        (b"*1\r\n\0\r\n", open, "expected '$', got '\0'"),
        (b"*1\r\n$\r\n", open, "invalid bulk length"),
        (b"*1\r\n$-1\r\n", open, "invalid bulk length"),
        (b"*1\r\n$01\r\na\r\n", open, "invalid bulk length"),
        (b"*1\r\n$00\r\na\r\nxxx", open, "invalid bulk length"),
        (b"*1\r\n$1x\r\na\r\n", open, "invalid bulk length"),
        (b"*1\r\n$536870913\r\n", open, "invalid bulk length"),
        (
            b"*1\r\n$9223372036854775807\r\n",
            open,
            "invalid bulk length",
        ),
        (b"*1\r\n$101\r\n", small, "invalid bulk length"),
        (b"*1\r\n$16385\r\n", closed, "unauthenticated bulk length"),
    ];
    for (wire, limits, text) in cases {
        let shown = String::from_utf8_lossy(&wire[..wire.len().min(30)]);
        for piece in [wire.len(), 1, 7] {
            let mut peer = Peer::new(*limits, 32);
            wire.chunks(piece).for_each(|bytes| peer.feed(bytes));
            let error = peer
                .error
                .unwrap_or_else(|| panic!("{shown:?} in pieces of {piece} is an error"));
            let mut out = crate::OutputBuffer::new();
            error.reply(&mut crate::ReplyWriter::new(
                &mut out,
                crate::Protocol::Resp2,
            ));
            assert_eq!(
                String::from_utf8_lossy(&out.to_vec()),
                format!("-ERR Protocol error: {text}\r\n"),
                "{shown:?}"
            );
            assert!(peer.requests.is_empty());
        }
    }
}

#[test]
fn limits_themselves_are_allowed() {
    let at_limit = |start: &str| [start.as_bytes(), &vec![b'1'; INLINE_MAX - 10]].concat();
    let closed = Limits {
        unauthenticated: true,
        ..Limits::default()
    };
    let cases: &[(&[u8], Limits)] = &[
        (&at_limit(""), Limits::default()),
        (&at_limit("*1"), Limits::default()),
        (&at_limit("*1\r\n$"), Limits::default()),
        (b"*10\r\n", closed),
        (b"*1\r\n$16384\r\n", closed),
        (b"*2147483647\r\n", Limits::default()),
        (b"*1\r\n$536870912\r\n", Limits::default()),
    ];
    for (wire, limits) in cases {
        let mut peer = Peer::new(*limits, 32);
        peer.feed(wire);
        assert_eq!(peer.error, None);
        assert!(peer.decoder.is_mid_request());
    }
}

#[test]
fn before_authentication_requests_come_one_by_one() {
    let limits = Limits {
        unauthenticated: true,
        ..Limits::default()
    };
    let mut batch = Batch::new(32);
    let wire = b"*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n*11\r\n";
    let progress = Decoder::new().decode(wire, &limits, &mut batch);
    assert_eq!((progress.status, batch.len()), (Status::BatchFull, 1));
    assert_eq!(&wire[progress.consumed..], b"*11\r\n");
}

#[test]
fn an_expected_bulk_error_carries_the_raw_byte() {
    let mut out = crate::OutputBuffer::new();
    ProtocolError::ExpectedBulk(0xff).reply(&mut crate::ReplyWriter::new(
        &mut out,
        crate::Protocol::Resp2,
    ));
    assert_eq!(
        out.to_vec(),
        b"-ERR Protocol error: expected '$', got '\xff'\r\n"
    );
}

#[test]
fn every_split_gives_the_same_requests() {
    let big = "v".repeat(BIG_ARG + 3);
    let small = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nhello\r\nworld\r\n\r\nset \"a b\" c\n*-1\r\n*1\r\n$0\r\n\r\n*2\r\n$4\r\nECHO\r\n$100\r\n".to_vec();
    let small = [small, vec![b'x'; 100], b"\r\nPING\r\n".to_vec()].concat();
    let whole = requests_of(&small);
    for first in 0..=small.len() {
        for second in first..=small.len() {
            let peer = decode_pieces([&small[..first], &small[first..second], &small[second..]]);
            assert_eq!(
                (peer.error, &peer.requests),
                (None, &whole),
                "split at {first} and {second}"
            );
        }
    }
    let wire = encode(&words(&["MSET", "a", &big, "b", &big, "c", "small"]));
    let wire = [wire.as_slice(), b"PING\r\n", &wire].concat();
    let expected = [
        words(&["MSET", "a", &big, "b", &big, "c", "small"]),
        words(&["PING"]),
        words(&["MSET", "a", &big, "b", &big, "c", "small"]),
    ];
    for at in (0..wire.len()).filter(|at| at % 97 == 0 || at % BIG_ARG < 60 || wire[*at] != b'v') {
        let peer = decode_pieces([&wire[..at], &wire[at..]]);
        assert_eq!(peer.error, None);
        assert!(peer.requests == expected, "split at {at}");
    }
}

#[test]
fn big_arguments_are_received_in_place() {
    let big = vec![b'v'; 3 * 1024 * 1024];
    let wire = encode(&[b"SET".to_vec(), b"k".to_vec(), big.clone()]);
    let mut decoder = Decoder::new();
    let mut batch = Batch::new(32);
    let limits = Limits::default();
    let progress = decoder.decode(&wire[..20_000], &limits, &mut batch);
    assert!(matches!(progress.status, Status::BigBulk { .. }));
    let buf = &wire[progress.consumed..progress.retained];
    assert_eq!(buf, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3145728\r\n");
    let mut at = 20_000;
    while at < wire.len() {
        let bulk = decoder.big_bulk().expect("still receiving");
        let room = bulk.room();
        assert!(room > 0 && room <= bulk.missing());
        let read = room.min(70_000);
        bulk.target().extend_from_slice(&wire[at..at + read]);
        at += read;
    }
    let target = decoder.big_bulk().map(|bulk| bulk.target().as_ptr());
    let progress = decoder.decode(buf, &limits, &mut batch);
    assert_eq!(
        (progress.consumed, progress.status),
        (buf.len(), Status::NeedMore)
    );
    let args = batch.args(buf, 0);
    assert_eq!(args.get(1), b"k");
    assert!(args.get(2) == big);
    assert_eq!(
        args.shared(2).map(|shared| shared.as_ptr()),
        target,
        "the value is not copied again"
    );
}

#[test]
fn only_big_and_incomplete_arguments_leave_the_buffer() {
    for (len, cut, leaves) in [
        (BIG_ARG - 1, 1, false),
        (BIG_ARG, 1, true),
        (BIG_ARG, 0, false),
    ] {
        let wire = encode(&[b"SET".to_vec(), vec![b'v'; len]]);
        let mut peer = decode_pieces([&wire[..wire.len() - cut]]);
        assert_eq!(
            peer.decoder.big_bulk().is_some(),
            leaves,
            "{len} bytes without the last {cut}"
        );
        peer.feed(&wire[wire.len() - cut..]);
        assert_eq!(peer.requests.len(), 1);
    }
}

#[test]
fn announcing_costs_nothing() {
    let mut peer = decode_pieces([b"*2147483647\r\n$3\r\nSET\r\n$536870912\r\nx".as_slice()]);
    assert!(
        peer.decoder.big_bytes().1 <= 1024 * 1024 + 4096,
        "{}",
        peer.decoder.big_bytes().1
    );
    assert!(peer.decoder.big_bulk().is_some());
}

#[test]
fn trickling_requests_are_decoded_in_linear_time() {
    let many_args = encode(&vec![b"arg".to_vec(); 110_000]);
    let long_line = [b"ECHO ".as_slice(), &vec![b'x'; 60_000], b"\r\n"].concat();
    let big = encode(&[b"ECHO".to_vec(), vec![b'x'; 1_000_000]]);
    for wire in [many_args, long_line, big] {
        let mut decoder = Decoder::new();
        let mut batch = Batch::new(32);
        let (mut start, mut retained, used_before) = (0, 0, cpu_time());
        // The buffer is a window of the wire (or its part before a big argument), so that the test itself is linear, too.
        for end in 1..=wire.len() {
            if let Some(bulk) = decoder.big_bulk() {
                bulk.target().push(wire[end - 1]);
            }
            let end = if decoder.big_bulk().is_some() {
                retained
            } else {
                end
            };
            let progress = decoder.decode(&wire[start..end], &Limits::default(), &mut batch);
            assert!(!matches!(progress.status, Status::Error(_)));
            retained = start + progress.retained;
            start += progress.consumed;
        }
        assert_eq!(batch.len(), 1);
        let used = cpu_time() - used_before;
        assert!(used < Duration::from_secs(2), "{used:?}");
    }
}

/// What this thread has run so far: unlike the clock, it stands still while others have the processor.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}

fn request() -> impl Strategy<Value = Request> {
    let arg = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..40),
        2 => prop::collection::vec(any::<u8>(), 90..1100),
        1 => (BIG_ARG - 2..BIG_ARG + 5000).prop_map(|len| vec![b'b'; len]),
    ];
    prop::collection::vec(arg, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn valid_streams_match_the_oracle(requests in prop::collection::vec(request(), 1..8), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let wire: Vec<u8> = requests.iter().flat_map(|request| encode(request)).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
        cuts.extend([0, wire.len()]);
        cuts.sort_unstable();
        let peer = decode_pieces(cuts.windows(2).map(|cut| &wire[cut[0]..cut[1]]));
        prop_assert_eq!(peer.error, None);
        prop_assert!(peer.buf.is_empty() && !peer.decoder.is_mid_request());
        prop_assert!(peer.requests == oracle(&wire));
        prop_assert!(peer.requests == requests);
    }

    #[test]
    fn small_streams_match_at_every_split(requests in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 1..5), 1..4)) {
        let wire: Vec<u8> = requests.iter().flat_map(|request| encode(request)).collect();
        prop_assert_eq!(&oracle(&wire), &requests);
        for at in 0..=wire.len() {
            prop_assert_eq!(&decode_pieces([&wire[..at], &wire[at..]]).requests, &requests);
        }
        prop_assert_eq!(&decode_pieces(wire.chunks(1)).requests, &requests);
    }

    #[test]
    fn any_bytes_are_survived_and_splits_do_not_matter(
        bytes in prop::collection::vec(prop_oneof![Just(b'*'), Just(b'$'), Just(b'\r'), Just(b'\n'), Just(b'"'), Just(b'\\'), Just(b'\''), b'0'..=b'3', any::<u8>()], 0..300),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = decode_pieces([bytes.as_slice()]);
        let cut = cut.index(bytes.len() + 1);
        for peer in [decode_pieces([&bytes[..cut], &bytes[cut..]]), decode_pieces(bytes.chunks(1))] {
            prop_assert_eq!(&peer.requests, &whole.requests);
            prop_assert_eq!(peer.error, whole.error);
        }
    }
}
