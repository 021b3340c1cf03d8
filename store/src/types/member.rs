//! A member of a collection as a command names it: its bytes, and their hash when somebody has computed it already.

use crate::hash::{Seed, hash_key};

/// A member, field or element to look for. Made from plain bytes, or with the hash that prefetching computed.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Their hash under the process's seed; 0 when it is not known.
    hash: u64,
}

impl<'a> Member<'a> {
    /// Argument `index` of a request, with the hash that prefetching left there.
    #[inline]
    #[must_use]
    pub fn arg(args: resp::Args<'a>, index: usize) -> Self {
        Member {
            bytes: args.get(index),
            hash: args.hash(index),
        }
    }

    /// The hash, computed if need be.
    #[inline]
    pub(super) fn hash(&self, seed: &Seed) -> u64 {
        debug_assert!(self.hash == 0 || self.hash == hash_key(seed, self.bytes));
        match self.hash {
            0 => hash_key(seed, self.bytes),
            hash => hash,
        }
    }
}

impl<'a> From<&'a [u8]> for Member<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Self {
        Member { bytes, hash: 0 }
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Member<'a> {
    #[inline]
    fn from(bytes: &'a [u8; N]) -> Self {
        Member::from(bytes.as_slice())
    }
}

impl<'a> From<&'a Vec<u8>> for Member<'a> {
    #[inline]
    fn from(bytes: &'a Vec<u8>) -> Self {
        Member::from(bytes.as_slice())
    }
}
