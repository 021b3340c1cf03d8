//! One element of a big collection in one allocation behind a thin pointer.
//!
//! ```text
//! ┌───────┬─────────┬───────────┬───────────┬─────┬───────┐
//! │ flags │ key len │ value len │ word: u64 │ key │ value │
//! └───────┴─────────┴───────────┴───────────┴─────┴───────┘
//! flags: bits 0–1 width of the key's length (0: 1 byte, 1: 2, 2: 4) · bits 2–3 the value's (3: no value) · bit 4 there is a word
//! ```
//! A set's member is a key alone; a hash's field is a key with a value, and its word is free for a deadline; a sorted set's member is a
//! key whose word is the score. Lengths are little-endian, nothing after the first byte is aligned.

use crate::keyspace::table::{Order, Thin, ThinPtr};
use crate::mem::alloc_size;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::ptr::NonNull;

const NO_VALUE: u8 = 3;
const HAS_WORD: u8 = 1 << 4;
const WORD_BYTES: usize = 8;
/// Cells are aligned so that tables may tag them.
const ALIGN: usize = 8;

/// An element of a big collection; see the module.
pub struct Cell {
    raw: ThinPtr<u8>,
    owns: PhantomData<Box<[u8]>>,
}

/// Where the parts of a cell lie.
#[derive(Clone, Copy)]
struct Shape {
    flags: u8,
    key_len: usize,
    value_len: usize,
}

// SAFETY: a cell is the only owner of its allocation, as a box is.
unsafe impl Send for Cell {}
// SAFETY: nothing is written through a shared reference.
unsafe impl Sync for Cell {}

impl Cell {
    /// A cell of these parts.
    ///
    /// # Panics
    /// When a part is 4 GiB or longer.
    #[must_use]
    pub fn new(key: &[u8], value: Option<&[u8]>, word: Option<u64>) -> Self {
        let shape = Shape::new(key, value, word);
        let layout = shape.layout();
        // SAFETY: the layout holds one byte of flags at least.
        let Some(raw) = NonNull::new(unsafe { alloc(layout) }) else {
            handle_alloc_error(layout)
        };
        // SAFETY: the allocation has `shape.total()` bytes, and all writes below lie in the parts the shape lays out inside them.
        unsafe {
            raw.write(shape.flags);
            write_len(raw.add(1), shape.flags & 3, key.len());
            if let Some(value) = value {
                shape.write_value(raw, value);
            }
            if let Some(word) = word {
                raw.add(shape.word_at()).cast::<u64>().write_unaligned(word);
            }
            raw.add(shape.key_at())
                .as_ptr()
                .copy_from_nonoverlapping(key.as_ptr(), key.len());
        }
        Self {
            raw: ThinPtr::new(raw),
            owns: PhantomData,
        }
    }

    /// The key.
    #[must_use]
    #[inline]
    pub fn key(&self) -> &[u8] {
        // SAFETY: the cell is live and borrowed.
        unsafe { key_of(self.as_ptr()) }
    }

    /// The value; empty when there is none.
    #[must_use]
    #[inline]
    pub fn value(&self) -> &[u8] {
        // SAFETY: the cell is live and borrowed, its shape is the one it was made with, and all parts are initialised.
        unsafe {
            let shape = Shape::read(self.as_ptr());
            std::slice::from_raw_parts(
                self.as_ptr().add(shape.value_at()).as_ptr(),
                shape.value_len,
            )
        }
    }

    /// The word, if there is one.
    #[must_use]
    #[inline]
    pub fn word(&self) -> Option<u64> {
        // SAFETY: the cell is live; where the flag says so, an initialised word lies at `word_at`.
        unsafe {
            let shape = Shape::read(self.as_ptr());
            (shape.flags & HAS_WORD != 0).then(|| {
                self.as_ptr()
                    .add(shape.word_at())
                    .cast::<u64>()
                    .read_unaligned()
            })
        }
    }

    /// Replaces the word of a cell that has one.
    ///
    /// # Panics
    /// When it has none.
    pub fn set_word(&mut self, word: u64) {
        // SAFETY: the cell is live and exclusively borrowed; the word's place lies inside, as asserted.
        unsafe {
            let shape = Shape::read(self.as_ptr());
            assert!(
                shape.flags & HAS_WORD != 0,
                "only a cell with a word has it replaced"
            );
            self.as_ptr()
                .add(shape.word_at())
                .cast::<u64>()
                .write_unaligned(word);
        }
    }

