//! A byte string behind one thin pointer, with a header of 6 bytes.
//!
//! ```text
//! ┌───────────┬───────────┬──────────────── … ┐
//! │ used: u32 │ meta: u16 │ used bytes        │
//! └───────────┴───────────┴──────────────── … ┘
//! ```
//! The capacity is not stored: it is always the allocator's class of `6 + used`, so memory is known without asking and growth within a
//! class moves nothing. An empty blob owns no memory and points at a shared constant. `meta` is the user's (a count, a width); it is 0
//! while the blob is empty.

use super::tagged::{Guard, ThinOwner};
use crate::mem::alloc_size;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::ptr::NonNull;

#[repr(C, align(8))]
struct Header {
    used: u32,
    meta: u16,
}

/// Where the bytes start: over the header's padding.
const BYTES_AT: usize = 6;

static EMPTY: Header = Header { used: 0, meta: 0 };

/// An owned byte string; see the module.
pub struct Blob {
    raw: NonNull<Header>,
    owns: PhantomData<Box<[u8]>>,
}

/// What a [`Blob`] holds, read once.
#[derive(Clone, Copy)]
pub struct BlobRef<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// The user's word.
    pub meta: u16,
}

// SAFETY: a blob is the only owner of its allocation, as a box is; the shared constant is never written.
unsafe impl Send for Blob {}
// SAFETY: nothing is written through a shared reference.
unsafe impl Sync for Blob {}

impl Blob {
    /// An empty blob; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        let raw = NonNull::from_ref(&EMPTY);
        Self {
            raw,
            owns: PhantomData,
        }
    }

    /// Bytes and word.
    #[must_use]
    pub fn view(&self) -> BlobRef<'_> {
        // SAFETY: `self` owns the allocation and is borrowed for as long as the view lives.
        unsafe { view_of(self.raw) }
    }

    /// The bytes, to be changed in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let used = self.used();
        if used == 0 {
            return &mut [];
        }
        // SAFETY: the allocation holds `used` initialised bytes after the header, and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.at(0), used) }
    }

    /// Sets the user's word.
    ///
    /// # Panics
    /// When the blob is empty and `meta` is not 0: the shared constant cannot be written.
    pub fn set_meta(&mut self, meta: u16) {
        if self.used() == 0 {
            assert_eq!(meta, 0, "an empty blob has no word of its own");
            return;
        }
        // SAFETY: not empty, so the header is our own allocation, exclusively borrowed.
        unsafe { (&raw mut (*self.raw.as_ptr()).meta).write(meta) }
    }

    /// Heap bytes held.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        mem_bytes_for(self.used())
    }

    /// Replaces `remove` bytes at `at` by `parts`, one after the other.
    ///
    /// # Panics
    /// When the removed range is not inside, or more than 4 GiB would be used.
    pub fn replace(&mut self, at: usize, remove: usize, parts: &[&[u8]]) {
        let used = self.used();
        assert!(
            at <= used && remove <= used - at,
            "replaced range lies inside"
        );
        let insert: usize = parts.iter().map(|part| part.len()).sum();
        let new_used = used - remove + insert;
        assert!(u32::try_from(new_used).is_ok(), "a blob stays below 4 GiB");
        if new_used == 0 {
            *self = Self::new();
            return;
        }
        if new_used > used {
            self.resize(used, new_used);
        }
        if insert != remove {
            let tail = used - at - remove;
            // SAFETY: the capacity covers the larger of the old and the new size here, so both ranges of the tail lie inside.
            unsafe { self.at(at + remove).copy_to(self.at(at + insert), tail) };
        }
        let mut to = at;
        for part in parts {
            // SAFETY: `to + part.len() <= at + insert <= new_used`, within capacity; `part` cannot alias an exclusively borrowed blob.
            unsafe {
                self.at(to)
                    .copy_from_nonoverlapping(part.as_ptr(), part.len())
            };
            to += part.len();
        }
        if new_used < used {
            self.resize(used, new_used);
        }
        // SAFETY: `new_used > 0`, so the header is our own allocation. All bytes below `new_used` are initialised: kept, moved or copied above.
        unsafe { (&raw mut (*self.raw.as_ptr()).used).write(new_used as u32) };
    }

    fn used(&self) -> usize {
        // SAFETY: `raw` points at a live header, own or shared.
        unsafe { (*self.raw.as_ptr()).used as usize }
    }

    /// Pointer to the byte at `index`; valid to access while `index` is below the capacity.
    fn at(&self, index: usize) -> *mut u8 {
        self.raw
            .as_ptr()
            .cast::<u8>()
            .wrapping_add(BYTES_AT + index)
    }

    /// Moves the allocation to the class for `new_used` bytes; contents up to the smaller size survive. `new_used` is not 0.
    fn resize(&mut self, used: usize, new_used: usize) {
        let new_bytes = mem_bytes_for(new_used);
        let old = layout_for(used);
        if used != 0 && old.size() == new_bytes {
            return;
        }
        let raw = if used == 0 {
            // SAFETY: the layout is not of size 0, as `new_used` is not.
            unsafe { alloc(layout_for(new_used)) }
        } else {
            // SAFETY: a used blob was allocated with `layout_for(used)`, and `new_bytes` is not 0.
            unsafe { realloc(self.raw.as_ptr().cast(), old, new_bytes) }
        };
        let Some(raw) = NonNull::new(raw.cast::<Header>()) else {
            handle_alloc_error(layout_for(new_used))
        };
        if used == 0 {
            // SAFETY: a fresh allocation of at least a header; written field by field, as the padding belongs to the bytes.
            unsafe { (&raw mut (*raw.as_ptr()).meta).write(0) };
        }
        self.raw = raw;
    }
}

