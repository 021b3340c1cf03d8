//! A slice against a model: std's `HashMap` by database and key, with the accounting audited after every step.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;

use super::{Access, Db, Expiry, Slice, StringInput, WrongType};
use crate::hash::{Seed, hash_key};
use crate::types::{EncodingLimits, Hash, List};
use crate::value::{IntText, ValueRef};

const SEED: Seed = Seed(1, 2);
const DBS: usize = 3;

fn hashed(key: &[u8]) -> u64 {
    hash_key(&SEED, key)
}

#[derive(Clone, Debug, PartialEq)]
enum ModelValue {
    String(Vec<u8>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
}

fn seen(value: ValueRef<'_>) -> ModelValue {
    match value {
        ValueRef::String(string) => {
            ModelValue::String(string.as_bytes(&mut IntText::new()).to_vec())
        }
        ValueRef::Hash(hash) => {
            ModelValue::Hash(hash.iter().map(|(f, v)| (f.to_vec(), v.to_vec())).collect())
        }
        ValueRef::List(_) | ValueRef::Set(_) | ValueRef::Zset(_) | ValueRef::Stream(_) => {
            panic!("the scripts make none")
        }
    }
}

#[derive(Default)]
struct Model(HashMap<(usize, Vec<u8>), (ModelValue, Option<u64>)>);

#[derive(Clone, Debug)]
enum Op {
    SetString(usize, Vec<u8>, Vec<u8>, Expiry),
    SetField(usize, Vec<u8>, u32),
    Append(usize, Vec<u8>, usize),
    Remove(usize, Vec<u8>),
    Move(usize, Vec<u8>, usize, Vec<u8>),
    Expire(usize, Vec<u8>, u64),
    Persist(usize, Vec<u8>),
    Sweep(u64, usize),
    Swap(usize, usize),
    Flush(usize),
    Free(usize),
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        9 => (0..40u32).prop_map(|n| format!("key:{n}").into_bytes()),
        1 => (0..3u8).prop_map(|n| vec![n; 300]),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let db = || 0..DBS;
    let expiry = prop_oneof![
        Just(Expiry::Clear),
        Just(Expiry::Keep),
        (0..100u64).prop_map(Expiry::At)
    ];
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        any::<i16>().prop_map(|n| n.to_string().into_bytes()),
        Just(vec![b'b'; 20_000])
    ];
    prop_oneof![
        6 => (db(), keys(), value, expiry).prop_map(|(db, key, value, expiry)| Op::SetString(db, key, value, expiry)),
        6 => (db(), keys(), 0..200u32).prop_map(|(db, key, field)| Op::SetField(db, key, field)),
        2 => (db(), keys(), 0..100usize).prop_map(|(db, key, len)| Op::Append(db, key, len)),
        2 => (db(), keys()).prop_map(|(db, key)| Op::Remove(db, key)),
        2 => (db(), keys(), db(), keys()).prop_map(|(a, from, b, to)| Op::Move(a, from, b, to)),
        3 => (db(), keys(), 0..100u64).prop_map(|(db, key, at_ms)| Op::Expire(db, key, at_ms)),
        1 => (db(), keys()).prop_map(|(db, key)| Op::Persist(db, key)),
        1 => (0..60u64, 1..50usize).prop_map(|(now_ms, budget)| Op::Sweep(now_ms, budget)),
        1 => (db(), db()).prop_map(|(a, b)| Op::Swap(a, b)),
        1 => db().prop_map(Op::Flush),
        1 => (1..100usize).prop_map(Op::Free),
    ]
}

fn set_field(db: &mut Db, key: &[u8], field: u32) -> Result<(), WrongType> {
    let mut hash = db.edit_or_create::<Hash>(hashed(key), key, Access::recency(1))?;
    hash.insert(
        &SEED,
        &field.to_le_bytes(),
        &[b'v'; 10],
        &EncodingLimits::default(),
    );
    Ok(())
}

