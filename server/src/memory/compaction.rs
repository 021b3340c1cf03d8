//! Keeping the process near what it is charged for: when pages of the allocator are held by a few blocks each, a core
//! moves what lies on them, slice by slice and in short steps, until the pages are free.
//!
//! What the kernel counts for the process is compared with the charge a few times a second. A walk over all keys begins
//! when the difference is worth it and goes on until it is not; a walk that gained little is not repeated for a while. Only
//! where there is a memory limit, which makes the difference matter. While moving cannot keep pace, the excess over the
//! limit's allowance is held back from the data ([`Whole::hold_back`]): eviction then makes room for what the
//! pages waste, and those who evict move as well, so that who writes faster moves more.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use store::keyspace::Slice;

use super::{EVICTED_PER_LOOK_SHARE, Whole};
use crate::allocator;
use crate::config::EvictionPolicy;
use crate::core::Core;
use crate::process;
use crate::shard::try_with_slices;

/// Time of one step, which ends with the piece that exceeds it.
const STEP_TIME: Duration = Duration::from_micros(200);
/// Items looked at between two looks at the clock.
const ITEMS_PER_PIECE: usize = 100;
/// Who evicts looks at this many items at least, and at one for so many bytes evicted: emptying pages of which a tenth is
/// free means moving nine times as much.
const ITEMS_PER_EVICTION: usize = 200;
const EVICTED_BYTES_PER_ITEM: usize = 64;
/// Waste that is nobody's fault: stacks, pooled buffers, the allocator's own tables.
const GRACE_BYTES: usize = 4 << 20;
/// Waste below this is not worth a walk, and takes no room from data.
const TOLERATED_BYTES_MIN: usize = 4 << 20;
/// Waste from which a walk begins, as a share of what is charged; at half of it the walk ends.
const BEGIN_SHARE: usize = 32;
/// A walk that lowered the waste by less than this part of it is not repeated for [`FRUITLESS_PAUSE`], unless so much of
/// the limit has been evicted since that things have changed.
const GAIN_SHARE: usize = 8;
const FRUITLESS_PAUSE: Duration = Duration::from_secs(5);
const CHANGED_SHARE: usize = 32;
/// The process may exceed the limit by this part of it before data makes room for waste.
const ALLOWANCE_SHARE: usize = 32;
/// For each byte beyond that data makes room for so many: what is evicted frees whole pages only after some time.
const HOLD_BACK_GAIN: usize = 2;
/// Beyond this, walking over all pages takes too long for a tick.
const TAKE_IN_BYTES_MAX: usize = 4 << 30;
/// Nothing is held back below this limit: what comes and goes with every client is more.
const HOLD_BACK_LIMIT_MIN: usize = 16 << 20;
/// At most this part of the limit is held back.
const HOLD_BACK_SHARE_MAX: usize = 4;

/// Where the compaction of a core's shards stands.
#[derive(Debug)]
pub struct Compaction {
    shards: Vec<usize>,
    next: usize,
    /// Shards of the walk that are still to be done; 0 when there is no walk.
    left: usize,
    waste_at_begin: usize,
    not_before: Instant,
    /// Bytes that had been evicted when the last walk ended.
    evicted_at_end: usize,
    /// Whether there was a limit at the last look.
    limited: bool,
}

impl Compaction {
    /// Of the shards of `core`: every so-and-so-manyth.
    pub fn new(core: &Core) -> Self {
        let cores = core.server.net.mailboxes.len();
        let shards = (core.index..core.server.shard_map.shards()).step_by(cores);
        Compaction {
            shards: shards.collect(),
            next: 0,
            left: 0,
            waste_at_begin: 0,
            not_before: Instant::now(),
            evicted_at_end: 0,
            limited: false,
        }
    }

