//! Against an ordered map of the standard library.

use super::{Entry, Id, Keep, Precision, Stream};
use crate::types::EncodingLimits;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};
use std::collections::{BTreeMap, BTreeSet};

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

#[derive(Clone, Debug)]
enum Edit {
    Append(Id, Fields, usize),
    Remove(usize),
    TrimTo(u64),
    TrimFrom(usize),
    TrimBlocks(u64, u64),
}

fn pairs(fields: &Fields) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> + Clone {
    fields.iter().map(|(name, value)| (&name[..], &value[..]))
}

fn owned(entry: Entry<'_>) -> (Id, Fields) {
    let fields = entry
        .fields()
        .map(|(name, value)| (name.to_vec(), value.to_vec()));
    (entry.id, fields.collect())
}

fn any_fields() -> impl Strategy<Value = Fields> {
    let name = prop_oneof![
        Just(b"a".to_vec()),
        Just(b"b".to_vec()),
        prop::collection::vec(any::<u8>(), 0..200)
    ];
    let value = prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..20),
        1 => prop::collection::vec(any::<u8>(), 0..400),
    ];
    prop::collection::vec((name, value), 1..4)
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let step = prop_oneof![
        (Just(0u64), 1u64..3),
        (1u64..5, 0u64..3),
        (1u64..5, Just(u64::MAX - 1000)),
        (Just(1 << 40), 0u64..100_000),
    ];
    prop_oneof![
        8 => (step, any_fields(), 1usize..12).prop_map(|((ms, seq), fields, count)| Edit::Append(Id::new(ms, seq), fields, count)),
        3 => any::<usize>().prop_map(Edit::Remove),
        1 => (0u64..40).prop_map(Edit::TrimTo),
        1 => any::<usize>().prop_map(Edit::TrimFrom),
        1 => (0u64..40, 0u64..20).prop_map(|(len, max)| Edit::TrimBlocks(len, max)),
    ]
}

/// The ID so far after `last`, of the shape of `step`.
fn advance(last: Id, step: Id) -> Id {
    match step.ms {
        0 => Id::new(last.ms, last.seq.saturating_add(step.seq)),
        ms => Id::new(last.ms + ms, step.seq),
    }
}

