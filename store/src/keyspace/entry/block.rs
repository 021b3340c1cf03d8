//! The block behind an entry: every line that touches its memory.
//!
//! Invariants of an [`Entry`], on which the proofs below rest:
//! 1. `block` was allocated by [`Entry::build`] with the layout of its shape's `block_bytes` and alignment 8, is owned
//!    by this entry alone, and its header says the truth about its shape: kind, flags, lengths.
//! 2. All parts that the shape names are initialised: the deadline, the wide length, the key, the inline bytes, and the
//!    owner, which holds a live value of the kind's type.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use bytes::Bytes;

use super::integer::PackedInt;
use super::layout::{EXPIRES, Header, Kind, RAW, Shape, WIDE_KEY};
use crate::keyspace::table::{Order, Thin, ThinPtr, prefetch_line};
use crate::types::{Hash, List, Set, Stream, Zset};

/// A key with its value, deadline and access clock in one allocation. See the module's documentation.
#[repr(transparent)]
pub struct Entry {
    block: ThinPtr<Header>,
    owns: PhantomData<(Header, Bytes, List, Set, Hash, Zset, Stream)>,
}

const _: () = assert!(size_of::<Option<Entry>>() == 8);
const _: () = assert!(align_of::<Bytes>() <= 8 && align_of::<Vec<u8>>() <= 8);
const _: () = assert!(
    size_of::<List>() == 8
        && size_of::<Set>() == 8
        && size_of::<Hash>() == 8
        && size_of::<Zset>() == 8
        && size_of::<Stream>() == 8
);
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<(Bytes, Vec<u8>, List, Set, Hash, Zset, Stream)>();
};

// SAFETY: an entry owns its block alone (invariant 1), and all it may hold is Send, as asserted above.
unsafe impl Send for Entry {}
// SAFETY: `&Entry` only reads, and only hands out references to types that are Sync, as asserted above.
unsafe impl Sync for Entry {}

impl Thin for Entry {
    #[inline]
    fn address(&self) -> *const u8 {
        self.at(0).as_ptr()
    }

    #[inline]
    fn order(&self) -> Order {
        self.block.order()
    }

    #[inline]
    fn set_order(&mut self, order: Order) {
        self.block.set_order(order);
    }

    /// Two lines: the header and key, and what most small values reach into.
    #[inline]
    fn prefetch(&self) {
        prefetch_line(self.address());
        prefetch_line(self.address().wrapping_add(CACHE_LINE_BYTES));
    }
}

const CACHE_LINE_BYTES: usize = 64;

/// A value on its way into or out of a block.
pub(super) enum Payload<'a> {
    /// Goes inline in the fewest bytes.
    Int(i64),
    /// Goes inline.
    Inline(&'a [u8]),
    /// Is owned by the block.
    Heap(Vec<u8>),
    /// Is owned by the block.
    Shared(Bytes),
    /// Is owned by the block.
    List(List),
    /// Is owned by the block.
    Set(Set),
    /// Is owned by the block.
    Hash(Hash),
    /// Is owned by the block.
    Zset(Zset),
    /// Is owned by the block.
    Stream(Stream),
}

/// Reborrows the owner of a block as a type the kind just matched stands for.
macro_rules! owner {
    ($entry:expr, $shape:expr, & $type:ty) => {
        // SAFETY: the caller matched the kind that stands for this type, so by invariant 2 a live value of it lies at
        // `owner_at`, which is a multiple of 8 in a block aligned to 8; the borrow of the entry covers the reference.
        unsafe { $entry.at($shape.owner_at()).cast::<$type>().as_ref() }
    };
    ($entry:expr, $shape:expr, &mut $type:ty) => {
        // SAFETY: as for the shared borrow; the entry is borrowed mutably here.
        unsafe { $entry.at($shape.owner_at()).cast::<$type>().as_mut() }
    };
}
pub(super) use owner;

