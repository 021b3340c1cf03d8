//! Allocator arithmetic and cache hints: what a request of n bytes really costs, in one place.
//!
//! Memory accounting charges what the allocator hands out, not what was asked for, and must be able to say so without
//! asking the allocator. The server allocates with mimalloc, whose size classes are 8-byte steps up to 64 bytes (the
//! build sets its minimal alignment to 8) and four classes per power of two above; blocks beyond [`LARGE_BYTES_MIN`]
//! are whole pages. This file never allocates.

/// From here on a block is charged in whole 4 KiB pages.
pub const LARGE_BYTES_MIN: usize = 512 * 1024;

/// Says of a block's address whether it lies on a page of the allocator of which little is in use. Only the allocator
/// knows; any answer is right, it merely costs or saves work.
pub type IsSparse<'a> = &'a dyn Fn(*const u8) -> bool;

const PAGE_BYTES: usize = 4096;

/// Bytes the allocator gives for a request of `bytes` (alignment ≤ 8). Zero costs nothing: Rust's collections do not
/// allocate for it.
#[inline]
pub const fn alloc_size(bytes: usize) -> usize {
    if bytes <= 64 {
        return (bytes + 7) & !7;
    }
    if bytes > LARGE_BYTES_MIN {
        return bytes.div_ceil(PAGE_BYTES) * PAGE_BYTES;
    }
    // The four classes of (2^k, 2^(k+1)] are a quarter of 2^k apart.
    let step = 1 << ((bytes - 1).ilog2() - 2);
    (bytes + step - 1) & !(step - 1)
}

/// Bytes the allocator gives for a request of `bytes` aligned to a 64-byte cache line.
///
/// Powers of two up to a page are aligned by nature; any other size is served from a block with room to move.
#[inline]
pub const fn alloc_size_line(bytes: usize) -> usize {
    if bytes == 0 || (bytes.is_power_of_two() && bytes <= PAGE_BYTES && bytes >= 64) {
        bytes
    } else {
        alloc_size(bytes + 63)
    }
}

/// Bytes behind a `Vec<T>` of this capacity (elements aligned to at most 8).
#[inline]
pub const fn vec_size<T>(capacity: usize) -> usize {
    alloc_size(capacity * size_of::<T>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_the_allocator() {
        let cases = [
            (0, 0),
            (1, 8),
            (8, 8),
            (9, 16),
            (17, 24),
            (33, 40),
            (64, 64),
            (65, 80),
            (80, 80),
            (81, 96),
            (97, 112),
            (113, 128),
            (129, 160),
            (161, 192),
            (193, 224),
            (225, 256),
            (257, 320),
            (1025, 1280),
            (5119, 5120),
            (5121, 6144),
            (LARGE_BYTES_MIN, LARGE_BYTES_MIN),
            (LARGE_BYTES_MIN + 1, LARGE_BYTES_MIN + 4096),
        ];
        for (asked, given) in cases {
            assert_eq!(alloc_size(asked), given, "{asked}");
        }
    }

    #[test]
    fn line_aligned_blocks_pay_for_their_slack() {
        for (asked, given) in [
            (0, 0),
            (64, 64),
            (128, 128),
            (320, 384),
            (4096, 4096),
            (79 * 64, 80 * 64),
            (80 * 64, 96 * 64),
        ] {
            assert_eq!(alloc_size_line(asked), given, "{asked}");
        }
    }

    #[test]
    fn a_class_is_its_own_class() {
        for bytes in 0..20_000 {
            let class = alloc_size(bytes);
            assert!(class >= bytes && alloc_size(class) == class && class <= bytes + bytes / 4 + 7);
        }
    }
}