    /// Gives the cell a word, another word, or none.
    pub fn put_word(&mut self, word: Option<u64>) {
        match (self.word(), word) {
            (Some(_), Some(word)) => self.set_word(word),
            (None, None) => {}
            _ => self.replace_by(Cell::new(
                self.key(),
                self.has_value().then(|| self.value()),
                word,
            )),
        }
    }

    /// Takes the place of this cell in its table with one of the same key.
    fn replace_by(&mut self, mut new: Cell) {
        debug_assert_eq!(new.key(), self.key());
        new.set_order(self.order());
        *self = new;
    }

    fn has_value(&self) -> bool {
        // SAFETY: the cell is live.
        unsafe { Shape::read(self.as_ptr()) }.flags >> 2 & 3 != NO_VALUE
    }

    /// Replaces the value, in place where the allocator's class and the shape of the lengths allow.
    pub fn set_value(&mut self, value: &[u8]) {
        // SAFETY: the cell is live.
        let old = unsafe { Shape::read(self.as_ptr()) };
        let new = Shape::new(self.key(), Some(value), self.word());
        if new.flags != old.flags || new.layout() != old.layout() {
            self.replace_by(Cell::new(self.key(), Some(value), self.word()));
            return;
        }
        // SAFETY: same flags, so nothing but the value and its length changes; same layout, so the longer value still lies inside. It
        // cannot alias an exclusively borrowed cell.
        unsafe { new.write_value(self.as_ptr(), value) }
    }

    /// Heap bytes held.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        // SAFETY: the cell is live.
        unsafe { Shape::read(self.as_ptr()) }.layout().size()
    }

    /// The allocation itself, for structures that refer to a cell somebody else owns.
    #[must_use]
    #[inline]
    pub fn as_ptr(&self) -> NonNull<u8> {
        self.raw.get()
    }
}

impl Clone for Cell {
    fn clone(&self) -> Self {
        Self::new(
            self.key(),
            self.has_value().then(|| self.value()),
            self.word(),
        )
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        // SAFETY: the cell was allocated with the layout of its shape, which changes never change, and nobody else owns it.
        unsafe { dealloc(self.as_ptr().as_ptr(), Shape::read(self.as_ptr()).layout()) }
    }
}

impl Thin for Cell {
    const ROOMY: bool = true;

    #[inline]
    fn address(&self) -> *const u8 {
        self.as_ptr().as_ptr()
    }

    #[inline]
    fn order(&self) -> Order {
        self.raw.order()
    }

    #[inline]
    fn set_order(&mut self, order: Order) {
        self.raw.set_order(order);
    }
}

/// The key of the cell at `raw`.
///
/// # Safety
/// `raw` is a cell's allocation, live during `'a`.
#[inline]
pub(super) unsafe fn key_of<'a>(raw: NonNull<u8>) -> &'a [u8] {
    // SAFETY: live by contract; the shape is the one the cell was made with, and the key is initialised and never written again.
    unsafe {
        let shape = Shape::read(raw);
        std::slice::from_raw_parts(raw.add(shape.key_at()).as_ptr(), shape.key_len)
    }
}

impl Shape {
    fn new(key: &[u8], value: Option<&[u8]>, word: Option<u64>) -> Self {
        let value_code = value.map_or(NO_VALUE, |value| width_code(value.len()));
        let word_flag = if word.is_some() { HAS_WORD } else { 0 };
        let flags = width_code(key.len()) | value_code << 2 | word_flag;
        Self {
            flags,
            key_len: key.len(),
            value_len: value.map_or(0, <[u8]>::len),
        }
    }

    /// # Safety
    /// `raw` is a live cell's allocation.
    #[inline]
    unsafe fn read(raw: NonNull<u8>) -> Self {
        // SAFETY: flags and lengths are initialised and lie where the flags say.
        unsafe {
            let flags = raw.read();
            let (key_code, value_code) = (flags & 3, flags >> 2 & 3);
            let key_len = read_len(raw.add(1), key_code);
            let value_len = if value_code == NO_VALUE {
                0
            } else {
                read_len(raw.add(1 + (1 << key_code)), value_code)
            };
            Self {
                flags,
                key_len,
                value_len,
            }
        }
    }

