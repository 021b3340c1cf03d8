//! The arguments of one request as handlers see them: a small copyable view over bytes that live elsewhere.
//!
//! Arguments come from a connection's read buffer (through a [`Batch`](crate::Batch)), from a queued transaction ([`OwnedArgs`]) or from
//! plain slices (scripts, tests). A view never owns or copies an argument.

use crate::reply::SHARED_MIN;
use bytes::Bytes;
use std::ops::Index;

/// Marks an [`Arg`] that lives in the table of owned arguments instead of the read buffer.
const OWNED: u32 = u32::MAX;

/// Where one argument is: a range of the read buffer, or an index into the table of owned arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arg {
    pub(crate) offset: u32,
    len: u32,
    /// Key hash filled in by the planner; 0 when not computed.
    pub(crate) hash: u64,
}

impl Arg {
    /// An argument at `buf[offset..offset + len]`; the decoder never looks at more than `u32::MAX` bytes.
    #[inline]
    pub(crate) fn range(offset: usize, len: usize) -> Self {
        Self {
            offset: offset as u32,
            len: len as u32,
            hash: 0,
        }
    }

    /// Argument number `index` of the owned ones.
    pub(crate) fn owned(index: usize) -> Self {
        Self {
            offset: index as u32,
            len: OWNED,
            hash: 0,
        }
    }

    /// The same argument after `by` bytes were cut off the front of the buffer.
    pub(crate) fn moved_back(self, by: usize) -> Self {
        debug_assert!(!self.is_owned());
        Self {
            offset: self.offset - by as u32,
            ..self
        }
    }

    #[inline]
    pub(crate) fn is_owned(self) -> bool {
        self.len == OWNED
    }

    /// Its bytes, in the read buffer or in the table of owned arguments.
    #[inline]
    fn bytes<'a>(self, buf: &'a [u8], owned: &'a [Bytes]) -> &'a [u8] {
        let offset = self.offset as usize;
        if self.is_owned() {
            &owned[offset]
        } else {
            &buf[offset..offset + self.len as usize]
        }
    }
}

/// A view of one request's arguments, the command name first.
#[derive(Debug, Clone, Copy)]
pub struct Args<'a> {
    source: ArgSource<'a>,
}

#[derive(Debug, Clone, Copy)]
enum ArgSource<'a> {
    Wire {
        buf: &'a [u8],
        args: &'a [Arg],
        owned: &'a [Bytes],
    },
    Slices {
        args: &'a [&'a [u8]],
        hashes: &'a [u64],
    },
}

impl<'a> Args<'a> {
    #[inline]
    pub(crate) fn from_wire(buf: &'a [u8], args: &'a [Arg], owned: &'a [Bytes]) -> Self {
        Self {
            source: ArgSource::Wire { buf, args, owned },
        }
    }

