//! Small things every function needs without an allocator: texts in a fixed room, numbers from texts, the time, chance, the log.

use core::fmt;
use core::mem::MaybeUninit;
use core::{ptr, slice, str};

use crate::host;

/// A text of at most `N` bytes; what does not fit is cut off.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    /// The first `len` are written; clearing the others would take longer than most functions need for all else.
    bytes: MaybeUninit<[u8; N]>,
    len: usize,
}

impl<const N: usize> Text<N> {
    /// An empty one.
    #[inline]
    pub const fn new() -> Self {
        Text {
            bytes: MaybeUninit::uninit(),
            len: 0,
        }
    }

    /// What `format_args!` gives.
    pub fn of(text: fmt::Arguments<'_>) -> Self {
        let mut this = Self::new();
        let _ = fmt::write(&mut this, text);
        this
    }

    /// Adds bytes at the end, as many as fit.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(N - self.len);
        let room = self.bytes.as_mut_ptr().cast::<u8>();
        // SAFETY: there are `len` bytes at both, and what is borrowed for writing is not what is borrowed for reading.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), room.add(self.len), len) };
        self.len += len;
    }

    /// Lets `read` write to the room and say how many bytes there are to read: the text is as many of them as fit.
    ///
    /// # Safety
    /// It writes as many as it says, or all that there is room for.
    #[inline]
    pub(crate) unsafe fn read(&mut self, read: impl FnOnce(*mut u8, usize) -> usize) {
        self.len = read(self.bytes.as_mut_ptr().cast(), N).min(N);
    }

    /// A whole number, as Redis writes it.
    pub fn int(value: i64) -> Self {
        let mut this = Self::new();
        this.push_int(value);
        this
    }

    /// Adds a whole number at the end: at most 20 bytes. It is written by hand, for `core::fmt` is many times larger than most guests.
    pub fn push_int(&mut self, value: i64) {
        let (mut digits, mut at, mut rest) = ([b'-'; 20], 20, value.unsigned_abs());
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        // What is left of the array is minus signs.
        at -= usize::from(value < 0);
        self.push(&digits[at..]);
    }

    /// Its bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: so many are written.
        unsafe { slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len) }
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// The whole number that a text is: digits, a minus sign in front of them or none.
pub fn parse_int(bytes: &[u8]) -> Option<i64> {
    let (digits, sign) = match bytes {
        [b'-', digits @ ..] => (digits, -1),
        digits => (digits, 1),
    };
    if digits.is_empty() {
        return None;
    }
    // So many digits fit whatever they are. Looking for an overflow at each takes longer than the rest on wasm, which multiplies 128 bits for it.
    let (sure, rest) = digits.split_at(digits.len().min(SURE_DIGITS));
    let mut number = 0;
    for byte in sure {
        number = number * 10 + sign * digit(*byte)?;
    }
    rest.iter().try_fold(number, |number, byte| {
        number.checked_mul(10)?.checked_add(sign * digit(*byte)?)
    })
}

/// Digits that no overflow comes of.
const SURE_DIGITS: usize = 18;

fn digit(byte: u8) -> Option<i64> {
    let digit = byte.wrapping_sub(b'0');
    (digit <= 9).then_some(i64::from(digit))
}

/// A finite number.
pub(crate) fn parse_f64(bytes: &[u8]) -> Option<f64> {
    let number: f64 = str::from_utf8(bytes).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The time of the call, ms since the epoch. It stands still during a call.
pub fn now_ms() -> i64 {
    // SAFETY: a plain import.
    unsafe { host::now_ms() }
}

/// Random bits.
pub fn random() -> u64 {
    // SAFETY: a plain import.
    unsafe { host::rand() as u64 }
}

/// How much a line of the server's log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For whoever writes the function.
    Debug = 0,
    /// For whoever looks closely.
    Verbose = 1,
    /// For whoever runs the server.
    Notice = 2,
    /// Something is wrong.
    Warning = 3,
}

/// Writes a line to the server's log.
pub fn log(level: Level, text: &[u8]) {
    // SAFETY: the text is there during the call.
    unsafe { host::log(level as i32, text.as_ptr(), text.len()) }
}

#[cfg(test)]
#[path = "room_tests.rs"]
mod tests;
