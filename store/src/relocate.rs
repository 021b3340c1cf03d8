//! Moving what lies sparsely, for compaction: a list or a box to another block of its size. Contents and capacity stay as they
//! are. Blocks are looked at one by one; who walks over them is `keyspace::compact`.

use std::collections::VecDeque;

use crate::mem::IsSparse;

/// Where the next part of a large value begins; 0 stands for its beginning, and when a part is done for its end.
pub(crate) type Within = u128;

/// Moves a list that lies sparsely to another block of its size.
pub(crate) fn relocate_vec<T>(list: &mut Vec<T>, is_sparse: IsSparse<'_>) {
    if list.capacity() > 0 && is_sparse(list.as_ptr().cast()) {
        let mut moved = Vec::with_capacity(list.capacity());
        moved.append(list);
        *list = moved;
    }
}

/// The same of a list that grows at both ends.
pub(crate) fn relocate_deque<T>(list: &mut VecDeque<T>, is_sparse: IsSparse<'_>) {
    if list.capacity() > 0 && is_sparse(list.as_slices().0.as_ptr().cast()) {
        let mut moved = VecDeque::with_capacity(list.capacity());
        moved.append(list);
        *list = moved;
    }
}

/// The same of a box.
pub(crate) fn relocate_box<T: Default>(boxed: &mut Box<T>, is_sparse: IsSparse<'_>) {
    if is_sparse((&raw const **boxed).cast()) {
        let moved = Box::new(std::mem::take(&mut **boxed));
        drop(std::mem::replace(boxed, moved));
    }
}

/// A box's contents in another box, made before the first one is freed.
#[expect(clippy::boxed_local, reason = "the box is what is moved")]
pub(crate) fn reboxed<T>(boxed: Box<T>) -> Box<T> {
    let value = *boxed;
    Box::new(value)
}