    /// A view over plain slices, for scripts and tests.
    pub fn from_slices(args: &'a [&'a [u8]]) -> Self {
        Self {
            source: ArgSource::Slices { args, hashes: &[] },
        }
    }

    /// A view over plain slices with their key hashes (0 = not computed), one for each argument.
    pub fn from_slices_hashed(args: &'a [&'a [u8]], hashes: &'a [u64]) -> Self {
        debug_assert_eq!(args.len(), hashes.len());
        Self {
            source: ArgSource::Slices { args, hashes },
        }
    }

    /// Number of arguments, the command name included.
    #[inline]
    pub fn len(&self) -> usize {
        match self.source {
            ArgSource::Wire { args, .. } => args.len(),
            ArgSource::Slices { args, .. } => args.len(),
        }
    }

    /// Whether there are no arguments; never true of a decoded request.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Argument `i`. Panics when there is none, like indexing a slice: arity is checked before a handler runs.
    #[inline]
    pub fn get(&self, i: usize) -> &'a [u8] {
        match self.source {
            ArgSource::Wire { buf, args, owned } => args[i].bytes(buf, owned),
            ArgSource::Slices { args, .. } => args[i],
        }
    }

    /// Argument `i`, if there is one.
    #[inline]
    pub fn try_get(&self, i: usize) -> Option<&'a [u8]> {
        (i < self.len()).then(|| self.get(i))
    }

    /// Argument `i` as shared bytes when it was received into a buffer of its own: a big value can then be kept without copying it.
    #[inline]
    pub fn shared(&self, i: usize) -> Option<&'a Bytes> {
        match self.source {
            ArgSource::Wire { args, owned, .. } if args[i].is_owned() => {
                Some(&owned[args[i].offset as usize])
            }
            _ => None,
        }
    }

    /// The key hash the planner stored for argument `i`; 0 when none was computed.
    #[inline]
    pub fn hash(&self, i: usize) -> u64 {
        match self.source {
            ArgSource::Wire { args, .. } => args[i].hash,
            ArgSource::Slices { hashes, .. } => hashes.get(i).copied().unwrap_or(0),
        }
    }

    /// The arguments from number `from` on; empty when there are no more.
    #[inline]
    pub fn tail(&self, from: usize) -> Args<'a> {
        let source = match self.source {
            ArgSource::Wire { buf, args, owned } => ArgSource::Wire {
                buf,
                args: args.get(from..).unwrap_or(&[]),
                owned,
            },
            ArgSource::Slices { args, hashes } => ArgSource::Slices {
                args: args.get(from..).unwrap_or(&[]),
                hashes: hashes.get(from..).unwrap_or(&[]),
            },
        };
        Args { source }
    }

    /// Puts the arguments into as many places.
    #[inline]
    pub fn list(&self, places: &mut [&'a [u8]]) {
        match self.source {
            ArgSource::Wire { buf, args, owned } => {
                for (place, arg) in places.iter_mut().zip(args) {
                    *place = arg.bytes(buf, owned);
                }
            }
            ArgSource::Slices { args, .. } => places.copy_from_slice(args),
        }
    }

    /// All arguments in order.
    #[inline]
    pub fn iter(&self) -> ArgsIter<'a> {
        ArgsIter {
            args: *self,
            next: 0,
        }
    }
}

impl Index<usize> for Args<'_> {
    type Output = [u8];

    #[inline]
    fn index(&self, i: usize) -> &[u8] {
        self.get(i)
    }
}

impl<'a> IntoIterator for Args<'a> {
    type Item = &'a [u8];
    type IntoIter = ArgsIter<'a>;

    fn into_iter(self) -> ArgsIter<'a> {
        self.iter()
    }
}

/// Iterator over [`Args`].
#[derive(Debug, Clone)]
pub struct ArgsIter<'a> {
    args: Args<'a>,
    next: usize,
}

impl<'a> Iterator for ArgsIter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let arg = self.args.try_get(self.next)?;
        self.next += 1;
        Some(arg)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.args.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for ArgsIter<'_> {}

/// A request that outlives its read buffer: one queued by `MULTI`, or put off until a lock is free.
///
/// Small arguments are copied into one allocation; big ones keep sharing their bytes. Hashes are kept.
#[derive(Debug, Clone)]
pub struct OwnedArgs {
    bytes: Box<[u8]>,
    args: Box<[Arg]>,
    owned: Box<[Bytes]>,
}

impl OwnedArgs {
    /// The view that handlers take.
    #[inline]
    pub fn view(&self) -> Args<'_> {
        Args::from_wire(&self.bytes, &self.args, &self.owned)
    }

    /// Bytes this request keeps alive, the shared ones included.
    pub fn used_bytes(&self) -> usize {
        let shared: usize = self.owned.iter().map(Bytes::len).sum();
        self.bytes.len() + size_of_val(&*self.args) + size_of_val(&*self.owned) + shared
    }
}

impl From<Args<'_>> for OwnedArgs {
    fn from(request: Args<'_>) -> Self {
        let mut bytes = Vec::new();
        let mut owned = Vec::new();
        let args = (0..request.len()).map(|i| {
            let mut arg = match (request.get(i), request.shared(i)) {
                (_, Some(shared)) => push_owned(&mut owned, shared.clone()),
                (big, None) if big.len() >= SHARED_MIN => {
                    push_owned(&mut owned, Bytes::copy_from_slice(big))
                }
                (small, None) => {
                    bytes.extend_from_slice(small);
                    assert!(
                        u32::try_from(bytes.len()).is_ok(),
                        "a request's small arguments fit its read buffer"
                    );
                    Arg::range(bytes.len() - small.len(), small.len())
                }
            };
            arg.hash = request.hash(i);
            arg
        });
        let args = args.collect();
        Self {
            bytes: bytes.into(),
            args,
            owned: owned.into(),
        }
    }
}

fn push_owned(owned: &mut Vec<Bytes>, value: Bytes) -> Arg {
    owned.push(value);
    Arg::owned(owned.len() - 1)
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
