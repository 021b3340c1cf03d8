//! Walking a list either way from anywhere.

use super::quick::{Place, Quick};
use crate::encoding::block::{BlockIter, BlockRef};
use crate::types::Direction;

/// Elements in order, from [`List::iter_from`](super::List::iter_from).
pub struct ListIter<'a> {
    current: BlockIter<'a>,
    direction: Direction,
    /// What follows the current block, in a large list.
    quick: Option<(&'a Quick, usize, usize)>,
}

impl<'a> ListIter<'a> {
    /// From element `index` of a single block.
    pub(super) fn in_block(block: BlockRef<'a>, index: usize, direction: Direction) -> Self {
        Self {
            current: towards(block, index, direction),
            direction,
            quick: None,
        }
    }

    /// From `place` of a large list.
    pub(super) fn in_quick(quick: &'a Quick, place: Place, direction: Direction) -> Self {
        let current = quick
            .block(place.segment, place.slot)
            .map_or(BlockIter::empty(), |block| {
                towards(block, place.index, direction)
            });
        Self {
            current,
            direction,
            quick: Some((quick, place.segment, place.slot)),
        }
    }

    /// Nothing.
    pub(super) fn empty() -> Self {
        Self {
            current: BlockIter::empty(),
            direction: Direction::Forward,
            quick: None,
        }
    }

    /// Goes on to the next block; false after the last.
    fn advance(&mut self) -> bool {
        let Some((quick, segment, slot)) = &mut self.quick else {
            return false;
        };
        match self.direction {
            Direction::Forward if *slot + 1 < quick.blocks_of(*segment) => *slot += 1,
            Direction::Forward => (*segment, *slot) = (*segment + 1, 0),
            Direction::Reverse if *slot > 0 => *slot -= 1,
            Direction::Reverse if *segment > 0 => {
                (*segment, *slot) = (*segment - 1, quick.blocks_of(*segment - 1) - 1)
            }
            Direction::Reverse => return false,
        }
        let Some(block) = quick.block(*segment, *slot) else {
            return false;
        };
        self.current = block.iter();
        true
    }
}

/// The elements of `block` from `index` on, this one included.
fn towards(block: BlockRef<'_>, index: usize, direction: Direction) -> BlockIter<'_> {
    match direction {
        Direction::Forward => block.iter_range(index..block.len()),
        Direction::Reverse => block.iter_range(0..index + 1),
    }
}

impl<'a> Iterator for ListIter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let element = match self.direction {
                Direction::Forward => self.current.next(),
                Direction::Reverse => self.current.next_back(),
            };
            if element.is_some() || !self.advance() {
                return element;
            }
        }
    }
}
