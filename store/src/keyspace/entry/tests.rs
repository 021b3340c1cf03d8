//! Entries by themselves: every shape, every change of shape.

use bytes::Bytes;
use proptest::prelude::*;

use super::{Entry, INLINE_BYTES_MAX, StringInput};
use crate::hash::Seed;
use crate::types::{EncodingLimits, Hash};
use crate::value::{IntText, StringRef, StringValue, Value, ValueRef};

fn string_of(entry: &Entry) -> Vec<u8> {
    match entry.value() {
        ValueRef::String(string) => string.as_bytes(&mut IntText::new()).to_vec(),
        other => panic!("not a string: {other:?}"),
    }
}

fn string(key: &[u8], value: &[u8], expire_at_ms: Option<u64>) -> Entry {
    Entry::new_string(key, StringInput::Bytes(value), expire_at_ms, 7)
}

fn hash_of_fields(fields: usize) -> Hash {
    let mut hash = Hash::new();
    for field in 0..fields {
        hash.insert(
            &Seed::default(),
            field.to_string().as_bytes(),
            b"value",
            &EncodingLimits::default(),
        );
    }
    hash
}

#[test]
fn small_entries_are_small() {
    let cases = [
        (5, 3, None, 16),
        (16, 64, None, 96),
        (16, 64, Some(1), 96),
        (8, 8, None, 24),
        (16, 8, None, 32),
    ];
    for (key, value, expire, bytes) in cases {
        let entry = string(&vec![b'k'; key], &vec![b'v'; value], expire);
        assert_eq!(
            entry.alloc_bytes(),
            bytes,
            "key {key} value {value} {expire:?}"
        );
        assert_eq!(entry.mem_bytes(), bytes);
    }
    assert_eq!(
        string(b"counter", b"1", None).alloc_bytes(),
        16,
        "an integer in one byte"
    );
}

#[test]
fn encodings_have_their_names() {
    let cases: [(&[u8], &str); 6] = [
        (b"12", "int"),
        (b"-9223372036854775808", "int"),
        (b"012", "embstr"),
        (b"", "embstr"),
        (&[b'x'; 44], "embstr"),
        (&[b'x'; 45], "raw"),
    ];
    for (value, encoding) in cases {
        assert_eq!(string(b"key", value, None).encoding(), encoding);
    }
    for value in ["12", "abc"] {
        let mut entry = string(b"key", value.as_bytes(), None);
        entry.string_buffer(0);
        assert_eq!(
            (entry.encoding(), string_of(&entry)),
            ("raw", value.into()),
            "written in place"
        );
        entry.set_expire(Some(5));
        assert_eq!(entry.encoding(), "raw", "raw survives a move");
        entry.set_string(StringInput::Bytes(b"new"), None);
        assert_eq!(entry.encoding(), "embstr", "a new value is not raw");
    }
}

#[test]
fn a_fitting_overwrite_stays_in_place() {
    let mut entry = string(b"sixteen bytes it", b"first", Some(9));
    let block = entry.at(0);
    for value in [&b"other"[..], b"123456", b"abc"] {
        assert!(
            entry
                .set_string(StringInput::Bytes(value), Some(10))
                .is_none()
        );
        assert_eq!(
            (entry.at(0), string_of(&entry), entry.expire_at_ms()),
            (block, value.into(), Some(10))
        );
    }
    assert!(
        entry
            .set_string(StringInput::Bytes(&[b'x'; 40]), Some(10))
            .is_some()
    );
    assert!(
        entry
            .set_string(StringInput::Bytes(&[b'y'; 40]), None)
            .is_some()
    );
    assert_eq!(
        (string_of(&entry), entry.expire_at_ms(), entry.clock()),
        (vec![b'y'; 40], None, 7)
    );
}

#[test]
fn collections_move_in_and_out() {
    for key in [&b"key"[..], &[b'k'; 300]] {
        let mut entry = Entry::new(key, Value::Hash(hash_of_fields(100)), None, 3);
        entry.set_expire(Some(77));
        assert_eq!(
            (entry.key(), entry.expire_at_ms(), entry.clock()),
            (key, Some(77), 3)
        );
        assert!(entry.string_buffer(5).is_none());
        assert!(matches!(entry.value(), ValueRef::Hash(hash) if hash.len() == 100));
        let (value, expire) = entry.into_value();
        assert!(matches!(value, Value::Hash(hash) if hash.len() == 100) && expire == Some(77));
    }
}