/// Sweeps until a whole round is over; the keys removed.
fn sweep_all(slice: &mut Slice, now_ms: u64, budget: usize) -> HashSet<(usize, Vec<u8>)> {
    let mut removed = HashSet::new();
    for _ in 0..10_000 {
        let report = slice.sweep_expired(now_ms, budget, |db, key, _| {
            assert!(removed.insert((db, key.to_vec())))
        });
        if report.finished {
            return removed;
        }
    }
    panic!("a sweep comes to an end");
}

impl Model {
    fn apply(&mut self, slice: &mut Slice, op: Op) {
        match op {
            Op::SetString(db, key, value, expiry) => {
                slice.db_or_create(db).set_string(
                    hashed(&key),
                    &key,
                    StringInput::Bytes(&value),
                    expiry,
                    Access::recency(1),
                );
                let old = self
                    .0
                    .get(&(db, key.clone()))
                    .and_then(|(_, expire)| *expire);
                let expire = match expiry {
                    Expiry::Clear => None,
                    Expiry::Keep => old,
                    Expiry::At(at_ms) => Some(at_ms),
                };
                self.0
                    .insert((db, key), (ModelValue::String(value), expire));
            }
            Op::SetField(db, key, field) => {
                let result = set_field(slice.db_or_create(db), &key, field);
                let new = || (ModelValue::Hash(BTreeMap::new()), None);
                match &mut self.0.entry((db, key)).or_insert_with(new).0 {
                    ModelValue::String(_) => assert_eq!(result, Err(WrongType)),
                    ModelValue::Hash(fields) => {
                        assert_eq!(result, Ok(()));
                        fields.insert(field.to_le_bytes().to_vec(), vec![b'v'; 10]);
                    }
                }
            }
            Op::Append(db, key, len) => {
                let (db_of, now) = (slice.db_or_create(db), Access::recency(1));
                let string = db_of.open_or_create_string(hashed(&key), &key, now);
                let buffer = string.map(|string| string.into_buffer(len));
                let new = || (ModelValue::String(Vec::new()), None);
                let is_new = !self.0.contains_key(&(db, key.clone()));
                match &mut self.0.entry((db, key)).or_insert_with(new).0 {
                    ModelValue::Hash(_) => assert!(buffer.is_err()),
                    ModelValue::String(string) => {
                        let buffer = buffer.expect("a string");
                        assert_eq!(buffer.has_grown, is_new || len > string.len());
                        string.resize(len.max(string.len()), 0);
                        assert_eq!(buffer.bytes, &string[..]);
                    }
                }
            }
            Op::Remove(db, key) => {
                let removed = slice.db_or_create(db).remove(hashed(&key), &key);
                assert_eq!(removed, self.0.remove(&(db, key)).is_some());
            }
            Op::Move(from_db, from, to_db, to) => {
                let taken = slice.db_or_create(from_db).take(hashed(&from), &from);
                let model = self.0.remove(&(from_db, from));
                assert_eq!(taken.is_some(), model.is_some());
                if let (Some((value, expire)), Some(moved)) = (taken, model) {
                    slice.db_or_create(to_db).put(
                        hashed(&to),
                        &to,
                        value.clone(),
                        expire,
                        Access::recency(1),
                    );
                    self.0.insert((to_db, to), moved);
                }
            }
            Op::Expire(db, key, at_ms) => {
                let set = slice.db_or_create(db).set_expire(hashed(&key), &key, at_ms);
                let entry = self.0.get_mut(&(db, key));
                assert_eq!(
                    set,
                    entry.map(|(_, expire)| *expire = Some(at_ms)).is_some()
                );
            }
            Op::Persist(db, key) => {
                let had = slice.db_or_create(db).persist(hashed(&key), &key);
                let entry = self.0.get_mut(&(db, key));
                assert_eq!(had, entry.and_then(|(_, expire)| expire.take()).is_some());
            }
            Op::Sweep(now_ms, budget) => {
                // The first round may have begun earlier, so only the second is sure to be complete.
                let mut removed = sweep_all(slice, now_ms, budget);
                removed.extend(sweep_all(slice, now_ms, budget));
                let due = |(_, expire): &(ModelValue, Option<u64>)| {
                    expire.is_some_and(|at_ms| at_ms < now_ms)
                };
                let expected = self.0.extract_if(|_, value| due(value)).map(|(key, _)| key);
                assert_eq!(removed, expected.collect());
                assert!(slice.next_deadline_ms() >= now_ms);
            }
            Op::Swap(a, b) => {
                slice.swap_db(a, b, 0);
                let swapped = |db| {
                    if db == a {
                        b
                    } else if db == b {
                        a
                    } else {
                        db
                    }
                };
                self.0 = std::mem::take(&mut self.0)
                    .into_iter()
                    .map(|((db, k), v)| ((swapped(db), k), v))
                    .collect();
            }
            Op::Flush(db) => {
                let before = self.0.len();
                self.0.retain(|(in_db, _), _| *in_db != db);
                assert_eq!(slice.flush_db(db), before - self.0.len());
            }
            Op::Free(items) => {
                slice.free_step(items);
            }
        }
    }