/// Heap bytes of a blob with `used` bytes.
#[must_use]
pub const fn mem_bytes_for(used: usize) -> usize {
    if used == 0 {
        0
    } else {
        alloc_size(BYTES_AT + used)
    }
}

fn layout_for(used: usize) -> Layout {
    Layout::from_size_align(mem_bytes_for(used), mem::align_of::<Header>())
        .expect("blobs stay below 4 GiB")
}

/// # Safety
/// `raw` comes from a blob that stays unchanged for `'a`.
unsafe fn view_of<'a>(raw: NonNull<Header>) -> BlobRef<'a> {
    // SAFETY: the header is live for `'a` by contract, and `used` bytes follow it, initialised; 0 bytes follow the shared constant.
    unsafe {
        let used = (*raw.as_ptr()).used as usize;
        let bytes = std::slice::from_raw_parts(raw.as_ptr().cast::<u8>().add(BYTES_AT), used);
        BlobRef {
            bytes,
            meta: (*raw.as_ptr()).meta,
        }
    }
}

impl Default for Blob {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for Blob {
    fn clone(&self) -> Self {
        let view = self.view();
        let mut copy = Self::new();
        copy.replace(0, 0, &[view.bytes]);
        copy.set_meta(view.meta);
        copy
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        let used = self.used();
        if used != 0 {
            // SAFETY: a used blob was allocated with `layout_for(used)` and nobody else owns it.
            unsafe { dealloc(self.raw.as_ptr().cast(), layout_for(used)) }
        }
    }
}

// SAFETY: the header is aligned to 8, own or shared; from_raw gets back what into_raw gave.
unsafe impl ThinOwner for Blob {
    type Ref<'a> = BlobRef<'a>;
    type Mut<'a> = Guard<'a, Blob>;

    fn into_raw(self) -> NonNull<u8> {
        ManuallyDrop::new(self).raw.cast()
    }

    unsafe fn from_raw(raw: NonNull<u8>) -> Self {
        Self {
            raw: raw.cast(),
            owns: PhantomData,
        }
    }

    unsafe fn as_ref<'a>(raw: NonNull<u8>) -> BlobRef<'a> {
        // SAFETY: by this function's contract.
        unsafe { view_of(raw.cast()) }
    }

    unsafe fn as_mut<'a>(slot: &'a mut NonNull<u8>, tag: usize) -> Guard<'a, Blob> {
        // SAFETY: by this function's contract.
        unsafe { Guard::new(slot, tag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn behaves_as_a_vec(edits in prop::collection::vec((any::<usize>(), any::<usize>(), prop::collection::vec(any::<u8>(), 0..90)), 1..60)) {
            let (mut blob, mut model) = (Blob::new(), Vec::new());
            for (at, remove, insert) in edits {
                let at = at % (model.len() + 1);
                let remove = remove % (model.len() - at + 1);
                let (head, tail) = insert.split_at(insert.len() / 2);
                blob.replace(at, remove, &[head, tail]);
                model.splice(at..at + remove, insert);
                prop_assert_eq!(blob.view().bytes, &model[..]);
                prop_assert_eq!(blob.mem_bytes(), mem_bytes_for(model.len()));
            }
            let copy = blob.clone();
            prop_assert_eq!(copy.view().bytes, &model[..]);
        }

        #[test]
        fn keeps_its_word(len in 1usize..300, meta in any::<u16>().prop_flat_map(Just)) {
            let mut blob = Blob::new();
            blob.replace(0, 0, &[&vec![7; len]]);
            blob.set_meta(meta);
            blob.replace(len / 2, 0, &[&[1; 100]]);
            prop_assert_eq!(blob.view().meta, meta);
            prop_assert_eq!(blob.clone().view().meta, meta);
        }
    }
}
