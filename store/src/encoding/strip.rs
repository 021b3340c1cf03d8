//! A byte string that grows and shrinks at both ends, behind one thin pointer.
//!
//! ```text
//! ┌────────────────────┬────────────┬──────────┬────────────────── … ┬───────┐
//! │ capacity, start,   │ meta: u16  │ spare    │ bytes start..end    │ spare │
//! │ end: u32 each      │            │          │                     │       │
//! └────────────────────┴────────────┴──────────┴────────────────── … ┴───────┘
//! ```
//! Taking bytes from an end moves an offset and nothing else. When an end has no room left, bytes are moved only if at least a quarter of
//! the capacity is free; otherwise the strip moves to the next class of the allocator. So an operation at an end moves a bounded number of
//! bytes for each byte it adds. An empty strip without capacity owns no memory.

use super::tagged::{Guard, ThinOwner};
use crate::mem::alloc_size;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::ops::Range;
use std::ptr::NonNull;

#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Header {
    capacity: u32,
    start: u32,
    end: u32,
    meta: u16,
}

/// Where the bytes start: over the header's padding.
const BYTES_AT: usize = 14;

static EMPTY: Header = Header {
    capacity: 0,
    start: 0,
    end: 0,
    meta: 0,
};

/// An owned byte string with two cheap ends; see the module.
pub struct Strip {
    raw: NonNull<Header>,
    owns: PhantomData<Box<[u8]>>,
}

/// What a [`Strip`] holds, read once.
#[derive(Clone, Copy)]
pub struct StripRef<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// The user's word.
    pub meta: u16,
    /// Heap bytes held.
    pub mem_bytes: usize,
}

/// Which end of a strip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StripEnd {
    /// Before the first byte.
    Front,
    /// After the last byte.
    Back,
}

// SAFETY: a strip is the only owner of its allocation, as a box is; the shared constant is never written.
unsafe impl Send for Strip {}
// SAFETY: nothing is written through a shared reference.
unsafe impl Sync for Strip {}

