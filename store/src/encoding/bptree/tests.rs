//! The tree against a sorted `Vec`, with an audit of every count and separator.

use super::node::items;
use super::*;
use crate::encoding::cell::Cell;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

struct Audit {
    len: usize,
    leaves: usize,
    inners: usize,
}

fn audit_node<'a>(node: &'a Node, audit: &mut Audit, entries: &mut Vec<&'a Entry>) -> usize {
    match node {
        Node::Leaf(leaf) => {
            assert!(!leaf.is_empty());
            audit.leaves += 1;
            audit.len += leaf.len();
            entries.extend(leaf.iter());
            1
        }
        Node::Inner(inner) => {
            audit.inners += 1;
            assert!(
                items(node) == inner.mins.len()
                    && items(node) == inner.counts.len()
                    && items(node) > 0
            );
            let mut heights = Vec::new();
            for (child, node) in inner.children.iter().enumerate() {
                let before = (audit.len, entries.len());
                heights.push(audit_node(node, audit, entries));
                assert_eq!(
                    audit.len - before.0,
                    inner.counts[child],
                    "count of a child"
                );
                assert_eq!(
                    entries[before.1].cmp_key(inner.mins[child].key()),
                    Ordering::Equal,
                    "lowest entry of a child"
                );
                assert_eq!(entries[before.1].address(), inner.mins[child].address());
            }
            assert!(
                heights.iter().all(|height| *height == heights[0]),
                "leaves are on one level"
            );
            heights[0] + 1
        }
    }
}

/// Checks all invariants; gives all entries in order.
pub(in crate::encoding) fn audit(tree: &Tree) -> Vec<&Entry> {
    let (mut audit, mut entries) = (
        Audit {
            len: 0,
            leaves: 0,
            inners: 0,
        },
        Vec::new(),
    );
    if let Some(root) = &tree.root {
        audit_node(root, &mut audit, &mut entries);
        assert!(
            matches!(root, Node::Leaf(_)) || items(root) > 1,
            "the root is needed"
        );
    }
    assert_eq!(
        (audit.len, audit.leaves, audit.inners),
        (tree.len, tree.leaves, tree.inners)
    );
    assert!(
        entries.is_sorted_by(|a, b| a.cmp_key(b.key()) == Ordering::Less),
        "entries ascend"
    );
    entries
}

/// Cells that outlive the tree of a test.
fn cells(count: usize) -> Vec<Cell> {
    (0..count)
        .map(|number| Cell::new(format!("{number:06}").as_bytes(), None, Some(0)))
        .collect()
}

fn entry(cells: &[Cell], number: usize, score: f64) -> Entry {
    // SAFETY: the tests keep their cells until the tree is gone.
    unsafe { Entry::new(score, &cells[number]) }
}