impl Entry {
    /// Allocates a block and fills all its parts. `raw` is [`RAW`] or 0.
    pub(super) fn build(
        key: &[u8],
        expire_at_ms: Option<u64>,
        clock: u32,
        raw: u8,
        payload: Payload<'_>,
    ) -> Entry {
        let mut packed = PackedInt::default();
        let (kind, inline): (Kind, &[u8]) = match &payload {
            Payload::Int(value) => (Kind::Int, packed.pack(*value)),
            Payload::Inline(bytes) => (Kind::Inline, bytes),
            Payload::Heap(_) => (Kind::Heap, &[]),
            Payload::Shared(_) => (Kind::Shared, &[]),
            Payload::List(_) => (Kind::List, &[]),
            Payload::Set(_) => (Kind::Set, &[]),
            Payload::Hash(_) => (Kind::Hash, &[]),
            Payload::Zset(_) => (Kind::Zset, &[]),
            Payload::Stream(_) => (Kind::Stream, &[]),
        };
        let wide = u32::try_from(key.len()).expect("keys are limited to 512 MiB");
        let expires = if expire_at_ms.is_some() { EXPIRES } else { 0 };
        let flags = raw
            | expires
            | if key.len() > usize::from(u8::MAX) {
                WIDE_KEY
            } else {
                0
            };
        let shape = Shape {
            kind,
            flags,
            key_len: key.len(),
            inline_len: inline.len(),
        };
        let mut entry = Entry {
            block: ThinPtr::new(allocate(shape.block_bytes())),
            owns: PhantomData,
        };
        entry.write_header(shape, clock);
        // SAFETY: every part lies within `block_bytes` by the shape's arithmetic and does not overlap the others; the
        // block is ours, and the sources cannot lie in it, since it is new. The u64 and the owner are aligned, being
        // at multiples of 8 of a block aligned to 8, as is the u32 after them. The payload moves in, it is not dropped.
        unsafe {
            if let Some(at_ms) = expire_at_ms {
                entry
                    .at(super::layout::HEADER_BYTES)
                    .cast::<u64>()
                    .write(at_ms);
            }
            let owner = entry.at(shape.owner_at());
            match payload {
                Payload::Int(_) | Payload::Inline(_) => {}
                Payload::Heap(value) => owner.cast().write(value),
                Payload::Shared(value) => owner.cast().write(value),
                Payload::List(value) => owner.cast().write(value),
                Payload::Set(value) => owner.cast().write(value),
                Payload::Hash(value) => owner.cast().write(value),
                Payload::Zset(value) => owner.cast().write(value),
                Payload::Stream(value) => owner.cast().write(value),
            }
            if flags & WIDE_KEY != 0 {
                entry.at(shape.wide_at()).cast::<u32>().write(wide);
            }
            entry
                .at(shape.key_at())
                .copy_from_nonoverlapping(NonNull::from(key).cast(), key.len());
            entry
                .at(shape.inline_at())
                .copy_from_nonoverlapping(NonNull::from(inline).cast(), inline.len());
        }
        entry
    }

    /// The address `offset` bytes into the block.
    #[inline]
    pub(super) fn at(&self, offset: usize) -> NonNull<u8> {
        debug_assert!(offset <= isize::MAX as usize);
        // SAFETY: all callers pass an offset from this entry's shape (or the header's size), so it is within the block
        // or, for an empty last part, one past its end.
        unsafe { self.block.get().cast::<u8>().add(offset) }
    }

    #[inline]
    pub(super) fn header(&self) -> &Header {
        // SAFETY: invariant 1: the block starts with an initialised header, and it is borrowed with the entry.
        unsafe { self.block.get().as_ref() }
    }

    /// For the clock only: what else the header says must stay true (invariant 1).
    #[inline]
    pub(super) fn clock_mut(&mut self) -> &mut [u8; 3] {
        // SAFETY: as for `header`; the entry is borrowed mutably.
        unsafe { &mut self.block.get().as_mut().clock }
    }

    /// Writes a header for `shape`, which the caller makes true.
    fn write_header(&mut self, shape: Shape, clock: u32) {
        let [c0, c1, c2, _] = clock.to_le_bytes();
        let header = Header {
            kind: shape.kind,
            flags: shape.flags,
            key_len: shape.key_len as u8,
            inline_len: (shape.inline_len as u16).to_le_bytes(),
            clock: [c0, c1, c2],
        };
        // SAFETY: a block is at least as large as a header, and ours.
        unsafe { self.block.get().write(header) }
    }

