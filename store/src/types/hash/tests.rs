//! Hashes against `BTreeMap`, across the conversion.

use super::*;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::collections::BTreeMap;

const SEED: Seed = Seed(3, 4);

fn small_limits() -> EncodingLimits {
    EncodingLimits {
        hash_max_listpack_entries: 20,
        hash_max_listpack_value: 290,
        ..EncodingLimits::default()
    }
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (0u8..40).prop_map(|value| format!("f{value}").into_bytes()),
        2 => (0usize..295, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
    ]
}

fn fields(hash: &Hash) -> BTreeMap<Vec<u8>, Vec<u8>> {
    hash.iter()
        .map(|(field, value)| (field.to_vec(), value.to_vec()))
        .collect()
}

fn audit(hash: &Hash) {
    match hash.0.view() {
        AsPacked(_) => {}
        AsTable(table) => assert_eq!(hash.mem_bytes(), table.mem_bytes_audited()),
        AsTimed(timed) => assert_eq!(hash.mem_bytes(), timed.mem_bytes_audited()),
    }
}

proptest! {
    #[test]
    fn behaves_as_a_map(edits in prop::collection::vec((0u8..10, text(), text(), any::<u64>()), 1..150)) {
        let (mut hash, mut model) = (Hash::new(), BTreeMap::new());
        for (edit, field, value, random) in edits {
            match edit {
                0..=2 => prop_assert_eq!(hash.remove(&SEED, &field), model.remove(&field).is_some()),
                3 => {
                    let drawn = hash.random(&mut || random).map(|(field, value)| (field.to_vec(), value.to_vec()));
                    prop_assert_eq!(drawn.is_some(), !model.is_empty());
                    prop_assert!(drawn.is_none_or(|(field, value)| model.get(&field) == Some(&value)));
                }
                _ => prop_assert_eq!(hash.insert(&SEED, &field, &value, &small_limits()), model.insert(field.clone(), value).is_none()),
            }
            prop_assert_eq!(hash.get(&SEED, &field), model.get(&field).map(Vec::as_slice));
            prop_assert_eq!(hash.len(), model.len());
            audit(&hash);
        }
        prop_assert_eq!(fields(&hash), model.clone());
        prop_assert_eq!(fields(&hash.clone()), model.clone());
        let (mut cursor, mut scanned) = (0, BTreeMap::new());
        loop {
            cursor = hash.scan(cursor, &mut |field, value| assert!(scanned.insert(field.to_vec(), value.to_vec()).is_none()));
            if cursor == 0 {
                break;
            }
        }
        prop_assert_eq!(scanned, model);
        let mut steps = 0;
        while !hash.free_step(3) {
            steps += 1;
            prop_assert!(steps < 100);
        }
        prop_assert!(hash.is_empty());
    }
}

/// A field's value and deadline.
type Field = (Vec<u8>, Option<u64>);

