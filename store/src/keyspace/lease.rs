//! What a tenant's slices use together, without a shared line in the way of every command.
//!
//! Each slice leases memory from its tenant's [`Charge`] in chunks: after a command it compares what it uses with what
//! it has leased, and only when a chunk is full, or two are empty, does it touch the shared sum. So the sum is never
//! less than what is used, and at most three chunks a slice more. Nobody is refused here: whether there is room is
//! asked before a command, by those who know the limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A chunk is this part of the limit, shared out over the slices.
const CHUNKS_PER_LIMIT: usize = 512;
const CHUNK_BYTES_MIN: usize = 64;
const CHUNK_BYTES_MAX: usize = 1 << 20;

/// One slice's part, by itself on its lines.
#[derive(Debug, Default)]
#[repr(align(128))]
struct ShardCharge {
    leased: AtomicUsize,
    trash: AtomicUsize,
}

/// What a tenant is charged for. See the file's header.
#[derive(Debug)]
pub struct Charge {
    leased: AtomicUsize,
    trash: AtomicUsize,
    clients: AtomicUsize,
    code: AtomicUsize,
    chunk: AtomicUsize,
    shards: Box<[ShardCharge]>,
    /// What all tenants are charged together.
    whole: Arc<AtomicUsize>,
}

impl Charge {
    /// Nothing is used by so many slices.
    pub fn new(shards: usize) -> Self {
        Self::part_of(Arc::default(), shards)
    }

    /// Nothing is used by so many slices; what they will is added to `whole` too.
    pub fn part_of(whole: Arc<AtomicUsize>, shards: usize) -> Self {
        Charge {
            leased: AtomicUsize::new(0),
            trash: AtomicUsize::new(0),
            clients: AtomicUsize::new(0),
            code: AtomicUsize::new(0),
            chunk: AtomicUsize::new(CHUNK_BYTES_MAX),
            shards: (0..shards).map(|_| ShardCharge::default()).collect(),
            whole,
        }
    }

    /// Makes the chunks fit a limit: together they are less than a hundredth of it.
    pub fn fit(&self, limit_bytes: usize) {
        let chunk = limit_bytes / CHUNKS_PER_LIMIT / self.shards.len().max(1);
        let chunk = chunk.clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX);
        self.chunk.store(1 << chunk.ilog2(), Relaxed);
    }

    /// All bytes charged: leased by slices, the clients' buffers, scripts and functions.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.leased.load(Relaxed) + self.clients.load(Relaxed) + self.code.load(Relaxed)
    }

    /// Bytes of scripts and functions.
    pub fn code_bytes(&self) -> usize {
        self.code.load(Relaxed)
    }

    /// Replaces the bytes of scripts and functions.
    pub fn set_code_bytes(&self, bytes: usize) {
        let before = self.code.swap(bytes, Relaxed);
        self.whole.fetch_add(bytes.wrapping_sub(before), Relaxed);
    }

    /// Bytes of the clients.
    pub fn client_bytes(&self) -> usize {
        self.clients.load(Relaxed)
    }

    /// Bytes leased by slices.
    pub fn slice_bytes(&self) -> usize {
        self.leased.load(Relaxed)
    }

    /// How much of that was removed already and waits to be freed.
    pub fn trash_bytes(&self) -> usize {
        self.trash.load(Relaxed)
    }

    /// Replaces a part of the clients' bytes.
    pub fn recount_clients(&self, before: usize, after: usize) {
        self.clients.fetch_add(after.wrapping_sub(before), Relaxed);
        self.whole.fetch_add(after.wrapping_sub(before), Relaxed);
    }

    /// A shard drawn by what it has leased, from 64 random bits; one with trash when `trash` asks for that.
    pub fn draw(&self, random: u64, trash: bool) -> Option<usize> {
        let weight = |shard: &ShardCharge| match trash {
            true => shard.trash.load(Relaxed),
            false => shard.leased.load(Relaxed),
        };
        let total: usize = self.shards.iter().map(weight).sum();
        let mut at = crate::random::scale(random, total);
        let found = self.shards.iter().position(|shard| {
            let weight = weight(shard);
            let here = at < weight;
            at = at.saturating_sub(weight);
            here
        });
        // The weights may have changed in between.
        found.or_else(|| self.shards.iter().position(|shard| weight(shard) > 0))
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set_code_bytes(0);
    }
}

