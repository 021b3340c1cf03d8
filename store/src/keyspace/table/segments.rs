//! The list of a table's segments, in chunks, so that adding one never copies the others.
//!
//! A list in one piece would be moved as it grows: at ten million items that is some megabytes of fresh pages and two
//! milliseconds in the middle of one insertion. It knows nothing of hashes; numbers mean what the directory says.

use std::ops::{Index, IndexMut};

use super::segment::Segment;
use crate::mem::{IsSparse, vec_size};
use crate::relocate::relocate_vec;

/// Segments in a chunk; a power of two.
const CHUNK: usize = 512;

/// See the file's header.
pub(super) struct Segments<T> {
    /// All full but the last, none empty.
    chunks: Vec<Vec<Segment<T>>>,
}

impl<T> Segments<T> {
    pub(super) const fn new() -> Self {
        Segments { chunks: Vec::new() }
    }

    /// Allocated bytes of the list alone.
    pub(super) fn mem_bytes(&self) -> usize {
        let Some(last) = self.chunks.last() else {
            return 0;
        };
        vec_size::<Vec<Segment<T>>>(self.chunks.capacity())
            + (self.chunks.len() - 1) * vec_size::<Segment<T>>(CHUNK)
            + vec_size::<Segment<T>>(last.capacity())
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.chunks
            .last()
            .map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    #[inline]
    pub(super) fn get(&self, id: usize) -> Option<&Segment<T>> {
        self.chunks.get(id / CHUNK)?.get(id % CHUNK)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: usize) -> Option<&mut Segment<T>> {
        self.chunks.get_mut(id / CHUNK)?.get_mut(id % CHUNK)
    }

    /// All segments, by number.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Segment<T>> {
        self.chunks.iter().flatten()
    }

    pub(super) fn push(&mut self, segment: Segment<T>) {
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            let full = self.chunks.len();
            if full == self.chunks.capacity() {
                self.chunks.reserve_exact(1 + full / 4);
            }
            self.chunks.push(Vec::new());
        }
        let last = self.chunks.last_mut().expect("one was added above");
        if last.len() == last.capacity() {
            last.reserve_exact((1 + last.len() / 4).min(CHUNK - last.len()));
        }
        last.push(segment);
    }

    /// Moves the chunks of the list that lie sparsely.
    pub(super) fn relocate(&mut self, is_sparse: IsSparse<'_>) {
        self.chunks
            .iter_mut()
            .for_each(|chunk| relocate_vec(chunk, is_sparse));
        relocate_vec(&mut self.chunks, is_sparse);
    }

    /// The segment of the highest number.
    pub(super) fn last_mut(&mut self) -> Option<&mut Segment<T>> {
        self.chunks.last_mut()?.last_mut()
    }

    /// Removes the segment of the highest number.
    pub(super) fn pop(&mut self) -> Option<Segment<T>> {
        let last = self.chunks.last_mut()?;
        let popped = last.pop();
        if last.is_empty() {
            self.chunks.pop();
            self.chunks.shrink_to(self.chunks.len() * 2);
        } else if last.len() < last.capacity() / 2 {
            last.shrink_to(last.len() + last.len() / 8);
        }
        popped
    }

    /// Removes a segment; the last one takes its number.
    pub(super) fn swap_remove(&mut self, id: usize) {
        let last = self.pop().expect("the list has a segment of this number");
        if id < self.len() {
            self[id] = last;
        }
    }
}

impl<T> Index<usize> for Segments<T> {
    type Output = Segment<T>;

    #[inline]
    fn index(&self, id: usize) -> &Segment<T> {
        &self.chunks[id / CHUNK][id % CHUNK]
    }
}

impl<T> IndexMut<usize> for Segments<T> {
    #[inline]
    fn index_mut(&mut self, id: usize) -> &mut Segment<T> {
        &mut self.chunks[id / CHUNK][id % CHUNK]
    }
}