impl Strip {
    /// An empty strip; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            raw: NonNull::from_ref(&EMPTY),
            owns: PhantomData,
        }
    }

    /// An empty strip that takes `bytes` bytes, header included, of heap and is about to grow at `end`.
    #[must_use]
    pub fn with_mem_bytes(bytes: usize, end: StripEnd) -> Self {
        let mut strip = Self::new();
        strip.relocate(bytes.saturating_sub(BYTES_AT), end);
        strip
    }

    /// Bytes, word and cost.
    #[must_use]
    #[inline]
    pub fn view(&self) -> StripRef<'_> {
        // SAFETY: `self` owns the allocation and is borrowed for as long as the view lives.
        unsafe { view_of(self.raw) }
    }

    /// Where the allocation begins.
    #[must_use]
    pub fn address(&self) -> *const u8 {
        self.raw.as_ptr().cast_const().cast()
    }

    /// Sets the user's word.
    ///
    /// # Panics
    /// When the strip owns no memory and `meta` is not 0.
    pub fn set_meta(&mut self, meta: u16) {
        let mut header = self.header();
        if header.capacity == 0 {
            assert_eq!(meta, 0, "a strip without memory has no word of its own");
            return;
        }
        header.meta = meta;
        self.set_header(header);
    }

    /// Heap bytes held.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        mem_bytes_for(self.header().capacity)
    }

    /// Whether `bytes` more go to `end` without a move to a larger allocation.
    #[must_use]
    #[inline]
    pub fn has_room(&self, end: StripEnd, bytes: usize) -> bool {
        let header = self.header();
        room(header, end) >= bytes || may_slide(header, bytes)
    }

    /// Adds `parts`, one after the other, at `end`, and sets the user's word.
    ///
    /// # Panics
    /// When 4 GiB would be exceeded; as [`Self::set_meta`].
    #[inline(always)]
    pub fn push(&mut self, end: StripEnd, parts: &[&[u8]], meta: u16) {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        if bytes == 0 {
            return self.set_meta(meta);
        }
        self.reserve(end, bytes);
        let mut header = self.header();
        header.meta = meta;
        let to = match end {
            StripEnd::Front => {
                header.start -= bytes as u32;
                header.start
            }
            StripEnd::Back => {
                header.end += bytes as u32;
                header.end - bytes as u32
            }
        };
        self.set_header(header);
        self.write(to as usize, parts);
    }

    /// Takes `bytes` bytes away from `end`, and sets the user's word.
    ///
    /// # Panics
    /// When there are fewer; as [`Self::set_meta`].
    #[inline]
    pub fn cut(&mut self, end: StripEnd, bytes: usize, meta: u16) {
        let mut header = self.header();
        assert!(
            bytes <= (header.end - header.start) as usize,
            "only what is there can be cut"
        );
        if bytes == 0 {
            return self.set_meta(meta);
        }
        header.meta = meta;
        match end {
            StripEnd::Front => header.start += bytes as u32,
            StripEnd::Back => header.end -= bytes as u32,
        }
        self.set_header(header);
    }

    /// Replaces the bytes in `range` by `parts`.
    ///
    /// # Panics
    /// When the range is not inside, or 4 GiB would be exceeded.
    pub fn splice(&mut self, range: Range<usize>, parts: &[&[u8]]) {
        let used = self.view().bytes.len();
        assert!(
            range.start <= range.end && range.end <= used,
            "replaced range lies inside"
        );
        let insert: usize = parts.iter().map(|part| part.len()).sum();
        let remove = range.len();
        if insert > remove {
            self.reserve(StripEnd::Back, insert - remove);
        }
        if insert == 0 && remove == 0 {
            return;
        }
        let mut header = self.header();
        let at = header.start as usize + range.start;
        let tail = used - range.end;
        // SAFETY: both ranges of the tail lie within start..start + max(old, new size), which the capacity covers after the reserve.
        unsafe { self.at(at + remove).copy_to(self.at(at + insert), tail) };
        header.end = (at + insert + tail) as u32;
        self.set_header(header);
        self.write(at, parts);
    }

    /// Gives memory back when less than a quarter of it is used.
    pub fn shrink(&mut self) {
        let header = self.header();
        let used = (header.end - header.start) as usize;
        if header.capacity > 64 && used < header.capacity as usize / 4 {
            self.relocate(used + used / 2, StripEnd::Back);
        }
    }

    #[inline]
    fn header(&self) -> Header {
        // SAFETY: `raw` points at a live header, own or shared. Read field by field: the padding may hold bytes of the string.
        unsafe {
            let raw = self.raw.as_ptr();
            Header {
                capacity: (*raw).capacity,
                start: (*raw).start,
                end: (*raw).end,
                meta: (*raw).meta,
            }
        }
    }

    #[inline]
    fn set_header(&mut self, header: Header) {
        debug_assert!(
            header.capacity != 0 && header.capacity == self.header().capacity,
            "own memory only"
        );
        debug_assert!(header.start <= header.end && header.end <= header.capacity);
        // SAFETY: a strip with capacity owns its header, exclusively borrowed. Written field by field: the padding belongs to the bytes.
        unsafe {
            let raw = self.raw.as_ptr();
            (&raw mut (*raw).start).write(header.start);
            (&raw mut (*raw).end).write(header.end);
            (&raw mut (*raw).meta).write(header.meta);
        }
    }

    /// Pointer to the byte at `index` of the capacity.
    #[inline]
    fn at(&self, index: usize) -> *mut u8 {
        self.raw
            .as_ptr()
            .cast::<u8>()
            .wrapping_add(BYTES_AT + index)
    }

    /// Writes `parts` from byte `to` of the capacity, inside start..end.
    #[inline]
    fn write(&mut self, mut to: usize, parts: &[&[u8]]) {
        debug_assert!(
            to + parts.iter().map(|part| part.len()).sum::<usize>() <= self.header().end as usize
        );
        for part in parts {
            // SAFETY: the callers have moved start or end so that all parts lie between them, within capacity; a part cannot alias an
            // exclusively borrowed strip.
            unsafe {
                match part {
                    // Lengths mostly are, and need no call.
                    [byte] => self.at(to).write(*byte),
                    part => (self.at(to)).copy_from_nonoverlapping(part.as_ptr(), part.len()),
                }
            };
            to += part.len();
        }
    }

    /// Makes room for `bytes` more at `end`.
    #[inline]
    fn reserve(&mut self, end: StripEnd, bytes: usize) {
        let header = self.header();
        if room(header, end) >= bytes {
            return;
        }
        if may_slide(header, bytes) {
            self.slide(end);
        } else {
            self.relocate((header.end - header.start) as usize + bytes, end);
        }
    }

    /// Moves the bytes so that all free room lies at `end`.
    fn slide(&mut self, end: StripEnd) {
        let mut header = self.header();
        let used = header.end - header.start;
        let start = match end {
            StripEnd::Front => header.capacity - used,
            StripEnd::Back => 0,
        };
        // SAFETY: source and target are `used` bytes within capacity.
        unsafe {
            self.at(header.start as usize)
                .copy_to(self.at(start as usize), used as usize)
        };
        header.start = start;
        header.end = start + used;
        self.set_header(header);
    }

    /// Moves the bytes to an allocation for `capacity` bytes at least, with all free room at `end`.
    fn relocate(&mut self, capacity: usize, end: StripEnd) {
        let bytes = alloc_size(BYTES_AT + capacity);
        let new_capacity = u32::try_from(bytes - BYTES_AT).expect("a strip stays below 4 GiB");
        let layout = layout_for(new_capacity);
        // SAFETY: the layout holds a header at least.
        let Some(raw) = NonNull::new(unsafe { alloc(layout) }) else {
            handle_alloc_error(layout)
        };
        let old = self.header();
        let used = old.end - old.start;
        let start = match end {
            StripEnd::Front => new_capacity - used,
            StripEnd::Back => 0,
        };
        let moved = Self {
            raw: raw.cast(),
            owns: PhantomData,
        };
        // SAFETY: the new allocation holds a header and `new_capacity` bytes, `used` of which start at `start`; old and new do not overlap.
        unsafe {
            (&raw mut (*moved.raw.as_ptr()).capacity).write(new_capacity);
            (&raw mut (*moved.raw.as_ptr()).start).write(start);
            (&raw mut (*moved.raw.as_ptr()).end).write(start + used);
            (&raw mut (*moved.raw.as_ptr()).meta).write(old.meta);
            moved
                .at(start as usize)
                .copy_from_nonoverlapping(self.at(old.start as usize), used as usize);
        }
        *self = moved;
    }
}