/// A slice's side of it.
#[derive(Debug, Default)]
pub(super) struct Lease {
    charge: Option<(Arc<Charge>, usize)>,
    leased: usize,
    trash: usize,
}

impl Lease {
    /// Begins to lease from a charge, as this shard's slice.
    pub(super) fn begin(&mut self, charge: &Arc<Charge>, shard: usize) {
        if self.charge.is_none() {
            self.charge = Some((Arc::clone(charge), shard));
        }
    }

    /// Gives all back and leases no more.
    pub(super) fn end(&mut self) {
        self.settle(0, 0);
        self.charge = None;
    }

    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.charge.is_some()
    }

    /// Leases what is used and gives back what is not.
    #[inline]
    pub(super) fn settle(&mut self, used: usize, trash: usize) {
        let Some((charge, shard)) = &self.charge else {
            return;
        };
        let chunk = charge.chunk.load(Relaxed);
        if used > self.leased || used + 2 * chunk < self.leased {
            let leased = used.next_multiple_of(chunk);
            let more = leased.wrapping_sub(self.leased);
            charge.leased.fetch_add(more, Relaxed);
            charge.whole.fetch_add(more, Relaxed);
            charge.shards[*shard].leased.store(leased, Relaxed);
            self.leased = leased;
        }
        if trash != self.trash && (trash == 0 || trash.abs_diff(self.trash) > chunk) {
            charge
                .trash
                .fetch_add(trash.wrapping_sub(self.trash), Relaxed);
            charge.shards[*shard].trash.store(trash, Relaxed);
            self.trash = trash;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_covers_what_is_used_and_not_much_more() {
        let charge = Arc::new(Charge::new(4));
        charge.fit(1 << 20);
        let mut leases: [Lease; 4] = Default::default();
        let mut used = [0usize; 4];
        let mut rng = crate::random::Rng::new(3);
        for (shard, lease) in leases.iter_mut().enumerate() {
            lease.begin(&charge, shard);
        }
        for _ in 0..10_000 {
            let shard = rng.below(4) as usize;
            used[shard] = (used[shard] + rng.below(2000) as usize).saturating_sub(990);
            leases[shard].settle(used[shard], used[shard] / 2);
            let sum: usize = used.iter().sum();
            assert!((sum..sum + (1 << 20) / 100).contains(&charge.bytes()));
        }
        drop(leases);
        assert_eq!((charge.bytes(), charge.trash_bytes()), (0, 0));
    }

    #[test]
    fn scripts_and_functions_count_for_the_tenant_and_for_all() {
        let whole = Arc::new(AtomicUsize::new(0));
        let charges = [0, 1].map(|_| Charge::part_of(Arc::clone(&whole), 1));
        charges[0].set_code_bytes(100);
        charges[1].set_code_bytes(10);
        charges[0].set_code_bytes(30);
        assert_eq!((charges[0].bytes(), charges[0].code_bytes()), (30, 30));
        assert_eq!((charges[1].bytes(), whole.load(Relaxed)), (10, 40));
    }

    #[test]
    fn shards_are_drawn_by_what_they_lease() {
        let charge = Arc::new(Charge::new(3));
        charge.fit(1 << 20);
        assert_eq!(charge.draw(5, false), None);
        let mut lease = Lease::default();
        lease.begin(&charge, 2);
        lease.settle(100, 0);
        assert_eq!(charge.draw(5, false), Some(2));
        assert_eq!(charge.draw(5, true), None);
    }
}
