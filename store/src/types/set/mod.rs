//! A set of byte strings: integers in an array, a few short members packed, or a table of cells.

mod item;
#[cfg(test)]
mod tests;

pub use item::{Item, ItemBuf};

use crate::encoding::integer::canonical_i64;
use crate::encoding::intset::{IntSet, IntSetRef};
use crate::encoding::packed::{Packed, item_len, prefix};
use crate::encoding::tagged::Choice::{First as AsPacked, Second as AsInts, Third as AsTable};
use crate::encoding::tagged::Tagged;
use crate::hash::Seed;
use crate::mem::IsSparse;
use crate::random::scale;
use crate::relocate::reboxed;
use crate::types::EncodingLimits;
use crate::types::Member;
use crate::types::cell_table::CellTable;

/// Longest decimal spelling of an `i64`.
const INT_DIGITS_MAX: usize = 20;

/// A set of members without order.
#[derive(Default)]
pub struct Set(Tagged<Packed, IntSet, Box<CellTable>>);

impl Set {
    /// An empty set; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the memory for the first lines of the value.
    #[inline]
    pub fn prefetch(&self) {
        self.0.prefetch();
    }

    /// Asks for where a big set looks for `member`; its hash, for [`Self::prefetch_cell`].
    #[inline]
    #[must_use]
    pub fn prefetch_member(&self, member: &[u8]) -> Option<u64> {
        match self.0.view() {
            AsTable(table) => Some(table.prefetch_bucket(member)),
            _ => None,
        }
    }

    /// Asks for the members of a hash, when [`Self::prefetch_member`] has had time to work.
    #[inline]
    pub fn prefetch_cell(&self, hash: u64) {
        if let AsTable(table) = self.0.view() {
            table.prefetch_cell(hash);
        }
    }

