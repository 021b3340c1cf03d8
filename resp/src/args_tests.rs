//! Views over the wire, over slices and over requests put aside must look the same.

use super::*;
use crate::{Batch, Decoder, Limits};

const WIRE: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\nset \"q k\" v\n";
const SET: [&[u8]; 3] = [b"SET", b"k", b"value"];
const QUOTED: [&[u8]; 3] = [b"set", b"q k", b"v"];

fn batch() -> Batch {
    let mut batch = Batch::new(8);
    let progress = Decoder::new().decode(WIRE, &Limits::default(), &mut batch);
    assert_eq!(progress.consumed, WIRE.len());
    batch.set_hash(0, 1, 77);
    batch.set_hash(1, 1, 99);
    batch
}

fn check(args: Args<'_>, expect: [&[u8]; 3], hash: u64) {
    assert_eq!((args.len(), args.is_empty()), (3, false));
    assert_eq!(args.iter().collect::<Vec<_>>(), expect);
    assert_eq!(args.into_iter().len(), 3);
    assert_eq!(&args[1], expect[1]);
    assert_eq!((args.try_get(2), args.try_get(3)), (Some(expect[2]), None));
    assert_eq!((args.hash(0), args.hash(1), args.hash(2)), (0, hash, 0));
    let tail = args.tail(1);
    assert_eq!(
        (tail.get(0), tail.hash(0), tail.len()),
        (expect[1], hash, 2)
    );
    assert!(args.tail(3).is_empty() && args.tail(9).is_empty());
}

#[test]
fn all_sources_look_alike() {
    let batch = batch();
    check(batch.args(WIRE, 0), SET, 77);
    check(batch.args(WIRE, 1), QUOTED, 99);
    check(Args::from_slices_hashed(&SET, &[0, 5, 0]), SET, 5);
    check(Args::from_slices(&SET), SET, 0);
    check(OwnedArgs::from(batch.args(WIRE, 0)).view(), SET, 77);
    check(OwnedArgs::from(batch.args(WIRE, 1)).view(), QUOTED, 99);
    check(OwnedArgs::from(Args::from_slices(&SET)).view(), SET, 0);
}

#[test]
fn a_request_put_aside_shares_its_big_arguments() {
    let value = Bytes::from(vec![b'v'; SHARED_MIN]);
    let args = [Arg::range(0, 3), Arg::owned(0)];
    let owned = [value.clone()];
    let aside = OwnedArgs::from(Args::from_wire(b"GET", &args, &owned));
    assert_eq!(aside.view().shared(0), None);
    assert_eq!(
        aside.view().shared(1).map(|shared| shared.as_ptr()),
        Some(value.as_ptr())
    );
    assert!(aside.used_bytes() >= SHARED_MIN + 3);
    let copied = OwnedArgs::from(Args::from_slices(&[b"GET", &value]));
    assert_eq!(copied.view().shared(1), Some(&value));
}

#[test]
#[should_panic(expected = "index out of bounds")]
fn an_argument_that_is_not_there_panics() {
    batch().args(WIRE, 0).get(3);
}
