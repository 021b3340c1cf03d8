//! The table against a model: std's `HashMap`, with honest and with hostile hashes.

use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::ptr::NonNull;

use proptest::prelude::*;

use super::{Drained, Order, Table, Thin, ThinPtr};

/// An item whose address is its key and one more, and nothing is there; the hash is looked up by the case's rule.
struct Item(ThinPtr<u8>);

impl Item {
    fn new(key: u64) -> Item {
        let address = NonZero::<usize>::MIN.saturating_add(key as usize);
        Item(ThinPtr::new(NonNull::without_provenance(address)))
    }

    fn key(&self) -> u64 {
        self.address().addr() as u64 - 1
    }
}

impl Thin for Item {
    fn address(&self) -> *const u8 {
        self.0.get().as_ptr()
    }

    fn order(&self) -> Order {
        self.0.order()
    }

    fn set_order(&mut self, order: Order) {
        self.0.set_order(order);
    }
}

/// How keys become hashes.
#[derive(Clone, Copy, Debug)]
enum Hashing {
    Honest,
    /// Few distinct values.
    Colliding,
    /// Only the tag bits differ.
    SameTop,
    /// Only the top bits differ.
    SameTag,
    /// All near the end of the position range, so that probing wraps.
    Crowded,
}

impl Hashing {
    fn hash(self, key: u64) -> u64 {
        let mixed = splitmix(key);
        match self {
            Hashing::Honest => mixed,
            Hashing::Colliding => splitmix(key % 5),
            Hashing::SameTop => 0xabcd_ef01_2345_0000 | (mixed & 0xffff),
            Hashing::SameTag => mixed & !0xffff,
            Hashing::Crowded => mixed | 0xffff_ff00_0000_0000,
        }
    }
}

