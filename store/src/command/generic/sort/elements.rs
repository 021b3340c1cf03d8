//! Copied elements, one behind the other.

use std::ops::Range;

use super::options::Direction;
use crate::command::{Breath, CommandError};
use crate::types::{self, ItemBuf};
use crate::value::ValueRef;

/// Elements by their place in the collection.
#[derive(Default)]
pub(super) struct Elements {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Elements {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[index]]
    }

    fn push(&mut self, element: &[u8]) {
        self.bytes.extend_from_slice(element);
        self.ends.push(self.bytes.len());
    }

    /// Copies the elements at `range` of a collection of a type that can be sorted. Lists and sorted sets are walked
    /// in `direction`.
    pub(super) fn of(
        value: ValueRef<'_>,
        range: Range<usize>,
        direction: Direction,
        mut breath: Breath,
    ) -> Self {
        let mut elements = Elements::default();
        let (skip, take) = (range.start, range.len());
        let direction = match direction {
            Direction::Ascending => types::Direction::Forward,
            Direction::Descending => types::Direction::Reverse,
        };
        elements.ends.reserve_exact(take);
        let mut push = |element: &[u8]| {
            elements.push(element);
            breath.element();
        };
        match value {
            ValueRef::List(list) => {
                let chosen = list.iter_from(skip, direction).take(take);
                chosen.for_each(&mut push);
            }
            ValueRef::Zset(zset) => {
                let chosen = zset.iter_from(skip, direction).take(take);
                chosen.for_each(|(member, _)| push(member));
            }
            ValueRef::Set(set) => {
                let chosen = set.iter().skip(skip).take(take);
                chosen.for_each(|item| push(item.as_bytes(&mut ItemBuf::default())));
            }
            ValueRef::String(_) | ValueRef::Hash(_) | ValueRef::Stream(_) => {}
        }
        elements
    }
}

/// The number of elements of a collection of a type that can be sorted.
pub(super) fn sortable_len(value: ValueRef<'_>) -> Result<usize, CommandError> {
    match value {
        ValueRef::List(list) => Ok(list.len()),
        ValueRef::Set(set) => Ok(set.len()),
        ValueRef::Zset(zset) => Ok(zset.len()),
        ValueRef::String(_) | ValueRef::Hash(_) | ValueRef::Stream(_) => {
            Err(CommandError::WrongType)
        }
    }
}
