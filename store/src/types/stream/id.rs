//! An entry's ID: milliseconds and a sequence number within them, in that order.

use crate::encoding::ordered::OrderedKey;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Milliseconds since the epoch, or what the client says.
    pub ms: u64,
    /// Counts entries of the same millisecond.
    pub seq: u64,
}

impl Id {
    /// The lowest ID, which no entry has.
    pub const MIN: Id = Id { ms: 0, seq: 0 };
    /// The highest ID.
    pub const MAX: Id = Id {
        ms: u64::MAX,
        seq: u64::MAX,
    };

    /// An ID.
    #[must_use]
    pub const fn new(ms: u64, seq: u64) -> Self {
        Id { ms, seq }
    }

    /// The ID as one number, in the same order.
    pub(super) const fn number(self) -> u128 {
        (self.ms as u128) << 64 | self.seq as u128
    }

    /// The ID that has this number.
    pub(super) const fn from_number(number: u128) -> Self {
        Id::new((number >> 64) as u64, number as u64)
    }

    /// The next higher ID.
    #[must_use]
    #[inline]
    pub fn successor(self) -> Option<Id> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(Id { seq, ..self }),
            None => self.ms.checked_add(1).map(|ms| Id { ms, seq: 0 }),
        }
    }

    /// The next lower ID.
    #[must_use]
    pub fn predecessor(self) -> Option<Id> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(Id { seq, ..self }),
            None => self.ms.checked_sub(1).map(|ms| Id { ms, seq: u64::MAX }),
        }
    }

    /// The ID of an entry that comes at `now_ms` after `self`: the clock may stand still or go back, IDs do not.
    #[must_use]
    #[inline]
    pub fn next_at(self, now_ms: u64) -> Option<Id> {
        if now_ms > self.ms {
            Some(Id { ms: now_ms, seq: 0 })
        } else {
            self.successor()
        }
    }
}

impl OrderedKey for Id {
    #[inline]
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// Room for two numbers of 20 digits and the dash.
const TEXT_MAX: usize = 41;

/// An ID as text, `ms-seq`, without the formatting machinery.
#[derive(Clone, Copy, Debug)]
pub struct IdText {
    bytes: [u8; TEXT_MAX],
    len: u8,
}

impl IdText {
    /// The text of an ID, its parts joined by `separator`.
    #[must_use]
    pub fn with_separator(id: Id, separator: u8) -> Self {
        let mut text = IdText {
            bytes: [0; TEXT_MAX],
            len: 0,
        };
        text.push(itoa::Buffer::new().format(id.ms).as_bytes());
        text.push(&[separator]);
        text.push(itoa::Buffer::new().format(id.seq).as_bytes());
        text
    }

    #[inline]
    fn push(&mut self, part: &[u8]) {
        let start = usize::from(self.len);
        self.bytes[start..start + part.len()].copy_from_slice(part);
        self.len += part.len() as u8;
    }

    /// The text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl From<Id> for IdText {
    #[inline]
    fn from(id: Id) -> Self {
        IdText::with_separator(id, b'-')
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, IdText};

    #[test]
    fn neighbours_carry_over() {
        for (low, high) in [
            ((0, 0), (0, 1)),
            ((5, u64::MAX), (6, 0)),
            ((u64::MAX, 3), (u64::MAX, 4)),
        ] {
            let (low, high) = (Id::new(low.0, low.1), Id::new(high.0, high.1));
            assert_eq!(low.successor(), Some(high));
            assert_eq!(high.predecessor(), Some(low));
        }
        assert_eq!((Id::MAX.successor(), Id::MIN.predecessor()), (None, None));
    }

    #[test]
    fn the_clock_may_go_back() {
        let last = Id::new(100, 7);
        assert_eq!(last.next_at(101), Some(Id::new(101, 0)));
        assert_eq!(last.next_at(100), Some(Id::new(100, 8)));
        assert_eq!(last.next_at(5), Some(Id::new(100, 8)));
        assert_eq!(Id::MAX.next_at(5), None);
    }

    #[test]
    fn text_has_room_for_the_longest() {
        let text = IdText::from(Id::MAX);
        assert_eq!(
            text.as_bytes(),
            b"18446744073709551615-18446744073709551615"
        );
        assert_eq!(
            IdText::with_separator(Id::new(1, 0), b'.').as_bytes(),
            b"1.0"
        );
    }
}
