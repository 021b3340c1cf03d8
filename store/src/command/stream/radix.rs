//! How many nodes a radix tree over the first IDs of a stream's blocks would have: a figure that XINFO owes to its readers,
//! though there is no such tree here.
//!
//! Keys are 16 bytes, the big-endian parts of an ID. A node is the end of a key, a byte by which keys part, or a
//! run of bytes that no keys part in.

use crate::types::stream::Id;

/// Bytes of a key.
const KEY_BYTES: usize = 16;

/// Number of nodes for keys in ascending order.
pub(super) fn node_count(ids: impl Iterator<Item = Id>) -> usize {
    // Where other keys have parted from the last one, by depth.
    let mut forks: Vec<usize> = Vec::new();
    let mut last: Option<u128> = None;
    let mut nodes = 0;
    for id in ids {
        let key = u128::from(id.ms) << 64 | u128::from(id.seq);
        if let Some(last) = last.replace(key) {
            let fork = (last ^ key).leading_zeros() as usize / 8;
            nodes += close(&mut forks, Some(fork));
            if forks.last() != Some(&fork) {
                forks.push(fork);
            }
        }
    }
    match last {
        // An empty tree is its root.
        None => 1,
        Some(_) => nodes + close(&mut forks, None),
    }
}

/// Counts what lies below `fork` on the way to the last key: its end, forks, and the runs between them. Without a fork,
/// all of the way.
fn close(forks: &mut Vec<usize>, fork: Option<usize>) -> usize {
    let mut nodes = 1;
    let mut below = KEY_BYTES;
    while let Some(deepest) = forks.pop_if(|deepest| Some(*deepest) > fork) {
        nodes += 1 + usize::from(below > deepest + 1);
        below = deepest;
    }
    nodes + usize::from(below > fork.map_or(0, |fork| fork + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_those_redis_counts() {
        for (ids, nodes) in [
            (&[][..], 1),
            (&[(1, 1)][..], 2),
            // A run of 7 bytes, a fork, and behind each of its bytes a run and an end.
            (&[(1, 1), (2, 1)], 6),
            (&[(1, 1), (1, 2)], 4),
            (&[(1, 1), (1, 2), (2, 1)], 8),
            (&[(1, 1), (1 << 56, 1)], 5),
        ] {
            let ids = ids.iter().map(|(ms, seq)| Id::new(*ms, *seq));
            assert_eq!(
                node_count(ids.clone()),
                nodes,
                "{:?}",
                ids.collect::<Vec<_>>()
            );
        }
    }
}
