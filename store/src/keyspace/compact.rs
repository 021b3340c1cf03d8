//! Compaction: moving what lies on sparsely used pages of the allocator to fuller ones, so that the pages can go back to
//! the system.
//!
//! When values of one size make way for values of another, pages stay behind with a block here and there. A walk over
//! the keys shows each block's address to whoever knows the allocator and allocates those anew that it calls sparse. It
//! goes segment by segment; a collection that is too large for one step is remembered and done in steps of its own.
//! Nothing here changes a value, a deadline or an access clock. The consumer groups of streams stay where they are.

use super::db::Db;
use super::slice::Slice;
use crate::mem::IsSparse;
use crate::relocate::Within;

/// Where the walk over a slice stands.
#[derive(Default)]
pub(super) struct Walk {
    db: usize,
    cursor: u64,
    /// Whether the last segment was reached.
    at_end: bool,
    /// Large collections met in the last segment, by hash, and how far the last one of them was done.
    large: Vec<u64>,
    within: Within,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Items looked at, roughly.
    pub visited: usize,
    /// Whether the walk came to its end; the next step begins another one.
    pub finished: bool,
}

impl Slice {
    /// Looks at about `items` items and moves those that lie sparsely. Goes on where the last call stopped.
    pub fn compact_step(&mut self, items: usize, is_sparse: IsSparse<'_>) -> Compacted {
        let mut done = Compacted::default();
        let Slice { dbs, walk, .. } = self;
        while done.visited < items {
            let Some(place) = dbs.get_mut(walk.db) else {
                *walk = Walk::default();
                done.finished = true;
                break;
            };
            match place.as_deref_mut().filter(|db| !db.is_empty()) {
                Some(db) => done.visited += walk.step(db, is_sparse),
                None => walk.next_db(),
            }
        }
        done
    }
}

impl Walk {
    /// One segment of keys, or a part of a large collection; about how many items that were.
    fn step(&mut self, db: &mut Db, is_sparse: IsSparse<'_>) -> usize {
        if let Some(&hash) = self.large.last() {
            let (visited, next) = db.compact_value(hash, self.within, is_sparse);
            self.within = next;
            if next == 0 {
                self.large.pop();
            }
            return visited;
        }
        if self.at_end {
            self.next_db();
            return 0;
        }
        let (visited, next) = db.compact_segment(self.cursor, &mut self.large, is_sparse);
        self.cursor = next;
        self.at_end = next == 0;
        visited
    }

    fn next_db(&mut self) {
        *self = Walk {
            db: self.db + 1,
            ..Walk::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use crate::command::testing::Bench;
    use std::cell::Cell;

    #[test]
    fn nothing_is_lost_or_miscounted() {
        let mut bench = Bench::new();
        let long = "v".repeat(20_000);
        for line in [
            "SET inline short",
            "SET number 12345 EX 1000",
            "APPEND inline more",
            "RPUSH smalllist a b c",
            "SADD ints 1 2 3",
            "SADD words one two three",
            "HSET smallhash field value",
            "ZADD smallzset 1 one 2 two",
            "XADD stream 1-1 field value",
        ] {
            bench.run(line);
        }
        bench.run(&format!("SET shared {long}"));
        bench.run(&format!("SETRANGE raw 10 {long}"));
        for number in 1..=3000 {
            bench.run(&format!("SADD set member:{number}"));
            bench.run(&format!("HSET hash field:{number} {number}"));
            bench.run(&format!("ZADD zset {number} member:{number}"));
            bench.run(&format!("RPUSH list {long}{number}").replace(&long, &long[..50]));
            bench.run(&format!("SET key:{number} {number}:{number}"));
            bench.run(&format!("XADD log {number}-1 field {long}").replace(&long, &long[..200]));
        }
        bench.run("HPEXPIRE hash 100000 FIELDS 1 field:7");
        let reads = [
            "GET inline",
            "GET number",
            "EXPIRETIME number",
            "GET shared",
            "GET raw",
            "LRANGE smalllist 0 -1",
            "SORT set ALPHA",
            "HGETALL smallhash",
            "HGET hash field:2999",
            "HPEXPIRETIME hash FIELDS 1 field:7",
            "ZRANGE zset 0 -1 WITHSCORES",
            "LRANGE list 0 -1",
            "GET key:1234",
            "SMEMBERS ints",
            "XRANGE stream - +",
            "XRANGE log - +",
        ];
        let before = reads.map(|line| bench.run(line));
        let (asked, moves) = (Cell::new(0u64), Cell::new(0u64));
        for sparse in [true, false] {
            let is_sparse = |_: *const u8| {
                asked.set(asked.get() + 1);
                moves.set(moves.get() + u64::from(sparse));
                sparse
            };
            assert!(bench.compact(&is_sparse) > 20, "steps are small");
            bench.audit();
        }
        assert!(asked.get() > 2 * 9000 && moves.get() * 2 == asked.get());
        let after = reads.map(|line| bench.run(line));
        assert!(before == after);
    }
}