#[test]
fn big_strings_are_shared() {
    let big = Bytes::from(vec![b'x'; INLINE_BYTES_MAX + 1]);
    let mut entry = Entry::new_string(b"key", StringInput::Shared(big.clone()), None, 0);
    assert!(
        matches!(entry.value(), ValueRef::String(StringRef::Shared(held)) if held.as_ptr() == big.as_ptr())
    );
    assert!(entry.mem_bytes() > big.len());
    entry.string_buffer(big.len() + 1).expect("a string")[0] = b'y';
    assert_eq!(
        (string_of(&entry)[0], big[0], string_of(&entry).len()),
        (b'y', b'x', big.len() + 1)
    );
    assert!(matches!(
        entry.into_value().0,
        Value::String(StringValue::Raw(_))
    ));
}

#[test]
fn growth_by_appending_allocates_seldom() {
    let mut entry = string(b"key", b"", None);
    let (mut blocks, mut bytes) = (0, entry.mem_bytes());
    for len in 1..200_000 {
        entry.string_buffer(len).expect("a string")[len - 1] = len as u8;
        blocks += usize::from(entry.mem_bytes() != bytes);
        bytes = entry.mem_bytes();
    }
    assert!(blocks < 60, "{blocks}");
    assert!(
        string_of(&entry)
            .iter()
            .enumerate()
            .all(|(at, &byte)| byte == (at + 1) as u8)
    );
}

#[derive(Clone, Debug)]
enum Change {
    Set(Vec<u8>, Option<u64>),
    Expire(Option<u64>),
    Buffer(usize),
    Clock(u32),
    ThroughValue,
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..100),
        2 => any::<i64>().prop_map(|value| value.to_string().into_bytes()),
        1 => (0..1000i64).prop_map(|value| value.to_string().into_bytes()),
        1 => (16_000..17_000usize).prop_map(|len| vec![b'z'; len]),
    ]
}

fn changes() -> impl Strategy<Value = Change> {
    let expire = || prop::option::of(any::<u64>());
    prop_oneof![
        (texts(), expire()).prop_map(|(value, expire)| Change::Set(value, expire)),
        expire().prop_map(Change::Expire),
        prop_oneof![0..200usize, 16_000..40_000usize].prop_map(Change::Buffer),
        (0..1u32 << 24).prop_map(Change::Clock),
        Just(Change::ThroughValue),
    ]
}

proptest! {
    #[test]
    fn any_sequence_of_changes_holds(
        key in prop_oneof![prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 250..260)],
        first in texts(),
        script in prop::collection::vec(changes(), 0..20),
    ) {
        let (mut entry, mut model, mut deadline, mut clock) = (string(&key, &first, None), first, None, 7);
        for change in script {
            match change {
                Change::Set(value, expire) => {
                    entry.set_string(StringInput::Bytes(&value), expire);
                    (model, deadline) = (value, expire);
                }
                Change::Expire(expire) => {
                    entry.set_expire(expire);
                    deadline = expire;
                }
                Change::Buffer(len) => {
                    model.resize(len.max(model.len()), 0);
                    let buffer = entry.string_buffer(len).expect("a string");
                    prop_assert_eq!(&*buffer, &model[..]);
                    if let Some(last) = buffer.last_mut() {
                        *last = b'!';
                        *model.last_mut().expect("as long") = b'!';
                    }
                }
                Change::Clock(value) => {
                    entry.set_clock(value);
                    clock = value;
                }
                Change::ThroughValue => {
                    let (value, expire) = entry.into_value();
                    entry = Entry::new(&key, value, expire, clock);
                }
            }
            prop_assert_eq!(entry.key(), &key[..]);
            prop_assert_eq!(string_of(&entry), model.clone());
            prop_assert_eq!(entry.expire_at_ms(), deadline);
            prop_assert_eq!(entry.clock(), clock);
            prop_assert!(entry.mem_bytes() >= entry.alloc_bytes());
        }
    }
}