proptest! {
    /// Time goes on with every edit; what is due is never seen again, however little of it was removed.
    #[test]
    fn fields_expire(edits in prop::collection::vec((0u8..9, text(), text(), 0u64..60), 1..250)) {
        let (mut hash, mut model) = (Hash::new(), BTreeMap::<Vec<u8>, Field>::new());
        for (now_ms, (edit, field, value, span)) in (1000..).zip(edits) {
            hash.expire_fields(now_ms, 1);
            model.retain(|_, (_, at_ms)| at_ms.is_none_or(|at_ms| at_ms >= now_ms));
            let known = model.get(&field).cloned();
            match edit {
                0 => {
                    prop_assert_eq!(hash.remove(&SEED, &field), model.remove(&field).is_some());
                }
                1..=3 => {
                    let at_ms = now_ms + 1 + span;
                    hash.set_deadline(&SEED, &field, at_ms);
                    model.entry(field.clone()).and_modify(|(_, old)| *old = Some(at_ms));
                }
                4 => {
                    hash.clear_deadline(&field);
                    model.entry(field.clone()).and_modify(|(_, old)| *old = None);
                }
                5 => {
                    hash.insert_with(&SEED, &field, &value, FieldExpiry::Keep, &small_limits());
                    let at_ms = known.clone().and_then(|(_, at_ms)| at_ms);
                    model.insert(field.clone(), (value, at_ms));
                }
                6 => hash = hash.clone(),
                _ => {
                    let is_new = hash.insert(&SEED, &field, &value, &small_limits());
                    prop_assert_eq!(is_new, known.is_none());
                    model.insert(field.clone(), (value, None));
                }
            }
            let expected = model.get(&field);
            prop_assert_eq!(hash.get(&SEED, &field), expected.map(|(value, _)| value.as_slice()));
            prop_assert_eq!(hash.deadline(&SEED, &field), expected.map(|(_, at_ms)| *at_ms));
            prop_assert_eq!(hash.len_in_sight(), model.len());
            prop_assert!(hash.len() >= model.len());
            let earliest_ms = model.values().filter_map(|(_, at_ms)| *at_ms).min();
            prop_assert!(hash.earliest_deadline_ms() <= earliest_ms.unwrap_or(u64::MAX));
            let drawn = hash.random(&mut || span << 32).map(|(field, _)| model.contains_key(field));
            prop_assert_eq!(drawn, (!model.is_empty()).then_some(true));
            audit(&hash);
        }
        let seen: BTreeMap<Vec<u8>, Field> = hash
            .iter_timed()
            .map(|(field, value, at_ms)| (field.to_vec(), (value.to_vec(), at_ms)))
            .collect();
        prop_assert_eq!(seen, model.clone());
        while !hash.expire_fields(u64::MAX - 1, 100).finished && hash.is_timed() {}
        model.retain(|_, (_, at_ms)| at_ms.is_none());
        prop_assert_eq!(hash.len(), model.len());
    }
}

#[test]
fn removing_due_fields_is_bounded() {
    let mut hash = hash_of(10_000, "v");
    for field in 0..10_000u64 {
        hash.set_deadline(&SEED, field.to_string().as_bytes(), 1000 + field % 2);
    }
    let mut steps = 0;
    loop {
        let report = hash.expire_fields(1001, 100);
        assert!(report.visited <= 100 + 577);
        assert_eq!(hash.len_in_sight(), 5000);
        steps += 1;
        if report.finished {
            break;
        }
    }
    assert!(steps > 10);
    assert_eq!((hash.len(), hash.earliest_deadline_ms()), (5000, 1001));
    audit(&hash);
}

#[test]
fn a_hash_without_deadlines_pays_nothing_for_them() {
    let (mut hash, before) = (hash_of(600, "v"), hash_of(600, "v").mem_bytes());
    hash.set_deadline(&SEED, b"none", 5);
    assert_eq!(hash.mem_bytes(), before);
    hash.set_deadline(&SEED, b"1", 5);
    assert!(hash.mem_bytes() > before && hash.mem_bytes() < before + 100);
    hash.clear_deadline(b"1");
    assert_eq!(hash.deadline(&SEED, b"1"), Some(None));
    audit(&hash);
}

fn hash_of(fields: usize, value: &str) -> Hash {
    let mut hash = Hash::new();
    for field in 0..fields {
        hash.insert(
            &SEED,
            field.to_string().as_bytes(),
            value.as_bytes(),
            &EncodingLimits::default(),
        );
    }
    hash
}

#[test]
fn encodings_follow_the_thresholds() {
    assert_eq!(hash_of(512, "v").encoding(), "listpack");
    assert_eq!(hash_of(513, "v").encoding(), "hashtable");
    assert_eq!(hash_of(1, &"v".repeat(64)).encoding(), "listpack");
    assert_eq!(hash_of(1, &"v".repeat(65)).encoding(), "hashtable");
}

#[test]
fn stays_one_word() {
    assert_eq!((size_of::<Hash>(), size_of::<Option<Hash>>()), (8, 8));
}
