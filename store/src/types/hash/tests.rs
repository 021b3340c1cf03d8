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
    if let AsTable(table) = hash.0.view() {
        assert_eq!(hash.mem_bytes(), table.mem_bytes_audited());
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
