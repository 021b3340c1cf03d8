//! Eviction: which key of a slice goes when memory is short.
//!
//! Candidates are found by sampling: some buckets are drawn, and what lies in them is ranked by how dispensable it is.
//! The best of the last samples stay in a small pool, so that a few samples a key come close to an exact order. The
//! pool keeps hashes, not keys; a candidate that was used since is no candidate any more. Nothing here knows limits,
//! locks or events: callers say when, and are told which.

use arrayvec::ArrayVec;

use super::access::Access;
use super::db::{Db, Segments};
use super::entry::Entry;
use super::slice::Slice;
use super::watch::Presence;
use crate::random::Rng;

/// Candidates that are remembered.
const POOL: usize = 16;
/// Rounds of sampling that may go by without a candidate, all of them outdated, before any key will do.
const ROUNDS_MAX: usize = 8;

/// Which keys may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every key.
    AllKeys,
    /// Keys with a deadline.
    Volatile,
}

/// Which of them go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those that their access bits show to be the most dispensable: LRU and LFU.
    Access,
    /// Any.
    Random,
    /// Those with the earliest deadline.
    Deadline,
}

/// A policy at work.
#[derive(Clone, Copy, Debug)]
pub struct Eviction {
    /// Which keys may go.
    pub scope: Scope,
    /// Which of them go first.
    pub order: Order,
    /// Keys to look at for one to go, `maxmemory-samples`.
    pub samples: usize,
    /// The frozen time.
    pub now_ms: u64,
    /// The same as an access.
    pub access: Access,
}