fn splitmix(key: u64) -> u64 {
    let mut z = key.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn insert(table: &mut Table<Item>, hashing: Hashing, key: u64) {
    table.insert_new(hashing.hash(key), Item::new(key), |item| {
        hashing.hash(item.key())
    });
}

fn find(table: &Table<Item>, hashing: Hashing, key: u64) -> Option<u64> {
    table
        .find(hashing.hash(key), |item| item.key() == key)
        .map(|item| item.key())
}

fn remove(table: &mut Table<Item>, hashing: Hashing, key: u64) -> Option<u64> {
    table
        .remove(
            hashing.hash(key),
            |item| item.key() == key,
            |item| hashing.hash(item.key()),
        )
        .map(|item| item.key())
}

fn filled(hashing: Hashing, keys: impl Iterator<Item = u64>) -> Table<Item> {
    let mut table = Table::new();
    keys.for_each(|key| insert(&mut table, hashing, key));
    table
}

/// Walks the whole table with no change in between.
fn scan_all(table: &Table<Item>, hashing: Hashing) -> Vec<u64> {
    let (mut seen, mut cursor) = (Vec::new(), 0);
    loop {
        cursor = table.scan(
            cursor,
            |item| hashing.hash(item.key()),
            |item| seen.push(item.key()),
        );
        if cursor == 0 {
            return seen;
        }
    }
}

/// Recounts what the table keeps as running figures.
fn check(table: &Table<Item>) {
    let segments = table.directory.segments();
    assert_eq!(
        table.len(),
        segments
            .iter()
            .map(|segment| segment.items().count())
            .sum::<usize>()
    );
    assert_eq!(
        table.bucket_bytes,
        segments
            .iter()
            .map(|segment| segment.mem_bytes())
            .sum::<usize>()
    );
    assert_eq!(table.directory_bytes, table.directory.mem_bytes());
    let mut cursor = 0;
    let mut met = 0;
    while let Some(at) = table.segment_at(cursor) {
        met += 1;
        cursor = at.next_cursor;
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(
        met,
        segments.len(),
        "the directory leads to every segment once"
    );
}

fn hashings() -> impl Strategy<Value = Hashing> {
    prop_oneof![
        4 => Just(Hashing::Honest),
        1 => Just(Hashing::Colliding),
        1 => Just(Hashing::SameTop),
        1 => Just(Hashing::SameTag),
        1 => Just(Hashing::Crowded)
    ]
}

#[derive(Clone, Debug)]
enum Step {
    InsertRun(u64, u64),
    RemoveRun(u64, u64),
    Toggle(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    let run = (0..1500u64, 1..400u64);
    prop_oneof![
        2 => run.clone().prop_map(|(from, count)| Step::InsertRun(from, count)),
        2 => run.prop_map(|(from, count)| Step::RemoveRun(from, count)),
        3 => (0..1500u64).prop_map(Step::Toggle),
    ]
}

fn apply(table: &mut Table<Item>, model: &mut HashSet<u64>, hashing: Hashing, step: &Step) {
    let mut add = |table: &mut Table<Item>, key| {
        if model.insert(key) {
            insert(table, hashing, key);
        }
    };
    match *step {
        Step::InsertRun(from, count) => (from..from + count).for_each(|key| add(table, key)),
        Step::RemoveRun(from, count) => {
            for key in from..from + count {
                assert_eq!(remove(table, hashing, key), model.take(&key));
            }
        }
        Step::Toggle(key) => match remove(table, hashing, key) {
            Some(_) => assert!(model.remove(&key)),
            None => add(table, key),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn agrees_with_a_set(hashing in hashings(), script in prop::collection::vec(steps(), 1..30)) {
        let (mut table, mut model) = (Table::new(), HashSet::new());
        for step in &script {
            apply(&mut table, &mut model, hashing, step);
            check(&table);
            prop_assert_eq!(table.len(), model.len());
        }
        for key in 0..2000 {
            prop_assert_eq!(find(&table, hashing, key).is_some(), model.contains(&key));
        }
        let scanned = scan_all(&table, hashing);
        prop_assert_eq!(scanned.len(), model.len(), "each item once when nothing changes");
        prop_assert_eq!(scanned.into_iter().collect::<HashSet<_>>(), model.clone());
        prop_assert_eq!(table.iter().map(|item| item.key()).collect::<HashSet<_>>(), model);
    }

    #[test]
    fn scan_sees_what_stays(hashing in hashings(), base in 0..3000u64, script in prop::collection::vec(steps(), 1..40)) {
        let mut table = filled(hashing, (10_000..).take(base as usize));
        let (mut coming_and_going, mut seen) = (HashSet::new(), HashMap::new());
        let (mut cursor, mut script) = (0, script.iter().cycle());
        loop {
            cursor = table.scan(cursor, |item| hashing.hash(item.key()), |item| *seen.entry(item.key()).or_insert(0) += 1);
            if cursor == 0 {
                break;
            }
            apply(&mut table, &mut coming_and_going, hashing, script.next().expect("a cycle"));
        }
        for key in (10_000..).take(base as usize) {
            prop_assert_eq!(seen.get(&key), Some(&1));
        }
    }

    #[test]
    fn extraction_takes_exactly_the_due(keys in 0..3000u64, modulus in 1..7u64) {
        let hashing = Hashing::Honest;
        let mut table = filled(hashing, 0..keys);
        let (mut out, mut cursor) = (HashSet::new(), 0);
        while let Some(at) = table.segment_at(cursor) {
            let due = |item: &mut Item| item.key().is_multiple_of(modulus);
            table.extract_from_segment(at.id, due, |item| hashing.hash(item.key()), |item| { out.insert(item.key()); });
            table.fit_segment(at.id, |item| hashing.hash(item.key()));
            check(&table);
            cursor = at.next_cursor;
            if cursor == 0 { break }
        }
        prop_assert_eq!(out, (0..keys).filter(|key| key % modulus == 0).collect::<HashSet<_>>());
        for key in 0..keys {
            prop_assert_eq!(find(&table, hashing, key).is_some(), key % modulus != 0);
        }
    }

    #[test]
    fn drains_in_steps(keys in 0..3000u64, step in 1..500usize) {
        let mut table = filled(Hashing::Honest, 0..keys);
        let mut drained = HashSet::new();
        loop {
            let before = drained.len();
            let state = table.drain_step(step, |item| { drained.insert(item.key()); });
            prop_assert!(drained.len() - before <= step);
            prop_assert_eq!(table.directory_bytes, table.directory.mem_bytes());
            prop_assert_eq!(table.len() + drained.len(), keys as usize);
            if state == Drained::All { break }
        }
        prop_assert_eq!(drained.len(), keys as usize);
        prop_assert_eq!(table.mem_bytes(), 0);
    }
}

#[test]
fn small_tables_are_small() {
    assert_eq!(Table::<Item>::new().mem_bytes(), 0);
    let one = filled(Hashing::Honest, 0..1);
    assert!(one.mem_bytes() <= 64 + 72, "{}", one.mem_bytes());
}

#[test]
fn an_item_costs_eleven_to_thirteen_bytes() {
    let mut table = Table::new();
    let mut total = 0.0;
    let mut samples = 0.0;
    for key in 0..200_000 {
        insert(&mut table, Hashing::Honest, key);
        if key > 1000 && key % 100 == 0 {
            let cost = table.mem_bytes() as f64 / table.len() as f64;
            assert!(cost < 14.0, "{cost} at {key}");
            total += cost;
            samples += 1.0;
        }
    }
    assert!(total / samples < 12.6, "{}", total / samples);
}

#[test]
fn shrinks_with_its_items() {
    let mut table = filled(Hashing::Honest, 0..100_000);
    for key in 100..100_000 {
        remove(&mut table, Hashing::Honest, key);
    }
    check(&table);
    assert!(
        table.mem_bytes() < 4000,
        "{} in {} segments",
        table.mem_bytes(),
        table.segments()
    );
}

#[test]
fn hostile_hashes_do_not_blow_up_the_directory() {
    for hashing in [Hashing::Colliding, Hashing::SameTop, Hashing::Crowded] {
        let table = filled(hashing, 0..5000);
        check(&table);
        assert!(
            table.mem_bytes() < 5000 * 20,
            "{hashing:?} {}",
            table.mem_bytes()
        );
    }
}

#[test]
fn hints_follow_splits_and_merges() {
    let hashing = Hashing::Honest;
    let mut table = filled(hashing, 0..10);
    table.lower_hint(hashing.hash(3), 77);
    (10..5000).for_each(|key| insert(&mut table, hashing, key));
    assert!(table.segments() > 4);
    assert!((0..table.segments()).all(|id| table.hint(id) == 77));
    table.lower_hint(hashing.hash(3), 50);
    assert_eq!(table.hint_min(), 50);
    (10..5000).for_each(|key| assert!(remove(&mut table, hashing, key).is_some()));
    assert_eq!(table.hint_min(), 50);
}

#[test]
fn random_is_uniform() {
    for items in [1u64, 5, 40, 700, 3000] {
        let mut table = filled(Hashing::Honest, 0..2 * items);
        (items..2 * items)
            .for_each(|key| assert!(remove(&mut table, Hashing::Honest, key).is_some()));
        let mut state = 7u64;
        let mut rng = || {
            state = state.wrapping_add(1);
            splitmix(state)
        };
        let draws = items * 100;
        let mut counts = vec![0u64; items as usize];
        for _ in 0..draws {
            counts[table.random(&mut rng).expect("not empty").key() as usize] += 1;
        }
        // Chi-square with items - 1 degrees of freedom: mean items - 1, variance twice that.
        let chi_square: f64 = counts
            .iter()
            .map(|&count| (count as f64 - 100.0).powi(2) / 100.0)
            .sum();
        let freedom = items as f64 - 1.0;
        assert!(
            chi_square <= freedom + 5.0 * (2.0 * freedom).sqrt() + 1e-9,
            "{items}: {chi_square}"
        );
    }
}
