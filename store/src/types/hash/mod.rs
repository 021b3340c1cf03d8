//! A hash: fields with values, packed while they are few and short, a table of cells beyond; another kind of table
//! once a field was given a deadline.

#[cfg(test)]
mod tests;
mod timed;

pub use timed::FieldExpiry;

use crate::encoding::cell::Cell;
use crate::encoding::packed::{Packed, PackedRef, item_len, prefix};
use crate::encoding::tagged::Choice::{First as AsPacked, Second as AsTable, Third as AsTimed};
use crate::encoding::tagged::Tagged;
use crate::hash::Seed;
use crate::keyspace::SweepReport;
use crate::keyspace::table::HINT_NONE;
use crate::mem::IsSparse;
use crate::random::scale;
use crate::relocate::reboxed;
use crate::types::EncodingLimits;
use crate::types::Member;
use crate::types::cell_table::CellTable;
use timed::Timed;

/// Packed records hold a field and its value.
const ITEMS_PER_RECORD: usize = 2;
/// Longest length prefix of an item.
const PREFIX_BYTES_MAX: usize = 5;

/// A map of fields to values without order.
#[derive(Default)]
pub struct Hash(Tagged<Packed, Box<CellTable>, Box<Timed>>);

impl Hash {
    /// An empty hash; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the memory for the first lines of the value.
    #[inline]
    pub fn prefetch(&self) {
        self.0.prefetch();
    }

    /// Asks for where a big hash looks for `member` (a field); its hash, for [`Self::prefetch_cell`].
    #[inline]
    #[must_use]
    pub fn prefetch_member(&self, member: &[u8]) -> Option<u64> {
        match self.0.view() {
            AsPacked(_) => None,
            AsTable(table) => Some(table.prefetch_bucket(member)),
            AsTimed(timed) => Some(timed.prefetch_bucket(member)),
        }
    }

    /// Asks for the members of a hash, when [`Self::prefetch_member`] has had time to work.
    #[inline]
    pub fn prefetch_cell(&self, hash: u64) {
        match self.0.view() {
            AsPacked(_) => {}
            AsTable(table) => table.prefetch_cell(hash),
            AsTimed(timed) => timed.prefetch_cell(hash),
        }
    }

