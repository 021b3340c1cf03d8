//! A list of byte strings.

use crate::types::{Direction, EncodingLimits, Side};
use std::collections::VecDeque;
use std::ops::Range;

/// A list: a sequence with cheap ends and counted access to the middle.
#[derive(Clone, Debug, Default)]
pub struct List(Box<VecDeque<Vec<u8>>>);

/// Elements in order, from [`List::iter_from`].
pub struct ListIter<'a> {
    list: &'a List,
    range: Range<usize>,
    direction: Direction,
}

impl List {
    /// An empty list; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no element is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Heap bytes held, in allocator classes.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        self.0.iter().map(|e| e.capacity() + 24).sum()
    }

    /// OBJECT ENCODING's name of the representation.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        if self.mem_bytes() > 8192 {
            "quicklist"
        } else {
            "listpack"
        }
    }

    /// Appends at `side`.
    pub fn push(&mut self, side: Side, element: &[u8], _limits: &EncodingLimits) {
        match side {
            Side::Left => self.0.push_front(element.to_vec()),
            Side::Right => self.0.push_back(element.to_vec()),
        }
    }

    /// The element at `side`.
    #[must_use]
    pub fn peek(&self, side: Side) -> Option<&[u8]> {
        match side {
            Side::Left => self.0.front(),
            Side::Right => self.0.back(),
        }
        .map(Vec::as_slice)
    }

    /// Removes the element at `side`, showing it to `f` first.
    pub fn pop<R>(&mut self, side: Side, f: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let element = match side {
            Side::Left => self.0.pop_front(),
            Side::Right => self.0.pop_back(),
        }?;
        Some(f(&element))
    }

    /// The element at `index` from the left.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.0.get(index).map(Vec::as_slice)
    }

    /// Replaces the element at `index`; false when there is none.
    pub fn set(&mut self, index: usize, element: &[u8], _limits: &EncodingLimits) -> bool {
        self.0
            .get_mut(index)
            .map(|e| *e = element.to_vec())
            .is_some()
    }

    /// Inserts so that the new element gets `index`.
    ///
    /// # Panics
    /// When `index` is beyond the length.
    pub fn insert_at(&mut self, index: usize, element: &[u8], _limits: &EncodingLimits) {
        self.0.insert(index, element.to_vec());
    }

    /// Removes the element at `index`; false when there is none.
    pub fn remove_at(&mut self, index: usize) -> bool {
        self.0.remove(index).is_some()
    }

    /// Removes elements equal to `value` and says how many: the first `count` from the left when positive, from the right when negative, all when 0.
    pub fn remove_count(&mut self, count: i64, value: &[u8]) -> usize {
        let limit = if count == 0 {
            usize::MAX
        } else {
            usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX)
        };
        let direction = if count < 0 {
            Direction::Reverse
        } else {
            Direction::Forward
        };
        let len = self.len();
        let mut at: Vec<usize> = self
            .iter_from(0, direction)
            .enumerate()
            .filter(|(_, e)| *e == value)
            .map(|(i, _)| i)
            .take(limit)
            .collect();
        if direction == Direction::Reverse {
            at.iter_mut().for_each(|i| *i = len - 1 - *i);
        }
        at.sort_unstable();
        for i in at.iter().rev() {
            self.remove_at(*i);
        }
        at.len()
    }

    /// Keeps `keep` (clamped to the length) and hands back what was cut off when freeing it may take long: pass it to the background.
    pub fn trim(&mut self, keep: Range<usize>) -> Option<List> {
        let end = keep.end.min(self.len());
        self.0.truncate(end);
        self.0.drain(..keep.start.min(end));
        None
    }

    /// Elements starting `skip` from the end `direction` starts at: `(0, Reverse)` begins with the last.
    #[must_use]
    pub fn iter_from(&self, skip: usize, direction: Direction) -> ListIter<'_> {
        let len = self.len();
        let range = match direction {
            Direction::Forward => skip.min(len)..len,
            Direction::Reverse => 0..len.saturating_sub(skip),
        };
        ListIter {
            list: self,
            range,
            direction,
        }
    }

    /// Frees about `items` elements; true when nothing is left.
    pub fn free_step(&mut self, items: usize) -> bool {
        let end = items.min(self.len());
        self.0.drain(..end);
        self.is_empty()
    }
}

impl<'a> Iterator for ListIter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let index = match self.direction {
            Direction::Forward => self.range.next(),
            Direction::Reverse => self.range.next_back(),
        }?;
        self.list.get(index)
    }
}
