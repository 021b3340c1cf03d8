//! A stream: entries under growing IDs in packed blocks, and the consumer groups that share out reading them.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`Log`] | the entries, and what is remembered of those that went |
//! | `block` | up to `stream-node-max-entries` entries in one allocation |
//! | [`Group`] | a consumer group: who has what and has not acknowledged it |
//!
//! Unlike other collections a stream may be empty: it remembers its last ID.

mod block;
mod entry;
mod group;
mod groups;
mod id;
mod log;
mod references;
#[cfg(test)]
mod tests;
mod varint;

pub use entry::{Entry, EntryFields};
pub use group::{Consumer, ConsumerId, Group, Pending};
pub use groups::{GroupEdit, Groups};
pub use id::{Id, IdText};
pub use log::{BLOCK_BYTES_MAX, Keep, Log, Precision, Range, RangeDown};
pub use references::{Deleted, References};

use crate::mem::{IsSparse, alloc_size};
use crate::relocate::{Within, relocate_box};
use std::ops::{Deref, DerefMut};

/// See the module. What is asked of the entries alone goes through [`Log`].
#[derive(Clone, Debug, Default)]
pub struct Stream(Box<Body>);

#[derive(Clone, Debug, Default)]
struct Body {
    log: Log,
    groups: Groups,
}

impl Stream {
    /// An empty stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Heap bytes held, in allocator classes.
    #[must_use]
    #[inline]
    pub fn mem_bytes(&self) -> usize {
        alloc_size(size_of::<Body>()) + self.0.log.mem_bytes() + self.0.groups.mem_bytes()
    }

    /// OBJECT ENCODING's name.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        "stream"
    }

    /// The consumer groups.
    #[must_use]
    pub fn groups(&self) -> &Groups {
        &self.0.groups
    }

    /// The consumer groups, to change.
    pub fn groups_mut(&mut self) -> &mut Groups {
        &mut self.0.groups
    }

    /// A group to change, with the entries it reads.
    pub fn log_and_group(&mut self, name: &[u8]) -> Option<(&mut Log, GroupEdit<'_>)> {
        let Body { log, groups } = &mut *self.0;
        groups.edit(name).map(|group| (log, group))
    }

    /// Asks the memory for the first lines of the value.
    #[inline]
    pub fn prefetch(&self) {
        let body: *const Body = &*self.0;
        crate::keyspace::table::prefetch_line(body.cast());
    }

    /// Moves what lies sparsely of the blocks that `within` stands for, 0 at first. Gives where the next ones begin, 0 at the
    /// end. Consumer groups stay where they are.
    pub(crate) fn relocate(&mut self, within: Within, is_sparse: IsSparse<'_>) -> Within {
        if within == 0 {
            relocate_box(&mut self.0, is_sparse);
        }
        let from = Id::from_number(within);
        self.0.log.relocate(from, is_sparse).map_or(0, Id::number)
    }

    /// How many frees dropping it takes, roughly.
    #[must_use]
    pub fn free_cost(&self) -> usize {
        self.0.log.blocks() + self.0.groups.free_cost()
    }

    /// Frees about `items` blocks, or items of groups; true when nothing is left. Good for nothing else afterwards.
    pub fn free_step(&mut self, items: usize) -> bool {
        self.0.log.free_step(items) && self.0.groups.free_step(items)
    }

    /// Recomputes what it weighs; panics when that is wrong.
    #[cfg(test)]
    fn audit_bytes(&self) {
        self.0.log.audit_bytes();
        self.0.groups.audit_bytes();
    }

    /// [`Self::audit_bytes`] and all else that is kept twice.
    #[cfg(test)]
    pub(crate) fn audit(&self) {
        self.audit_bytes();
        self.0.log.audit();
        self.0.groups.iter().for_each(|(_, group)| group.audit());
    }
}

impl Deref for Stream {
    type Target = Log;

    #[inline]
    fn deref(&self) -> &Log {
        &self.0.log
    }
}

impl DerefMut for Stream {
    #[inline]
    fn deref_mut(&mut self) -> &mut Log {
        &mut self.0.log
    }
}
