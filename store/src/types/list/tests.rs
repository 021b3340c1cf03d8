//! Lists against `Vec`, across the conversion, with blocks small enough to split and merge.

use super::*;
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

fn limits() -> impl Strategy<Value = EncodingLimits> {
    prop_oneof![Just(1), Just(3), Just(40), Just(-1), Just(-2)].prop_map(|size| EncodingLimits {
        list_max_listpack_size: size,
        ..EncodingLimits::default()
    })
}

fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0u8..4).prop_map(|byte| vec![byte]),
        4 => (0usize..100, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
        1 => (1000usize..9000, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
    ]
}

fn elements(list: &List) -> Vec<Vec<u8>> {
    list.iter_from(0, Direction::Forward)
        .map(<[u8]>::to_vec)
        .collect()
}

fn audit(list: &List) {
    if let AsQuick(quick) = list.0.view() {
        assert_eq!(quick.mem_bytes(), quick.mem_bytes_audited());
    }
}

fn remove_count_model(model: &mut Vec<Vec<u8>>, count: i64, value: &[u8]) -> usize {
    let limit = if count == 0 {
        usize::MAX
    } else {
        count.unsigned_abs() as usize
    };
    let mut at: Vec<usize> = (0..model.len())
        .filter(|index| model[*index] == value)
        .collect();
    if count < 0 {
        at.reverse();
    }
    at.truncate(limit);
    at.sort_unstable();
    at.iter().rev().for_each(|index| drop(model.remove(*index)));
    at.len()
}

proptest! {
    #[test]
    fn behaves_as_a_vec(limits in limits(), edits in prop::collection::vec((0u8..16, any::<usize>(), element()), 1..200)) {
        let (mut list, mut model) = (List::new(), Vec::<Vec<u8>>::new());
        for (edit, random, element) in edits {
            let at = random % (model.len() + 1);
            match edit {
                0..=2 => {
                    list.push(Side::Left, &element, &limits);
                    model.insert(0, element);
                }
                3..=5 => {
                    list.push(Side::Right, &element, &limits);
                    model.push(element);
                }
                6..=8 => {
                    list.insert_at(at, &element, &limits);
                    model.insert(at, element);
                }
                9 => {
                    prop_assert_eq!(list.set(at, &element, &limits), at < model.len());
                    if at < model.len() {
                        model[at] = element;
                    }
                }
                10 => {
                    let popped = (!model.is_empty()).then(|| model.remove(0));
                    prop_assert_eq!(list.peek(Side::Left), popped.as_deref());
                    prop_assert_eq!(list.pop(Side::Left, <[u8]>::to_vec), popped);
                }
                11 => {
                    prop_assert_eq!(list.peek(Side::Right), model.last().map(Vec::as_slice));
                    prop_assert_eq!(list.pop(Side::Right, <[u8]>::to_vec), model.pop());
                }
                12 => {
                    prop_assert_eq!(list.remove_at(at), at < model.len());
                    if at < model.len() {
                        model.remove(at);
                    }
                }
                13 => {
                    let count = (random % 7) as i64 - 3;
                    prop_assert_eq!(list.remove_count(count, &element), remove_count_model(&mut model, count, &element));
                }
                14 if random % 4 == 0 => {
                    let keep = at / 4..model.len() - at / 4;
                    list.trim(keep.clone());
                    model = if keep.is_empty() { Vec::new() } else { model[keep].to_vec() };
                }
                _ => {
                    let copy = list.clone();
                    audit(&copy);
                    prop_assert_eq!(elements(&copy), model.clone());
                    list = copy;
                }
            }
            audit(&list);
            prop_assert_eq!(list.len(), model.len());
            prop_assert_eq!(list.get(at), model.get(at).map(Vec::as_slice));
            let tail: Vec<_> = list.iter_from(at, Direction::Forward).collect();
            prop_assert_eq!(tail, model.iter().skip(at).map(Vec::as_slice).collect::<Vec<_>>());
            let head: Vec<_> = list.iter_from(at, Direction::Reverse).collect();
            prop_assert_eq!(head, model.iter().rev().skip(at).map(Vec::as_slice).collect::<Vec<_>>());
        }
        let mut steps = 0;
        while !list.free_step(2) {
            audit(&list);
            steps += 1;
            assert!(steps < 400);
        }
        prop_assert_eq!(list.len(), 0);
    }
}

#[test]
fn many_segments_keep_their_order() {
    let limits = EncodingLimits {
        list_max_listpack_size: 2,
        ..EncodingLimits::default()
    };
    let (mut list, mut model) = (List::new(), Vec::new());
    for number in 0..3000usize {
        let element = number.to_string().into_bytes();
        let at = number * 7919 % (model.len() + 1);
        list.insert_at(at, &element, &limits);
        model.insert(at, element);
    }
    audit(&list);
    assert_eq!(elements(&list), model);
    assert!((0..3000).all(|index| list.get(index) == Some(&model[index])));
    let trash = list.trim(1000..1001).expect("whole segments were cut off");
    assert_eq!(
        (list.len(), elements(&list)),
        (1, model[1000..1001].to_vec())
    );
    assert!(trash.len() > 2990);
    assert_eq!(list.encoding(), "quicklist");
}

#[test]
fn a_list_of_one_block_is_a_listpack() {
    let limits = EncodingLimits::default();
    let mut list = List::new();
    for _ in 0..100 {
        list.push(Side::Right, &[b'x'; 64], &limits);
    }
    assert_eq!(list.encoding(), "listpack");
    for _ in 0..100 {
        list.push(Side::Right, &[b'x'; 64], &limits);
    }
    assert_eq!(list.encoding(), "quicklist");
    let mut list = List::new();
    list.push(Side::Right, &[b'x'; 9000], &limits);
    assert_eq!(list.encoding(), "quicklist");
}

#[test]
fn stays_one_word() {
    assert_eq!((size_of::<List>(), size_of::<Option<List>>()), (8, 8));
}