proptest! {
    #[test]
    fn behaves_as_a_sorted_vec(edits in prop::collection::vec((any::<bool>(), 0usize..600, 0u8..9), 1..1500), spread in 0u8..3) {
        let cells = cells(600);
        let (mut tree, mut model) = (Tree::new(), Vec::<(u32, usize)>::new());
        for (step, (insert, number, score)) in edits.into_iter().enumerate() {
            let at = model.iter().position(|item| item.1 == number);
            // Phases that mostly grow, then mostly shrink.
            let insert = insert || step % 700 < 500;
            match at {
                None if insert => {
                    let score = match spread { 0 => 0, 1 => u32::from(score), _ => number as u32 * 8 };
                    tree.insert(entry(&cells, number, f64::from(score)));
                    model.push((score, number));
                    model.sort_unstable();
                }
                Some(at) if !insert => {
                    let (score, _) = model.remove(at);
                    let key = Key { score: f64::from(score), member: cells[number].key() };
                    let removed = match step % 2 {
                        0 => Some(tree.remove(key)),
                        _ => tree.remove_rank(at),
                    };
                    prop_assert_eq!(removed.map(|entry| entry.member().to_vec()), Some(cells[number].key().to_vec()));
                }
                _ => {}
            }
        }
        let entries: Vec<_> = audit(&tree).iter().map(|entry| entry.member().to_vec()).collect();
        prop_assert_eq!(&entries, &model.iter().map(|item| cells[item.1].key().to_vec()).collect::<Vec<_>>());
        for (rank, (score, number)) in model.iter().enumerate() {
            prop_assert_eq!(tree.rank(Key { score: f64::from(*score), member: cells[*number].key() }), rank);
            prop_assert_eq!(tree.get(rank).map(|entry| entry.member()), Some(cells[*number].key()));
            let other = rank * 7 % (model.len() + 2);
            let member = |rank: usize| tree.get(rank).map(|entry| entry.member());
            prop_assert_eq!(tree.get_both(rank, other).map(|entry| entry.map(|entry| entry.member())), [member(rank), member(other)]);
        }
        prop_assert!(tree.remove_rank(model.len()).is_none());
        let bound = model.len() / 3;
        let ranks = bound..model.len() - bound;
        let backwards: Vec<_> = tree.entries(ranks.clone()).rev().map(|entry| entry.member().to_vec()).collect();
        prop_assert_eq!(backwards, entries[ranks].iter().rev().cloned().collect::<Vec<_>>());
        for threshold in 0..9 {
            let expected = model.iter().filter(|item| item.0 < threshold).count();
            prop_assert_eq!(tree.partition_rank(|entry| entry.score() < f64::from(threshold)), expected);
        }
        while let Some(first) = tree.get(0).copied() {
            tree.remove(first.key());
            if tree.len() % 50 == 0 {
                audit(&tree);
            }
        }
        prop_assert!(tree.is_empty() && tree.mem_bytes() == 0);
    }
}

#[test]
fn large_trees_keep_their_invariants() {
    let count = 60_000;
    let cells = cells(count);
    let mut tree = Tree::new();
    let order: Vec<usize> = (0..count).map(|step| step * 7919 % count).collect();
    order
        .iter()
        .for_each(|number| tree.insert(entry(&cells, *number, *number as f64)));
    audit(&tree);
    let fill = count as f64 / (tree.leaves * node::LEAF_MAX) as f64;
    assert!(fill > 0.74, "leaves filled {fill:.2} in random order");
    for number in order.iter().take(count - 1000) {
        tree.remove(Key {
            score: *number as f64,
            member: cells[*number].key(),
        });
    }
    assert_eq!(audit(&tree).len(), 1000);
    assert!(tree.leaves < 100, "{} leaves are left", tree.leaves);
}

#[test]
fn ascending_insertions_fill_leaves() {
    let cells = cells(20_000);
    let mut tree = Tree::new();
    (0..20_000).for_each(|number| tree.insert(entry(&cells, number, number as f64)));
    audit(&tree);
    assert_eq!(tree.leaves, 20_000usize.div_ceil(node::LEAF_MAX));
    let mut steps = 0;
    while !tree.free_step(500) {
        steps += 1;
    }
    assert!(
        (30..50).contains(&steps) && tree.mem_bytes() == 0,
        "{steps} steps"
    );
}

#[test]
fn scores_change_in_place_only_between_neighbours() {
    let cells = cells(10);
    let mut tree = Tree::new();
    (0..10).for_each(|number| tree.insert(entry(&cells, number, number as f64)));
    let key = |number: usize, score: f64| Key {
        score,
        member: cells[number].key(),
    };
    assert!(tree.rescore_in_place(key(5, 5.0), 5.5));
    assert!(!tree.rescore_in_place(key(5, 5.5), 7.0));
    assert!(!tree.rescore_in_place(key(0, 0.0), 0.5));
    assert_eq!(tree.get(5).map(Entry::score), Some(5.5));
    audit(&tree);
}
