//! Big blocks that were freed, kept for a moment by the core that freed them.
//!
//! ```text
//! free ──▶ kept, oldest first ──▶ the next request of about its size: no page of it is faulted in again
//!             │ too many of them, or not wanted for two ticks
//!             ▼
//!          given back to the system from its end, a piece at a time ──▶ nothing left: back to mimalloc
//! ```
//! The kernel takes some 80 us to take a megabyte back, and 0.5 ms to hand it out again page by page. mimalloc gives back all that
//! is due at once, in the middle of a request; five megabytes that a client overwrites were a millisecond in which nobody else was
//! answered. Kept blocks are not touched by anyone, and nobody is charged for them: they are counted for the process
//! ([`held_bytes`]) and bounded for a core, in proportion to the memory that data may take.
//!
//! Threads that are not cores keep nothing.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use libmimalloc_sys::{mi_free, mi_usable_size};

/// The smallest block that is kept: a part of a long reply. Smaller ones share the allocator's pages.
pub const KEPT_BLOCK_MIN: usize = 256 * 1024;
/// What a core keeps for those who ask next, in bytes; it gives back what is more.
const KEPT_MAX: usize = 16 << 20;
/// Under a limit of memory it keeps at most this part of that.
const KEPT_SHARE: usize = 32;
/// While a core holds more than so many times what it may keep, what is freed goes straight to mimalloc, at once and as a whole.
const HELD_FACTOR: usize = 4;
/// Most blocks held.
const PLACES: usize = KEPT_MAX * HELD_FACTOR / KEPT_BLOCK_MIN;
/// Ticks for which nobody asked for a block, after which it is given back.
const STALE_TICKS: u8 = 2;
/// A block may be larger than what is asked for by this part of it.
const FIT_SHARE: usize = 16;
/// Given back by one call of the kernel.
const PIECE: usize = 256 * 1024;
/// A multiple of the size of a page, whatever that is.
const PAGES: usize = 64 * 1024;
/// Time of one step of giving back, which ends with the piece that exceeds it; and of one that is behind.
const STEP_TIME: Duration = Duration::from_micros(100);
const LATE_STEP_TIME: Duration = Duration::from_micros(200);

/// Held by all cores together.
static HELD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static KEPT: RefCell<Kept> = const { RefCell::new(Kept::new()) };
    static IS_KEEPING: Cell<bool> = const { Cell::new(false) };
}

/// Bytes of freed blocks that the cores hold.
pub fn held_bytes() -> usize {
    HELD.load(Relaxed)
}

/// The process has so many bytes for data, as far as this thread is concerned; 0 for no limit.
pub fn set_memory_limit(bytes: usize) {
    let max = match bytes {
        0 => KEPT_MAX,
        bytes => KEPT_MAX.min(bytes / KEPT_SHARE),
    };
    KEPT.with_borrow_mut(|kept| kept.max = max);
}

/// While it lives, its thread keeps big blocks that it frees.
pub struct Keeping {
    /// It stays on its thread.
    _thread: PhantomData<*const ()>,
}

impl Keeping {
    /// Begins to keep blocks. Give back what is too much by [`give_back`], or it goes to mimalloc as before.
    pub fn begin() -> Self {
        IS_KEEPING.set(true);
        Keeping {
            _thread: PhantomData,
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        IS_KEEPING.set(false);
        release_all();
    }
}

/// Another tick has gone by: blocks that nobody wants grow stale.
pub fn tick() {
    KEPT.with_borrow_mut(|kept| kept.age());
}

/// One step of giving back, within its time; true when there is more to do.
pub fn give_back() -> bool {
    KEPT.with_borrow_mut(|kept| {
        let time = match kept.bytes > 2 * kept.max {
            true => LATE_STEP_TIME,
            false => STEP_TIME,
        };
        let begun = Instant::now();
        while kept.owes() {
            kept.give_piece();
            if begun.elapsed() >= time {
                break;
            }
        }
        kept.owes()
    })
}

/// Whether this thread holds any block.
pub fn holds_any() -> bool {
    KEPT.with_borrow(|kept| kept.count > 0)
}

/// Frees all that this thread holds, at once.
pub fn release_all() {
    KEPT.with_borrow_mut(|kept| {
        while kept.count > 0 {
            kept.remove(0).free();
        }
    });
}

/// A kept block of about this size, or null.
#[cold]
pub(super) fn take(size: usize) -> *mut u8 {
    KEPT.with_borrow_mut(|kept| kept.take(size))
}

/// Keeps a block, or frees it.
///
/// # Safety
/// The block comes from mimalloc, is alive, and is not used afterwards.
#[cold]
pub(super) unsafe fn keep_or_free(at: *mut u8) {
    // SAFETY: the block is alive.
    let size = unsafe { mi_usable_size(at.cast()) };
    let block = Block {
        at,
        size,
        resident: size,
        idle_ticks: 0,
    };
    if !IS_KEEPING.get() || !KEPT.with_borrow_mut(|kept| kept.add(block)) {
        block.free();
    }
}

/// A block that was freed by its owner and not by mimalloc.
#[derive(Clone, Copy)]
struct Block {
    at: *mut u8,
    size: usize,
    /// Bytes from its start that may be in memory; what lies behind was given back.
    resident: usize,
    idle_ticks: u8,
}

impl Block {
    const NONE: Block = Block {
        at: ptr::null_mut(),
        size: 0,
        resident: 0,
        idle_ticks: 0,
    };

