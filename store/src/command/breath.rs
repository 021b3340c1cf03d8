//! How a long command breathes: it counts what it goes over, and every so often lets others have a turn.

use super::CommandError;

/// Elements gone over between two breaths; each may be a cache miss or two.
const ELEMENTS_PER_PIECE: u32 = 128;
/// Bytes that are gone over in the time of one element.
const BYTES_PER_ELEMENT: usize = 512;

/// Counts the elements of a long command. Nothing of its keyspace changes while it breathes.
#[derive(Clone, Copy, Debug)]
pub struct Breath {
    breathe: fn(),
    left: u32,
}

impl Breath {
    /// One more element is done.
    #[inline]
    pub fn element(&mut self) {
        self.left -= 1;
        if self.left == 0 {
            self.left = ELEMENTS_PER_PIECE;
            (self.breathe)();
        }
    }

    /// A piece of many elements is done.
    #[inline]
    pub fn piece(&self) {
        (self.breathe)();
    }

    /// The same items, breathing.
    pub fn over<I: IntoIterator>(mut self, items: I) -> impl Iterator<Item = I::Item> {
        items.into_iter().inspect(move |_| self.element())
    }

    /// A run of bytes cut into pieces, with a breath after each.
    pub fn pieces<T>(self, items: &[T]) -> impl Iterator<Item = &[T]> {
        let piece = ELEMENTS_PER_PIECE as usize * BYTES_PER_ELEMENT / size_of::<T>().max(1);
        items.chunks(piece).inspect(move |_| (self.breathe)())
    }
}

/// How a command may go on: taken before it borrows what it goes over.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub(super) breathe: fn(),
    pub(super) may_escalate: bool,
}

/// What a command may go over in one go.
const LONG_ELEMENTS: usize = 4096;

impl Pace {
    /// Asked by a command that is going to go over so many elements, before it changes or answers anything: the breath
    /// to take in the loops that follow.
    ///
    /// # Errors
    /// [`CommandError::Long`]: it is to be run again where it can breathe.
    #[inline]
    pub fn over(self, elements: usize) -> Result<Breath, CommandError> {
        match elements > LONG_ELEMENTS && self.may_escalate {
            true => Err(CommandError::Long),
            false => Ok(Breath {
                breathe: self.breathe,
                left: ELEMENTS_PER_PIECE,
            }),
        }
    }

    /// [`Self::over`] so many bytes.
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn over_bytes(self, bytes: usize) -> Result<Breath, CommandError> {
        self.over(bytes / BYTES_PER_ELEMENT)
    }
}

#[cfg(test)]
impl Breath {
    /// One that nobody waits for.
    pub(crate) fn held() -> Breath {
        Breath {
            breathe: || {},
            left: ELEMENTS_PER_PIECE,
        }
    }
}