    fn compare(&self, slice: &Slice) {
        slice.audit();
        let usage = slice.usage();
        assert_eq!(usage.entry_count, self.0.len());
        assert_eq!(
            usage.expires,
            self.0
                .values()
                .filter(|(_, expire)| expire.is_some())
                .count()
        );
        for ((db, key), (value, expire)) in &self.0 {
            let entry = slice
                .db(*db)
                .and_then(|db| db.get(hashed(key), key))
                .expect("a key of the model");
            assert_eq!(
                (seen(entry.value()), entry.expire_at_ms()),
                (value.clone(), *expire)
            );
        }
        for index in 0..DBS {
            let scanned = slice.db(index).map(scan_all).unwrap_or_default();
            let expected = self
                .0
                .keys()
                .filter(|(db, _)| *db == index)
                .map(|(_, key)| key.clone());
            assert_eq!(scanned, expected.collect());
        }
    }
}

fn scan_all(db: &Db) -> HashSet<Vec<u8>> {
    let (mut keys, mut cursor) = (HashSet::new(), 0);
    loop {
        cursor = db.scan(cursor, |entry| assert!(keys.insert(entry.key().to_vec())));
        if cursor == 0 {
            return keys;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn agrees_with_the_model(script in prop::collection::vec(ops(), 1..150)) {
        let (mut slice, mut model) = (Slice::new(DBS, SEED), Model::default());
        for op in script {
            model.apply(&mut slice, op);
            model.compare(&slice);
        }
        slice.flush_all();
        while !slice.free_step(50) {
            slice.audit();
        }
        let left = slice.used_bytes();
        prop_assert!(left <= DBS * crate::mem::alloc_size(size_of::<Db>()), "{} bytes left", left);
    }
}

fn numbered(n: u32) -> Vec<u8> {
    format!("key:{n}").into_bytes()
}

#[test]
fn a_sweep_is_bounded_and_skips_what_is_not_due() {
    let mut slice = Slice::new(1, SEED);
    for n in 0..50_000u32 {
        let expiry = if n % 10 == 0 {
            Expiry::At(u64::from(1000 + n))
        } else {
            Expiry::Clear
        };
        slice.db_or_create(0).set_string(
            hashed(&numbered(n)),
            &numbered(n),
            StringInput::Int(1),
            expiry,
            Access::recency(0),
        );
    }
    assert_eq!(slice.next_deadline_ms(), 1000);
    assert_eq!(
        slice
            .sweep_expired(1000, 100, |_, _, _| panic!("none is due"))
            .visited,
        0
    );
    let (mut calls, mut expired) = (0, 0);
    loop {
        let report = slice.sweep_expired(25_999, 100, |_, _, _| expired += 1);
        assert!(report.visited <= 100 + 577);
        calls += 1;
        if report.finished {
            break;
        }
    }
    slice.audit();
    assert_eq!((expired, slice.usage().expires), (2500, 2500));
    assert_eq!(slice.next_deadline_ms(), 26_000);
    assert!(calls > 50);
    // Nothing more is due: one look at the earliest deadline.
    assert_eq!(slice.sweep_expired(25_999, 100, |_, _, _| ()).visited, 0);
    // One more is due: only segments whose own earliest deadline has come are looked into.
    let report = slice.sweep_expired(26_001, 1_000_000, |_, key, _| {
        assert_eq!(key, numbered(25_000))
    });
    assert!(report.expired == 1 && report.visited <= 577, "{report:?}");
    assert_eq!(slice.counters.expired, 2501);
}

#[test]
fn a_flush_is_instant_and_freed_in_steps() {
    let mut slice = Slice::new(16, SEED);
    for n in 0..10_000u32 {
        set_field(slice.db_or_create(2), &numbered(n % 5000), n).expect("a hash");
    }
    for n in 0..500u32 {
        set_field(slice.db_or_create(2), b"big", n).expect("a hash");
    }
    let before = slice.used_bytes();
    assert_eq!(slice.flush_db(2), 5001);
    assert!(slice.used_bytes() + 100 > before && slice.usage().entry_count == 0);
    let mut steps = 0;
    while !slice.free_step(100) {
        slice.audit();
        steps += 1;
    }
    assert!((50..80).contains(&steps), "{steps}");
    assert!(slice.used_bytes() < 1000);
}

#[test]
fn a_flush_of_big_strings_frees_them_one_by_one() {
    let mut slice = Slice::new(1, SEED);
    let long = vec![b'v'; 1 << 20];
    for n in 0..10u32 {
        let key = numbered(n);
        slice.db_or_create(0).set_string(
            hashed(&key),
            &key,
            StringInput::Bytes(&long),
            Expiry::Clear,
            Access::recency(0),
        );
    }
    assert_eq!(slice.flush_db(0), 10);
    loop {
        let before = slice.used_bytes();
        let is_done = slice.free_step(100);
        slice.audit();
        let freed = before - slice.used_bytes();
        assert!(freed < 2 * long.len(), "{freed} bytes in one step");
        if is_done {
            break;
        }
    }
    assert!(slice.used_bytes() < 1000);
}

#[test]
fn big_values_are_freed_in_steps_small_ones_at_once() {
    let mut slice = Slice::new(1, SEED);
    for (key, fields) in [(&b"big"[..], 1000), (b"small", 10)] {
        for field in 0..fields {
            set_field(slice.db_or_create(0), key, field).expect("a hash");
        }
    }
    let db = slice.db_or_create(0);
    assert!(db.remove(hashed(b"small"), b"small") && !db.has_trash());
    // Overwriting frees as well.
    db.set_string(
        hashed(b"big"),
        b"big",
        StringInput::Bytes(b"now a string"),
        Expiry::Clear,
        Access::recency(0),
    );
    assert!(db.has_trash());
    db.audit();
    assert!(!slice.free_step(100));
    slice.audit();
    assert!(slice.free_step(100_000));
}

#[test]
fn types_are_told_apart() {
    let mut db = Db::new(SEED);
    let hash = hashed(b"key");
    assert_eq!(
        db.edit::<List>(hash, b"key", Access::recency(0)).err(),
        None
    );
    assert!(
        db.edit_or_create::<Hash>(hash, b"key", Access::recency(0))
            .is_ok()
    );
    assert_eq!(
        db.edit::<List>(hash, b"key", Access::recency(0)).err(),
        Some(WrongType)
    );
    assert_eq!(db.collection::<List>(hash, b"key").err(), Some(WrongType));
    assert_eq!(db.get_string(hash, b"key").err(), Some(WrongType));
    assert!(
        db.collection::<Hash>(hash, b"key")
            .is_ok_and(|found| found.is_some())
    );
    let opened = db.open_string(hash, b"key", Access::recency(0));
    assert_eq!(opened.err(), Some(WrongType));
}
