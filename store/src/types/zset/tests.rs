//! Sorted sets against a sorted `Vec`, across the conversion.

use super::*;
use proptest::prelude::{
    Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use std::collections::BTreeMap;

const SEED: Seed = Seed(5, 6);

type Model = Vec<(f64, Vec<u8>)>;

fn small_limits() -> EncodingLimits {
    EncodingLimits {
        zset_max_listpack_entries: 25,
        zset_max_listpack_value: 60,
        ..EncodingLimits::default()
    }
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        30 => (0u8..60).prop_map(|value| format!("m{value}").into_bytes()),
        1 => (55usize..300).prop_map(|len| vec![b'm'; len]),
    ]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (-3i32..3).prop_map(f64::from),
        2 => (-100_000i32..100_000).prop_map(f64::from),
        1 => prop_oneof![(-1000i32..1000).prop_map(|value| f64::from(value) / 8.0), any::<i64>().prop_map(|value| value as f64)],
        1 => prop_oneof![Just(-0.0), Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
    ]
}

fn sort(model: &mut Model) {
    model.sort_by(|a, b| {
        a.0.partial_cmp(&b.0)
            .expect("no NaN")
            .then_with(|| a.1.cmp(&b.1))
    });
}

fn set_in_model(model: &mut Model, member: &[u8], score: f64) -> Outcome {
    let outcome = match model.iter_mut().find(|item| item.1 == member) {
        None => {
            model.push((score, member.to_vec()));
            Outcome::Added
        }
        Some(item) if item.0 == score => Outcome::Unchanged,
        Some(item) => {
            item.0 = score;
            Outcome::Updated
        }
    };
    sort(model);
    outcome
}

fn collected<'a>(iter: impl Iterator<Item = (&'a [u8], f64)>) -> Model {
    iter.map(|(member, score)| (score, member.to_vec()))
        .collect()
}

fn audit(zset: &Zset) {
    if let AsRanked(ranked) = zset.0.view() {
        assert_eq!(ranked.mem_bytes(), ranked.mem_bytes_audited());
    }
}

fn audit_tree(zset: &Zset) {
    if let AsRanked(ranked) = zset.0.view() {
        ranked.audit_tree();
    }
}

fn check(zset: &Zset, model: &Model, at: usize, low: f64, high: f64) {
    audit(zset);
    audit_tree(zset);
    assert_eq!(zset.len(), model.len());
    assert_eq!(
        collected(zset.iter_from(at, Direction::Forward)),
        model[at.min(model.len())..]
    );
    let mut reverse = model.clone();
    reverse.reverse();
    assert_eq!(
        collected(zset.iter_from(at, Direction::Reverse)),
        reverse[at.min(model.len())..]
    );
    for range in [
        ScoreRange {
            min: ScoreBound::Inclusive(low),
            max: ScoreBound::Exclusive(high),
        },
        ScoreRange {
            min: ScoreBound::Exclusive(low),
            max: ScoreBound::Inclusive(high),
        },
    ] {
        let expected: Model = model
            .iter()
            .filter(|item| range.contains(item.0))
            .cloned()
            .collect();
        assert_eq!(
            collected(zset.iter_range(zset.rank_range_by_score(&range), Direction::Forward)),
            expected
        );
    }
}

