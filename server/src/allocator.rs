//! The global allocator: mimalloc, called so that small blocks keep their exact size class.
//!
//! The `mimalloc` crate asks for aligned blocks always, and an aligned request of an exact
//! class is served from the next larger one. Nearly everything here is aligned to 8 bytes at
//! most, which mimalloc gives anyway (`MI_MAX_ALIGN_SIZE` in `.cargo/config.toml`), so those
//! requests go the plain way: 112 instead of 127 bytes a key with 16-byte keys and 64-byte
//! values. `store::mem` knows the classes.
//!
//! Big blocks that a core frees are kept for a moment and given back to the system in pieces: see [`kept`].

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_long;

use libmimalloc_sys::{
    mi_free, mi_malloc, mi_option_set, mi_option_t, mi_realloc, mi_usable_size, mi_zalloc,
};
use mimalloc::MiMalloc;

use kept::KEPT_BLOCK_MIN;

pub mod kept;

/// Alignment every block has.
const ALIGN_ALWAYS: usize = 8;

/// `mi_option_purge_delay` of mimalloc 3: ms until freed pages are given back to the system.
const PURGE_DELAY: mi_option_t = 15;
/// `mi_option_generic_collect` of mimalloc 3: after so many slow allocations a thread walks all its half-empty pages.
const GENERIC_COLLECT: mi_option_t = 34;
/// `mi_option_page_reclaim_on_free` of mimalloc 3: whether a thread takes over a page that was full when its owner gave it up.
const PAGE_RECLAIM_ON_FREE: mi_option_t = 35;
/// `mi_option_page_cross_thread_max_reclaim` of mimalloc 3: how many of them a thread takes for each size class.
const PAGE_CROSS_THREAD_MAX_RECLAIM: mi_option_t = 42;
const UNLIMITED: c_long = -1;
/// All that was freed since the last time is given back in one go by whoever frees next. With mimalloc's own delay of
/// a second that took 12 ms when a large sorted set went, with 10 ms still 5; so it is what one step of freeing left.
const PURGE_DELAY_MS: c_long = 1;
/// The largest that mimalloc takes. A walk costs over a millisecond once there are gigabytes of half-empty pages.
const GENERIC_COLLECT_CALLS: c_long = 1_000_000;
/// Pages with at most this much of their blocks in use are worth emptying.
const SPARSE_PERCENT: usize = 90;
/// Large enough to be given pages of its own.
const PAGES_OF_ITS_OWN: usize = 1 << 20;

/// See the module's documentation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocator;

/// Makes the allocator do its housekeeping in small pieces. Call it once, before the process allocates much.
pub fn configure() {
    // SAFETY: options are numbers, read atomically; setting one touches no memory but its own.
    unsafe {
        mi_option_set(PURGE_DELAY, PURGE_DELAY_MS);
        mi_option_set(GENERIC_COLLECT, GENERIC_COLLECT_CALLS);
        mi_option_set(PAGE_CROSS_THREAD_MAX_RECLAIM, UNLIMITED);
    }
}

/// Whether a thread that frees blocks of a page nobody owns, one that was full, takes the page over. Of a page without an owner
/// [`is_sparse`] says no, however few of its blocks are left; but an owned one serves its owner's allocations only. So this is
/// for a process that compacts.
pub fn adopt_pages(adopts: bool) {
    // SAFETY: options are numbers; who reads this one meanwhile may go by the old one or by the new one.
    unsafe { mi_option_set(PAGE_RECLAIM_ON_FREE, c_long::from(adopts)) }
}

/// Gives back to the system what was freed longer ago than the delay: otherwise that waits for the next free.
pub fn release_expired() {
    // Freeing pages is what makes the allocator look.
    // SAFETY: the block is freed once and never touched.
    unsafe { mi_free(mi_malloc(PAGES_OF_ITS_OWN)) }
}

/// Takes in what other threads have freed of this thread's blocks, so that their pages can go. It walks all pages of the
/// thread that are not full, at some 0.2 ms for each GB.
pub fn take_in_freed() {
    // SAFETY: it may be called from any thread at any time; it touches no live block.
    unsafe { libmimalloc_sys::mi_collect(false) }
}

