//! Taking many items out: a whole table in bounded steps, or the due items of one segment.

use crate::mem::IsSparse;

use super::{POSITION_BITS, Table, Thin, is_sparse};

/// Whether a sliced operation has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Nothing is left.
    All,
    /// Call again.
    Partly,
}

impl<T: Thin> Table<T> {
    /// Hands up to `items_max` items to `taken`. After the first call the table is only good for further steps (and
    /// [`Self::len`], [`Self::mem_bytes`], [`Self::clear`]): nothing is found any more.
    pub fn drain_step(&mut self, items_max: usize, mut taken: impl FnMut(T)) -> Drained {
        let segments = self.directory.dismantle();
        let mut budget = items_max;
        while let Some(segment) = segments.last_mut() {
            let took = segment.take_some(budget, &mut taken);
            self.len -= took;
            budget -= took;
            if segment.len() > 0 {
                self.directory_bytes = self.directory.mem_bytes();
                return Drained::Partly;
            }
            self.bucket_bytes -= segment.mem_bytes();
            segments.pop();
        }
        self.clear();
        Drained::All
    }

    /// Moves the items of segment `id` that are `due` to `out` and returns how many. The segment keeps its size until
    /// [`Self::fit_segment`].
    pub fn extract_from_segment(
        &mut self,
        id: usize,
        due: impl FnMut(&mut T) -> bool,
        hash_of: impl Fn(&T) -> u64,
        out: impl FnMut(T),
    ) -> usize {
        let extracted = self.directory.extract(id, due, hash_of, out);
        self.len -= extracted;
        extracted
    }

    /// Shows each item of segment `id` to `relocate`, which may put one of equal hash in its place, and moves the buckets
    /// themselves where they lie sparsely; with the first segment the directory as well.
    pub fn relocate_segment(
        &mut self,
        id: usize,
        is_sparse: IsSparse<'_>,
        relocate: impl FnMut(&mut T),
    ) {
        if id == 0 {
            self.directory.relocate(is_sparse);
            self.directory_bytes = self.directory.mem_bytes();
        }
        let segment = self.directory.segment_at_mut(id);
        segment.relocate(is_sparse);
        segment.items_mut().for_each(relocate);
    }

    /// Shrinks or merges segment `id` if it has become sparse; its number may mean another one afterwards.
    pub fn fit_segment(&mut self, id: usize, hash_of: impl Fn(&T) -> u64) {
        let segment = &self.directory.segments()[id];
        if is_sparse(segment) {
            self.shrink(segment.position_range().0 << (64 - POSITION_BITS), hash_of);
        }
    }
}
