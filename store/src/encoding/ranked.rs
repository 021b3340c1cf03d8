//! Members with scores, found by name and by place: a table of cells and a tree over the same cells.
//!
//! The table owns the cells; the tree refers to them. Hence the order of everything here: a cell enters the tree after the table, and leaves
//! the tree before it is dropped. Nothing outside this file can break that, so the interface is safe.

use super::bptree::{Entries, Entry, Key, Tree};
use super::cell::Cell;
use crate::hash::{Seed, hash_key};
use crate::keyspace::table::{Drained, Table, prefetch_line};
use crate::mem::{IsSparse, alloc_size};
use std::mem::{ManuallyDrop, replace};
use std::ops::Range;

/// How many pops ahead a cell is asked for.
const POPS_AHEAD: usize = 4;
/// Leaves moved in one step, with their cells: about 250 members.
const LEAVES_PER_STEP: usize = 4;
/// Set in the place of a step that is in the tree, whose lower bits are a rank; without it the place is a cursor of the table.
const IN_TREE: u64 = 1 << 63;

/// See the module.
pub struct Ranked {
    tree: Tree,
    table: Table<Cell>,
    /// Heap bytes of all cells.
    cell_bytes: usize,
    seed: Seed,
}

/// What [`Ranked::insert`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranking {
    /// The member is new.
    Added,
    /// The member was there with another score.
    Moved,
    /// The member was there with this score.
    Kept,
}

impl Ranked {
    /// No members; their names are hashed with `seed`.
    #[must_use]
    pub const fn new(seed: &Seed) -> Self {
        Self {
            tree: Tree::new(),
            table: Table::new(),
            cell_bytes: 0,
            seed: *seed,
        }
    }