#[inline]
fn room(header: Header, end: StripEnd) -> usize {
    match end {
        StripEnd::Front => header.start as usize,
        StripEnd::Back => (header.capacity - header.end) as usize,
    }
}

/// Whether moving the bytes within the allocation makes room for `bytes` more and is worth it.
#[inline]
fn may_slide(header: Header, bytes: usize) -> bool {
    let free = (header.capacity - (header.end - header.start)) as usize;
    free >= bytes && free >= header.capacity as usize / 4
}

fn mem_bytes_for(capacity: u32) -> usize {
    if capacity == 0 {
        0
    } else {
        BYTES_AT + capacity as usize
    }
}

fn layout_for(capacity: u32) -> Layout {
    Layout::from_size_align(mem_bytes_for(capacity), mem::align_of::<Header>())
        .expect("strips stay below 4 GiB")
}

/// # Safety
/// `raw` comes from a strip that stays unchanged for `'a`.
#[inline]
unsafe fn view_of<'a>(raw: NonNull<Header>) -> StripRef<'a> {
    // SAFETY: the header is live for `'a` by contract, and the bytes from start to end are initialised; there are none after the constant.
    unsafe {
        let header = raw.as_ptr();
        let (start, end) = ((*header).start as usize, (*header).end as usize);
        let bytes = std::slice::from_raw_parts(
            header.cast::<u8>().add(BYTES_AT).wrapping_add(start),
            end - start,
        );
        StripRef {
            bytes,
            meta: (*header).meta,
            mem_bytes: mem_bytes_for((*header).capacity),
        }
    }
}