    #[inline]
    pub(super) fn shape(&self) -> Shape {
        let Header {
            kind,
            flags,
            key_len,
            inline_len,
            ..
        } = *self.header();
        let key_len = match flags & WIDE_KEY {
            0 => usize::from(key_len),
            _ => self.wide_key_len(kind, flags),
        };
        Shape {
            kind,
            flags,
            key_len,
            inline_len: usize::from(u16::from_le_bytes(inline_len)),
        }
    }

    /// The length of the key of an entry of this kind and these flags, [`WIDE_KEY`] among them.
    #[cold]
    fn wide_key_len(&self, kind: Kind, flags: u8) -> usize {
        let start = Shape {
            kind,
            flags,
            key_len: 0,
            inline_len: 0,
        };
        // SAFETY: only called with WIDE_KEY set, so by invariant 2 the u32 is there, at a multiple of 8, where kind and flags say.
        unsafe { self.at(start.wide_at()).cast::<u32>().read() as usize }
    }

    /// The key.
    #[inline]
    pub fn key(&self) -> &[u8] {
        let shape = self.shape();
        // SAFETY: by invariant 2 `key_len` initialised bytes lie at `key_at`; they are borrowed with the entry.
        unsafe { NonNull::slice_from_raw_parts(self.at(shape.key_at()), shape.key_len).as_ref() }
    }

    /// The inline bytes of `shape`, which is this entry's.
    #[inline]
    pub(super) fn inline(&self, shape: Shape) -> &[u8] {
        // SAFETY: by invariant 2 `inline_len` initialised bytes lie at `inline_at`; they are borrowed with the entry.
        unsafe {
            NonNull::slice_from_raw_parts(self.at(shape.inline_at()), shape.inline_len).as_ref()
        }
    }

    /// The inline bytes of `shape`, which is this entry's.
    #[inline]
    pub(super) fn inline_mut(&mut self, shape: Shape) -> &mut [u8] {
        // SAFETY: as for `inline`; the entry is borrowed mutably.
        unsafe {
            NonNull::slice_from_raw_parts(self.at(shape.inline_at()), shape.inline_len).as_mut()
        }
    }

    /// The deadline, when the entry has one.
    #[inline]
    pub fn expire_at_ms(&self) -> Option<u64> {
        if self.header().flags & EXPIRES == 0 {
            return None;
        }
        // SAFETY: by invariant 2 the u64 is there, right behind the header and so aligned.
        Some(unsafe { self.at(super::layout::HEADER_BYTES).cast::<u64>().read() })
    }

    /// Overwrites the deadline of an entry that has one; false when it has none.
    pub(super) fn overwrite_expire(&mut self, at_ms: u64) -> bool {
        let there = self.header().flags & EXPIRES != 0;
        if there {
            // SAFETY: as for `expire_at_ms`; the entry is borrowed mutably.
            unsafe {
                self.at(super::layout::HEADER_BYTES)
                    .cast::<u64>()
                    .write(at_ms)
            }
        }
        there
    }

