//! One member as a set shows it: bytes, or an integer that was never spelled out.

use std::borrow::Cow;

/// Room for an integer's decimal digits.
#[derive(Default)]
pub struct ItemBuf(itoa::Buffer);

/// A member of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item<'a> {
    /// From a set of integers.
    Int(i64),
    /// From any other set.
    Bytes(&'a [u8]),
}

impl<'a> Item<'a> {
    /// The member as its bytes, written into `buf` when it is an integer.
    #[must_use]
    pub fn as_bytes<'b>(&self, buf: &'b mut ItemBuf) -> &'b [u8]
    where
        'a: 'b,
    {
        match *self {
            Item::Int(value) => buf.0.format(value).as_bytes(),
            Item::Bytes(bytes) => bytes,
        }
    }

    /// The member as bytes, its own only when it is an integer.
    #[must_use]
    pub fn to_cow(&self) -> Cow<'a, [u8]> {
        match self {
            Item::Int(_) => Cow::Owned(self.to_vec()),
            Item::Bytes(bytes) => Cow::Borrowed(bytes),
        }
    }

    /// The member as an owned string.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.as_bytes(&mut ItemBuf::default()).to_vec()
    }
}
