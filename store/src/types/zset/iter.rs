//! Walking a sorted set either way.

use super::packed::Records;
use crate::encoding::bptree::Entries;
use std::iter::{Rev, Take};

/// Members with their scores in order, from [`Zset::iter_from`](super::Zset::iter_from) and [`Zset::iter_range`](super::Zset::iter_range).
pub struct ZsetIter<'a>(pub(super) Walk<'a>);

/// The ways there are.
pub(super) enum Walk<'a> {
    Packed(Take<Records<'a>>),
    /// Packed records are read forwards only: those of a few hundred bytes are noted first.
    PackedReverse(Rev<std::vec::IntoIter<(&'a [u8], f64)>>),
    Tree(Entries<'a>),
    TreeReverse(Rev<Entries<'a>>),
}

impl<'a> Iterator for ZsetIter<'a> {
    type Item = (&'a [u8], f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Walk::Packed(records) => records.next().map(|record| (record.member, record.score)),
            Walk::PackedReverse(noted) => noted.next(),
            Walk::Tree(entries) => entries.next().map(|entry| (entry.member(), entry.score())),
            Walk::TreeReverse(entries) => {
                entries.next().map(|entry| (entry.member(), entry.score()))
            }
        }
    }
}
