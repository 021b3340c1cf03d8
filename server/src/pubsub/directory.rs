//! How many subscribers each name has on each core: what cores have to know of each other.
//!
//! A subscription is entered here before it is confirmed, so whoever publishes after a confirmation sees it, on whatever core.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;

use super::Kind;

/// Locks per kind, so that cores that publish seldom meet.
const STRIPES: usize = 16;

/// Who subscribes to what, in numbers.
pub struct Directory {
    kinds: [Names; Kind::ALL.len()],
    /// Subscriptions of any kind, per core.
    cores: Box<[CoreTotal]>,
    /// Changes with the patterns.
    patterns_version: AtomicU64,
    /// The patterns as of a version.
    patterns: Mutex<(u64, Arc<[PatternCount]>)>,
}

/// One core's subscriptions. Aligned so that two cores never write one cache line.
#[derive(Default)]
#[repr(align(128))]
struct CoreTotal(AtomicUsize);

/// The names of one kind.
struct Names {
    stripes: [Mutex<HashTable<Name>>; STRIPES],
    len: AtomicUsize,
}

struct Name {
    hash: u64,
    bytes: Arc<[u8]>,
    /// Subscribers per core.
    counts: Arc<[AtomicUsize]>,
}

/// A pattern and its subscribers per core.
pub struct PatternCount {
    /// The pattern.
    pub bytes: Arc<[u8]>,
    /// Subscribers per core.
    pub counts: Arc<[AtomicUsize]>,
}

impl Directory {
    /// Nobody subscribes on any of these cores.
    pub fn new(cores: usize) -> Self {
        Self {
            kinds: std::array::from_fn(|_| Names {
                stripes: std::array::from_fn(|_| Mutex::default()),
                len: AtomicUsize::new(0),
            }),
            cores: (0..cores).map(|_| CoreTotal::default()).collect(),
            patterns_version: AtomicU64::new(1),
            patterns: Mutex::new((0, Arc::new([]))),
        }
    }

    /// Number of cores.
    pub fn cores(&self) -> usize {
        self.cores.len()
    }

    /// Whether nobody subscribes to anything.
    #[inline]
    pub fn is_silent(&self) -> bool {
        self.cores.iter().all(|core| core.0.load(Relaxed) == 0)
    }

    /// Whether a core other than `core` has subscribers.
    #[inline]
    pub fn reaches_beyond(&self, core: usize) -> bool {
        let others = self.cores.iter().enumerate();
        others
            .filter(|(index, _)| *index != core)
            .any(|(_, total)| total.0.load(Relaxed) != 0)
    }

    /// Different names of a kind.
    pub fn len(&self, kind: Kind) -> usize {
        self.kinds[kind as usize].len.load(Relaxed)
    }

    /// Adds a subscriber of core `core`.
    pub fn add(&self, kind: Kind, hash: u64, bytes: &[u8], core: usize) {
        self.cores[core].0.fetch_add(1, Relaxed);
        let names = &self.kinds[kind as usize];
        let mut stripe = names.stripe(hash);
        let entry = stripe.entry(hash, |name| *name.bytes == *bytes, |name| name.hash);
        let mut added = false;
        let name = entry.or_insert_with(|| {
            added = true;
            Name {
                hash,
                bytes: bytes.into(),
                counts: (0..self.cores.len()).map(|_| AtomicUsize::new(0)).collect(),
            }
        });
        name.get().counts[core].fetch_add(1, Relaxed);
        if added {
            names.len.fetch_add(1, Relaxed);
            self.note_patterns(kind);
        }
    }

    /// Takes back [`add`](Self::add).
    pub fn remove(&self, kind: Kind, hash: u64, bytes: &[u8], core: usize) {
        self.cores[core].0.fetch_sub(1, Relaxed);
        let names = &self.kinds[kind as usize];
        let mut stripe = names.stripe(hash);
        let Ok(found) = stripe.find_entry(hash, |name| *name.bytes == *bytes) else {
            debug_assert!(false, "a subscription that was never added");
            return;
        };
        let counts = &found.get().counts;
        counts[core].fetch_sub(1, Relaxed);
        if counts.iter().all(|count| count.load(Relaxed) == 0) {
            found.remove();
            names.len.fetch_sub(1, Relaxed);
            self.note_patterns(kind);
        }
    }

