//! What sorted sets have besides single scores: places, and rows of a range.

use core::mem::MaybeUninit;
use core::slice;

use crate::error::{found, number, Error};
use crate::host;
use crate::key::Key;

/// Bytes of a row in front of its member: the score, the member's length.
const ROW_HEAD: usize = 12;

/// Rows of a sorted set, as many as fit into `N` bytes: each takes 12 and its member.
pub struct Rows<const N: usize> {
    bytes: MaybeUninit<[u8; N]>,
    /// Bytes that [`Key::zrange`] has written.
    len: usize,
}

impl<const N: usize> Rows<N> {
    /// None yet.
    #[inline]
    pub const fn new() -> Self {
        Rows {
            bytes: MaybeUninit::uninit(),
            len: 0,
        }
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Scores and members, in order.
    #[inline]
    pub fn iter(&self) -> RowsIter<'_> {
        // SAFETY: the server has written that many bytes, and says so only of bytes that it has written.
        RowsIter(unsafe { slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len) })
    }
}

impl<const N: usize> Default for Rows<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The rows of a [`Rows`].
pub struct RowsIter<'r>(&'r [u8]);

impl<'r> Iterator for RowsIter<'r> {
    type Item = (f64, &'r [u8]);

    #[inline]
    fn next(&mut self) -> Option<(f64, &'r [u8])> {
        let head = self.0.get(..ROW_HEAD)?;
        let score = f64::from_le_bytes(head[..8].try_into().ok()?);
        let len = u32::from_le_bytes(head[8..].try_into().ok()?) as usize;
        let member = self.0.get(ROW_HEAD..ROW_HEAD + len)?;
        self.0 = &self.0[ROW_HEAD + len..];
        Some((score, member))
    }
}

// SAFETY of all calls below: pointers and lengths are those of slices that are there during the call.
impl Key<'_> {
    /// Removes a member from the sorted set; false when it was not there.
    ///
    /// # Errors
    /// As [`Key::del`].
    #[inline]
    pub fn zrem(&self, member: &[u8]) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(number(unsafe { host::zrem(k, kl, member.as_ptr(), member.len()) })? != 0)
    }

    /// Members of the sorted set.
    ///
    /// # Errors
    /// [`Error::WrongType`] …
    #[inline]
    pub fn zcard(&self) -> Result<usize, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        number(unsafe { host::zcard(k, kl) })
    }

    /// A member's place, from 0, the lowest score first; `None` when it is not there.
    ///
    /// # Errors
    /// [`Error::WrongType`] …
    #[inline]
    pub fn zrank(&self, member: &[u8]) -> Result<Option<usize>, Error> {
        self.place(member, 0)
    }

    /// A member's place, from 0, the highest score first; `None` when it is not there.
    ///
    /// # Errors
    /// [`Error::WrongType`] …
    #[inline]
    pub fn zrevrank(&self, member: &[u8]) -> Result<Option<usize>, Error> {
        self.place(member, 1)
    }

    #[inline]
    fn place(&self, member: &[u8], reverse: i32) -> Result<Option<usize>, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        found(unsafe { host::zrank(k, kl, member.as_ptr(), member.len(), reverse) })
    }

    /// Reads the places from `first` to `last`, the lowest score first, negative ones from the end: as many rows as fit. Those that are
    /// missing are read from where they begin.
    ///
    /// # Errors
    /// [`Error::TooLong`] when not even the first row fits; [`Error::WrongType`] …
    #[inline]
    pub fn zrange<const N: usize>(
        &self,
        first: i32,
        last: i32,
        rows: &mut Rows<N>,
    ) -> Result<(), Error> {
        self.range(first, last, 0, rows)
    }

    /// [`Key::zrange`] from the other end: the highest score first.
    ///
    /// # Errors
    /// As [`Key::zrange`].
    #[inline]
    pub fn zrevrange<const N: usize>(
        &self,
        first: i32,
        last: i32,
        rows: &mut Rows<N>,
    ) -> Result<(), Error> {
        self.range(first, last, 1, rows)
    }

    #[inline]
    fn range<const N: usize>(
        &self,
        first: i32,
        last: i32,
        reverse: i32,
        rows: &mut Rows<N>,
    ) -> Result<(), Error> {
        let ((k, kl), room) = (self.parts(), rows.bytes.as_mut_ptr().cast());
        rows.len = 0;
        // SAFETY: see above.
        let bytes = number(unsafe { host::zrange(k, kl, first, last, reverse, room, N) })?;
        if bytes > N {
            return Err(Error::TooLong(bytes - ROW_HEAD));
        }
        rows.len = bytes;
        Ok(())
    }

    /// Removes the places from `first` to `last`, the lowest score first, negative ones from the end; how many there were.
    ///
    /// # Errors
    /// As [`Key::del`].
    #[inline]
    pub fn zremrange(&self, first: i32, last: i32) -> Result<usize, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        number(unsafe { host::zremrange(k, kl, first, last) })
    }
}
