//! One pointer that owns one of three representations; the pointer's low bits say which.
//!
//! A collection lives in its key's entry as a single word, and still is an enum to everybody above: [`Tagged::view`] and
//! [`Tagged::view_mut`] give a [`Choice`] to match on.

use crate::keyspace::table::prefetch_line;
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// Lines of a representation that are prefetched: as many as ten short items take.
const PREFETCHED_LINES: usize = 3;
const CACHE_LINE_BYTES: usize = 64;

/// Bits of an aligned pointer that carry the tag.
const TAG_MASK: usize = 3;

/// An owner that is one pointer.
///
/// # Safety
/// `into_raw` gives a pointer aligned to 4 at least; `from_raw` of it gives the owner back.
pub unsafe trait ThinOwner: Sized {
    /// What a shared borrow shows.
    type Ref<'a>
    where
        Self: 'a;
    /// What an exclusive borrow shows.
    type Mut<'a>
    where
        Self: 'a;

    /// Gives up ownership to the pointer.
    fn into_raw(self) -> NonNull<u8>;

    /// Takes ownership back.
    ///
    /// # Safety
    /// `raw` came from `into_raw` and was not taken back since.
    unsafe fn from_raw(raw: NonNull<u8>) -> Self;

    /// Borrows what the pointer owns.
    ///
    /// # Safety
    /// `raw` came from `into_raw`, and nobody changes or takes it during `'a`.
    unsafe fn as_ref<'a>(raw: NonNull<u8>) -> Self::Ref<'a>;

    /// Borrows what the pointer in `slot`, tagged with `tag`, owns.
    ///
    /// # Safety
    /// The pointer in `slot`, cleared of its tag, came from `into_raw`, and `slot` owns it.
    unsafe fn as_mut<'a>(slot: &'a mut NonNull<u8>, tag: usize) -> Self::Mut<'a>;
}

/// One of three.
pub enum Choice<A, B, C> {
    /// Tag 0.
    First(A),
    /// Tag 1.
    Second(B),
    /// Tag 2.
    Third(C),
}

/// No representation at all: the third choice of types that have two.
pub enum Never {}

/// An owner of one of three representations, in one word.
pub struct Tagged<A: ThinOwner, B: ThinOwner, C: ThinOwner> {
    raw: NonNull<u8>,
    owns: PhantomData<Choice<A, B, C>>,
}

// SAFETY: the word is an owner of one of the three and nothing else.
unsafe impl<A: ThinOwner + Send, B: ThinOwner + Send, C: ThinOwner + Send> Send
    for Tagged<A, B, C>
{
}
// SAFETY: as above; a shared borrow gives shared borrows only.
unsafe impl<A: ThinOwner + Sync, B: ThinOwner + Sync, C: ThinOwner + Sync> Sync
    for Tagged<A, B, C>
{
}

impl<A: ThinOwner, B: ThinOwner, C: ThinOwner> Tagged<A, B, C> {
    /// Takes ownership of a representation.
    #[must_use]
    pub fn new(owner: Choice<A, B, C>) -> Self {
        let (raw, tag) = match owner {
            Choice::First(a) => (a.into_raw(), 0),
            Choice::Second(b) => (b.into_raw(), 1),
            Choice::Third(c) => (c.into_raw(), 2),
        };
        Self {
            raw: with_tag(raw, tag),
            owns: PhantomData,
        }
    }

