//! What a table holds: 8 bytes, a pointer of 48 bits as a rule, with 16 bits beside it that are the table's.

use std::ptr::NonNull;

use super::order::Order;
use super::prefetch_line;

/// An 8-byte, non-null item: `size_of::<Option<T>>() == 8`, checked at compile time.
///
/// The item keeps its [`Order`] for the table. An item that is put in the place of another, of equal hash, may have that
/// one's order or none; it must not bring one from elsewhere.
pub trait Thin {
    /// Whether a table of such items grows in larger steps: items are moved half as often, for about a byte more each.
    /// The keyspace itself is kept tight.
    const ROOMY: bool = false;

    /// Where the bytes lie that a search would compare, for prefetching.
    fn address(&self) -> *const u8;

    /// What the table noted last, unknown for an item that is new.
    fn order(&self) -> Order;

    /// Takes the table's note.
    fn set_order(&mut self, order: Order);

    /// Prefetches the first bytes behind the item.
    #[inline]
    fn prefetch(&self) {
        prefetch_line(self.address());
    }
}

/// Bits of an address. Linux gives a process no memory beyond them that it has not asked for by address.
const ADDRESS_BITS: u32 = 48;
const ADDRESS_MASK: usize = (1 << ADDRESS_BITS) - 1;

/// A pointer with an [`Order`] in the bits that its address does not need. It never points elsewhere than where it was
/// made to.
pub struct ThinPtr<T>(NonNull<T>);

impl<T> ThinPtr<T> {
    /// A pointer of unknown order.
    ///
    /// # Panics
    /// When the address needs more than 48 bits.
    #[inline]
    pub fn new(pointer: NonNull<T>) -> Self {
        assert!(
            pointer.addr().get() <= ADDRESS_MASK,
            "allocations lie in the lower 48 bits of the address space"
        );
        ThinPtr(pointer)
    }

    /// The pointer.
    #[inline]
    pub fn get(&self) -> NonNull<T> {
        let pointer = self.0.as_ptr().map_addr(|address| address & ADDRESS_MASK);
        // SAFETY: `new` saw to it that the address, which is not null, has no other bits, and nothing changes them.
        unsafe { NonNull::new_unchecked(pointer) }
    }

    /// What the table noted.
    #[inline]
    pub fn order(&self) -> Order {
        Order((self.0.addr().get() >> ADDRESS_BITS) as u16)
    }

    /// Replaces what the table noted.
    #[inline]
    pub fn set_order(&mut self, order: Order) {
        let order = usize::from(order.0) << ADDRESS_BITS;
        self.0 = self.get().map_addr(|address| address | order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_stays_while_its_order_changes() {
        let mut value = 7u64;
        let pointer = NonNull::from(&mut value);
        let mut thin = ThinPtr::new(pointer);
        assert_eq!((thin.get(), thin.order()), (pointer, Order::UNKNOWN));
        for order in [u16::MAX, 1, 1 << 15, 0].map(Order) {
            thin.set_order(order);
            assert_eq!((thin.get(), thin.order()), (pointer, order));
        }
    }
}
