//! What an allocation really costs: the allocator hands out classes, not bytes.
//!
//! mimalloc's classes: multiples of 8 up to 64, then four to each power of two (80, 96, 112, 128, 160, …).

/// Size of the class that serves a request of `bytes`; 0 for none.
#[must_use]
pub const fn class_bytes(bytes: usize) -> usize {
    if bytes <= 64 {
        return (bytes + 7) & !7;
    }
    let step = 1 << ((bytes - 1).ilog2() - 2);
    (bytes + step - 1) & !(step - 1)
}

#[cfg(test)]
mod tests {
    use super::class_bytes;

    #[test]
    fn classes_follow_the_allocator() {
        let wanted = [(0, 0), (1, 8), (8, 8), (57, 64), (64, 64), (65, 80), (81, 96), (128, 128), (129, 160), (1025, 1280), (8192, 8192), (8193, 10240)];
        for (bytes, class) in wanted {
            assert_eq!(class_bytes(bytes), class, "class of {bytes}");
        }
    }

    #[test]
    fn a_class_serves_itself() {
        for bytes in 1..20_000 {
            let class = class_bytes(bytes);
            assert!(class >= bytes && class_bytes(class) == class, "class of {bytes}");
        }
    }
}
