//! List elements in one allocation, readable from both ends.
//!
//! ```text
//! element = tag, [length], bytes, [length], tag       tag < 254: the length itself; 254: a u16 next to it; 255: a u32
//! ```
//! The length stands on both sides, so that either end is popped without a search. The strip's word counts the elements.

use super::strip::{Strip, StripEnd, StripRef};
use super::tagged::{Guard, ThinOwner};
use std::ops::Range;
use std::ptr::NonNull;

/// Elements in order; see the module.
#[derive(Clone, Default)]
pub struct Block(Strip);

/// The elements of a [`Block`], for reading.
#[derive(Clone, Copy)]
pub struct BlockRef<'a> {
    /// All elements, back to back.
    bytes: &'a [u8],
    len: usize,
    /// Heap bytes held.
    pub mem_bytes: usize,
}

/// Elements of a block, from either end.
#[derive(Clone)]
pub struct BlockIter<'a> {
    bytes: &'a [u8],
}

/// Most elements a block counts.
pub const ELEMENTS_MAX: usize = u16::MAX as usize;

impl Block {
    /// No elements; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(Strip::new())
    }

    /// No elements, but `bytes` bytes of heap, about to grow at `end`.
    #[must_use]
    pub fn with_mem_bytes(bytes: usize, end: StripEnd) -> Self {
        Self(Strip::with_mem_bytes(bytes, end))
    }

    /// The elements, for reading.
    #[must_use]
    #[inline]
    pub fn view(&self) -> BlockRef<'_> {
        BlockRef::from(self.0.view())
    }

    /// Where the allocation begins.
    #[must_use]
    pub fn address(&self) -> *const u8 {
        self.0.address()
    }

    /// Heap bytes held.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        self.0.mem_bytes()
    }

    /// Whether an element of `len` bytes goes to `end` without a larger allocation.
    #[must_use]
    #[inline]
    pub fn has_room(&self, end: StripEnd, len: usize) -> bool {
        self.0.has_room(end, element_bytes(len))
    }

    /// Adds an element at `end`.
    ///
    /// # Panics
    /// When the block counts [`ELEMENTS_MAX`] already.
    #[inline(always)]
    pub fn push(&mut self, end: StripEnd, element: &[u8]) {
        let len = self.grown();
        let length = Length::of(element.len());
        self.0
            .push(end, &[length.front(), element, length.back()], len);
    }

    /// Removes the element at `end` after showing it to `f`.
    #[inline]
    pub fn pop<R>(&mut self, end: StripEnd, f: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let view = self.view();
        let element = view.peek(end)?;
        let bytes = element_bytes(element.len());
        let result = f(element);
        let len = view.len as u16 - 1;
        self.0.cut(end, bytes, len);
        Some(result)
    }

    /// Inserts so that the new element gets `index`.
    ///
    /// # Panics
    /// When `index` is beyond the length, or the block counts [`ELEMENTS_MAX`] already.
    pub fn insert(&mut self, index: usize, element: &[u8]) {
        let len = self.grown();
        let length = Length::of(element.len());
        let at = self.view().range_of(index).start;
        self.0
            .splice(at..at, &[length.front(), element, length.back()]);
        self.0.set_meta(len);
    }

    /// Replaces the element at `index`.
    ///
    /// # Panics
    /// When there is none.
    pub fn replace(&mut self, index: usize, element: &[u8]) {
        let length = Length::of(element.len());
        let range = self.view().range_of(index);
        assert!(!range.is_empty(), "the replaced element is there");
        self.0
            .splice(range, &[length.front(), element, length.back()]);
    }

    /// Removes the elements in `range`.
    ///
    /// # Panics
    /// When it is not inside.
    pub fn remove(&mut self, range: Range<usize>) {
        let view = self.view();
        let len = (view.len - range.len()) as u16;
        let bytes = view.range_of(range.start).start..view.range_of(range.end).start;
        let used = view.bytes.len();
        if bytes.start == 0 {
            self.0.cut(StripEnd::Front, bytes.end, len);
        } else if bytes.end == used {
            self.0.cut(StripEnd::Back, used - bytes.start, len);
        } else {
            self.0.splice(bytes, &[]);
            self.0.set_meta(len);
        }
    }

    /// Moves the elements from `index` on to a new block.
    #[must_use]
    pub fn split_off(&mut self, index: usize) -> Block {
        let view = self.view();
        let at = view.range_of(index).start;
        let tail_len = view.len - index;
        let mut tail = Self::new();
        if tail_len > 0 {
            tail.0
                .push(StripEnd::Back, &[&view.bytes[at..]], tail_len as u16);
        }
        let cut = view.bytes.len() - at;
        self.0.cut(StripEnd::Back, cut, index as u16);
        self.0.shrink();
        tail
    }

    /// Appends all elements of `other`.
    ///
    /// # Panics
    /// When both together count more than [`ELEMENTS_MAX`].
    pub fn append(&mut self, other: BlockRef<'_>) {
        let len = u16::try_from(self.view().len + other.len).expect("joined blocks stay countable");
        self.0.push(StripEnd::Back, &[other.bytes], len);
    }

    /// Gives memory back when less than a quarter of it is used.
    pub fn shrink(&mut self) {
        self.0.shrink();
    }

    fn grown(&self) -> u16 {
        let len = self.view().len;
        assert!(
            len < ELEMENTS_MAX,
            "blocks are split before they count this many"
        );
        len as u16 + 1
    }
}

