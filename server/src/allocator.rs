//! The global allocator: mimalloc, called so that small blocks keep their exact size class.
//!
//! The `mimalloc` crate asks for aligned blocks always, and an aligned request of an exact
//! class is served from the next larger one. Nearly everything here is aligned to 8 bytes at
//! most, which mimalloc gives anyway (`MI_MAX_ALIGN_SIZE` in `.cargo/config.toml`), so those
//! requests go the plain way: 112 instead of 127 bytes a key with 16-byte keys and 64-byte
//! values. `store::mem` knows the classes.

use std::alloc::{GlobalAlloc, Layout};

use libmimalloc_sys::{mi_malloc, mi_realloc, mi_zalloc};
use mimalloc::MiMalloc;

/// Alignment every block has.
const ALIGN_ALWAYS: usize = 8;

/// See the module's documentation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocator;

/// Gives memory this thread has freed back to the system, as far as it lies in whole pages.
pub fn release_unused() {
    // SAFETY: it may be called from any thread at any time; it touches no live block.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

// SAFETY: every block comes from mimalloc and goes back to it; blocks of `mi_malloc` and its
// kin are aligned to ALIGN_ALWAYS at least, and any other alignment is left to `MiMalloc`.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= ALIGN_ALWAYS {
            // SAFETY: any size may be asked for; the caller's size is not zero.
            return unsafe { mi_malloc(layout.size()) }.cast();
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { MiMalloc.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
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
            // SAFETY: `block` came from this allocator and is alive; the new size is not zero.
            return unsafe { mi_realloc(block.cast(), new_size) }.cast();
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { MiMalloc.realloc(block, layout, new_size) }
    }
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