    /// Replaces an inline value by another one in the same block; false when it does not fit exactly in its class.
    #[inline]
    pub(super) fn overwrite_inline(&mut self, kind: Kind, raw: u8, bytes: &[u8]) -> bool {
        debug_assert!(
            matches!(kind, Kind::Int | Kind::Inline)
                && bytes.len() <= super::layout::INLINE_BYTES_MAX
        );
        let old = self.shape();
        let new = Shape {
            kind,
            flags: old.flags & !RAW | raw,
            inline_len: bytes.len(),
            ..old
        };
        let is_inline = matches!(old.kind, Kind::Int | Kind::Inline);
        let fits = old.inline_len == new.inline_len || old.block_bytes() == new.block_bytes();
        if !(is_inline && fits) {
            return false;
        }
        let clock = self.clock();
        self.write_header(new, clock);
        // SAFETY: neither shape has an owner, so deadline and key stay where they are and `inline_at` is the old one;
        // the new bytes end within the block, which is as large as the new shape's. `bytes` cannot lie in the block,
        // since the entry is borrowed mutably. This makes the header just written true.
        unsafe {
            self.at(new.inline_at())
                .copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len())
        }
        true
    }

    /// Sets the length of an inline string within its block, zeroing what is new; false when the class changes.
    pub(super) fn resize_inline(&mut self, len: usize) -> bool {
        let old = self.shape();
        let new = Shape {
            inline_len: len,
            flags: old.flags | RAW,
            ..old
        };
        if old.kind != Kind::Inline
            || len > super::layout::INLINE_BYTES_MAX
            || old.block_bytes() != new.block_bytes()
        {
            return false;
        }
        let clock = self.clock();
        if len > old.inline_len {
            // SAFETY: the new bytes end within the block, which has the new shape's size; they are ours.
            unsafe {
                self.at(old.inline_at() + old.inline_len)
                    .write_bytes(0, len - old.inline_len)
            }
        }
        self.write_header(new, clock);
        true
    }

    /// Moves the value out of the block.
    ///
    /// # Safety
    /// The block must not be used as an entry afterwards but to read its key and inline bytes, and be freed by
    /// [`free_block`]: an owner has moved to the result.
    pub(super) unsafe fn payload_read(&self) -> Payload<'_> {
        let shape = self.shape();
        let owner = self.at(shape.owner_at());
        // SAFETY: by invariant 2 a live value of the kind's type lies at `owner`, aligned; the caller sees to it that
        // it is not used or dropped a second time.
        unsafe {
            match shape.kind {
                Kind::Int => Payload::Int(PackedInt::unpack(self.inline(shape))),
                Kind::Inline => Payload::Inline(self.inline(shape)),
                Kind::Heap => Payload::Heap(owner.cast().read()),
                Kind::Shared => Payload::Shared(owner.cast().read()),
                Kind::List => Payload::List(owner.cast().read()),
                Kind::Set => Payload::Set(owner.cast().read()),
                Kind::Hash => Payload::Hash(owner.cast().read()),
                Kind::Zset => Payload::Zset(owner.cast().read()),
                Kind::Stream => Payload::Stream(owner.cast().read()),
            }
        }
    }

    /// Takes the entry apart: `consume` gets its value, then the block is freed.
    pub(super) fn dismantle<R>(self, consume: impl FnOnce(&Entry, Payload<'_>) -> R) -> R {
        let entry = ManuallyDrop::new(self);
        // SAFETY: the entry is never dropped, its block is freed below and only lent to `consume` until then, which
        // this module's callers use for the key, deadline and inline bytes. A panic there leaks the block.
        let result = consume(&entry, unsafe { entry.payload_read() });
        // SAFETY: `entry` is not used any more.
        unsafe { free_block(&entry) };
        result
    }
}

impl Entry {
    /// Moves the value to another block of the same key, which `build` makes from it.
    pub(super) fn replace_with(&mut self, build: impl FnOnce(&Entry, Payload<'_>) -> Entry) {
        // SAFETY: the value moves to the new entry. Should `build` panic, the guard ends the process before anyone can
        // see the old entry, whose value is gone.
        let mut new = unsafe {
            let abort = AbortOnUnwind;
            let new = build(self, self.payload_read());
            std::mem::forget(abort);
            new
        };
        debug_assert_eq!(new.key(), self.key());
        new.set_order(self.order());
        let old = ManuallyDrop::new(std::mem::replace(self, new));
        // SAFETY: `old` is not used any more, and its value is the new entry's.
        unsafe { free_block(&old) }
    }
}

/// Turns a panic into an abort while a value is in two places.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        std::process::abort();
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // SAFETY: the entry is going away; its value is dropped here, once, and then its block.
        unsafe {
            drop(self.payload_read());
            free_block(self);
        }
    }
}

fn allocate(bytes: usize) -> NonNull<Header> {
    let layout = layout_of(bytes);
    // SAFETY: a block has at least the header's 8 bytes, so the layout is not empty.
    let block = unsafe { alloc(layout) };
    NonNull::new(block.cast()).unwrap_or_else(|| handle_alloc_error(layout))
}

fn layout_of(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, 8).expect("blocks are far smaller than the address space")
}

/// Frees the block of an entry without dropping what it owns.
///
/// # Safety
/// The entry must not be used afterwards.
unsafe fn free_block(entry: &Entry) {
    let layout = layout_of(entry.shape().block_bytes());
    // SAFETY: by invariant 1 the block was allocated with this very layout; the caller gives it up.
    unsafe { dealloc(entry.block.get().as_ptr().cast(), layout) }
}
