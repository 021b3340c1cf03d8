//! Against the standard library's ordered map.

use super::{NODE_MAX, Ordered};
use proptest::prelude::{any, prop, prop_assert_eq, proptest};
use std::collections::BTreeMap;

fn check<V: PartialEq + std::fmt::Debug>(
    map: &Ordered<u64, V>,
    model: &BTreeMap<u64, V>,
    probe: u64,
) {
    assert_eq!(map.len(), model.len());
    assert_eq!(map.mem_bytes(), map.root.audit());
    assert_eq!(map.first(), model.first_key_value());
    assert_eq!(map.last(), model.last_key_value());
    assert_eq!(map.get(&probe), model.get(&probe));
    assert!(map.iter_from(&probe).eq(model.range(probe..)));
    assert!(map.iter_down_from(&probe).eq(model.range(..=probe).rev()));
    let floor = model.range(..=probe).next_back();
    let from = floor.map_or(0, |(key, _)| *key);
    assert!(map.iter_from_floor(&probe).eq(model.range(from..)));
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn behaves_as_an_ordered_map(edits in prop::collection::vec((0u8..8, 0u64..2000, 1u64..300), 1..60)) {
        let (mut map, mut model) = (Ordered::default(), BTreeMap::new());
        for (edit, at, count) in edits {
            match edit {
                0 | 1 => {
                    let last = model.last_key_value().map_or(0, |(key, _)| *key);
                    for key in last + 1..last + 1 + count {
                        prop_assert_eq!(map.insert(key, at), model.insert(key, at));
                    }
                }
                2 | 3 => for key in (at..at + count * 3).step_by(3) {
                    prop_assert_eq!(map.insert(key, count), model.insert(key, count));
                },
                4 => for _ in 0..count {
                    prop_assert_eq!(map.pop_first(), model.pop_first());
                },
                5 => {
                    map.free_step(count as usize);
                    (0..count).for_each(|_| { model.pop_first(); });
                }
                6 => if let (Some((key, value)), Some(entry)) = (map.floor_mut(&at), model.range_mut(..=at).next_back()) {
                    prop_assert_eq!(key, entry.0);
                    *value += 1;
                    *entry.1 += 1;
                },
                _ => for key in at..at + count {
                    prop_assert_eq!(map.remove(&key), model.remove(&key));
                },
            }
            check(&map, &model, at);
        }
        check(&map.clone(), &model, 0);
        let (mut from, mut shown) = (Some(0), Vec::new());
        while let Some(key) = from {
            let mut left = 1 + shown.len() % 50;
            from = map.relocate(&key, &|_| true, |value| {
                shown.push(*value);
                left -= 1;
                left == 0
            });
        }
        prop_assert_eq!(shown, model.values().copied().collect::<Vec<_>>());
        check(&map, &model, 0);
    }

    #[test]
    fn keys_on_the_heap_are_charged(names in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..600)) {
        let mut map = Ordered::<Box<[u8]>, ()>::default();
        for name in &names {
            map.insert(name.clone().into(), ());
        }
        prop_assert_eq!(map.mem_bytes(), map.root.audit());
        for name in names.iter().step_by(2) {
            map.remove(&name[..]);
        }
        prop_assert_eq!(map.mem_bytes(), map.root.audit());
    }
}

#[test]
fn appending_fills_the_nodes() {
    let mut map = Ordered::default();
    for key in 0..(NODE_MAX * NODE_MAX) as u64 {
        map.insert(key, ());
    }
    let full = NODE_MAX * NODE_MAX * size_of::<u64>();
    assert!(map.mem_bytes() < full + full / 10, "{}", map.mem_bytes());
    assert!(map.free_step(usize::MAX));
    assert_eq!(map.mem_bytes(), 0);
}
