//! The sweep for due keys, and for due fields of hashes: both are deadlines of their entry, see [`Deadlines`].

use super::{Db, Weighed, hash_entry};
use crate::keyspace::deadlines::{SweepReport, Verdict};
use crate::keyspace::entry::{Entry, ValueMut};
use crate::types::Hash;

/// What of a key has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// All of it.
    Key,
    /// Fields of its hash; others are left.
    Fields,
    /// The last fields of its hash, and so the key.
    LastFields,
}

impl Db {
    /// Removes due keys and fields until about `items_max` of each were looked at, and tells `on_expired` the keys. Goes on
    /// where the last call stopped.
    pub fn sweep_expired(
        &mut self,
        now_ms: u64,
        items_max: usize,
        mut on_expired: impl FnMut(&[u8], Expired),
    ) -> SweepReport {
        let seed = self.seed;
        let Db {
            table,
            trash,
            entry_bytes,
            expires,
            deadlines,
            ..
        } = self;
        let (mut fields_left, mut expired_fields, mut emptied) = (items_max, 0, 0);
        let (mut bytes_before, mut bytes_after) = (0, 0);
        let judge = |entry: &mut Entry| {
            if entry.is_expired(now_ms) {
                on_expired(entry.key(), Expired::Key);
                return Verdict::Due;
            }
            if entry.deadline_ms() < now_ms && fields_left > 0 {
                let swept = expire_fields(entry, now_ms, fields_left);
                fields_left = fields_left.saturating_sub(swept.report.visited);
                expired_fields += swept.report.expired;
                bytes_before += swept.bytes_before;
                bytes_after += swept.bytes_after;
                match (swept.report.expired, swept.emptied) {
                    (0, _) => {}
                    (_, false) => on_expired(entry.key(), Expired::Fields),
                    (_, true) => {
                        emptied += 1;
                        on_expired(entry.key(), Expired::LastFields);
                        return Verdict::Due;
                    }
                }
            }
            Verdict::Until(entry.deadline_ms())
        };
        let removed = |entry: Entry| {
            let weighed = Weighed::of(&entry);
            *entry_bytes -= weighed.bytes;
            *expires -= usize::from(weighed.expires);
            trash.discard(entry);
        };
        let hash_of = |entry: &Entry| hash_entry(&seed, entry);
        let mut report = deadlines.sweep(table, now_ms, items_max, hash_of, judge, removed);
        *entry_bytes = *entry_bytes + bytes_after - bytes_before;
        report.expired -= emptied;
        report.expired_fields = expired_fields;
        report.finished &= fields_left > 0;
        report
    }

    /// Removes due fields of a key's hash, about `items_max` at most, and the key with the last of them; what happened,
    /// when anything did. Due fields that are left are out of sight.
    pub fn expire_fields(
        &mut self,
        hash: u64,
        key: &[u8],
        now_ms: u64,
        items_max: usize,
    ) -> Option<(Expired, usize)> {
        let entry = self.table.find_mut(hash, |entry| entry.key() == key)?;
        if entry.deadline_ms() >= now_ms {
            return None;
        }
        let swept = expire_fields(entry, now_ms, items_max);
        self.entry_bytes = self.entry_bytes + swept.bytes_after - swept.bytes_before;
        match (swept.report.expired, swept.emptied) {
            (0, _) => None,
            (count, false) => Some((Expired::Fields, count)),
            (count, true) => {
                self.remove(hash, key);
                Some((Expired::LastFields, count))
            }
        }
    }

    /// Keeps the bounds below the deadlines that fields of a key's hash were given.
    pub fn note_field_deadlines(&mut self, hash: u64, key: &[u8]) {
        if let Some(at_ms) = self.get(hash, key).map(Entry::deadline_ms) {
            self.note_deadline(hash, at_ms);
        }
    }

    /// Nothing is due before this time; `u64::MAX` when nothing ever is. It may be too early, never too late.
    #[inline]
    pub fn next_deadline_ms(&self) -> u64 {
        self.deadlines.earliest_ms()
    }

    /// Keeps the bounds below a deadline that was set.
    #[inline]
    pub(super) fn note_deadline(&mut self, hash: u64, at_ms: u64) {
        self.deadlines.note(&mut self.table, hash, at_ms);
    }
}

/// What a sweep of one hash did.
#[derive(Default)]
struct FieldsSwept {
    report: SweepReport,
    /// What the entry weighed.
    bytes_before: usize,
    /// What it weighs.
    bytes_after: usize,
    emptied: bool,
}

fn expire_fields(entry: &mut Entry, now_ms: u64, items_max: usize) -> FieldsSwept {
    let bytes_before = entry.mem_bytes();
    let Some(hash) = hash_of(entry) else {
        return FieldsSwept::default();
    };
    let report = hash.expire_fields(now_ms, items_max);
    let emptied = hash.is_empty();
    FieldsSwept {
        report,
        bytes_before,
        bytes_after: entry.mem_bytes(),
        emptied,
    }
}

fn hash_of(entry: &mut Entry) -> Option<&mut Hash> {
    match entry.value_mut() {
        ValueMut::Hash(hash) => Some(hash),
        ValueMut::String(_) | ValueMut::List(_) | ValueMut::Set(_) => None,
        ValueMut::Zset(_) | ValueMut::Stream(_) => None,
    }
}
