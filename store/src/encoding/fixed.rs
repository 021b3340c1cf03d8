//! A vector of fixed capacity, in place: what the nodes of a tree are made of.

use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr;

/// Up to `N` items, `N` below 65,536.
pub struct Fixed<T, const N: usize> {
    len: u16,
    items: [MaybeUninit<T>; N],
}

impl<T, const N: usize> Fixed<T, N> {
    /// No items.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N <= u16::MAX as usize) };
        Self {
            len: 0,
            items: [const { MaybeUninit::uninit() }; N],
        }
    }

    /// Whether there is no room left.
    #[must_use]
    #[inline]
    pub fn is_full(&self) -> bool {
        usize::from(self.len) == N
    }

    /// Inserts before index `at`.
    ///
    /// # Panics
    /// When full or `at` is beyond the length.
    #[inline]
    pub fn insert(&mut self, at: usize, item: T) {
        let len = usize::from(self.len);
        assert!(
            at <= len && len < N,
            "there is room and the place is inside"
        );
        let slot = self.items.as_mut_ptr();
        // SAFETY: `at <= len < N`, so the items from `at` move up by one within the array, and `at` is written in their stead.
        unsafe {
            ptr::copy(slot.add(at), slot.add(at + 1), len - at);
            slot.add(at).write(MaybeUninit::new(item));
        }
        self.len += 1;
    }

    /// Appends.
    ///
    /// # Panics
    /// When full.
    #[inline]
    pub fn push(&mut self, item: T) {
        self.insert(usize::from(self.len), item);
    }

    /// Takes out the item at `at`.
    ///
    /// # Panics
    /// When there is none.
    #[inline]
    pub fn remove(&mut self, at: usize) -> T {
        let len = usize::from(self.len);
        assert!(at < len, "the item is there");
        self.len -= 1;
        let slot = self.items.as_mut_ptr();
        // SAFETY: `at < len`: the item is initialised, read once, and overwritten by those that move down.
        unsafe {
            let item = slot.add(at).read().assume_init();
            ptr::copy(slot.add(at + 1), slot.add(at), len - at - 1);
            item
        }
    }

    /// Takes out the last item.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.len().checked_sub(1)?;
        Some(self.remove(last))
    }

    /// Moves the first `count` items behind the last of `left`.
    ///
    /// # Panics
    /// When there are fewer, or `left` has no room.
    pub fn shift_to_left(&mut self, left: &mut Self, count: usize) {
        let (len, left_len) = (self.len(), left.len());
        assert!(
            count <= len && left_len + count <= N,
            "the items are there and fit"
        );
        let (slot, left_slot) = (self.items.as_mut_ptr(), left.items.as_mut_ptr());
        // SAFETY: checked above: the first `count` items move to free places of another array, and the rest moves down within this one.
        unsafe {
            ptr::copy_nonoverlapping(slot, left_slot.add(left_len), count);
            ptr::copy(slot.add(count), slot, len - count);
        }
        self.len -= count as u16;
        left.len += count as u16;
    }

    /// Moves the last `count` items before the first of `right`.
    ///
    /// # Panics
    /// When there are fewer, or `right` has no room.
    pub fn shift_to_right(&mut self, right: &mut Self, count: usize) {
        let (len, right_len) = (self.len(), right.len());
        assert!(
            count <= len && right_len + count <= N,
            "the items are there and fit"
        );
        let (slot, right_slot) = (self.items.as_mut_ptr(), right.items.as_mut_ptr());
        // SAFETY: checked above: the other array's items move up within it, and the last `count` of this one to the places before them.
        unsafe {
            ptr::copy(right_slot, right_slot.add(count), right_len);
            ptr::copy_nonoverlapping(slot.add(len - count), right_slot, count);
        }
        self.len -= count as u16;
        right.len += count as u16;
    }
}

impl<T, const N: usize> Deref for Fixed<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: the first `len` items are initialised.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr().cast(), usize::from(self.len)) }
    }
}

impl<T, const N: usize> DerefMut for Fixed<T, N> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: the first `len` items are initialised.
        unsafe {
            std::slice::from_raw_parts_mut(self.items.as_mut_ptr().cast(), usize::from(self.len))
        }
    }
}

impl<T, const N: usize> Default for Fixed<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Drop for Fixed<T, N> {
    fn drop(&mut self) {
        let items: *mut [T] = &mut **self;
        self.len = 0;
        // SAFETY: these were the initialised items; with the length at 0 nothing reaches them again.
        unsafe { ptr::drop_in_place(items) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_move_between_neighbours() {
        let mut left = Fixed::<String, 8>::new();
        let mut right = Fixed::<String, 8>::new();
        (0..6).for_each(|item| left.push(item.to_string()));
        (6..8).for_each(|item| right.push(item.to_string()));
        left.shift_to_right(&mut right, 3);
        assert_eq!(
            (left.join(""), right.join("")),
            ("012".into(), "34567".into())
        );
        right.shift_to_left(&mut left, 4);
        assert_eq!(
            (left.join(""), right.join("")),
            ("0123456".into(), "7".into())
        );
        left.insert(3, "x".into());
        assert!(left.is_full());
        assert_eq!(
            (left.remove(0), left.pop(), left.join("")),
            ("0".into(), Some("6".into()), "12x345".into())
        );
    }
}