    /// Number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0.view() {
            AsPacked(packed) => packed.records,
            AsInts(ints) => ints.len(),
            AsTable(table) => table.len(),
        }
    }

    /// Whether no member is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes held, in allocator classes.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        match self.0.view() {
            AsPacked(packed) => packed.mem_bytes(),
            AsInts(ints) => ints.mem_bytes(),
            AsTable(table) => table.mem_bytes(),
        }
    }

    /// Moves what lies sparsely: all of a small set, of a large one the part that `within` stands for, 0 at first. Gives
    /// where the next part begins, 0 at the end.
    pub(crate) fn relocate(&mut self, within: u64, is_sparse: IsSparse<'_>) -> u64 {
        if within == 0 && is_sparse(self.0.address()) {
            self.0.replace_with(|owner| match owner {
                AsPacked(packed) => AsPacked(packed.clone()),
                AsInts(ints) => AsInts(ints.clone()),
                AsTable(table) => AsTable(reboxed(table)),
            });
        }
        match self.0.view_mut() {
            AsTable(table) => table.relocate(within, is_sparse),
            AsPacked(_) | AsInts(_) => 0,
        }
    }

    /// OBJECT ENCODING's name of the representation.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self.0.view() {
            AsPacked(_) => "listpack",
            AsInts(_) => "intset",
            AsTable(_) => "hashtable",
        }
    }

    /// Whether the set holds integers only, in ascending order.
    #[must_use]
    pub fn is_intset(&self) -> bool {
        matches!(self.0.view(), AsInts(_))
    }

    /// Adds `member`; true when it is new.
    pub fn insert<'m>(
        &mut self,
        seed: &Seed,
        member: impl Into<Member<'m>>,
        limits: &EncodingLimits,
    ) -> bool {
        let member = member.into();
        match self.insert_in_place(member, limits) {
            Insertion::Added => true,
            Insertion::Present => false,
            Insertion::AddedOneTooMany => {
                self.convert_to_table(seed);
                true
            }
            Insertion::BecomesInts(value) => {
                let mut ints = IntSet::new();
                ints.insert(value);
                self.0 = Tagged::new(AsInts(ints));
                true
            }
            Insertion::Outgrown => self.outgrow(seed, member.bytes, limits),
        }
    }

    fn insert_in_place(&mut self, named: Member<'_>, limits: &EncodingLimits) -> Insertion {
        let member = named.bytes;
        match self.0.view_mut() {
            AsTable(table) => Insertion::added_if(table.insert(named)),
            AsInts(mut ints) => {
                let Some(value) = canonical_i64(member) else {
                    return Insertion::Outgrown;
                };
                let added = ints.insert(value);
                let too_many = added && ints.view().len() > limits.set_max_intset_entries;
                if too_many {
                    Insertion::AddedOneTooMany
                } else {
                    Insertion::added_if(added)
                }
            }
            AsPacked(mut packed) => {
                let view = packed.view();
                if view.records == 0
                    && limits.set_max_intset_entries > 0
                    && let Some(value) = canonical_i64(member)
                {
                    return Insertion::BecomesInts(value);
                }
                if view.find::<1>(member).is_some() {
                    return Insertion::Present;
                }
                if !fits_packed(&packed, member, limits) {
                    return Insertion::Outgrown;
                }
                packed.push_record(&[prefix(member.len()).as_slice(), member]);
                Insertion::Added
            }
        }
    }

    /// Adds a member the present representation cannot take: it is new.
    fn outgrow(&mut self, seed: &Seed, member: &[u8], limits: &EncodingLimits) -> bool {
        if let AsInts(ints) = self.0.view() {
            let short = ints.is_empty() || INT_DIGITS_MAX <= limits.set_max_listpack_value;
            let few = ints.len() < limits.set_max_listpack_entries.min(usize::from(u16::MAX));
            if short && few && member.len() <= limits.set_max_listpack_value {
                let packed = pack_ints(ints);
                self.0 = Tagged::new(AsPacked(packed));
                return self.insert(seed, member, limits);
            }
        }
        self.convert_to_table(seed);
        self.insert(seed, member, limits)
    }

    fn convert_to_table(&mut self, seed: &Seed) {
        let mut table = CellTable::new(seed);
        let mut buf = ItemBuf::default();
        for item in self.iter() {
            table.insert(item.as_bytes(&mut buf).into());
        }
        self.0 = Tagged::new(AsTable(Box::new(table)));
    }

    /// Whether `member` is in the set.
    #[must_use]
    pub fn contains(&self, _seed: &Seed, member: &[u8]) -> bool {
        match self.0.view() {
            AsPacked(packed) => packed.find::<1>(member).is_some(),
            AsInts(ints) => canonical_i64(member).is_some_and(|value| ints.contains(value)),
            AsTable(table) => table.find(member).is_some(),
        }
    }

    /// Removes `member`; true when it was there.
    pub fn remove(&mut self, _seed: &Seed, member: &[u8]) -> bool {
        match self.0.view_mut() {
            AsPacked(mut packed) => {
                let found = packed.view().find::<1>(member);
                found
                    .inspect(|at| remove_packed(&mut packed, *at))
                    .is_some()
            }
            AsInts(mut ints) => canonical_i64(member).is_some_and(|value| ints.remove(value)),
            AsTable(table) => table.remove(member).is_some(),
        }
    }

    /// All members.
    pub fn iter(&self) -> impl Iterator<Item = Item<'_>> {
        let (packed, ints, table) = match self.0.view() {
            AsPacked(packed) => (Some(packed), None, None),
            AsInts(ints) => (None, Some(ints), None),
            AsTable(table) => (None, None, Some(table)),
        };
        let packed = packed
            .into_iter()
            .flat_map(|packed| packed.items().map(Item::Bytes));
        let ints = ints.into_iter().flat_map(|ints| ints.iter().map(Item::Int));
        let cells = table
            .into_iter()
            .flat_map(|table| table.iter().map(|cell| Item::Bytes(cell.key())));
        packed.chain(ints).chain(cells)
    }

    /// A member chosen uniformly; none from an empty set.
    pub fn random(&self, rng: &mut dyn FnMut() -> u64) -> Option<Item<'_>> {
        if self.is_empty() {
            return None;
        }
        match self.0.view() {
            AsPacked(packed) => packed
                .items()
                .nth(scale(rng(), packed.records))
                .map(Item::Bytes),
            AsInts(ints) => Some(Item::Int(ints.at(scale(rng(), ints.len())))),
            AsTable(table) => table.random(rng).map(|cell| Item::Bytes(cell.key())),
        }
    }

    /// Removes a member chosen uniformly, showing it to `f`.
    pub fn pop_random<R>(
        &mut self,
        _seed: &Seed,
        rng: &mut dyn FnMut() -> u64,
        f: impl FnOnce(Item<'_>) -> R,
    ) -> Option<R> {
        if self.is_empty() {
            return None;
        }
        match self.0.view_mut() {
            AsPacked(mut packed) => {
                let view = packed.view();
                let mut items = view.items();
                if let Some(skip) = scale(rng(), view.records).checked_sub(1) {
                    items.nth(skip);
                }
                let at = view.offset_of(&items);
                let result = f(Item::Bytes(items.next()?));
                remove_packed(&mut packed, at);
                Some(result)
            }
            AsInts(mut ints) => {
                let value = ints.view().at(scale(rng(), ints.view().len()));
                ints.remove(value);
                Some(f(Item::Int(value)))
            }
            AsTable(table) => {
                let key = table.random(rng)?.key().to_vec();
                let cell = table.remove(&key)?;
                Some(f(Item::Bytes(cell.key())))
            }
        }
    }

    /// One step of SCAN from `cursor` (0 begins): shows some members and returns the next cursor, 0 at the end. Packed sets come whole.
    pub fn scan(&self, cursor: u64, f: &mut dyn FnMut(Item<'_>)) -> u64 {
        match self.0.view() {
            AsPacked(packed) => packed.items().for_each(|member| f(Item::Bytes(member))),
            AsInts(ints) => ints.iter().for_each(|value| f(Item::Int(value))),
            AsTable(table) => return table.scan(cursor, |cell| f(Item::Bytes(cell.key()))),
        }
        0
    }

    /// Frees about `items` members; true when nothing is left. After the first step the set is good for nothing else.
    pub fn free_step(&mut self, items: usize) -> bool {
        match self.0.view_mut() {
            AsTable(table) => return table.free_step(items),
            AsPacked(_) | AsInts(_) => {}
        }
        *self = Self::new();
        true
    }
}

/// How far an insertion gets within the present representation.
enum Insertion {
    Added,
    Present,
    /// Added, beyond the threshold.
    AddedOneTooMany,
    /// The first member is an integer.
    BecomesInts(i64),
    /// The member is new and has no place here.
    Outgrown,
}

impl Insertion {
    fn added_if(added: bool) -> Self {
        if added { Self::Added } else { Self::Present }
    }
}

fn fits_packed(packed: &Packed, member: &[u8], limits: &EncodingLimits) -> bool {
    packed.view().records < limits.set_max_listpack_entries
        && member.len() <= limits.set_max_listpack_value
        && packed.has_room(member.len() + 5)
}

fn remove_packed(packed: &mut Packed, at: usize) {
    let len = item_len(&packed.view().bytes[at..]);
    packed.remove_records(at, len, 1);
}

/// The integers spelled out. They are few enough to be counted.
fn pack_ints(ints: IntSetRef<'_>) -> Packed {
    let mut packed = Packed::new();
    let mut buf = ItemBuf::default();
    for value in ints.iter() {
        let member = Item::Int(value).as_bytes(&mut buf);
        packed.push_record(&[prefix(member.len()).as_slice(), member]);
    }
    packed
}

impl Clone for Set {
    fn clone(&self) -> Self {
        Self(Tagged::new(match self.0.view() {
            AsPacked(packed) => AsPacked(packed.to_packed()),
            AsInts(ints) => AsInts(ints.to_intset()),
            AsTable(table) => AsTable(Box::new(table.clone())),
        }))
    }
}

impl std::fmt::Debug for Set {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
