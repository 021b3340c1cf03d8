//! What is noted of an item's hash beside the item, so that it can be moved without being read.
//!
//! Within a segment only the *rest* of a hash counts: what follows the bits its segment's items share, from the top bit
//! down. Its first [`HOME_BITS`] decide the home bucket; a split takes one bit off it and a merge puts one back. An order
//! has the first 15 bits, so an item is read again for its hash only every few splits.

/// Bits of a rest that decide an item's home.
pub(super) const HOME_BITS: u32 = 10;

/// Bits of a rest that an order keeps.
pub(super) const ORDER_BITS: u32 = 15;

const KNOWN: u16 = 1 << ORDER_BITS;

/// The beginning of an item's rest, or that it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order(pub(super) u16);

impl Order {
    /// Nothing is known: the item has to be read for its hash.
    pub const UNKNOWN: Order = Order(0);

    /// The order of a rest.
    #[inline]
    pub(super) fn of(rest: u64) -> Order {
        Order(KNOWN | (rest >> (64 - ORDER_BITS)) as u16)
    }

    #[inline]
    pub(super) fn is_known(self) -> bool {
        self.0 & KNOWN != 0
    }

    /// Whether two orders, the other one known, may be those of the same rest, of which so many bits are true.
    #[inline]
    pub(super) fn agrees(self, other: Order, bits: u8) -> bool {
        let differing = self.0 ^ other.0;
        !self.is_known() || differing >> (ORDER_BITS - u32::from(bits)) == 0
    }

    /// The rest as far as it is known, zeros behind.
    #[inline]
    pub(super) fn rest(self) -> Option<u64> {
        self.is_known()
            .then(|| u64::from(self.0 & !KNOWN) << (64 - ORDER_BITS))
    }
}

/// The home of a rest among so many buckets, which so keep hash order whatever their number.
#[inline]
pub(super) fn home_of(rest: u64, buckets: usize) -> usize {
    ((rest >> (64 - HOME_BITS)) as usize * buckets) >> HOME_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_keeps_the_beginning_of_a_rest() {
        assert_eq!(Order::UNKNOWN.rest(), None);
        for rest in [0, u64::MAX, 0x1234_5678_9abc_def0] {
            let kept = Order::of(rest).rest().expect("it is known");
            assert_eq!(kept >> 49, rest >> 49);
            assert_eq!(kept << 15, 0);
            for buckets in [1, 2, 95, 5000] {
                assert_eq!(home_of(kept, buckets), home_of(rest, buckets));
                assert!(home_of(rest, buckets) < buckets);
            }
        }
    }

    #[test]
    fn orders_agree_in_the_bits_that_are_true() {
        let order = Order::of(0b101_0101_0101_0101 << 49);
        let near = Order::of(0b101_0101_0101_0110 << 49);
        for (bits, agree) in [(15, false), (14, false), (13, true), (10, true)] {
            assert_eq!(near.agrees(order, bits), agree, "{bits}");
        }
        assert!(order.agrees(order, 15) && Order::UNKNOWN.agrees(order, 15));
    }
}