impl<'a> From<StripRef<'a>> for BlockRef<'a> {
    #[inline]
    fn from(strip: StripRef<'a>) -> Self {
        Self {
            bytes: strip.bytes,
            len: usize::from(strip.meta),
            mem_bytes: strip.mem_bytes,
        }
    }
}

impl<'a> BlockRef<'a> {
    /// Number of elements.
    #[must_use]
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Bytes the elements fill, lengths included.
    #[must_use]
    pub fn used_bytes(self) -> usize {
        self.bytes.len()
    }

    /// The element at `end`.
    #[must_use]
    #[inline]
    pub fn peek(self, end: StripEnd) -> Option<&'a [u8]> {
        let mut elements = self.iter();
        match end {
            StripEnd::Front => elements.next(),
            StripEnd::Back => elements.next_back(),
        }
    }

    /// The element at `index`.
    #[must_use]
    pub fn get(self, index: usize) -> Option<&'a [u8]> {
        self.iter_range(index..self.len).next()
    }

    /// All elements.
    #[must_use]
    #[inline]
    pub fn iter(self) -> BlockIter<'a> {
        BlockIter { bytes: self.bytes }
    }

    /// The elements in `range`, cut to the length.
    #[must_use]
    pub fn iter_range(self, range: Range<usize>) -> BlockIter<'a> {
        let end = range.end.min(self.len);
        let bytes = self.range_of(range.start.min(end)).start..self.range_of(end).start;
        BlockIter {
            bytes: &self.bytes[bytes],
        }
    }

    /// A copy of its own, in an allocation that fits.
    #[must_use]
    pub fn to_block(self) -> Block {
        let mut copy = Block::new();
        copy.append(self);
        copy
    }

    /// The bytes the element at `index` fills; the empty range at the end for the length.
    ///
    /// # Panics
    /// When `index` is beyond the length.
    fn range_of(self, index: usize) -> Range<usize> {
        assert!(index <= self.len, "index is inside");
        let mut elements = self.iter();
        if index <= self.len / 2 {
            for _ in 0..index {
                elements.next();
            }
            let start = self.bytes.len() - elements.bytes.len();
            let len = elements
                .next()
                .map_or(0, |element| element_bytes(element.len()));
            return start..start + len;
        }
        let mut end = self.bytes.len();
        for _ in index + 1..self.len {
            elements.next_back();
            end = elements.bytes.len();
        }
        if index < self.len {
            elements.next_back();
        }
        elements.bytes.len()..end
    }
}

impl BlockIter<'_> {
    /// Nothing.
    #[must_use]
    pub const fn empty() -> Self {
        BlockIter { bytes: &[] }
    }
}

impl<'a> Iterator for BlockIter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let (width, len) = match *self.bytes {
            [] => return None,
            [LEN_U16, a, b, ..] => (3, usize::from(u16::from_le_bytes([a, b]))),
            [LEN_U32, a, b, c, d, ..] => (5, u32::from_le_bytes([a, b, c, d]) as usize),
            [len, ..] => (1, usize::from(len)),
        };
        let (element, rest) = self.bytes[width..].split_at(len);
        self.bytes = &rest[width..];
        Some(element)
    }
}

impl DoubleEndedIterator for BlockIter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let (width, len) = match *self.bytes {
            [] => return None,
            [.., a, b, LEN_U16] => (3, usize::from(u16::from_le_bytes([a, b]))),
            [.., a, b, c, d, LEN_U32] => (5, u32::from_le_bytes([a, b, c, d]) as usize),
            [.., len] => (1, usize::from(len)),
        };
        let rest = &self.bytes[..self.bytes.len() - width];
        let (rest, element) = rest.split_at(rest.len() - len);
        self.bytes = &rest[..rest.len() - width];
        Some(element)
    }
}

