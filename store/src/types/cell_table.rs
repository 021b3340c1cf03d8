//! What big sets and big hashes share: a table of cells found by key, with exact accounting.
//!
//! It keeps the seed its cells were hashed with, so that growth, scans and clones need none from outside.

use crate::encoding::cell::Cell;
use crate::hash::{Seed, hash_key};
use crate::keyspace::deadlines::{Deadlines, SweepReport, Verdict};
use crate::keyspace::table::{Drained, HINT_NONE, Table, Thin as _};
use crate::mem::{IsSparse, alloc_size};
use crate::types::Member;

/// Cells by key; see the module.
pub(super) struct CellTable {
    table: Table<Cell>,
    /// Heap bytes of all cells.
    cell_bytes: usize,
    seed: Seed,
}

impl CellTable {
    pub(super) fn new(seed: &Seed) -> Self {
        Self {
            table: Table::new(),
            cell_bytes: 0,
            seed: *seed,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Heap bytes held, those of this struct in a box included.
    pub(super) fn mem_bytes(&self) -> usize {
        alloc_size(size_of::<Self>()) + self.table.mem_bytes() + self.cell_bytes
    }

    /// What this struct takes in a box.
    pub(super) fn boxed_bytes() -> usize {
        alloc_size(size_of::<Self>())
    }

    /// Asks the memory for the bucket `key` is looked for in; its hash, for [`Self::prefetch_cell`].
    #[inline]
    pub(super) fn prefetch_bucket(&self, key: &[u8]) -> u64 {
        let hash = hash_key(&self.seed, key);
        self.table.prefetch_bucket(hash);
        hash
    }

    /// Asks for the cells of a hash, when its bucket has had time to come.
    #[inline]
    pub(super) fn prefetch_cell(&self, hash: u64) {
        self.table.prefetch_item(hash);
    }

    pub(super) fn find<'k>(&self, key: impl Into<Member<'k>>) -> Option<&Cell> {
        let key = key.into();
        self.table
            .find(key.hash(&self.seed), |cell| cell.key() == key.bytes)
    }

    /// Adds a member without a value; true when it is new.
    pub(super) fn insert(&mut self, key: Member<'_>) -> bool {
        let (hash, key) = (key.hash(&self.seed), key.bytes);
        if self.table.find(hash, |cell| cell.key() == key).is_some() {
            return false;
        }
        self.insert_new(hash, Cell::new(key, None, None));
        true
    }

    /// Sets the value of `key`; true when the key is new.
    pub(super) fn insert_value(&mut self, key: Member<'_>, value: &[u8]) -> bool {
        let (hash, key) = (key.hash(&self.seed), key.bytes);
        if let Some(cell) = self.table.find_mut(hash, |cell| cell.key() == key) {
            let before = cell.mem_bytes();
            cell.set_value(value);
            self.cell_bytes = self.cell_bytes - before + cell.mem_bytes();
            return false;
        }
        self.insert_new(hash, Cell::new(key, Some(value), None));
        true
    }

    fn insert_new(&mut self, hash: u64, cell: Cell) {
        self.cell_bytes += cell.mem_bytes();
        let seed = self.seed;
        self.table
            .insert_new(hash, cell, |cell| hash_key(&seed, cell.key()));
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Cell> {
        let seed = self.seed;
        let cell = self.table.remove(
            hash_key(&seed, key),
            |cell| cell.key() == key,
            |cell| hash_key(&seed, cell.key()),
        )?;
        self.cell_bytes -= cell.mem_bytes();
        Some(cell)
    }

    /// Changes the cell of `key`, when it is there, and its weight with it.
    pub(super) fn edit<R>(
        &mut self,
        key: Member<'_>,
        change: impl FnOnce(&mut Cell) -> R,
    ) -> Option<R> {
        let hash = key.hash(&self.seed);
        let cell = self.table.find_mut(hash, |cell| cell.key() == key.bytes)?;
        let before = cell.mem_bytes();
        let result = change(cell);
        self.cell_bytes = self.cell_bytes - before + cell.mem_bytes();
        Some(result)
    }

    /// Adds a cell whose key is absent.
    pub(super) fn insert_cell(&mut self, cell: Cell) {
        self.insert_new(hash_key(&self.seed, cell.key()), cell);
    }

    /// Keeps the bounds of `deadlines` below the one that `key` was given.
    pub(super) fn note_deadline(&mut self, deadlines: &mut Deadlines, key: &[u8], at_ms: u64) {
        deadlines.note(&mut self.table, hash_key(&self.seed, key), at_ms);
    }

    /// Removes about `items_max` cells whose word, a deadline, is over.
    pub(super) fn sweep(
        &mut self,
        deadlines: &mut Deadlines,
        now_ms: u64,
        items_max: usize,
    ) -> SweepReport {
        let (seed, cell_bytes) = (self.seed, &mut self.cell_bytes);
        deadlines.sweep(
            &mut self.table,
            now_ms,
            items_max,
            |cell| hash_key(&seed, cell.key()),
            |cell| match cell.word() {
                Some(at_ms) if at_ms < now_ms => Verdict::Due,
                at_ms => Verdict::Until(at_ms.unwrap_or(HINT_NONE)),
            },
            |cell| *cell_bytes -= cell.mem_bytes(),
        )
    }

    /// Moves those of the cells that lie sparsely, in the segment that `within` stands for, 0 at first. Gives where the
    /// next one begins, 0 at the end.
    pub(super) fn relocate(&mut self, within: u64, is_sparse: IsSparse<'_>) -> u64 {
        let Some(at) = self.table.segment_at(within) else {
            return 0;
        };
        self.table.relocate_segment(at.id, is_sparse, |cell| {
            if is_sparse(cell.address()) {
                *cell = cell.clone();
            }
        });
        at.next_cursor
    }

    /// The seed its keys are hashed with.
    pub(super) fn seed(&self) -> &Seed {
        &self.seed
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.table.iter()
    }

    pub(super) fn random(&self, rng: &mut dyn FnMut() -> u64) -> Option<&Cell> {
        self.table.random(&mut || rng())
    }

    pub(super) fn scan(&self, cursor: u64, visit: impl FnMut(&Cell)) -> u64 {
        self.table
            .scan(cursor, |cell| hash_key(&self.seed, cell.key()), visit)
    }

    /// Frees up to `items` cells; true when none is left. Nothing is found any more after the first step.
    pub(super) fn free_step(&mut self, items: usize) -> bool {
        let cell_bytes = &mut self.cell_bytes;
        let drained = self
            .table
            .drain_step(items, |cell| *cell_bytes -= cell.mem_bytes());
        drained == Drained::All
    }
}

impl Clone for CellTable {
    fn clone(&self) -> Self {
        let mut copy = Self::new(&self.seed);
        for cell in self.table.iter() {
            copy.insert_new(hash_key(&self.seed, cell.key()), cell.clone());
        }
        copy
    }
}

#[cfg(test)]
impl CellTable {
    /// [`Self::mem_bytes`], counted afresh.
    pub(super) fn mem_bytes_audited(&self) -> usize {
        alloc_size(size_of::<Self>())
            + self.table.mem_bytes()
            + self.table.iter().map(Cell::mem_bytes).sum::<usize>()
    }
}
