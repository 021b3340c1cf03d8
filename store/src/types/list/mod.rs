//! A list of byte strings: one block while it is small, counted segments of blocks beyond.

mod iter;
mod limit;
mod quick;
mod segment;
#[cfg(test)]
mod tests;

pub use iter::ListIter;

use crate::encoding::block::Block;
use crate::encoding::strip::StripEnd;
use crate::encoding::tagged::Choice::{First as AsBlock, Second as AsQuick};
use crate::encoding::tagged::{Never, Tagged};
use crate::mem::IsSparse;
use crate::relocate::reboxed;
use crate::types::{Direction, EncodingLimits, Side};
use limit::BlockLimit;
use quick::{Quick, remove_equal_in_block};
use std::ops::Range;

/// A list: a sequence with cheap ends and counted access to the middle.
#[derive(Default)]
pub struct List(Tagged<Block, Box<Quick>, Never>);

impl List {
    /// An empty list; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the memory for the first lines of the value.
    #[inline]
    pub fn prefetch(&self) {
        self.0.prefetch();
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0.view() {
            AsBlock(block) => block.len(),
            AsQuick(quick) => quick.len(),
        }
    }

    /// Whether no element is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes held, in allocator classes.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        match self.0.view() {
            AsBlock(block) => block.mem_bytes,
            AsQuick(quick) => quick.mem_bytes(),
        }
    }

    /// Moves what lies sparsely: all of a small list, of a large one the part that `within` stands for, 0 at first. Gives
    /// where the next part begins, 0 at the end.
    pub(crate) fn relocate(&mut self, within: u64, is_sparse: IsSparse<'_>) -> u64 {
        if within == 0 && is_sparse(self.0.address()) {
            self.0.replace_with(|owner| match owner {
                AsQuick(quick) => AsQuick(reboxed(quick)),
                AsBlock(block) => AsBlock(block.clone()),
            });
        }
        match self.0.view_mut() {
            AsQuick(quick) => quick.relocate(within, is_sparse),
            AsBlock(_) => 0,
        }
    }

    /// OBJECT ENCODING's name of the representation.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self.0.view() {
            AsBlock(_) => "listpack",
            AsQuick(_) => "quicklist",
        }
    }

    /// Appends at `side`.
    #[inline(always)]
    pub fn push(&mut self, side: Side, element: &[u8], limits: &EncodingLimits) {
        let limit = BlockLimit::of(limits);
        match self.0.view_mut() {
            AsQuick(quick) => return quick.push(side, element, limit),
            AsBlock(mut block) => {
                if limit.admits(block.view(), element.len()) {
                    return block.push(strip_end(side), element);
                }
            }
        }
        self.convert_to_quick().push(side, element, limit);
    }

    /// Turns the block into a large list of that one block.
    #[cold]
    fn convert_to_quick(&mut self) -> &mut Quick {
        let quick = match std::mem::take(&mut self.0).into_owned() {
            AsBlock(block) => Box::new(Quick::of(block)),
            AsQuick(quick) => quick,
        };
        self.0 = Tagged::new(AsQuick(quick));
        match self.0.view_mut() {
            AsQuick(quick) => quick,
            AsBlock(_) => unreachable!("just converted"),
        }
    }

    /// The element at `side`.
    #[must_use]
    pub fn peek(&self, side: Side) -> Option<&[u8]> {
        match self.0.view() {
            AsBlock(block) => block.peek(strip_end(side)),
            AsQuick(quick) => quick.peek(side),
        }
    }

    /// Removes the element at `side`, showing it to `f` first.
    pub fn pop<R>(&mut self, side: Side, f: impl FnOnce(&[u8]) -> R) -> Option<R> {
        match self.0.view_mut() {
            AsBlock(mut block) => {
                let result = block.pop(strip_end(side), f)?;
                block.shrink();
                Some(result)
            }
            AsQuick(quick) => quick.pop(side, f),
        }
    }

    /// The element at `index` from the left.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        match self.0.view() {
            AsBlock(block) => block.get(index),
            AsQuick(quick) => {
                let place = quick.locate(index)?;
                quick.block(place.segment, place.slot)?.get(place.index)
            }
        }
    }

    /// Replaces the element at `index`; false when there is none.
    pub fn set(&mut self, index: usize, element: &[u8], limits: &EncodingLimits) -> bool {
        let limit = BlockLimit::of(limits);
        match self.0.view_mut() {
            AsQuick(quick) => return quick.set(index, element, limit),
            AsBlock(mut block) => {
                let view = block.view();
                let Some(old) = view.get(index) else {
                    return false;
                };
                if limit.admits_instead(view, old, element) {
                    block.replace(index, element);
                    return true;
                }
            }
        }
        self.convert_to_quick().set(index, element, limit)
    }

    /// Inserts so that the new element gets `index`.
    ///
    /// # Panics
    /// When `index` is beyond the length.
    pub fn insert_at(&mut self, index: usize, element: &[u8], limits: &EncodingLimits) {
        assert!(
            index <= self.len(),
            "elements are inserted before, between or after others"
        );
        let limit = BlockLimit::of(limits);
        match self.0.view_mut() {
            AsQuick(quick) => return quick.insert(index, element, limit),
            AsBlock(mut block) => {
                if limit.admits(block.view(), element.len()) {
                    return block.insert(index, element);
                }
            }
        }
        self.convert_to_quick().insert(index, element, limit);
    }

    /// Removes the element at `index`; false when there is none.
    pub fn remove_at(&mut self, index: usize) -> bool {
        match self.0.view_mut() {
            AsQuick(quick) => quick.remove(index),
            AsBlock(mut block) => {
                let inside = index < block.view().len();
                if inside {
                    block.remove(index..index + 1);
                    block.shrink();
                }
                inside
            }
        }
    }

    /// Removes elements equal to `value` and says how many: the first `count` from the left when positive, from the right when negative, all when 0.
    pub fn remove_count(&mut self, count: i64, value: &[u8]) -> usize {
        let limit = if count == 0 {
            usize::MAX
        } else {
            usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX)
        };
        let side = if count < 0 { Side::Right } else { Side::Left };
        match self.0.view_mut() {
            AsBlock(mut block) => remove_equal_in_block(&mut block, side, limit, value),
            AsQuick(quick) => quick.remove_equal(side, limit, value),
        }
    }

    /// Keeps `keep` (clamped to the length) and hands back what was cut off when freeing it may take long: pass it to the background.
    pub fn trim(&mut self, keep: Range<usize>) -> Option<List> {
        let len = self.len();
        let end = keep.end.min(len);
        let start = keep.start.min(end);
        match self.0.view_mut() {
            AsBlock(mut block) => {
                block.remove(end..len);
                block.remove(0..start);
                block.shrink();
                None
            }
            AsQuick(quick) => {
                let mut trash = Quick::default();
                quick.cut(Side::Right, len - end, &mut trash);
                quick.cut(Side::Left, start, &mut trash);
                (trash.len() > 0).then(|| List(Tagged::new(AsQuick(Box::new(trash)))))
            }
        }
    }

    /// Elements starting `skip` from the end `direction` starts at: `(0, Reverse)` begins with the last.
    #[must_use]
    pub fn iter_from(&self, skip: usize, direction: Direction) -> ListIter<'_> {
        let len = self.len();
        if skip >= len {
            return ListIter::empty();
        }
        let index = match direction {
            Direction::Forward => skip,
            Direction::Reverse => len - 1 - skip,
        };
        match self.0.view() {
            AsBlock(block) => ListIter::in_block(block, index, direction),
            AsQuick(quick) => quick.locate(index).map_or(ListIter::empty(), |place| {
                ListIter::in_quick(quick, place, direction)
            }),
        }
    }

    /// Frees about `items` elements; true when nothing is left.
    pub fn free_step(&mut self, items: usize) -> bool {
        if let AsQuick(quick) = self.0.view_mut() {
            return quick.free_step(items);
        }
        *self = Self::new();
        true
    }
}

impl Clone for List {
    fn clone(&self) -> Self {
        Self(Tagged::new(match self.0.view() {
            AsBlock(block) => AsBlock(block.to_block()),
            AsQuick(quick) => AsQuick(Box::new(quick.clone())),
        }))
    }
}

impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.iter_from(0, Direction::Forward))
            .finish()
    }
}

/// The end of a block that a side of the list means.
#[inline]
fn strip_end(side: Side) -> StripEnd {
    match side {
        Side::Left => StripEnd::Front,
        Side::Right => StripEnd::Back,
    }
}