const LEN_U16: u8 = 254;
const LEN_U32: u8 = 255;

/// An element's length as both sides write it: `tag, length, tag`, of which the front uses the first part and the back the last.
struct Length {
    bytes: [u8; 6],
    width: usize,
}

impl Length {
    #[inline]
    fn of(len: usize) -> Self {
        let mut bytes = [0; 6];
        let width = if len < usize::from(LEN_U16) {
            bytes[0] = len as u8;
            1
        } else if let Ok(len) = u16::try_from(len) {
            let [a, b] = len.to_le_bytes();
            bytes[..4].copy_from_slice(&[LEN_U16, a, b, LEN_U16]);
            3
        } else {
            let len = u32::try_from(len).expect("an element stays below 4 GiB");
            let [a, b, c, d] = len.to_le_bytes();
            bytes = [LEN_U32, a, b, c, d, LEN_U32];
            5
        };
        Self { bytes, width }
    }

    #[inline]
    fn front(&self) -> &[u8] {
        &self.bytes[..self.width]
    }

    #[inline]
    fn back(&self) -> &[u8] {
        if self.width == 1 {
            &self.bytes[..1]
        } else {
            &self.bytes[1..=self.width]
        }
    }
}

/// Bytes an element of `len` bytes fills.
#[must_use]
#[inline]
pub fn element_bytes(len: usize) -> usize {
    let width = match len {
        0..254 => 1,
        254..=0xffff => 3,
        _ => 5,
    };
    len + 2 * width
}

// SAFETY: a transparent wrapper that passes everything on to the strip.
unsafe impl ThinOwner for Block {
    type Ref<'a> = BlockRef<'a>;
    type Mut<'a> = Guard<'a, Block>;

    fn into_raw(self) -> NonNull<u8> {
        self.0.into_raw()
    }

    unsafe fn from_raw(raw: NonNull<u8>) -> Self {
        // SAFETY: by this function's contract.
        Self(unsafe { Strip::from_raw(raw) })
    }

    unsafe fn as_ref<'a>(raw: NonNull<u8>) -> BlockRef<'a> {
        // SAFETY: by this function's contract.
        BlockRef::from(unsafe { Strip::as_ref(raw) })
    }

    unsafe fn as_mut<'a>(slot: &'a mut NonNull<u8>, tag: usize) -> Guard<'a, Block> {
        // SAFETY: by this function's contract.
        unsafe { Guard::new(slot, tag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

    fn element() -> impl Strategy<Value = Vec<u8>> {
        let len = prop_oneof![8 => 0usize..20, 2 => 250usize..260, 1 => 65_530usize..65_540];
        (len, any::<u8>()).prop_map(|(len, byte)| vec![byte; len])
    }

    proptest! {
        #[test]
        fn behaves_as_a_vec(edits in prop::collection::vec((0u8..8, any::<usize>(), element()), 1..80)) {
            let (mut block, mut model) = (Block::new(), Vec::<Vec<u8>>::new());
            for (edit, at, element) in edits {
                let at = at % (model.len() + 1);
                match edit {
                    0 => {
                        block.push(StripEnd::Front, &element);
                        model.insert(0, element);
                    }
                    1 | 2 => {
                        block.insert(at, &element);
                        model.insert(at, element);
                    }
                    3 if at < model.len() => {
                        block.replace(at, &element);
                        model[at] = element;
                    }
                    4 => {
                        prop_assert_eq!(block.pop(StripEnd::Back, <[u8]>::to_vec), model.pop());
                    }
                    5 if !model.is_empty() => {
                        prop_assert_eq!(block.pop(StripEnd::Front, <[u8]>::to_vec), Some(model.remove(0)));
                    }
                    6 => {
                        let end = (at + 2).min(model.len());
                        block.remove(at..end);
                        model.drain(at..end);
                    }
                    _ => {
                        let tail = block.split_off(at);
                        prop_assert_eq!(tail.view().iter().map(<[u8]>::to_vec).collect::<Vec<_>>(), model[at..].to_vec());
                        block.append(tail.view());
                    }
                }
                prop_assert_eq!(block.view().len(), model.len());
                prop_assert_eq!(block.view().iter().collect::<Vec<_>>(), model.iter().map(Vec::as_slice).collect::<Vec<_>>());
                prop_assert_eq!(block.view().iter().rev().collect::<Vec<_>>(), model.iter().rev().map(Vec::as_slice).collect::<Vec<_>>());
                prop_assert_eq!(block.view().get(at), model.get(at).map(Vec::as_slice));
            }
        }
    }
}