    /// Borrows the representation.
    #[must_use]
    pub fn view(&self) -> Choice<A::Ref<'_>, B::Ref<'_>, C::Ref<'_>> {
        let raw = without_tag(self.raw);
        // SAFETY: the tag names the owner the pointer came from, and `self` stays borrowed while the view lives.
        unsafe {
            match tag_of(self.raw) {
                0 => Choice::First(A::as_ref(raw)),
                1 => Choice::Second(B::as_ref(raw)),
                _ => Choice::Third(C::as_ref(raw)),
            }
        }
    }

    /// Asks the memory for the first lines of the representation.
    #[inline]
    pub fn prefetch(&self) {
        let start = without_tag(self.raw).as_ptr().cast_const();
        for line in 0..PREFETCHED_LINES {
            prefetch_line(start.wrapping_add(line * CACHE_LINE_BYTES));
        }
    }

    /// Where the representation begins.
    #[must_use]
    pub fn address(&self) -> *const u8 {
        without_tag(self.raw).as_ptr()
    }

    /// Borrows the representation exclusively.
    pub fn view_mut(&mut self) -> Choice<A::Mut<'_>, B::Mut<'_>, C::Mut<'_>> {
        // SAFETY: the tag names the owner the pointer came from, and `self` stays exclusively borrowed while the view lives.
        unsafe {
            match tag_of(self.raw) {
                0 => Choice::First(A::as_mut(&mut self.raw, 0)),
                1 => Choice::Second(B::as_mut(&mut self.raw, 1)),
                _ => Choice::Third(C::as_mut(&mut self.raw, 2)),
            }
        }
    }

    /// Gives the representation itself.
    #[must_use]
    pub fn into_owned(self) -> Choice<A, B, C> {
        let raw = ManuallyDrop::new(self).raw;
        // SAFETY: `self` is forgotten, so the pointer is taken back once, by the owner its tag names.
        unsafe { owned(raw) }
    }
}

impl<A: ThinOwner + Default, B: ThinOwner, C: ThinOwner> Default for Tagged<A, B, C> {
    fn default() -> Self {
        Self::new(Choice::First(A::default()))
    }
}

impl<A: ThinOwner + Default, B: ThinOwner, C: ThinOwner> Tagged<A, B, C> {
    /// Puts another owner in its place, made of it.
    pub fn replace_with(&mut self, make: impl FnOnce(Choice<A, B, C>) -> Choice<A, B, C>) {
        let owner = std::mem::take(self).into_owned();
        *self = Tagged::new(make(owner));
    }
}

impl<A: ThinOwner, B: ThinOwner, C: ThinOwner> Drop for Tagged<A, B, C> {
    fn drop(&mut self) {
        // SAFETY: the pointer is owned and not used after the drop.
        drop(unsafe { owned::<A, B, C>(self.raw) });
    }
}

/// # Safety
/// `raw` is a tagged pointer that owns, and is not used again.
unsafe fn owned<A: ThinOwner, B: ThinOwner, C: ThinOwner>(raw: NonNull<u8>) -> Choice<A, B, C> {
    let clear = without_tag(raw);
    // SAFETY: by contract; the tag names the owner the pointer came from.
    unsafe {
        match tag_of(raw) {
            0 => Choice::First(A::from_raw(clear)),
            1 => Choice::Second(B::from_raw(clear)),
            _ => Choice::Third(C::from_raw(clear)),
        }
    }
}

fn tag_of(raw: NonNull<u8>) -> usize {
    raw.addr().get() & TAG_MASK
}

fn with_tag(raw: NonNull<u8>, tag: usize) -> NonNull<u8> {
    debug_assert_eq!(tag_of(raw), 0, "thin owners are aligned");
    raw.map_addr(|addr| addr | tag)
}

fn without_tag(raw: NonNull<u8>) -> NonNull<u8> {
    // SAFETY: an aligned non-null address is at least 4, so clearing the tag leaves it non-null.
    unsafe { NonNull::new_unchecked(raw.as_ptr().map_addr(|addr| addr & !TAG_MASK)) }
}

/// An exclusive borrow of an owner whose pointer may change: works on the owner itself and puts its pointer back when done.
///
/// Meanwhile the slot holds an empty owner, so that a leaked guard leaks memory and nothing worse.
pub struct Guard<'a, T: ThinOwner + Default> {
    owner: ManuallyDrop<T>,
    slot: &'a mut NonNull<u8>,
    tag: usize,
}

impl<'a, T: ThinOwner + Default> Guard<'a, T> {
    /// Takes the owner out of `slot`.
    ///
    /// # Safety
    /// The pointer in `slot`, cleared of `tag`, came from `T::into_raw`, and `slot` owns it.
    pub unsafe fn new(slot: &'a mut NonNull<u8>, tag: usize) -> Self {
        let raw = mem::replace(slot, with_tag(T::default().into_raw(), tag));
        // SAFETY: by contract; the slot holds another owner now, so this one is taken back once.
        let owner = ManuallyDrop::new(unsafe { T::from_raw(without_tag(raw)) });
        Self { owner, slot, tag }
    }
}