impl Eviction {
    /// How dispensable an entry is: larger is more; none when it may not go.
    fn rank(&self, entry: &Entry) -> Option<u64> {
        let expire_at_ms = entry.expire_at_ms();
        match expire_at_ms {
            None if self.scope == Scope::Volatile => return None,
            Some(at_ms) if at_ms < self.now_ms => return Some(u64::MAX),
            None | Some(_) => {}
        }
        Some(match self.order {
            Order::Access => self.access.dispensable(entry.clock()),
            Order::Random => u64::MAX - 1,
            Order::Deadline => u64::MAX - expire_at_ms.unwrap_or(u64::MAX),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Candidate {
    rank: u64,
    hash: u64,
    db: usize,
}

/// The best candidates of the last samples, the best one last.
#[derive(Default)]
pub(super) struct Pool(ArrayVec<Candidate, POOL>);

impl Pool {
    #[inline]
    fn wants(&self, rank: u64) -> bool {
        !self.0.is_full() || self.0[0].rank < rank
    }

    fn offer(&mut self, candidate: Candidate) {
        let same = |known: &Candidate| (known.db, known.hash) == (candidate.db, candidate.hash);
        if let Some(at) = self.0.iter().position(same) {
            self.0.remove(at);
        }
        let at = self.0.partition_point(|known| known.rank < candidate.rank);
        if !self.0.is_full() {
            self.0.insert(at, candidate);
        } else if at > 0 {
            self.0.remove(0);
            self.0.insert(at - 1, candidate);
        }
    }
}

impl Slice {
    /// Removes one key and tells `on_evicted` its database, hash and name; false when none may go. What it owned may wait in
    /// the trash.
    pub fn evict(
        &mut self,
        eviction: &Eviction,
        rng: &mut Rng,
        mut on_evicted: impl FnMut(usize, u64, &[u8]),
    ) -> bool {
        if eviction.order == Order::Random {
            // What was drawn before must not go before all others.
            self.pool.0.clear();
        }
        for round in 0..=ROUNDS_MAX {
            let Some(index) = self.draw_db(eviction.scope, rng) else {
                return false;
            };
            let Slice { dbs, pool, .. } = self;
            let Some(db) = dbs[index].as_deref_mut() else {
                return false;
            };
            let seed = db.seed();
            let thorough = round == ROUNDS_MAX;
            db.sample(eviction, thorough, rng, |entry, rank| {
                if pool.wants(rank) {
                    let hash = crate::hash::hash_key(&seed, entry.key());
                    pool.offer(Candidate {
                        rank,
                        hash,
                        db: index,
                    });
                }
            });
            while let Some(candidate) = self.pool.0.pop() {
                if self.evict_candidate(eviction, candidate, &mut on_evicted) {
                    return true;
                }
            }
        }
        false
    }

    /// Removes the candidate, unless it is gone or was used since.
    fn evict_candidate(
        &mut self,
        eviction: &Eviction,
        candidate: Candidate,
        on_evicted: &mut impl FnMut(usize, u64, &[u8]),
    ) -> bool {
        let Candidate { rank, hash, db } = candidate;
        let Some(holder) = self.dbs[db].as_deref_mut() else {
            return false;
        };
        let still = |entry: &Entry| eviction.rank(entry).is_some_and(|now| now >= rank);
        let (watchers, counters) = (&mut self.watchers, &mut self.counters);
        let evicted = holder.remove_if(hash, still, |key| {
            if !watchers.is_empty() {
                watchers.touch(db, hash, key, || Presence::Absent);
            }
            on_evicted(db, hash, key);
        });
        counters.evicted += u64::from(evicted);
        evicted
    }

    /// A database, drawn by how many of its keys may go.
    fn draw_db(&self, scope: Scope, rng: &mut Rng) -> Option<usize> {
        let candidates = |db: &Option<Box<Db>>| match (db, scope) {
            (None, _) => 0,
            (Some(db), Scope::AllKeys) => db.len(),
            (Some(db), Scope::Volatile) => db.expires(),
        };
        let total: usize = self.dbs.iter().map(candidates).sum();
        let mut at = crate::random::scale(rng.next_u64(), total);
        self.dbs.iter().position(|db| {
            let count = candidates(db);
            let here = at < count;
            at = at.saturating_sub(count);
            here
        })
    }
}

impl Db {
    /// Offers some of the keys that may go, with their ranks. When they are rare, a `thorough` sample finds one
    /// nevertheless.
    fn sample(
        &mut self,
        eviction: &Eviction,
        thorough: bool,
        rng: &mut Rng,
        mut offer: impl FnMut(&Entry, u64),
    ) {
        let mut ranks = Rng::new(rng.next_u64());
        let mut visit = |entry: &Entry| match (eviction.rank(entry), eviction.order) {
            (None, _) => false,
            (Some(_), Order::Random) => {
                offer(entry, ranks.next_u64() / 2);
                true
            }
            (Some(rank), Order::Access | Order::Deadline) => {
                offer(entry, rank);
                true
            }
        };
        let found = match thorough {
            true => 0,
            false => self.sample_buckets(rng, eviction.samples, &mut visit),
        };
        if found == 0 {
            let which = match eviction.scope {
                Scope::AllKeys => Segments::Any,
                Scope::Volatile => Segments::WithDeadline,
            };
            self.sample_segments(rng, which, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::Tracking;
    use super::*;
    use crate::hash::{Seed, hash_key};
    use crate::keyspace::{Expiry, StringInput};

    const SEED: Seed = Seed(1, 2);

    fn eviction(scope: Scope, order: Order, now_ms: u64) -> Eviction {
        let access = Access::new(Tracking::Recency, now_ms, || 0);
        Eviction {
            scope,
            order,
            samples: 5,
            now_ms,
            access,
        }
    }

    /// Keys 0.. set a second apart; every `volatile`th has a deadline, earlier ones later.
    fn filled(keys: u64, volatile: u64) -> Slice {
        let mut slice = Slice::new(16, SEED);
        for number in 0..keys {
            let key = number.to_string().into_bytes();
            let expiry = match number % volatile {
                0 => Expiry::At(10_000_000_000 - number),
                _ => Expiry::Clear,
            };
            slice.db_or_create((number % 2) as usize).set_string(
                hash_key(&SEED, &key),
                &key,
                StringInput::Bytes(b"value"),
                expiry,
                Access::new(Tracking::Recency, number * 1000, || 0),
            );
        }
        slice
    }

    fn evict(slice: &mut Slice, eviction: &Eviction, count: usize) -> Vec<u64> {
        let (mut rng, mut evicted) = (Rng::new(9), Vec::new());
        for _ in 0..count {
            let some = slice.evict(eviction, &mut rng, |db, _, key| {
                let number: u64 = std::str::from_utf8(key).unwrap().parse().unwrap();
                assert_eq!(db as u64, number % 2);
                evicted.push(number);
            });
            if !some {
                break;
            }
        }
        slice.audit();
        assert_eq!(slice.counters.evicted, evicted.len() as u64);
        evicted
    }

    #[test]
    fn old_keys_go_first() {
        let mut slice = filled(10_000, 3);
        let evicted = evict(
            &mut slice,
            &eviction(Scope::AllKeys, Order::Access, 10_000_000),
            1000,
        );
        assert_eq!(evicted.len(), 1000);
        let old = evicted.iter().filter(|&&number| number < 2000).count();
        assert!(old > 900, "{old} of 1000 are of the oldest fifth");
    }

    #[test]
    fn only_keys_with_a_deadline_go_when_asked_so() {
        for volatile in [2, 7, 1000] {
            let mut slice = filled(5000, volatile);
            let rule = eviction(Scope::Volatile, Order::Deadline, 0);
            let evicted = evict(&mut slice, &rule, 10_000);
            assert_eq!(evicted.len() as u64, 5000u64.div_ceil(volatile));
            assert!(evicted.iter().all(|number| number % volatile == 0));
        }
    }

    #[test]
    fn the_earliest_deadline_goes_first() {
        let mut slice = filled(10_000, 2);
        let rule = eviction(Scope::Volatile, Order::Deadline, 0);
        let evicted = evict(&mut slice, &rule, 500);
        let early = evicted.iter().filter(|&&number| number > 8000).count();
        assert!(early > 400, "{early} of 500 are of the earliest fifth");
    }

    #[test]
    fn every_policy_empties_a_slice() {
        for order in [Order::Access, Order::Random, Order::Deadline] {
            let mut slice = filled(3000, 5);
            let evicted = evict(&mut slice, &eviction(Scope::AllKeys, order, 0), 5000);
            assert_eq!(evicted.len(), 3000, "{order:?}");
        }
    }

    #[test]
    fn random_order_spares_nobody() {
        let mut slice = filled(10_000, 5);
        let evicted = evict(
            &mut slice,
            &eviction(Scope::AllKeys, Order::Random, 0),
            2000,
        );
        let old = evicted.iter().filter(|&&number| number < 5000).count();
        assert!((850..1150).contains(&old), "{old}");
    }

    #[test]
    fn a_used_candidate_stays() {
        let mut pool = Pool::default();
        for rank in 0..40 {
            pool.offer(Candidate {
                rank: rank * 7 % 40,
                hash: rank,
                db: 0,
            });
        }
        let ranks: Vec<u64> = pool.0.iter().map(|candidate| candidate.rank).collect();
        assert_eq!(ranks, (24..40).collect::<Vec<_>>());
    }
}