    /// Gives it to mimalloc, which makes it the last use of it.
    fn free(self) {
        // SAFETY: blocks are made of what `keep_or_free` was given, which is alive and used by nobody; each leaves the
        // table once, and only to be freed here or to be given to a new owner.
        unsafe { mi_free(self.at.cast()) }
    }

    /// Gives a piece at its end back to the system; false when there was none, and only what shares its pages is left.
    fn give_piece(&mut self) -> bool {
        let begin = (self.at as usize).next_multiple_of(PAGES);
        let end = (self.at as usize + self.resident) / PAGES * PAGES;
        if end <= begin {
            return false;
        }
        let from = begin.max(end.saturating_sub(PIECE));
        self.resident = from - self.at as usize;
        // SAFETY: the range consists of whole pages within the block, which nobody uses; mimalloc knows it as in use and
        // keeps nothing in it. Reading it gives zeros afterwards, writing it gives new pages.
        unsafe { libc::madvise(from as *mut _, end - from, libc::MADV_DONTNEED) };
        true
    }
}

/// A thread's blocks, oldest first.
struct Kept {
    blocks: [Block; PLACES],
    count: usize,
    /// Bytes of them that may be in memory.
    bytes: usize,
    /// So many of these are kept for others.
    max: usize,
}

impl Kept {
    const fn new() -> Self {
        Kept {
            blocks: [Block::NONE; PLACES],
            count: 0,
            bytes: 0,
            max: KEPT_MAX,
        }
    }

    fn count_bytes(&mut self, before: usize, after: usize) {
        self.bytes = self.bytes - before + after;
        HELD.fetch_add(after.wrapping_sub(before), Relaxed);
    }

    /// False when there are too many.
    fn add(&mut self, block: Block) -> bool {
        if self.count == PLACES || self.bytes > HELD_FACTOR * self.max {
            return false;
        }
        self.blocks[self.count] = block;
        self.count += 1;
        self.count_bytes(0, block.resident);
        true
    }

    fn remove(&mut self, at: usize) -> Block {
        let block = self.blocks[at];
        self.blocks.copy_within(at + 1..self.count, at);
        self.count -= 1;
        self.count_bytes(block.resident, 0);
        block
    }

    /// The newest that fits, or null.
    fn take(&mut self, size: usize) -> *mut u8 {
        let fitting = size..=size + size / FIT_SHARE;
        let mut held = self.blocks[..self.count].iter();
        match held.rposition(|block| fitting.contains(&block.size)) {
            Some(at) => self.remove(at).at,
            None => ptr::null_mut(),
        }
    }

    fn age(&mut self) {
        for block in &mut self.blocks[..self.count] {
            block.idle_ticks = block.idle_ticks.saturating_add(1);
        }
    }

    /// Whether there is anything to give back.
    fn owes(&self) -> bool {
        self.count > 0 && (self.bytes > self.max || self.blocks[0].idle_ticks >= STALE_TICKS)
    }

    /// Gives back a piece of the oldest, or frees it when nothing is left of it.
    fn give_piece(&mut self) {
        let oldest = &mut self.blocks[0];
        let before = oldest.resident;
        if oldest.give_piece() {
            let after = oldest.resident;
            self.count_bytes(before, after);
        } else {
            self.remove(0).free();
        }
    }
}

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
