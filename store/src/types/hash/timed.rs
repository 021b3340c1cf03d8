//! A hash some of whose fields have deadlines: a table of cells whose words are these.
//!
//! Due fields are removed in steps. Those that are still there are out of sight from the moment that time is made known
//! ([`Timed::expire`]): it is remembered as the horizon, and no field whose deadline lies before it is shown, found or
//! counted, except in [`Timed::len`].

use crate::encoding::cell::Cell;
use crate::hash::Seed;
use crate::keyspace::SweepReport;
use crate::keyspace::deadlines::Deadlines;
use crate::mem::IsSparse;
use crate::types::Member;
use crate::types::cell_table::CellTable;

/// Draws that may hit fields out of sight before one in sight is looked for in order.
const RANDOM_TRIES: usize = 100;

/// What becomes of a field's deadline when its value is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldExpiry {
    /// It is removed.
    Clear,
    /// It stays.
    Keep,
}

/// See the module.
pub(super) struct Timed {
    table: CellTable,
    deadlines: Deadlines,
    horizon_ms: u64,
}

impl Timed {
    /// Takes the fields of a table, none of which has a deadline.
    pub(super) fn new(table: CellTable) -> Self {
        Timed {
            table,
            deadlines: Deadlines::default(),
            horizon_ms: 0,
        }
    }

    /// Number of fields, those out of sight included.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Number of fields in sight.
    pub(super) fn len_in_sight(&self) -> usize {
        match self.hides_some() {
            true => self.iter().count(),
            false => self.len(),
        }
    }

    /// Moves fields that lie sparsely, see [`CellTable::relocate`].
    pub(super) fn relocate(&mut self, within: u64, is_sparse: IsSparse<'_>) -> u64 {
        self.table.relocate(within, is_sparse)
    }

    /// Heap bytes held, those of this struct in a box included.
    pub(super) fn mem_bytes(&self) -> usize {
        self.table.mem_bytes() - CellTable::boxed_bytes()
            + crate::mem::alloc_size(size_of::<Self>())
    }

    /// Whether fields may be out of sight.
    fn hides_some(&self) -> bool {
        self.deadlines.earliest_ms() < self.horizon_ms
    }

    fn in_sight(&self, cell: &Cell) -> bool {
        cell.word().is_none_or(|at_ms| at_ms >= self.horizon_ms)
    }

    pub(super) fn find(&self, field: Member<'_>) -> Option<&Cell> {
        self.table.find(field).filter(|cell| self.in_sight(cell))
    }

    pub(super) fn prefetch_bucket(&self, field: &[u8]) -> u64 {
        self.table.prefetch_bucket(field)
    }

    pub(super) fn prefetch_cell(&self, hash: u64) {
        self.table.prefetch_cell(hash);
    }

    /// Sets the value of `field`; true when the field is new, as one out of sight is.
    pub(super) fn insert(&mut self, field: Member<'_>, value: &[u8], expiry: FieldExpiry) -> bool {
        let horizon_ms = self.horizon_ms;
        let replaced = self.table.edit(field, |cell| {
            cell.set_value(value);
            let gone = cell.word().is_some_and(|at_ms| at_ms < horizon_ms);
            if gone || expiry == FieldExpiry::Clear {
                cell.put_word(None);
            }
            gone
        });
        match replaced {
            Some(was_gone) => was_gone,
            None => self.table.insert_value(field, value),
        }
    }

    /// Removes `field`; true when it was in sight.
    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        let horizon_ms = self.horizon_ms;
        self.table
            .remove(field)
            .is_some_and(|cell| cell.word().is_none_or(|at_ms| at_ms >= horizon_ms))
    }

    /// Gives `field` a deadline, or takes it; nothing happens to a field that is not in sight.
    pub(super) fn set_deadline(&mut self, field: &[u8], at_ms: Option<u64>) {
        if self.find(field.into()).is_none() {
            return;
        }
        self.table.edit(field.into(), |cell| cell.put_word(at_ms));
        if let Some(at_ms) = at_ms {
            self.table.note_deadline(&mut self.deadlines, field, at_ms);
        }
    }

    /// No field is due before this time.
    #[inline]
    pub(super) fn earliest_ms(&self) -> u64 {
        self.deadlines.earliest_ms()
    }

    /// Puts what is due at `now_ms` out of sight and removes it, as far as looking at about `items_max` fields goes.
    pub(super) fn expire(&mut self, now_ms: u64, items_max: usize) -> SweepReport {
        self.horizon_ms = now_ms;
        self.table.sweep(&mut self.deadlines, now_ms, items_max)
    }

    /// The fields in sight.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.table.iter().filter(|cell| self.in_sight(cell))
    }

    /// A field in sight, chosen uniformly but where nearly all are out of it.
    pub(super) fn random(&self, rng: &mut dyn FnMut() -> u64) -> Option<&Cell> {
        for _ in 0..RANDOM_TRIES {
            let cell = self.table.random(rng)?;
            if self.in_sight(cell) {
                return Some(cell);
            }
        }
        self.iter().next()
    }

    pub(super) fn scan(&self, cursor: u64, mut visit: impl FnMut(&Cell)) -> u64 {
        self.table.scan(cursor, |cell| {
            if self.in_sight(cell) {
                visit(cell);
            }
        })
    }

    pub(super) fn free_step(&mut self, items: usize) -> bool {
        self.table.free_step(items)
    }

    /// [`Self::mem_bytes`], counted afresh.
    #[cfg(test)]
    pub(super) fn mem_bytes_audited(&self) -> usize {
        self.table.mem_bytes_audited() - CellTable::boxed_bytes()
            + crate::mem::alloc_size(size_of::<Self>())
    }

    fn seed(&self) -> &Seed {
        self.table.seed()
    }
}

impl Clone for Timed {
    fn clone(&self) -> Self {
        let mut copy = Timed::new(CellTable::new(self.seed()));
        copy.horizon_ms = self.horizon_ms;
        for cell in self.iter() {
            copy.table.insert_cell(cell.clone());
            if let Some(at_ms) = cell.word() {
                copy.table
                    .note_deadline(&mut copy.deadlines, cell.key(), at_ms);
            }
        }
        copy
    }
}