    /// Looks at what the process holds, begins a walk that is worth it and ends one that is not any more.
    pub fn look(&mut self, core: &Core) {
        let tenants = core.tenants();
        let whole = &tenants[0].memory.whole;
        allocator::kept::set_memory_limit(whole.limit());
        let cores = core.server.net.mailboxes.len();
        let limited = whole.limit() > 0;
        if std::mem::replace(&mut self.limited, limited) != limited && cores > 1 {
            allocator::adopt_pages(limited);
        }
        if !limited {
            self.left = 0;
            return;
        }
        let charged = whole.charged.load(Relaxed);
        let waste = whole.look(core);
        let tolerated = (charged / BEGIN_SHARE).max(TOLERATED_BYTES_MIN);
        // Other cores free blocks of this one; until they are taken in they seem to be in use.
        if waste > tolerated && cores > 1 && charged < TAKE_IN_BYTES_MAX {
            allocator::take_in_freed();
        }
        if self.left > 0 && waste < tolerated / 2 {
            self.left = 0;
        }
        let evicted = whole.evicted.load(Relaxed);
        let changed = evicted.wrapping_sub(self.evicted_at_end) > whole.limit() / CHANGED_SHARE;
        let is_due = || changed || Instant::now() >= self.not_before;
        if self.left == 0 && waste > tolerated && is_due() {
            self.left = self.shards.len() * tenants.len();
            self.waste_at_begin = waste;
        }
        if self.left > 0 {
            return;
        }
        if self.waste_at_begin > 0 {
            self.evicted_at_end = evicted;
        }
        let gained = self.waste_at_begin.saturating_sub(waste);
        if gained < self.waste_at_begin / GAIN_SHARE {
            self.not_before = Instant::now() + FRUITLESS_PAUSE;
        }
        self.waste_at_begin = 0;
    }

    /// One step of a walk; false when there is none.
    pub fn step(&mut self, core: &Core) -> bool {
        if self.left == 0 {
            return false;
        }
        let tenants = core.tenants();
        let shard = self.shards[self.next % self.shards.len()];
        let tenant = &tenants[self.next / self.shards.len() % tenants.len()];
        let stepped = try_with_slices(&tenant.slices, 1 << shard, |held| compact(held.at(shard)));
        if stepped.unwrap_or(false) {
            self.next = self.next.wrapping_add(1);
            self.left -= 1;
        }
        true
    }
}

/// One step on one slice; true when its walk came to the end.
fn compact(slice: &mut Slice) -> bool {
    compact_some(slice, usize::MAX)
}

/// The part of a walk over a slice that goes with evicting so many bytes of it.
pub(super) fn follow(slice: &mut Slice, evicted: usize) {
    compact_some(
        slice,
        ITEMS_PER_EVICTION.max(evicted / EVICTED_BYTES_PER_ITEM),
    );
}

/// Looks at so many items, for [`STEP_TIME`]; true when the walk came to the end.
fn compact_some(slice: &mut Slice, items: usize) -> bool {
    let (started, mut visited) = (Instant::now(), 0);
    loop {
        let done = slice.compact_step(ITEMS_PER_PIECE, &allocator::is_sparse);
        visited += done.visited;
        if done.finished || visited >= items || started.elapsed() >= STEP_TIME {
            return done.finished;
        }
    }
}

impl Whole {
    /// Whether the process holds so much beyond the charge that data has to make room for it.
    #[inline]
    pub(super) fn holds_back(&self) -> bool {
        self.held_back.load(Relaxed) > 0
    }

    /// Compares what the process holds with the charge, and holds back what it holds too much; how much is wasted.
    fn look(&self, core: &Core) -> usize {
        let charged = self.charged.load(Relaxed);
        let resident = process::resident_bytes().saturating_sub(core.server.startup_bytes) as usize;
        // What was freed a moment ago is on its way to the next owner, or back.
        let waste = resident.saturating_sub(charged + GRACE_BYTES + allocator::kept::held_bytes());
        let evicts = core.settings().maxmemory_policy != EvictionPolicy::NoEviction;
        self.hold_back(if evicts { charged + waste } else { 0 });
        waste
    }

    /// So many bytes were evicted: now and then that is a reason to look.
    pub(super) fn note_evicted(&self, core: &Core, bytes: usize) {
        let evicted = self.evicted.fetch_add(bytes, Relaxed).wrapping_add(bytes);
        let since_look = evicted.wrapping_sub(self.evicted_at_look.load(Relaxed));
        if self.limit() > 0 && since_look > self.limit() / EVICTED_PER_LOOK_SHARE {
            self.evicted_at_look.store(evicted, Relaxed);
            self.look(core);
        }
    }

    /// Makes the data leave room for what the process holds beyond the limit and its allowance.
    fn hold_back(&self, held_bytes: usize) {
        let limit = self.limit();
        let allowed = limit + (limit / ALLOWANCE_SHARE).max(TOLERATED_BYTES_MIN);
        let excess = held_bytes.saturating_sub(allowed) * HOLD_BACK_GAIN;
        let held_back = match limit < HOLD_BACK_LIMIT_MIN {
            true => 0,
            false => excess.min(limit / HOLD_BACK_SHARE_MAX),
        };
        self.held_back.store(held_back, Relaxed);
    }
}
