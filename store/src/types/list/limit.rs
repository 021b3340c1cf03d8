//! How large a block may become: `list-max-listpack-size` as numbers.

use crate::encoding::block::{BlockRef, ELEMENTS_MAX, element_bytes};
use crate::types::EncodingLimits;

/// Blocks limited by a count stay below this size all the same.
const COUNTED_BYTES_MAX: usize = 8192;
/// Header of a block's allocation.
const HEADER_BYTES: usize = 14;

/// Bounds of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockLimit {
    /// Most bytes of heap.
    pub(super) bytes_max: usize,
    /// Most elements.
    pub(super) elements_max: usize,
}

impl BlockLimit {
    /// The limit that -1 to -5 or a positive count stand for; numbers beyond mean the nearest one, 0 means one element.
    pub(super) fn of(limits: &EncodingLimits) -> Self {
        match limits.list_max_listpack_size {
            size @ ..=-1 => Self {
                bytes_max: 2048 << size.unsigned_abs().min(5),
                elements_max: ELEMENTS_MAX,
            },
            size => Self {
                bytes_max: COUNTED_BYTES_MAX,
                elements_max: (size as usize).clamp(1, ELEMENTS_MAX),
            },
        }
    }

    /// Whether `block` takes one more element of `len` bytes.
    pub(super) fn admits(&self, block: BlockRef<'_>, len: usize) -> bool {
        block.len() < self.elements_max
            && HEADER_BYTES + block.used_bytes() + element_bytes(len) <= self.bytes_max
    }

    /// Whether `block` may hold `element` instead of `old`.
    pub(super) fn admits_instead(&self, block: BlockRef<'_>, old: &[u8], element: &[u8]) -> bool {
        let used = HEADER_BYTES + block.used_bytes() - element_bytes(old.len())
            + element_bytes(element.len());
        used <= self.bytes_max
    }

    /// Heap bytes to give a new block whose first element has `len` bytes: all of them where several such will follow.
    pub(super) fn reserve_bytes(&self, len: usize) -> usize {
        let several = self.elements_max == ELEMENTS_MAX && element_bytes(len) * 4 <= self.bytes_max;
        if several { self.bytes_max } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_counts() {
        let limit = |size| {
            BlockLimit::of(&EncodingLimits {
                list_max_listpack_size: size,
                ..EncodingLimits::default()
            })
        };
        let wanted = [(-1, 4096), (-2, 8192), (-5, 65_536), (-9, 65_536)];
        for (size, bytes_max) in wanted {
            assert_eq!(
                limit(size),
                BlockLimit {
                    bytes_max,
                    elements_max: ELEMENTS_MAX
                }
            );
        }
        assert_eq!(limit(0).elements_max, 1);
        assert_eq!(
            limit(128),
            BlockLimit {
                bytes_max: 8192,
                elements_max: 128
            }
        );
    }
}