    /// Number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Heap bytes held, those of this struct in a box included.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        alloc_size(size_of::<Self>())
            + self.tree.mem_bytes()
            + self.table.mem_bytes()
            + self.cell_bytes
    }

    /// Asks the memory for the bucket `member` is looked for in; its hash, for [`Self::prefetch_cell`].
    #[inline]
    #[must_use]
    pub fn prefetch_bucket(&self, member: &[u8]) -> u64 {
        let hash = hash_key(&self.seed, member);
        self.table.prefetch_bucket(hash);
        hash
    }

    /// Asks for the cells of a hash, when its bucket has had time to come.
    #[inline]
    pub fn prefetch_cell(&self, hash: u64) {
        self.table.prefetch_item(hash);
    }

    /// The score of `member`.
    #[must_use]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.table
            .find(hash_key(&self.seed, member), |cell| cell.key() == member)
            .map(score_of)
    }

    /// The place of `member`, from the lowest.
    #[must_use]
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        let score = self.score(member)?;
        Some(self.tree.rank(Key { score, member }))
    }

    /// Sets the score of `member`, adding it when it is new. `score` is not NaN.
    ///
    /// # Panics
    /// When it is.
    pub fn insert(&mut self, member: &[u8], score: f64) -> Ranking {
        assert!(!score.is_nan(), "commands refuse NaN");
        let hash = hash_key(&self.seed, member);
        if let Some(cell) = self.table.find_mut(hash, |cell| cell.key() == member) {
            let old = score_of(cell);
            if old == score {
                return Ranking::Kept;
            }
            cell.set_word(score.to_bits());
            let key = Key { score: old, member };
            if !self.tree.rescore_in_place(key, score) {
                self.tree.remove(key);
                // SAFETY: the table owns the cell; the entry leaves the tree before the cell leaves the table.
                self.tree.insert(unsafe { Entry::new(score, cell) });
            }
            return Ranking::Moved;
        }
        let cell = Cell::new(member, None, Some(score.to_bits()));
        self.cell_bytes += cell.mem_bytes();
        let seed = self.seed;
        let cell = self
            .table
            .insert_new(hash, cell, |cell| hash_key(&seed, cell.key()));
        // SAFETY: as above.
        self.tree.insert(unsafe { Entry::new(score, cell) });
        Ranking::Added
    }

    /// Removes `member`, showing it with its score to `f`.
    pub fn remove<R>(&mut self, member: &[u8], f: impl FnOnce(&[u8], f64) -> R) -> Option<R> {
        let seed = self.seed;
        let hash = hash_key(&seed, member);
        let cell = self.table.remove(
            hash,
            |cell| cell.key() == member,
            |cell| hash_key(&seed, cell.key()),
        )?;
        // Should the tree panic, the cell leaks instead of leaving a dangling entry behind.
        let cell = ManuallyDrop::new(cell);
        let score = score_of(&cell);
        self.tree.remove(Key {
            score,
            member: cell.key(),
        });
        let cell = ManuallyDrop::into_inner(cell);
        self.cell_bytes -= cell.mem_bytes();
        Some(f(cell.key(), score))
    }

    /// Removes the member of rank `rank`, showing it with its score to `f`.
    pub fn remove_rank<R>(&mut self, rank: usize, f: impl FnOnce(&[u8], f64) -> R) -> Option<R> {
        // The cell lives on without it: the table owns it.
        let entry = self.tree.remove_rank(rank)?;
        let address = entry.address();
        let seed = self.seed;
        let hash = hash_key(&seed, entry.member());
        let cell = self.table.remove(
            hash,
            |cell| cell.as_ptr() == address,
            |cell| hash_key(&seed, cell.key()),
        )?;
        self.cell_bytes -= cell.mem_bytes();
        self.prefetch_neighbours(rank);
        Some(f(cell.key(), entry.score()))
    }

    /// Asks the memory for what the next removal of the same rank will touch: who pops one
    /// member mostly pops more. The farther cell comes first, so that it is there when its
    /// bucket is asked for.
    fn prefetch_neighbours(&self, rank: usize) {
        let (near, far) = match rank.checked_sub(1) {
            None => (0, POPS_AHEAD),
            Some(near) => (near, near.saturating_sub(POPS_AHEAD)),
        };
        let [near, far] = self.tree.get_both(near, far);
        if let Some(entry) = far {
            prefetch_line(entry.address().as_ptr().cast_const().cast());
        }
        if let Some(entry) = near {
            self.table
                .prefetch_bucket(hash_key(&self.seed, entry.member()));
        }
    }

    /// The members of `ranks` in ascending order, from either end.
    #[must_use]
    pub fn entries(&self, ranks: Range<usize>) -> Entries<'_> {
        self.tree.entries(ranks)
    }

    /// How many members satisfy `before`, which holds for the lowest up to some place and for none after it.
    #[must_use]
    pub fn partition_rank(&self, before: impl Fn(&[u8], f64) -> bool) -> usize {
        self.tree
            .partition_rank(|entry| before(entry.member(), entry.score()))
    }

    /// How many members have scores that satisfy `before`, as [`Self::partition_rank`]; looks at no member.
    #[must_use]
    pub fn partition_rank_by_score(&self, before: impl Fn(f64) -> bool) -> usize {
        self.tree.partition_rank(|entry| before(entry.score()))
    }

    /// A member chosen uniformly, with its score.
    pub fn random(&self, rng: &mut dyn FnMut() -> u64) -> Option<(&[u8], f64)> {
        self.table
            .random(&mut || rng())
            .map(|cell| (cell.key(), score_of(cell)))
    }

    /// One step of a scan, as the table's.
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(&[u8], f64)) -> u64 {
        self.table.scan(
            cursor,
            |cell| hash_key(&self.seed, cell.key()),
            |cell| visit(cell.key(), score_of(cell)),
        )
    }

    /// Moves what lies sparsely of the part that `within` stands for, 0 at first: buckets of a segment of the table, or
    /// some leaves and their cells. Gives where the next part begins, 0 at the end.
    pub fn relocate(&mut self, within: u64, is_sparse: IsSparse<'_>) -> u64 {
        if within & IN_TREE == 0 {
            let Some(at) = self.table.segment_at(within) else {
                return 0;
            };
            self.table.relocate_segment(at.id, is_sparse, |_| {});
            return match at.next_cursor {
                0 => IN_TREE,
                next => next,
            };
        }
        let mut rank = (within ^ IN_TREE) as usize;
        for _ in 0..LEAVES_PER_STEP {
            match self.relocate_leaf(rank, is_sparse) {
                Some(next) => rank = next,
                None => return 0,
            }
        }
        IN_TREE | rank as u64
    }

    fn relocate_leaf(&mut self, rank: usize, is_sparse: IsSparse<'_>) -> Option<usize> {
        let Self {
            tree, table, seed, ..
        } = self;
        // The cells that were left live until the tree refers to none of them.
        let mut left = Vec::new();
        tree.relocate_leaf(rank, is_sparse, &mut |entry| {
            let address = entry.address();
            if !is_sparse(address.as_ptr()) {
                return None;
            }
            let hash = hash_key(seed, entry.member());
            let cell = table.find_mut(hash, |cell| cell.as_ptr() == address)?;
            let copy = cell.clone();
            left.push(replace(cell, copy));
            // SAFETY: the table owns the cell; the entry leaves the tree before the cell leaves the table.
            Some(unsafe { Entry::new(entry.score(), cell) })
        })
    }

    /// Frees about `items` members' worth of memory; true when nothing is left. After the first step this is good for nothing else.
    pub fn free_step(&mut self, items: usize) -> bool {
        if !self.tree.is_empty() {
            // A leaf goes at once, so its entries cost far less than cells do.
            self.tree.free_step(items.saturating_mul(8));
            return false;
        }
        let cell_bytes = &mut self.cell_bytes;
        let drained = self
            .table
            .drain_step(items, |cell| *cell_bytes -= cell.mem_bytes());
        drained == Drained::All
    }
}

fn score_of(cell: &Cell) -> f64 {
    f64::from_bits(cell.word().expect("every cell here has its score"))
}

impl Clone for Ranked {
    fn clone(&self) -> Self {
        let mut copy = Self::new(&self.seed);
        for entry in self.tree.entries(0..self.tree.len()) {
            copy.insert(entry.member(), entry.score());
        }
        copy
    }
}

#[cfg(test)]
impl Ranked {
    /// Checks the tree, and that it refers to the table's cells.
    pub(crate) fn audit_tree(&self) {
        let entries = super::bptree::tests::audit(&self.tree);
        assert_eq!(entries.len(), self.table.len());
        for entry in entries {
            let hash = hash_key(&self.seed, entry.member());
            let cell = self
                .table
                .find(hash, |cell| cell.as_ptr() == entry.address());
            assert_eq!(cell.map(score_of), Some(entry.score()));
        }
    }

    /// [`Self::mem_bytes`], counted afresh.
    pub(crate) fn mem_bytes_audited(&self) -> usize {
        let cells: usize = self.table.iter().map(Cell::mem_bytes).sum();
        alloc_size(size_of::<Self>()) + self.tree.mem_bytes() + self.table.mem_bytes() + cells
    }
}