fn check(stream: &Stream, model: &BTreeMap<Id, Fields>, probe: Id) {
    stream.audit();
    assert_eq!(stream.len(), model.len() as u64);
    let first = model.first_key_value().map_or(Id::MIN, |(id, _)| *id);
    assert_eq!(stream.first_id(), first);
    assert_eq!(
        stream.last_entry_id(),
        model.last_key_value().map(|(id, _)| *id)
    );
    let expect = |(id, fields): (&Id, &Fields)| (*id, fields.clone());
    let up: Vec<_> = stream.range(probe, Id::MAX).map(owned).collect();
    assert_eq!(up, model.range(probe..).map(expect).collect::<Vec<_>>());
    let down: Vec<_> = stream.range_down(probe, Id::MIN).map(owned).collect();
    assert_eq!(
        down,
        model.range(..=probe).rev().map(expect).collect::<Vec<_>>()
    );
    assert_eq!(
        stream.get(probe).map(owned),
        model.get_key_value(&probe).map(expect)
    );
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

    #[test]
    fn behaves_as_an_ordered_map(edits in prop::collection::vec(any_edit(), 1..60), entries_max in 0usize..8, bytes_max in 0usize..400) {
        let limits = EncodingLimits { stream_node_max_bytes: bytes_max, stream_node_max_entries: entries_max, ..EncodingLimits::default() };
        let (mut stream, mut model) = (Stream::new(), BTreeMap::<Id, Fields>::new());
        for edit in edits {
            let pick = |at: usize| model.keys().nth(at % (model.len() + 1)).copied().unwrap_or(Id::new(77, 7));
            let mut probe = Id::MIN;
            match edit {
                Edit::Append(step, fields, count) => for _ in 0..count {
                    let id = advance(stream.last_id(), step);
                    if id > stream.last_id() {
                        stream.append(id, pairs(&fields), &limits);
                        model.insert(id, fields.clone());
                    }
                },
                Edit::Remove(at) => {
                    probe = pick(at);
                    prop_assert_eq!(stream.remove(probe), model.remove(&probe).is_some());
                }
                Edit::TrimTo(len) => {
                    let gone = stream.trim(Keep::Newest(len), Precision::Exact);
                    prop_assert_eq!(gone, (model.len() as u64).saturating_sub(len));
                    (0..gone).for_each(|_| { model.pop_first(); });
                }
                Edit::TrimFrom(at) => {
                    probe = pick(at);
                    let kept = model.split_off(&probe);
                    prop_assert_eq!(stream.trim(Keep::From(probe), Precision::Exact), model.len() as u64);
                    model = kept;
                }
                Edit::TrimBlocks(len, entries_max) => {
                    let gone = stream.trim(Keep::Newest(len), Precision::Blocks { entries_max });
                    prop_assert!(gone == 0 || model.len() as u64 - gone >= len);
                    prop_assert!(entries_max == 0 || gone <= entries_max);
                    (0..gone).for_each(|_| { model.pop_first(); });
                }
            }
            check(&stream, &model, probe);
            check(&stream, &model, probe.successor().expect("no probe is the last ID"));
        }
        let copy = stream.clone();
        check(&copy, &model, Id::MIN);
        while !stream.free_step(3) {
            stream.audit_bytes();
        }
    }

    #[test]
    fn groups_keep_both_lists_of_what_is_pending(edits in prop::collection::vec((0u8..6, 0u64..40, 0u8..4), 1..200)) {
        let mut stream = Stream::new();
        stream.groups_mut().create(b"g", Id::MIN, None);
        let mut model = BTreeMap::<u64, u8>::new();
        let mut consumers = BTreeSet::new();
        for (edit, at, name) in edits {
            let (id, name_bytes) = (Id::new(at, 0), [name]);
            let mut group = stream.groups_mut().edit(b"g").expect("it was created");
            match edit {
                0..=2 => {
                    let to = group.consumer_named(&name_bytes).unwrap_or_else(|| group.create_consumer(&name_bytes, 5));
                    consumers.insert(name);
                    group.deliver(id, to, 7, 1);
                    model.insert(at, name);
                }
                3 | 4 => prop_assert_eq!(group.acknowledge(id), model.remove(&at).is_some()),
                _ => {
                    let held = model.values().filter(|owner| **owner == name).count();
                    let removed = consumers.remove(&name).then_some(held);
                    prop_assert_eq!(group.remove_consumer(&name_bytes), removed);
                    model.retain(|_, owner| *owner != name);
                }
            }
            drop(group);
            stream.audit();
            let group = stream.groups().get(b"g").expect("it was created");
            let pending: Vec<_> = group.pending_from(Id::MIN).map(|(id, pending)| (id.ms, group.consumer(pending.consumer).name()[0])).collect();
            prop_assert!(pending.iter().copied().eq(model.iter().map(|(id, name)| (*id, *name))));
            let names: Vec<u8> = group.consumers().map(|consumer| consumer.name()[0]).collect();
            prop_assert!(names.iter().eq(consumers.iter()));
        }
        stream.clone().audit();
        while !stream.free_step(2) {
            stream.audit_bytes();
        }
    }
}

#[test]
fn a_block_with_shared_names_is_small() {
    let limits = EncodingLimits::default();
    let mut stream = Stream::new();
    let fields: Fields = vec![
        (b"temperature".to_vec(), b"21".to_vec()),
        (b"humidity".to_vec(), b"40".to_vec()),
    ];
    for ms in 1..=10_000 {
        stream.append(Id::new(1_700_000_000_000 + ms, 0), pairs(&fields), &limits);
    }
    assert_eq!(stream.blocks(), 100);
    let bytes_per_entry = stream.mem_bytes() as f64 / 10_000.0;
    assert!(bytes_per_entry < 15.0, "{bytes_per_entry}");
}

#[test]
fn a_long_stream_moves_in_small_steps_while_it_changes() {
    let limits = EncodingLimits::default();
    let (mut stream, value) = (Stream::new(), [b'v'; 300]);
    // All in one millisecond: places are told apart by the sequence numbers.
    let append = |stream: &mut Stream, seq: u64| {
        let fields = [(&b"f"[..], &value[..])];
        stream.append(Id::new(7, seq), fields.into_iter(), &limits);
    };
    (1..=20_000).for_each(|seq| append(&mut stream, seq));
    let entries =
        |stream: &Stream| -> Vec<_> { stream.range(Id::MIN, Id::MAX).map(owned).collect() };
    let (before, bytes) = (entries(&stream), stream.mem_bytes());
    let (mut within, mut steps) = (0, 0);
    loop {
        within = stream.relocate(within, &|_| true);
        steps += 1;
        if within == 0 {
            break;
        }
    }
    stream.audit();
    assert!(steps > 80, "{steps} steps for six megabytes");
    assert!(entries(&stream) == before && stream.mem_bytes() == bytes);
    for seq in 20_001..30_000 {
        within = stream.relocate(within, &|_| true);
        append(&mut stream, seq);
        if seq % 3 == 0 {
            stream.remove(Id::new(7, seq - 14_000));
        }
        stream.trim(Keep::Newest(15_000), Precision::Exact);
    }
    stream.audit();
    assert_eq!(stream.len(), 15_000);
}
