//! Sets against `BTreeSet`, across all conversions.

use super::*;
use crate::mem::alloc_size;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::collections::BTreeSet;

const SEED: Seed = Seed(1, 2);

fn small_limits() -> EncodingLimits {
    EncodingLimits {
        set_max_intset_entries: 12,
        set_max_listpack_entries: 20,
        set_max_listpack_value: 24,
        ..EncodingLimits::default()
    }
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (-30i64..30).prop_map(|value| value.to_string().into_bytes()),
        1 => any::<i64>().prop_map(|value| value.to_string().into_bytes()),
        2 => (0u8..40).prop_map(|value| format!("member:{value}").into_bytes()),
        1 => (20usize..300).prop_map(|len| vec![b'm'; len]),
    ]
}

fn members(set: &Set) -> BTreeSet<Vec<u8>> {
    set.iter().map(|item| item.to_vec()).collect()
}

fn audit(set: &Set) {
    let audited = match set.0.view() {
        AsPacked(packed) => alloc_size(if packed.bytes.is_empty() {
            0
        } else {
            6 + packed.bytes.len()
        }),
        AsInts(ints) => ints.mem_bytes(),
        AsTable(table) => table.mem_bytes_audited(),
    };
    assert_eq!(set.mem_bytes(), audited);
}

proptest! {
    #[test]
    fn behaves_as_a_set(edits in prop::collection::vec((0u8..10, member(), any::<u64>()), 1..150)) {
        let (mut set, mut model) = (Set::new(), BTreeSet::new());
        for (edit, member, random) in edits {
            match edit {
                0 | 1 => prop_assert_eq!(set.remove(&SEED, &member), model.remove(&member)),
                2 => {
                    let popped = set.pop_random(&SEED, &mut || random, |item| item.to_vec());
                    prop_assert_eq!(popped.is_some(), !model.is_empty());
                    popped.inspect(|member| assert!(model.remove(member)));
                }
                3 => {
                    let drawn = set.random(&mut || random).map(|item| item.to_vec());
                    prop_assert!(drawn.is_none_or(|member| model.contains(&member)));
                }
                _ => prop_assert_eq!(set.insert(&SEED, &member, &small_limits()), model.insert(member.clone())),
            }
            prop_assert_eq!(set.contains(&SEED, &member), model.contains(&member));
            prop_assert_eq!(set.len(), model.len());
            audit(&set);
        }
        prop_assert_eq!(members(&set), model.clone());
        prop_assert_eq!(members(&set.clone()), model.clone());
        let (mut cursor, mut scanned) = (0, BTreeSet::new());
        loop {
            cursor = set.scan(cursor, &mut |item| assert!(scanned.insert(item.to_vec())));
            if cursor == 0 {
                break;
            }
        }
        prop_assert_eq!(scanned, model);
        let mut steps = 0;
        while !set.free_step(3) {
            steps += 1;
            prop_assert!(steps < 100);
        }
        prop_assert!(set.is_empty());
    }
}

fn set_of(members: impl IntoIterator<Item = String>) -> Set {
    let mut set = Set::new();
    for member in members {
        set.insert(&SEED, member.as_bytes(), &EncodingLimits::default());
    }
    set
}

#[test]
fn encodings_are_those_of_7_4() {
    let ints = |count: i64| (0..count).map(|value| value.to_string());
    let words = |count: i64| (0..count).map(|value| format!("m{value}"));
    assert_eq!(set_of(ints(512)).encoding(), "intset");
    assert_eq!(set_of(ints(513)).encoding(), "hashtable");
    assert_eq!(set_of(words(128)).encoding(), "listpack");
    assert_eq!(set_of(words(129)).encoding(), "hashtable");
    assert_eq!(set_of(ints(10).chain(words(1))).encoding(), "listpack");
    assert_eq!(set_of(ints(200).chain(words(1))).encoding(), "hashtable");
    assert_eq!(set_of(["x".repeat(64)]).encoding(), "listpack");
    assert_eq!(set_of(["x".repeat(65)]).encoding(), "hashtable");
}

#[test]
fn stays_one_word() {
    assert_eq!((size_of::<Set>(), size_of::<Option<Set>>()), (8, 8));
}