impl<T: ThinOwner + Default> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.owner
    }
}

impl<T: ThinOwner + Default> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.owner
    }
}

impl<T: ThinOwner + Default> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: the owner is taken once, here, and not touched again. The empty one it replaces in the slot owns no memory.
        let owner = unsafe { ManuallyDrop::take(&mut self.owner) };
        *self.slot = with_tag(owner.into_raw(), self.tag);
    }
}

// SAFETY: a box's pointer has the alignment of its content, asserted to be 8 at least; from_raw gets back what into_raw gave.
unsafe impl<T> ThinOwner for Box<T> {
    type Ref<'a>
        = &'a T
    where
        T: 'a;
    type Mut<'a>
        = &'a mut T
    where
        T: 'a;

    fn into_raw(self) -> NonNull<u8> {
        const { assert!(mem::align_of::<T>() >= 8 && mem::size_of::<T>() > 0) };
        NonNull::from(Box::leak(self)).cast()
    }

    unsafe fn from_raw(raw: NonNull<u8>) -> Self {
        // SAFETY: by contract `raw` is a leaked box of this type.
        unsafe { Box::from_raw(raw.cast().as_ptr()) }
    }

    unsafe fn as_ref<'a>(raw: NonNull<u8>) -> &'a T {
        // SAFETY: by contract `raw` is a leaked box of this type, unchanged during `'a`.
        unsafe { raw.cast().as_ref() }
    }

    unsafe fn as_mut(slot: &mut NonNull<u8>, _tag: usize) -> &mut T {
        // SAFETY: by contract `slot` owns a leaked box of this type and is exclusively borrowed for `'a`.
        unsafe { without_tag(*slot).cast().as_mut() }
    }
}

// SAFETY: there is no value, so nothing below is ever reached with one.
unsafe impl ThinOwner for Never {
    type Ref<'a> = (Never, PhantomData<&'a ()>);
    type Mut<'a> = Never;

    fn into_raw(self) -> NonNull<u8> {
        match self {}
    }

    unsafe fn from_raw(_raw: NonNull<u8>) -> Self {
        unreachable!("no value was ever turned into a pointer")
    }

    unsafe fn as_ref<'a>(_raw: NonNull<u8>) -> (Never, PhantomData<&'a ()>) {
        unreachable!("no value was ever turned into a pointer")
    }

    unsafe fn as_mut(_slot: &mut NonNull<u8>, _tag: usize) -> Never {
        unreachable!("no value was ever turned into a pointer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::blob::Blob;

    type Word = Tagged<Blob, Box<Vec<u8>>, Never>;

    #[test]
    fn is_one_word_even_when_optional() {
        assert_eq!(mem::size_of::<Word>(), 8);
        assert_eq!(mem::size_of::<Option<Word>>(), 8);
    }

    #[test]
    fn changes_reach_the_slot_and_conversion_replaces_it() {
        let mut word = Word::new(Choice::First(Blob::new()));
        if let Choice::First(mut blob) = word.view_mut() {
            blob.replace(0, 0, &[&[1; 100]]);
        }
        assert!(matches!(word.view(), Choice::First(blob) if blob.bytes == [1; 100]));
        word = Word::new(Choice::Second(Box::new(vec![2; 3])));
        if let Choice::Second(vec) = word.view_mut() {
            vec.push(4);
        }
        assert!(matches!(word.into_owned(), Choice::Second(vec) if *vec == [2, 2, 2, 4]));
    }

    #[test]
    fn a_leaked_guard_leaves_an_empty_owner() {
        let mut word = Word::new(Choice::First(Blob::new()));
        if let Choice::First(guard) = word.view_mut() {
            mem::forget(guard);
        }
        assert!(matches!(word.view(), Choice::First(blob) if blob.bytes.is_empty()));
    }
}