impl Default for Strip {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for Strip {
    fn clone(&self) -> Self {
        let view = self.view();
        let mut copy = Self::new();
        if !view.bytes.is_empty() {
            copy.push(StripEnd::Back, &[view.bytes], view.meta);
        }
        copy
    }
}

impl Drop for Strip {
    fn drop(&mut self) {
        let capacity = self.header().capacity;
        if capacity != 0 {
            // SAFETY: a strip with capacity was allocated with `layout_for(capacity)` and nobody else owns it.
            unsafe { dealloc(self.raw.as_ptr().cast(), layout_for(capacity)) }
        }
    }
}

// SAFETY: the header is aligned to 8, own or shared; from_raw gets back what into_raw gave.
unsafe impl ThinOwner for Strip {
    type Ref<'a> = StripRef<'a>;
    type Mut<'a> = Guard<'a, Strip>;

    fn into_raw(self) -> NonNull<u8> {
        ManuallyDrop::new(self).raw.cast()
    }

    unsafe fn from_raw(raw: NonNull<u8>) -> Self {
        Self {
            raw: raw.cast(),
            owns: PhantomData,
        }
    }

    unsafe fn as_ref<'a>(raw: NonNull<u8>) -> StripRef<'a> {
        // SAFETY: by this function's contract.
        unsafe { view_of(raw.cast()) }
    }

    unsafe fn as_mut<'a>(slot: &'a mut NonNull<u8>, tag: usize) -> Guard<'a, Strip> {
        // SAFETY: by this function's contract.
        unsafe { Guard::new(slot, tag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};
    use std::collections::VecDeque;

    fn model_bytes(model: &VecDeque<u8>) -> Vec<u8> {
        model.iter().copied().collect()
    }

    proptest! {
        #[test]
        fn behaves_as_a_deque_of_bytes(edits in prop::collection::vec((0u8..6, any::<usize>(), prop::collection::vec(any::<u8>(), 0..70)), 1..120)) {
            let (mut strip, mut model) = (Strip::new(), VecDeque::new());
            for (edit, at, bytes) in edits {
                let at = at % (model.len() + 1);
                match edit {
                    0 => {
                        strip.push(StripEnd::Front, &[&bytes[..bytes.len() / 2], &bytes[bytes.len() / 2..]], 0);
                        bytes.iter().rev().for_each(|byte| model.push_front(*byte));
                    }
                    1 | 2 => {
                        strip.push(StripEnd::Back, &[&bytes], 0);
                        model.extend(&bytes);
                    }
                    3 => {
                        strip.cut(StripEnd::Front, at / 2, 0);
                        model.drain(..at / 2);
                    }
                    4 => {
                        strip.cut(StripEnd::Back, at / 2, 0);
                        model.truncate(model.len() - at / 2);
                        strip.shrink();
                    }
                    _ => {
                        let end = (at + bytes.len() / 2).min(model.len());
                        strip.splice(at..end, &[&bytes]);
                        let mut flat = model_bytes(&model);
                        flat.splice(at..end, bytes);
                        model = flat.into();
                    }
                }
                prop_assert_eq!(strip.view().bytes, &model_bytes(&model)[..]);
                prop_assert_eq!(strip.mem_bytes(), alloc_size(strip.mem_bytes()));
            }
            let copy = strip.clone();
            prop_assert_eq!(copy.view().bytes, &model_bytes(&model)[..]);
        }
    }
}