/// Gives memory this thread has freed back to the system, as far as it lies in whole pages. It walks all that the
/// thread has ever allocated, at some 0.2 ms for each GB.
pub fn release_unused() {
    kept::release_all();
    // SAFETY: it may be called from any thread at any time; it touches no live block.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

/// Whether a live block lies on a page of which so little is in use that moving its blocks elsewhere is worth it. A guess
/// when another thread uses the page at the same time.
pub fn is_sparse(block: *const u8) -> bool {
    // SAFETY: an address that is not the allocator's own is found not to be. A page lives as long as a block on it does,
    // and this caller's is alive. The page's counts, which are compared and nothing else, are words that another thread
    // may be changing; whatever is read, the answer is allowed to be wrong.
    unsafe {
        libmimalloc_sys::mi_unsafe_heap_page_is_under_utilized(
            std::ptr::null_mut(),
            block.cast_mut().cast(),
            SPARSE_PERCENT,
        )
    }
}

// SAFETY: every block comes from mimalloc and goes back to it; blocks of `mi_malloc` and its
// kin are aligned to ALIGN_ALWAYS at least, and any other alignment is left to `MiMalloc`.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= ALIGN_ALWAYS {
            if layout.size() >= KEPT_BLOCK_MIN {
                return alloc_big(layout.size());
            }
            // SAFETY: any size may be asked for; the caller's size is not zero.
            return unsafe { mi_malloc(layout.size()) }.cast();
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { MiMalloc.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() >= KEPT_BLOCK_MIN {
            // SAFETY: every block is mimalloc's; the caller gives up this one.
            return unsafe { kept::keep_or_free(block) };
        }
        // SAFETY: one `free` serves blocks of every alignment; the promises are passed on.
        unsafe { MiMalloc.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= ALIGN_ALWAYS {
            // SAFETY: as in `alloc`.
            return unsafe { mi_zalloc(layout.size()) }.cast();
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if layout.align() <= ALIGN_ALWAYS {
            if layout.size().max(new_size) >= KEPT_BLOCK_MIN {
                // SAFETY: the caller's promises are passed on.
                return unsafe { realloc_big(block, layout, new_size) };
            }
            // SAFETY: `block` came from this allocator and is alive; the new size is not zero.
            return unsafe { mi_realloc(block.cast(), new_size) }.cast();
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { MiMalloc.realloc(block, layout, new_size) }
    }
}

/// A block that was kept, or a new one.
#[cold]
fn alloc_big(size: usize) -> *mut u8 {
    let kept = kept::take(size);
    if !kept.is_null() {
        return kept;
    }
    // SAFETY: any size may be asked for.
    unsafe { mi_malloc(size) }.cast()
}

/// As `realloc` of a block that is big or is to be, whose alignment is none that has to be asked for.
///
/// # Safety
/// As for `GlobalAlloc::realloc`.
#[cold]
unsafe fn realloc_big(block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
    // SAFETY: the block is mimalloc's and alive.
    let usable = unsafe { mi_usable_size(block.cast()) };
    if new_size <= usable && new_size >= usable / 2 {
        return block;
    }
    // SAFETY: the caller's new size is not zero, and neither is this layout's alignment.
    let new = unsafe { Allocator.alloc(Layout::from_size_align_unchecked(new_size, ALIGN_ALWAYS)) };
    if !new.is_null() {
        // SAFETY: both blocks are alive and different, and at least as long as what is copied; the old one is not used again.
        unsafe {
            new.copy_from_nonoverlapping(block, layout.size().min(new_size));
            Allocator.dealloc(block, layout);
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_blocks_keep_their_class() {
        for size in [24, 40, 56, 96, 112, 640] {
            let layout = Layout::from_size_align(size, 8).expect("a small layout");
            // SAFETY: the block is used within its layout and freed once.
            let usable = unsafe {
                let block = Allocator.alloc(layout);
                let usable = libmimalloc_sys::mi_usable_size(block.cast());
                Allocator.dealloc(block, layout);
                usable
            };
            assert_eq!(usable, store::mem::alloc_size(size), "class of {size}");
        }
    }
}