    fn note_patterns(&self, kind: Kind) {
        if kind == Kind::Pattern {
            self.patterns_version.fetch_add(1, Relaxed);
        }
    }

    /// Shows `visit` the subscribers of a name, core by core.
    pub fn for_each_core(
        &self,
        kind: Kind,
        hash: u64,
        bytes: &[u8],
        mut visit: impl FnMut(usize, usize),
    ) {
        let stripe = self.kinds[kind as usize].stripe(hash);
        if let Some(name) = stripe.find(hash, |name| *name.bytes == *bytes) {
            for (core, count) in name.counts.iter().enumerate() {
                visit(core, count.load(Relaxed));
            }
        }
    }

    /// Subscribers of a name.
    pub fn count(&self, kind: Kind, hash: u64, bytes: &[u8]) -> usize {
        let mut sum = 0;
        self.for_each_core(kind, hash, bytes, |_, count| sum += count);
        sum
    }

    /// All names of a kind, in no order.
    pub fn names(&self, kind: Kind) -> Vec<Arc<[u8]>> {
        let mut all = Vec::new();
        for stripe in &self.kinds[kind as usize].stripes {
            all.extend(lock(stripe).iter().map(|name| Arc::clone(&name.bytes)));
        }
        all
    }

    /// The patterns there are; `cached` is what the caller got last, and is what it gets when nothing has changed.
    pub fn patterns(&self, cached: &mut (u64, Arc<[PatternCount]>)) {
        let version = self.patterns_version.load(Relaxed);
        if cached.0 == version {
            return;
        }
        let mut shared = lock(&self.patterns);
        if shared.0 != version {
            let mut all = Vec::new();
            for stripe in &self.kinds[Kind::Pattern as usize].stripes {
                all.extend(lock(stripe).iter().map(|name| PatternCount {
                    bytes: Arc::clone(&name.bytes),
                    counts: Arc::clone(&name.counts),
                }));
            }
            *shared = (version, all.into());
        }
        cached.clone_from(&shared);
    }
}

impl Names {
    fn stripe(&self, hash: u64) -> MutexGuard<'_, HashTable<Name>> {
        lock(&self.stripes[(hash >> 60) as usize])
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const _: () = assert!(STRIPES == 1 << 4, "the stripe is the hash's top four bits");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_live_as_long_as_their_last_subscriber() {
        let directory = Directory::new(2);
        directory.add(Kind::Channel, 7, b"a", 0);
        directory.add(Kind::Channel, 7, b"a", 1);
        directory.add(Kind::Channel, 7, b"b", 1);
        assert_eq!(directory.count(Kind::Channel, 7, b"a"), 2);
        assert_eq!(directory.len(Kind::Channel), 2);
        assert!(directory.reaches_beyond(0) && !directory.is_silent());
        directory.remove(Kind::Channel, 7, b"a", 1);
        directory.remove(Kind::Channel, 7, b"b", 1);
        assert_eq!(directory.count(Kind::Channel, 7, b"a"), 1);
        assert_eq!(directory.len(Kind::Channel), 1);
        assert!(!directory.reaches_beyond(0));
        directory.remove(Kind::Channel, 7, b"a", 0);
        assert!(directory.is_silent() && directory.names(Kind::Channel).is_empty());
    }

    #[test]
    fn patterns_are_read_again_only_when_they_change() {
        let directory = Directory::new(1);
        let mut cached = (0, Arc::from([]));
        directory.add(Kind::Pattern, 1, b"a*", 0);
        directory.patterns(&mut cached);
        let first = Arc::clone(&cached.1);
        directory.add(Kind::Pattern, 1, b"a*", 0);
        directory.patterns(&mut cached);
        assert!(Arc::ptr_eq(&first, &cached.1));
        assert_eq!(cached.1[0].counts[0].load(Relaxed), 2);
        directory.add(Kind::Pattern, 2, b"b*", 0);
        directory.patterns(&mut cached);
        assert_eq!(cached.1.len(), 2);
    }
}
