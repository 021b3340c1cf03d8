//! What was removed but is too big to free at once: collections and whole tables, given back to the allocator in steps.

use super::entry::{Entry, ValueMut};
use super::table::{Drained, Table};

/// An entry with more items than this is freed in steps.
const ITEMS_AT_ONCE_MAX: usize = 64;
/// An entry of a table with more bytes than this is freed in a step of its own: the system takes its time to take big blocks back.
const BYTES_AT_ONCE_MAX: usize = 256 * 1024;

/// Entries and tables on their way out. They are out of sight but still charged.
#[derive(Default)]
pub(super) struct Trash {
    entries: Vec<Entry>,
    tables: Vec<Table<Entry>>,
    /// What the entries, and the entries in the tables, are charged.
    entry_bytes: usize,
}

impl Trash {
    /// Bytes still to be freed.
    pub(super) fn mem_bytes(&self) -> usize {
        let tables: usize = self.tables.iter().map(Table::mem_bytes).sum();
        let lists = crate::mem::vec_size::<Entry>(self.entries.capacity())
            + crate::mem::vec_size::<Table<Entry>>(self.tables.capacity());
        self.entry_bytes + tables + lists
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.tables.is_empty()
    }

    /// Entries still to be freed.
    pub(super) fn len(&self) -> usize {
        self.entries.len() + self.tables.iter().map(Table::len).sum::<usize>()
    }

    /// Frees an entry: at once when it is small, else later.
    #[inline]
    pub(super) fn discard(&mut self, entry: Entry) {
        if entry.free_cost() > ITEMS_AT_ONCE_MAX {
            self.entry_bytes += entry.mem_bytes();
            self.entries.push(entry);
        }
    }

    /// Frees a whole table later; `entry_bytes` is what its entries are charged.
    pub(super) fn discard_table(&mut self, table: Table<Entry>, entry_bytes: usize) {
        if table.mem_bytes() > 0 {
            self.entry_bytes += entry_bytes;
            self.tables.push(table);
        }
    }

    /// Frees about `items` items or entries; true when nothing is left.
    pub(super) fn free_step(&mut self, items: usize) -> bool {
        match self.entries.last_mut() {
            Some(entry) => {
                let before = entry.mem_bytes();
                let freed = free_items(entry, items);
                let after = if freed { 0 } else { entry.mem_bytes() };
                self.entry_bytes = self.entry_bytes - before + after;
                if freed {
                    self.entries.pop();
                }
            }
            None => self.free_from_table(items),
        }
        if self.is_empty() {
            *self = Trash::default();
        }
        self.is_empty()
    }

    fn free_from_table(&mut self, items: usize) {
        let Trash {
            entries,
            tables,
            entry_bytes,
        } = self;
        let Some(table) = tables.last_mut() else {
            return;
        };
        let drained = table.drain_step(items, |entry| {
            // A big one moves to the list of entries and stays charged.
            if entry.free_cost() > ITEMS_AT_ONCE_MAX || entry.mem_bytes() > BYTES_AT_ONCE_MAX {
                entries.push(entry);
            } else {
                *entry_bytes -= entry.mem_bytes();
            }
        });
        if drained == Drained::All {
            tables.pop();
        }
    }

    /// Recomputes what the trash is charged.
    pub(super) fn audit(&self) {
        let tables = self.tables.iter().flat_map(Table::iter);
        let bytes: usize = self
            .entries
            .iter()
            .chain(tables)
            .map(Entry::mem_bytes)
            .sum();
        assert_eq!(self.entry_bytes, bytes, "bytes in the trash");
    }
}

/// Frees about `items` of what the entry owns; true when the rest can go at once.
fn free_items(entry: &mut Entry, items: usize) -> bool {
    match entry.value_mut() {
        ValueMut::String(_) => true,
        ValueMut::List(list) => list.free_step(items),
        ValueMut::Set(set) => set.free_step(items),
        ValueMut::Hash(hash) => hash.free_step(items),
        ValueMut::Zset(zset) => zset.free_step(items),
        ValueMut::Stream(stream) => stream.free_step(items),
    }
}