    #[inline]
    fn word_at(self) -> usize {
        let value_code = self.flags >> 2 & 3;
        let value_width = if value_code == NO_VALUE {
            0
        } else {
            1 << value_code
        };
        1 + (1 << (self.flags & 3)) + value_width
    }

    #[inline]
    fn key_at(self) -> usize {
        self.word_at()
            + if self.flags & HAS_WORD == 0 {
                0
            } else {
                WORD_BYTES
            }
    }

    #[inline]
    fn value_at(self) -> usize {
        self.key_at() + self.key_len
    }

    /// The allocation, in full class size: parts may grow into it.
    fn layout(self) -> Layout {
        let bytes = alloc_size(self.value_at() + self.value_len);
        Layout::from_size_align(bytes, ALIGN).expect("parts stay below 4 GiB")
    }

    /// # Safety
    /// `raw` is an allocation of this shape, exclusively held, and `value` has the shape's length.
    unsafe fn write_value(self, raw: NonNull<u8>, value: &[u8]) {
        // SAFETY: length and value lie inside an allocation of this shape.
        unsafe {
            write_len(
                raw.add(1 + (1 << (self.flags & 3))),
                self.flags >> 2 & 3,
                value.len(),
            );
            raw.add(self.value_at())
                .as_ptr()
                .copy_from_nonoverlapping(value.as_ptr(), value.len());
        }
    }
}

fn width_code(len: usize) -> u8 {
    match len {
        0..=0xff => 0,
        0x100..=0xffff => 1,
        _ => {
            assert!(u32::try_from(len).is_ok(), "a part stays below 4 GiB");
            2
        }
    }
}

/// # Safety
/// `1 << code` initialised bytes lie at `at`.
#[inline]
unsafe fn read_len(at: NonNull<u8>, code: u8) -> usize {
    // SAFETY: by contract.
    unsafe {
        match code {
            0 => usize::from(at.read()),
            1 => usize::from(u16::from_le(at.cast::<u16>().read_unaligned())),
            _ => u32::from_le(at.cast::<u32>().read_unaligned()) as usize,
        }
    }
}

/// # Safety
/// `1 << code` bytes may be written at `at`, and `len` fits them.
unsafe fn write_len(at: NonNull<u8>, code: u8, len: usize) {
    let bytes = (len as u32).to_le_bytes();
    // SAFETY: by contract; the width is 4 at most.
    unsafe {
        at.as_ptr()
            .copy_from_nonoverlapping(bytes.as_ptr(), 1 << code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENS: [usize; 9] = [0, 1, 8, 16, 255, 256, 65_535, 65_536, 100_000];

    #[test]
    fn parts_of_every_length_survive() {
        for key_len in LENS {
            for value_len in LENS {
                for word in [None, Some(u64::MAX - 5)] {
                    let (key, value) = (vec![b'k'; key_len], vec![b'v'; value_len]);
                    for value in [None, Some(value.as_slice())] {
                        let cell = Cell::new(&key, value, word).clone();
                        assert_eq!(
                            (cell.key(), cell.value(), cell.word()),
                            (key.as_slice(), value.unwrap_or_default(), word)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn values_and_words_are_replaced_in_and_out_of_place() {
        let mut cell = Cell::new(b"field", Some(b""), Some(1));
        for value_len in LENS.into_iter().chain(LENS.into_iter().rev()).chain(0..300) {
            let value = vec![value_len as u8; value_len];
            cell.set_value(&value);
            cell.set_word(value_len as u64);
            assert_eq!(
                (cell.key(), cell.value(), cell.word()),
                (&b"field"[..], value.as_slice(), Some(value_len as u64))
            );
        }
    }

    #[test]
    fn words_come_and_go() {
        for value in [None, Some(&b"value"[..])] {
            let mut cell = Cell::new(b"key", value, None);
            for word in [None, Some(7), Some(8), None] {
                cell.put_word(word);
                assert_eq!((cell.key(), cell.word()), (&b"key"[..], word));
                assert_eq!(cell.value(), value.unwrap_or_default());
            }
        }
    }

    #[test]
    fn usual_elements_take_the_classes_planned_for() {
        assert_eq!(Cell::new(&[0; 16], None, None).mem_bytes(), 24);
        assert_eq!(Cell::new(&[0; 16], Some(&[0; 8]), None).mem_bytes(), 32);
        assert_eq!(Cell::new(&[0; 16], None, Some(0)).mem_bytes(), 32);
    }
}
