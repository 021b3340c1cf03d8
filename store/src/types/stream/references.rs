//! What consumer groups still hold of entries that are to go.
//!
//! A group holds an entry while it has not read so far, or has handed it out and got no acknowledgement. Nothing here is
//! kept: it is asked of the groups each time, so that groups cost nothing to those who delete without asking.

use super::{Id, Keep, Log, Precision, Stream};

/// What happens to what groups hold of an entry that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum References {
    /// It stays, and leads nowhere.
    #[default]
    Keep,
    /// It goes with the entry.
    Delete,
    /// The entry stays while there is any.
    Respect,
}

/// What became of an entry that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// There is none.
    Missing,
    /// It is gone.
    Gone,
    /// It stays, for a group holds it.
    Held,
}

impl Stream {
    /// Deletes an entry.
    pub fn delete(&mut self, id: Id, references: References) -> Deleted {
        if self.get(id).is_none() {
            return Deleted::Missing;
        }
        if references == References::Respect && self.is_held(id) {
            return Deleted::Held;
        }
        self.remove(id);
        if references == References::Delete {
            self.groups_mut().acknowledge_all(&[id]);
        }
        Deleted::Gone
    }

    /// Removes entries from the front; how many.
    pub fn trim_with(&mut self, keep: Keep, precision: Precision, references: References) -> u64 {
        match references {
            References::Keep => self.trim(keep, precision),
            References::Delete => {
                let held = self.held_entries();
                let removed = self.trim(keep, precision);
                let gone: Vec<Id> = held
                    .into_iter()
                    .filter(|id| self.get(*id).is_none())
                    .collect();
                self.groups_mut().acknowledge_all(&gone);
                removed
            }
            References::Respect => {
                let free = self.free_entries(keep, precision);
                free.iter().for_each(|id| {
                    self.remove(*id);
                });
                free.len() as u64
            }
        }
    }

    fn is_held(&self, id: Id) -> bool {
        let mut groups = self.groups().iter();
        groups.any(|(_, group)| id > group.last_id || group.pending(id).is_some())
    }

    /// The entries that are there and pending in some group.
    fn held_entries(&self) -> Vec<Id> {
        let pending = self
            .groups()
            .iter()
            .flat_map(|(_, group)| group.pending_from(Id::MIN).map(|(id, _)| id));
        pending.filter(|id| self.get(*id).is_some()).collect()
    }

    /// The entries that a trim removes when it passes over those that groups hold.
    fn free_entries(&self, keep: Keep, precision: Precision) -> Vec<Id> {
        let log: &Log = self;
        let (surplus, end) = match keep {
            Keep::Newest(len) => (log.len().saturating_sub(len), Id::MAX),
            Keep::From(id) => (u64::MAX, id),
        };
        let most = match precision {
            Precision::Blocks { entries_max } if entries_max > 0 => surplus.min(entries_max),
            Precision::Blocks { .. } | Precision::Exact => surplus,
        };
        log.range(Id::MIN, end)
            .map(|entry| entry.id)
            .take_while(|id| end == Id::MAX || *id < end)
            .filter(|id| !self.is_held(*id))
            .take(usize::try_from(most).unwrap_or(usize::MAX))
            .collect()
    }
}