    /// Whether it is in its packed form.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        matches!(self.0.view(), AsPacked(_))
    }

    /// Number of fields, those that are due and not yet removed included.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0.view() {
            AsPacked(packed) => packed.records,
            AsTable(table) => table.len(),
            AsTimed(timed) => timed.len(),
        }
    }

    /// Number of fields that [`Self::iter`] shows.
    #[must_use]
    pub fn len_in_sight(&self) -> usize {
        match self.0.view() {
            AsPacked(packed) => packed.records,
            AsTable(table) => table.len(),
            AsTimed(timed) => timed.len_in_sight(),
        }
    }

    /// Whether no field is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes held, in allocator classes.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        match self.0.view() {
            AsPacked(packed) => packed.mem_bytes(),
            AsTable(table) => table.mem_bytes(),
            AsTimed(timed) => timed.mem_bytes(),
        }
    }

    /// Moves what lies sparsely: all of a small hash, of a large one the part that `within` stands for, 0 at first. Gives
    /// where the next part begins, 0 at the end.
    pub(crate) fn relocate(&mut self, within: u64, is_sparse: IsSparse<'_>) -> u64 {
        if within == 0 && is_sparse(self.0.address()) {
            self.0.replace_with(|owner| match owner {
                AsPacked(packed) => AsPacked(packed.clone()),
                AsTable(table) => AsTable(reboxed(table)),
                AsTimed(timed) => AsTimed(reboxed(timed)),
            });
        }
        match self.0.view_mut() {
            AsPacked(_) => 0,
            AsTable(table) => table.relocate(within, is_sparse),
            AsTimed(timed) => timed.relocate(within, is_sparse),
        }
    }

    /// OBJECT ENCODING's name of the representation.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self.0.view() {
            AsPacked(_) => "listpack",
            AsTable(_) | AsTimed(_) => "hashtable",
        }
    }

    /// The value of `field`.
    #[must_use]
    pub fn get<'f>(&self, _seed: &Seed, field: impl Into<Member<'f>>) -> Option<&[u8]> {
        let field = field.into();
        match self.0.view() {
            AsPacked(packed) => packed
                .items_at(packed.find::<ITEMS_PER_RECORD>(field.bytes)?)
                .nth(1),
            AsTable(table) => Some(table.find(field)?.value()),
            AsTimed(timed) => Some(timed.find(field)?.value()),
        }
    }

    /// Length of the value of `field`.
    #[must_use]
    pub fn value_len(&self, seed: &Seed, field: &[u8]) -> Option<usize> {
        self.get(seed, field).map(<[u8]>::len)
    }

    /// Whether `field` exists.
    #[must_use]
    pub fn contains(&self, seed: &Seed, field: &[u8]) -> bool {
        self.get(seed, field).is_some()
    }

    /// Sets `field`, which has no deadline then; true when it is new.
    pub fn insert<'f>(
        &mut self,
        seed: &Seed,
        field: impl Into<Member<'f>>,
        value: &[u8],
        limits: &EncodingLimits,
    ) -> bool {
        self.insert_with(seed, field, value, FieldExpiry::Clear, limits)
    }

    /// Sets `field`; true when it is new.
    pub fn insert_with<'f>(
        &mut self,
        seed: &Seed,
        field: impl Into<Member<'f>>,
        value: &[u8],
        expiry: FieldExpiry,
        limits: &EncodingLimits,
    ) -> bool {
        let member = field.into();
        match self.0.view_mut() {
            AsTimed(timed) => return timed.insert(member, value, expiry),
            AsTable(table) => return table.insert_value(member, value),
            AsPacked(mut packed) => {
                let field = member.bytes;
                let short = field.len().max(value.len()) <= limits.hash_max_listpack_value;
                if short && packed.has_room(field.len() + value.len() + 2 * PREFIX_BYTES_MAX) {
                    match packed.view().find::<ITEMS_PER_RECORD>(field) {
                        Some(at) => {
                            replace_value(&mut packed, at, value);
                            return false;
                        }
                        None if packed.view().records < limits.hash_max_listpack_entries => {
                            packed.push_record(&[
                                prefix(field.len()).as_slice(),
                                field,
                                prefix(value.len()).as_slice(),
                                value,
                            ]);
                            return true;
                        }
                        None => {}
                    }
                }
            }
        }
        self.0 = Tagged::new(AsTable(Box::new(self.to_table(seed))));
        self.insert(seed, member, value, limits)
    }

    /// All fields in a table of their own.
    fn to_table(&self, seed: &Seed) -> CellTable {
        let mut table = CellTable::new(seed);
        for (field, value) in self.iter() {
            table.insert_value(field.into(), value);
        }
        table
    }

    /// The deadline of `field`: none without the field, `Some(None)` when it has none.
    #[must_use]
    pub fn deadline(&self, seed: &Seed, field: &[u8]) -> Option<Option<u64>> {
        match self.0.view() {
            AsTimed(timed) => timed.find(field.into()).map(Cell::word),
            AsPacked(_) | AsTable(_) => self.contains(seed, field).then_some(None),
        }
    }

    /// Gives `field` a deadline, ms since the epoch. Nothing happens when it is not there.
    pub fn set_deadline(&mut self, seed: &Seed, field: &[u8], at_ms: u64) {
        if let AsTimed(timed) = self.0.view_mut() {
            return timed.set_deadline(field, Some(at_ms));
        }
        if self.contains(seed, field) {
            let table = match std::mem::take(&mut self.0).into_owned() {
                AsTable(table) => *table,
                AsTimed(_) => unreachable!("it was looked at"),
                AsPacked(packed) => Hash(Tagged::new(AsPacked(packed))).to_table(seed),
            };
            let mut timed = Timed::new(table);
            timed.set_deadline(field, Some(at_ms));
            self.0 = Tagged::new(AsTimed(Box::new(timed)));
        }
    }

    /// Takes the deadline of `field`, if it has one.
    pub fn clear_deadline(&mut self, field: &[u8]) {
        if let AsTimed(timed) = self.0.view_mut() {
            timed.set_deadline(field, None);
        }
    }

    /// No field is due before this time; `u64::MAX` when none ever is. It may be too early, never too late.
    #[must_use]
    #[inline]
    pub fn earliest_deadline_ms(&self) -> u64 {
        match self.0.view() {
            AsTimed(timed) => timed.earliest_ms(),
            AsPacked(_) | AsTable(_) => HINT_NONE,
        }
    }

    /// Puts fields due at `now_ms` out of sight and removes them, as far as looking at about `items_max` goes.
    pub fn expire_fields(&mut self, now_ms: u64, items_max: usize) -> SweepReport {
        match self.0.view_mut() {
            AsTimed(timed) => timed.expire(now_ms, items_max),
            AsPacked(_) | AsTable(_) => SweepReport::default(),
        }
    }

    /// Removes `field`; true when it was there.
    pub fn remove(&mut self, _seed: &Seed, field: &[u8]) -> bool {
        match self.0.view_mut() {
            AsPacked(mut packed) => {
                let view = packed.view();
                let Some(at) = view.find::<ITEMS_PER_RECORD>(field) else {
                    return false;
                };
                let field_len = item_len(&view.bytes[at..]);
                let value_len = item_len(&view.bytes[at + field_len..]);
                packed.remove_records(at, field_len + value_len, 1);
                true
            }
            AsTable(table) => table.remove(field).is_some(),
            AsTimed(timed) => timed.remove(field),
        }
    }

    /// All fields with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let (packed, table, timed) = match self.0.view() {
            AsPacked(packed) => (Some(packed), None, None),
            AsTable(table) => (None, Some(table), None),
            AsTimed(timed) => (None, None, Some(timed)),
        };
        let cells = table.into_iter().flat_map(CellTable::iter);
        let cells = cells.chain(timed.into_iter().flat_map(Timed::iter));
        let cells = cells.map(|cell| (cell.key(), cell.value()));
        packed.into_iter().flat_map(pairs).chain(cells)
    }

    /// Visits all fields with their values; what is visited most often is asked for once only.
    #[inline]
    pub fn for_each(&self, mut f: impl FnMut(&[u8], &[u8])) {
        match self.0.view() {
            AsPacked(packed) => {
                let mut items = packed.items();
                while let (Some(field), Some(value)) = (items.next(), items.next()) {
                    f(field, value);
                }
            }
            AsTable(table) => table.iter().for_each(|cell| f(cell.key(), cell.value())),
            AsTimed(timed) => timed.iter().for_each(|cell| f(cell.key(), cell.value())),
        }
    }

    /// Whether fields have, or had, deadlines.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        matches!(self.0.view(), AsTimed(_))
    }

    /// All fields with their values and deadlines.
    pub fn iter_timed(&self) -> impl Iterator<Item = (&[u8], &[u8], Option<u64>)> {
        let timed = match self.0.view() {
            AsTimed(timed) => Some(timed),
            AsPacked(_) | AsTable(_) => None,
        };
        let untimed = timed.is_none().then(|| self.iter()).into_iter().flatten();
        let cells = timed.into_iter().flat_map(Timed::iter);
        let cells = cells.map(|cell| (cell.key(), cell.value(), cell.word()));
        cells.chain(untimed.map(|(field, value)| (field, value, None)))
    }

    /// A field chosen uniformly, with its value; none from an empty hash.
    pub fn random(&self, rng: &mut dyn FnMut() -> u64) -> Option<(&[u8], &[u8])> {
        match self.0.view() {
            AsPacked(packed) if packed.records == 0 => None,
            AsPacked(packed) => pairs(packed).nth(scale(rng(), packed.records)),
            AsTable(table) => table.random(rng).map(|cell| (cell.key(), cell.value())),
            AsTimed(timed) => timed.random(rng).map(|cell| (cell.key(), cell.value())),
        }
    }

    /// One step of SCAN from `cursor` (0 begins): shows some fields and returns the next cursor, 0 at the end. Packed hashes come whole.
    pub fn scan(&self, cursor: u64, f: &mut dyn FnMut(&[u8], &[u8])) -> u64 {
        match self.0.view() {
            AsPacked(packed) => pairs(packed).for_each(|(field, value)| f(field, value)),
            AsTable(table) => return table.scan(cursor, |cell| f(cell.key(), cell.value())),
            AsTimed(timed) => return timed.scan(cursor, |cell| f(cell.key(), cell.value())),
        }
        0
    }

    /// Frees about `items` fields; true when nothing is left. After the first step the hash is good for nothing else.
    pub fn free_step(&mut self, items: usize) -> bool {
        match self.0.view_mut() {
            AsTable(table) => return table.free_step(items),
            AsTimed(timed) => return timed.free_step(items),
            AsPacked(_) => {}
        }
        *self = Self::new();
        true
    }
}

/// Replaces the value of the field at byte `at`.
fn replace_value(packed: &mut Packed, at: usize, value: &[u8]) {
    let view = packed.view();
    let value_at = at + item_len(&view.bytes[at..]);
    let old_len = item_len(&view.bytes[value_at..]);
    packed.replace_items(value_at, old_len, &[prefix(value.len()).as_slice(), value]);
}

fn pairs(packed: PackedRef<'_>) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut items = packed.items();
    std::iter::from_fn(move || Some((items.next()?, items.next()?)))
}

impl Clone for Hash {
    fn clone(&self) -> Self {
        Self(Tagged::new(match self.0.view() {
            AsPacked(packed) => AsPacked(packed.to_packed()),
            AsTable(table) => AsTable(Box::new(table.clone())),
            AsTimed(timed) => AsTimed(Box::new(timed.clone())),
        }))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
