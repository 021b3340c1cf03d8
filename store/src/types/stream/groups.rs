//! The consumer groups of a stream, by name.

use super::group::Group;
use super::id::Id;
use crate::encoding::ordered::Ordered;
use std::ops::{Deref, DerefMut};

/// Bytes of groups that take about as long to free as one block.
const BYTES_PER_FREE: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub struct Groups {
    by_name: Ordered<Box<[u8]>, Box<Group>>,
    /// Heap bytes of the groups.
    group_bytes: usize,
}

impl Groups {
    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Heap bytes held.
    #[must_use]
    #[inline]
    pub fn mem_bytes(&self) -> usize {
        self.by_name.mem_bytes() + self.group_bytes
    }

    /// All groups, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Group)> {
        self.by_name.iter().map(|(name, group)| (&**name, &**group))
    }

    /// The group of this name.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&Group> {
        self.by_name.get(name).map(|group| &**group)
    }

    /// The group of this name, to change.
    pub fn edit(&mut self, name: &[u8]) -> Option<GroupEdit<'_>> {
        let group = &mut **self.by_name.get_mut(name)?;
        let before = group.mem_bytes();
        Some(GroupEdit {
            group,
            group_bytes: &mut self.group_bytes,
            before,
        })
    }

    /// Adds a group; false when the name is taken.
    pub fn create(&mut self, name: &[u8], last_id: Id, entries_read: Option<u64>) -> bool {
        if self.by_name.get(name).is_some() {
            return false;
        }
        let group = Box::new(Group::new(last_id, entries_read));
        self.group_bytes += group.mem_bytes();
        self.by_name.insert(name.into(), group);
        true
    }

    /// Removes a group; whether it was there.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        match self.by_name.remove(name) {
            Some(group) => {
                self.group_bytes -= group.mem_bytes();
                true
            }
            None => false,
        }
    }

    /// Takes entries off what is pending in every group.
    pub(super) fn acknowledge_all(&mut self, ids: &[Id]) {
        let names: Vec<Box<[u8]>> = match ids {
            [] => return,
            _ => self.by_name.iter().map(|(name, _)| name.clone()).collect(),
        };
        for name in names {
            if let Some(mut group) = self.edit(&name) {
                ids.iter().for_each(|id| {
                    group.acknowledge(*id);
                });
            }
        }
    }

    /// How many blocks take as long to free, roughly.
    pub(super) fn free_cost(&self) -> usize {
        self.len() + self.group_bytes / BYTES_PER_FREE
    }

    /// Frees about `items` of what the groups own; true when nothing is left.
    pub(super) fn free_step(&mut self, items: usize) -> bool {
        if let Some((_, group)) = self.by_name.first_mut() {
            let before = group.mem_bytes();
            let freed = group.free_step(items);
            self.group_bytes = self.group_bytes + group.mem_bytes() - before;
            if freed && let Some((_, group)) = self.by_name.pop_first() {
                self.group_bytes -= group.mem_bytes();
            }
        }
        self.by_name.is_empty()
    }

    /// Recomputes what they weigh; panics when that is wrong.
    #[cfg(test)]
    pub(super) fn audit_bytes(&self) {
        let bytes: usize = self.iter().map(|(_, group)| group.mem_bytes()).sum();
        assert_eq!(self.group_bytes, bytes, "bytes of the groups");
        self.iter().for_each(|(_, group)| group.audit_bytes());
    }
}

impl Clone for Groups {
    fn clone(&self) -> Self {
        let by_name = self.by_name.clone();
        let group_bytes = by_name.iter().map(|(_, group)| group.mem_bytes()).sum();
        Groups {
            by_name,
            group_bytes,
        }
    }
}

/// Write access to one group; what it weighs is taken into account on drop.
pub struct GroupEdit<'a> {
    group: &'a mut Group,
    group_bytes: &'a mut usize,
    before: usize,
}

impl Deref for GroupEdit<'_> {
    type Target = Group;

    fn deref(&self) -> &Group {
        self.group
    }
}

impl DerefMut for GroupEdit<'_> {
    fn deref_mut(&mut self) -> &mut Group {
        self.group
    }
}

impl Drop for GroupEdit<'_> {
    fn drop(&mut self) {
        *self.group_bytes = *self.group_bytes + self.group.mem_bytes() - self.before;
    }
}
