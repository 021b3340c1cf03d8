//! Values there and back, payloads of other versions, and hostile ones.

use proptest::prelude::{Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use super::decode::{self, Build};
use super::file::{Encoder, FieldDeadlines, LoadedBy, Record};
use super::payload::{VERSION_MAX, open, seal};
use super::reader::Reader;
use super::{Corrupt, encode, file};
use crate::hash::Seed;
use crate::keyspace::Entry;
use crate::types::stream::{Id, Stream};
use crate::types::{EncodingLimits, Hash, List, Set, Side, Zset};
use crate::value::{StringRef, StringValue, Value, ValueRef};

const SEED: Seed = Seed(5, 6);

/// Small enough that both encodings of every type come up.
fn limits() -> EncodingLimits {
    EncodingLimits {
        hash_max_listpack_entries: 6,
        set_max_intset_entries: 6,
        set_max_listpack_entries: 6,
        zset_max_listpack_entries: 6,
        ..EncodingLimits::default()
    }
}

fn read(bytes: &[u8]) -> Result<Value, Corrupt> {
    let build = Build {
        seed: &SEED,
        limits: &limits(),
    };
    decode::object(&mut Reader::new(bytes), build)
}

/// Shows a value through an entry, as a key would hold it.
fn with_ref<R>(value: &Value, f: impl FnOnce(ValueRef<'_>) -> R) -> R {
    f(Entry::new(b"key", value.clone(), None, 0).value())
}

/// A value spelled out, order aside where it has none.
fn spelled(value: &Value) -> String {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    match value {
        Value::String(StringValue::Int(value)) => value.to_string(),
        Value::String(StringValue::Bytes(bytes) | StringValue::Raw(bytes)) => text(bytes),
        Value::String(StringValue::Shared(bytes)) => text(bytes),
        Value::List(list) => format!("{list:?} {}", list.encoding()),
        Value::Set(set) => {
            let mut members: Vec<_> = set.iter().map(|item| item.to_vec()).collect();
            members.sort();
            format!("{members:?} {}", set.encoding())
        }
        Value::Hash(hash) => {
            let mut fields: Vec<_> = hash.iter_timed().collect();
            fields.sort();
            format!("{fields:?} {}", hash.encoding())
        }
        Value::Zset(zset) => format!("{zset:?} {}", zset.encoding()),
        Value::Stream(stream) => spelled_stream(stream),
    }
}

fn spelled_stream(stream: &Stream) -> String {
    let mut text = String::new();
    for entry in stream.range(Id::MIN, Id::MAX) {
        let fields: Vec<_> = entry.fields().collect();
        text += &format!("{:?} {fields:?}\n", entry.id);
    }
    let remembered = (
        stream.last_id(),
        stream.max_removed_id(),
        stream.entries_added(),
    );
    text += &format!("{remembered:?}\n");
    for (name, group) in stream.groups().iter() {
        text += &format!("{name:?} {:?} {:?}\n", group.last_id, group.entries_read);
        for (id, pending) in group.pending_from(Id::MIN) {
            // By name: consumers are numbered anew as they are read.
            let consumer = group.consumer(pending.consumer).name();
            let handed_out = (pending.delivered_at_ms, pending.deliveries);
            text += &format!("{id:?} {handed_out:?} {consumer:?}\n");
        }
        for consumer in group.consumers() {
            text += &format!(
                "{:?} {} {}\n",
                consumer.name(),
                consumer.seen_at_ms,
                consumer.pending_len()
            );
        }
    }
    text
}

fn stream() -> impl Strategy<Value = Stream> {
    let fields = || prop::collection::vec((text(), text()), 1..4);
    let shapes = prop::collection::vec(fields(), 1..3);
    let entries = prop::collection::vec((0u64..3, 0u64..300, any::<prop::sample::Index>()), 0..150);
    let pending = prop::collection::vec((any::<u32>(), 0u8..3, 1u64..5), 0..9);
    (shapes, entries, pending, 0u64..5).prop_map(|(shapes, entries, pending, removed)| {
        let mut stream = Stream::new();
        for (ms, seq, shape) in entries {
            let last = stream.last_id();
            let id = Id::new(last.ms + ms, if ms == 0 { last.seq + 1 + seq } else { seq });
            let fields = &shapes[shape.index(shapes.len())];
            let fields = fields.iter().map(|(name, value)| (&**name, &**value));
            stream.append(id, fields, &limits());
        }
        for _ in 0..removed {
            let first = stream.first_id();
            stream.remove(first);
        }
        stream.groups_mut().create(b"idle", Id::MIN, None);
        let last_id = stream.last_id();
        stream.groups_mut().create(b"busy", last_id, Some(removed));
        let mut group = stream.groups_mut().edit(b"busy").expect("it was created");
        let consumers = [b"a", b"b", b"c"].map(|name| group.create_consumer(name, 77));
        for (id, consumer, deliveries) in pending {
            let consumer = consumers[usize::from(consumer)];
            group.deliver(Id::new(u64::from(id), 1), consumer, 1 << 40, deliveries);
        }
        drop(group);
        stream
    })
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..20),
        3 => any::<i64>().prop_map(|value| value.to_string().into_bytes()),
        3 => any::<i16>().prop_map(|value| (value / 100).to_string().into_bytes()),
        1 => (0usize..20_000, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let texts = || prop::collection::vec(text(), 1..12);
    let score = prop_oneof![any::<i32>().prop_map(f64::from), any::<f64>()];
    prop_oneof![
        text().prop_map(|text| match resp::parse_integer(&text) {
            Some(value) => Value::String(StringValue::Int(value)),
            None => Value::String(StringValue::Bytes(text)),
        }),
        texts().prop_map(|elements| {
            let mut list = List::new();
            for element in elements {
                list.push(Side::Right, &element, &limits());
            }
            Value::List(list)
        }),
        texts().prop_map(|members| Value::Set(set_of(&members))),
        prop::collection::vec(any::<i64>(), 1..12).prop_map(|members| {
            let members: Vec<_> = members.iter().map(i64::to_string).collect();
            Value::Set(set_of(&members))
        }),
        prop::collection::vec((text(), text()), 1..12).prop_map(|fields| {
            let mut hash = Hash::new();
            for (field, value) in fields {
                hash.insert(&SEED, &field, &value, &limits());
            }
            Value::Hash(hash)
        }),
        prop::collection::vec((text(), score), 1..12).prop_map(|members| {
            let members = members.into_iter().filter(|(_, score)| !score.is_nan());
            let members = members.chain([(b"one".to_vec(), 1.5)]);
            Value::Zset(Zset::from_each(&SEED, members, &limits()))
        }),
        stream().prop_map(Value::Stream),
        prop::collection::vec((text(), text(), prop::option::of(1u64..1 << 40)), 1..12).prop_map(
            |fields| {
                let mut hash = Hash::new();
                for (field, value, at_ms) in fields {
                    hash.insert(&SEED, &field, &value, &limits());
                    if let Some(at_ms) = at_ms {
                        hash.set_deadline(&SEED, &field, at_ms);
                    }
                }
                // One deadline at least, or it may be written as another kind of hash.
                hash.insert(&SEED, b"last", b"", &limits());
                hash.set_deadline(&SEED, b"last", 5);
                Value::Hash(hash)
            }
        ),
    ]
}

fn set_of(members: &[impl AsRef<[u8]>]) -> Set {
    let mut set = Set::new();
    for member in members {
        set.insert(&SEED, member.as_ref(), &limits());
    }
    set
}

proptest! {
    #[test]
    fn every_value_comes_back(value in value()) {
        let payload = with_ref(&value, encode::payload);
        let object = open(&payload).expect("its footer is its own");
        prop_assert_eq!(spelled(&read(object).expect("it is a value")), spelled(&value));
    }

    #[test]
    fn what_is_cut_off_says_so(value in value(), at in any::<prop::sample::Index>()) {
        let mut bytes = Vec::new();
        with_ref(&value, |value| encode::object(&mut bytes, value));
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert_eq!(read(cut).err(), Some(Corrupt::Truncated));
    }

    /// The checksum is set right after the damage, so that the damage itself has to be found or to be harmless.
    #[test]
    fn damage_is_an_error_or_another_value(
        value in value(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = Vec::new();
        with_ref(&value, |value| encode::object(&mut bytes, value));
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(other) = read(&bytes) {
            let again = with_ref(&other, encode::payload);
            let again = read(open(&again).expect("its footer is its own"));
            prop_assert_eq!(spelled(&again.expect("what was read can be written")), spelled(&other));
        }
    }

    #[test]
    fn noise_is_harmless(kind in 0u8..32, noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [&[kind], noise.as_slice()].concat();
        let _ = read(&bytes);
    }
}

#[test]
fn announced_lengths_are_not_believed() {
    let huge = [0x81, 0, 0, 0, 0xff, 0, 0, 0, 0];
    for kind in [0u8, 1, 2, 3, 4, 5, 14, 18] {
        let bytes = [&[kind][..], &huge, b"abc"].concat();
        assert!(read(&bytes).is_err(), "kind {kind}");
    }
    // Four gigabytes out of three bytes.
    let bomb = [0, 0xc3, 3, 0x80, 0xff, 0xff, 0xff, 0xff, 1, b'a', b'b'];
    assert!(read(&bomb).is_err());
}

#[test]
fn footers_are_checked() {
    let mut payload = vec![0, 3, b'a', b'b', b'c'];
    seal(&mut payload, VERSION_MAX);
    assert_eq!(open(&payload), Some(&b"\0\x03abc"[..]));
    for at in 0..payload.len() {
        let mut broken = payload.clone();
        broken[at] ^= 1;
        assert_eq!(open(&broken), None, "byte {at}");
    }
    let mut newer = vec![0, 3, b'a', b'b', b'c'];
    seal(&mut newer, VERSION_MAX + 1);
    assert_eq!(open(&newer), None);
    assert_eq!(open(b"short"), None);
}

/// Kinds that are only read, written by hand after their description.
#[test]
fn older_kinds_are_read() {
    let ziplist = b"\x18\0\0\0\x13\0\0\0\x04\0\0\x01a\x03\xf2\x02\x02bc\x04\xc0\0\x02\xff";
    let zipmap = b"\x02\x01a\x02\0xy\x01b\x01\x02zqq\xff";
    let string = |bytes: &[u8]| [&[bytes.len() as u8], bytes].concat();
    for (kind, body, expected) in [
        (
            10,
            string(ziplist),
            r#"[[97], [49], [98, 99], [53, 49, 50]] listpack"#,
        ),
        (
            14,
            [vec![1], string(ziplist)].concat(),
            r#"[[97], [49], [98, 99], [53, 49, 50]] listpack"#,
        ),
        (
            13,
            string(ziplist),
            r#"[([97], [49], None), ([98, 99], [53, 49, 50], None)] listpack"#,
        ),
        (
            12,
            string(ziplist),
            r#"{[97]: 1.0, [98, 99]: 512.0} listpack"#,
        ),
        (
            9,
            string(zipmap),
            r#"[([97], [120, 121], None), ([98], [122], None)] listpack"#,
        ),
        (
            25,
            [
                &[5, 0, 0, 0, 0, 0, 0, 0, 15][..],
                b"\x0f\0\0\0\x03\0\x81a\x02\x81b\x02\x07\x01\xff",
            ]
            .concat(),
            "[([97], [98], Some(7))] hashtable",
        ),
        (1, b"\x02\x01a\xc0\x05".to_vec(), "[[97], [53]] listpack"),
        (
            3,
            b"\x02\x01a\x031.5\x01b\xfe".to_vec(),
            "{[97]: 1.5, [98]: inf} listpack",
        ),
    ] {
        let read = read(&[vec![kind], body].concat());
        assert_eq!(
            read.as_ref().map(spelled),
            Ok(expected.to_owned()),
            "kind {kind}"
        );
    }
}

#[test]
fn contradictions_are_refused() {
    for (bytes, why) in [
        (&b"\x02\x02\x01a\x01a"[..], "a member twice"),
        (b"\x02\x00", "an empty collection"),
        (
            b"\x05\x01\x01a\0\0\0\0\0\0\xf8\x7f",
            "a score that is no number",
        ),
        (
            b"\x0b\x0c\x02\0\0\0\x02\0\0\0\x02\0\x01\0",
            "an intset out of order",
        ),
        (b"\x10\x07\x07\0\0\0\0\0\xff", "an empty collection"),
        (b"\x10\x09\x09\0\0\0\x01\0\x01\x01\xff", "half a pair"),
        (
            b"\x10\x09\x09\0\0\0\x01\0\x01\x02\xff",
            "a listpack entry that cannot be read backwards",
        ),
        (b"\x3f", "an unknown kind of value"),
    ] {
        assert_eq!(read(bytes).err(), Some(Corrupt::Invalid(why)));
    }
}

#[test]
fn files_come_back() {
    let mut encoder = Encoder::new(FieldDeadlines::None, &[("a", "b".to_owned())]);
    encoder.library(b"#!lua name=l\n1", LoadedBy::Redis);
    encoder.library(b"#!wasm name=w\n2", LoadedBy::OnlyUs);
    encoder.database(3, 2, 1);
    encoder.key(b"first", ValueRef::String(StringRef::Int(5)), None);
    let mut file = encoder.take();
    encoder.key(
        b"second",
        ValueRef::String(StringRef::Bytes(b"text")),
        Some(77),
    );
    file.extend(encoder.finish());
    let build = Build {
        seed: &SEED,
        limits: &limits(),
    };
    let (mut seen, mut libraries) = (Vec::new(), Vec::new());
    let read = file::read(&file, build, |record| match record {
        Record::Library(code) => libraries.push(code.to_vec()),
        Record::Key(key) => seen.push((
            key.db,
            key.key.to_vec(),
            spelled(&key.value),
            key.expire_at_ms,
        )),
    });
    assert_eq!(read, Ok(()));
    let expected = [
        (3, b"first".to_vec(), "5".to_owned(), None),
        (3, b"second".to_vec(), "text".to_owned(), Some(77)),
    ];
    assert_eq!(seen, expected);
    assert_eq!(libraries, [&b"#!lua name=l\n1"[..], b"#!wasm name=w\n2"]);
    for at in 0..file.len() {
        let mut broken = file.clone();
        broken[at] ^= 4;
        assert!(file::read(&broken, build, |_| {}).is_err(), "byte {at}");
        assert!(
            file::read(&file[..at], build, |_| {}).is_err(),
            "cut at {at}"
        );
    }
}