proptest! {
    #[test]
    fn behaves_as_a_sorted_vec(edits in prop::collection::vec((0u8..12, member(), score(), any::<u64>()), 1..150)) {
        let (mut zset, mut model) = (Zset::new(), Model::new());
        for (edit, member, score, random) in edits {
            let at = random as usize % (model.len() + 1);
            match edit {
                0 => {
                    let expected = model.iter().position(|item| item.1 == member).map(|at| model.remove(at).0);
                    prop_assert_eq!(zset.remove(&SEED, &member), expected);
                }
                1 => {
                    let expected = (!model.is_empty()).then(|| model.remove(0));
                    prop_assert_eq!(zset.pop(&SEED, End::Min, |member, score| (score, member.to_vec())), expected);
                }
                2 => prop_assert_eq!(zset.pop(&SEED, End::Max, |member, score| (score, member.to_vec())), model.pop()),
                3 if random % 3 == 0 => {
                    let end = (at + 5).min(model.len());
                    let mut removed = Model::new();
                    zset.remove_rank_range(&SEED, at..end, &mut |member, score| removed.push((score, member.to_vec())));
                    prop_assert_eq!(removed, model.drain(at..end).collect::<Vec<_>>());
                }
                _ => prop_assert_eq!(zset.insert(&SEED, &member, score, &small_limits()), set_in_model(&mut model, &member, score)),
            }
            check(&zset, &model, at, score.min(1.0), 1.0f64.max(score));
            let place = model.iter().position(|item| item.1 == member);
            prop_assert_eq!(zset.rank(&SEED, &member, Direction::Forward), place);
            prop_assert_eq!(zset.rank(&SEED, &member, Direction::Reverse), place.map(|place| model.len() - 1 - place));
            prop_assert_eq!(zset.score(&SEED, &member), place.map(|place| model[place].0));
            let drawn = zset.random(&mut || random).map(|(member, score)| (score, member.to_vec()));
            prop_assert_eq!(drawn.is_some(), !model.is_empty());
            prop_assert!(drawn.is_none_or(|item| model.contains(&item)));
        }
        let copy = zset.clone();
        check(&copy, &model, 0, 0.0, 1.0);
        let (mut cursor, mut scanned) = (0, BTreeMap::new());
        loop {
            cursor = zset.scan(cursor, &mut |member, score| assert!(scanned.insert(member.to_vec(), score).is_none()));
            if cursor == 0 {
                break;
            }
        }
        prop_assert_eq!(scanned, model.iter().map(|item| (item.1.clone(), item.0)).collect::<BTreeMap<_, _>>());
        let mut steps = 0;
        while !zset.free_step(3) {
            audit(&zset);
            steps += 1;
            prop_assert!(steps < 200);
        }
        prop_assert_eq!(zset.len(), 0);
        check(&copy, &model, 0, 0.0, 1.0);
    }

    #[test]
    fn lex_ranges(members in prop::collection::btree_set("[a-d]{1,3}", 0..60), low in "[a-d]{1,3}", high in "[a-d]{1,3}") {
        let zset = Zset::from_unsorted(&SEED, members.iter().map(|member| (member.as_bytes(), 0.0)), &small_limits());
        let (low, high) = (low.as_bytes(), high.as_bytes());
        for range in [
            LexRange { min: LexBound::Inclusive(low), max: LexBound::Exclusive(high) },
            LexRange { min: LexBound::Exclusive(low), max: LexBound::Inclusive(high) },
            LexRange { min: LexBound::Min, max: LexBound::Inclusive(high) },
            LexRange { min: LexBound::Exclusive(low), max: LexBound::Max },
            LexRange { min: LexBound::Max, max: LexBound::Min },
        ] {
            let expected: Vec<_> = members.iter().map(|member| member.as_bytes()).filter(|member| range.contains(member)).collect();
            let found: Vec<_> = zset.iter_range(zset.rank_range_by_lex(&range), Direction::Forward).map(|item| item.0).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

/// Moved step by step, with changes between the steps, a large set keeps its order, its weight and its members.
#[test]
fn a_large_set_moves_in_small_steps_while_it_changes() {
    let limits = EncodingLimits::default();
    let (mut zset, mut model) = (Zset::new(), BTreeMap::new());
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut change = |zset: &mut Zset, model: &mut BTreeMap<Vec<u8>, f64>, removes: bool| {
        let member = format!("member:{}", draw(9000)).into_bytes();
        if removes {
            assert_eq!(zset.remove(&SEED, &member), model.remove(&member));
        } else {
            let score = draw(3000) as f64;
            zset.insert(&SEED, &member, score, &limits);
            model.insert(member, score);
        }
    };
    for _ in 0..9000 {
        change(&mut zset, &mut model, false);
    }
    let bytes = zset.mem_bytes();
    for (round, moved_in) in [1, 3, u64::MAX].into_iter().enumerate() {
        let (mut within, mut steps) = (0, 0);
        loop {
            let asked = std::cell::Cell::new(0u64);
            within = zset.relocate(within, &|_| {
                asked.set(asked.get() + 1);
                moved_in != u64::MAX && asked.get().is_multiple_of(moved_in)
            });
            assert!(asked.get() < 300, "{} blocks in one step", asked.get());
            steps += 1;
            if within == 0 {
                break;
            }
            for step in 0..3 * round {
                change(&mut zset, &mut model, step == 2);
            }
        }
        assert!(steps > 30, "{steps} steps");
        audit(&zset);
        audit_tree(&zset);
        assert!(round > 0 || zset.mem_bytes() == bytes);
        let mut expected: Model = model.iter().map(|(m, s)| (*s, m.clone())).collect();
        sort(&mut expected);
        assert!(collected(zset.iter_from(0, Direction::Forward)) == expected);
    }
    for member in model.keys() {
        assert!(zset.remove(&SEED, member).is_some());
    }
    assert!(zset.is_empty());
}

#[test]
fn encodings_follow_the_thresholds() {
    let zset_of = |count: usize| {
        Zset::from_unsorted(
            &SEED,
            (0..count).map(|member| (member.to_string(), 1.0)),
            &EncodingLimits::default(),
        )
    };
    assert_eq!(zset_of(128).encoding(), "listpack");
    assert_eq!(zset_of(129).encoding(), "skiplist");
    let one_of =
        |len| Zset::from_unsorted(&SEED, [("m".repeat(len), 1.0)], &EncodingLimits::default());
    assert_eq!(one_of(64).encoding(), "listpack");
    assert_eq!(one_of(65).encoding(), "skiplist");
}

#[test]
fn a_set_built_at_once_keeps_the_sign_of_zeros_where_it_ends_up_big() {
    let members = [("a", -0.0), ("b", 1.0), ("c", -0.0), ("a", 2.0)];
    let zeros = |max: usize, build: &dyn Fn(&EncodingLimits) -> Zset| {
        let limits = EncodingLimits {
            zset_max_listpack_entries: max,
            ..EncodingLimits::default()
        };
        build(&limits).score(&SEED, b"c").map(f64::is_sign_negative)
    };
    let at_once = |limits: &EncodingLimits| Zset::from_unsorted(&SEED, members, limits);
    let one_by_one = |limits: &EncodingLimits| Zset::from_each(&SEED, members, limits);
    assert_eq!(zeros(4, &at_once), Some(false));
    assert_eq!(zeros(2, &at_once), Some(true));
    assert_eq!(zeros(3, &one_by_one), Some(false));
    assert_eq!(zeros(2, &one_by_one), Some(true));
    assert_eq!(zeros(1, &one_by_one), Some(true));
}

#[test]
fn a_million_like_set_stays_below_75_bytes_a_member() {
    let count = 100_000usize;
    let members = (0..count).map(|number| {
        (
            format!("member:{:09}", number * 7919 % count),
            (number * 104_729 % count) as f64,
        )
    });
    let zset = Zset::from_unsorted(&SEED, members, &EncodingLimits::default());
    let bytes = zset.mem_bytes() as f64 / count as f64;
    assert!(bytes < 70.0, "{bytes:.1} bytes a member");
}

#[test]
fn stays_one_word() {
    assert_eq!((size_of::<Zset>(), size_of::<Option<Zset>>()), (8, 8));
}
